package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"careline/media/ogg"
	"careline/media/opus"
	"careline/media/resample"
)

const (
	// speechLevel is the least mean square of a frame in which somebody speaks, -48 dBFS:
	// above a telephone line's own noise, below a low voice. The tones of a TTY are far
	// above it. A car's noise may be too; then a recording goes on rather than being cut.
	speechLevel = 130 * 130
	// speechTail is what is left after the last word where it is heard again.
	speechTail = 300 * time.Millisecond
)

// taps are those of a leg: of the call, and of what is said into a flow.
type taps [2]atomic.Pointer[Tap]

func (t *taps) any() bool { return t[0].Load() != nil || t[1].Load() != nil }

// putSaid gives a packet of the far side to each.
func (t *taps) putSaid(a *arrival, key bool, at time.Time) {
	for i := range t {
		if tap := t[i].Load(); tap != nil {
			tap.putSaid(a, key, at)
		}
	}
}

// SpeechOptions say when what is said is over.
type SpeechOptions struct {
	// Silence after the last word, or in place of the first; Max is the longest.
	Silence, Max time.Duration
}

// Speech is what was said.
type Speech struct {
	// Length is how long it was taken, Spoken how much of that there was a voice.
	Length, Spoken time.Duration
	Stats          TapStats
	// Sound is what was said, at 8 kHz and up to its last word.
	Sound []int16
}

// RecordSpeech writes what the far side says, as mono Opus in Ogg (RFC 7845), until it
// is silent, the longest is reached, the tap ends or ctx is done. What it hears
// meanwhile is left out. An error of w ends it; the tap is left to its owner.
func (t *Tap) RecordSpeech(ctx context.Context, w io.Writer, options SpeechOptions) (speech Speech, err error) {
	encoder, err := opus.NewEncoder(opus.Parameters{})
	if err != nil {
		return speech, err
	}
	file, err := ogg.NewWriter(w, ogg.Head{Channels: 1, PreSkip: opusPer * opus.Delay, InputRate: TapRate}, rand.Uint32())
	if err != nil {
		return speech, fmt.Errorf("record speech: %w", err)
	}
	to := &speechRecording{file: file, encoder: encoder}
	var frame TapFrame
	var quiet time.Duration
	for quiet < options.Silence && speech.Length < options.Max {
		if err = t.Next(ctx, &frame); err != nil {
			break
		}
		voiced := to.take(&frame)
		if err = to.write(); err != nil {
			break
		}
		speech.Length += FrameDuration
		quiet += FrameDuration
		if voiced {
			quiet = 0
			speech.Spoken += FrameDuration
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	speech.Stats = t.Stats()
	if keep := len(to.sound) - int(max(quiet-speechTail, 0)/FrameDuration)*FrameSamples; keep > 0 {
		speech.Sound = to.sound[:keep]
	}
	return speech, errors.Join(err, to.close())
}

// speechRecording is a mono file of Opus that grows, and the same at 8 kHz.
type speechRecording struct {
	file    *ogg.Writer
	encoder *opus.Encoder
	packet  [opusPacket]byte
	said    [TapFrameSamples]int16
	down    resample.Down
	sound   []int16
}

// take has what the far side says in a frame, and reports whether somebody speaks.
func (r *speechRecording) take(frame *TapFrame) (voiced bool) {
	energy := int64(0)
	for i := range r.said {
		r.said[i] = frame.Sound[2*i]
		energy += int64(r.said[i]) * int64(r.said[i])
	}
	r.sound = append(r.sound, make([]int16, FrameSamples)...)
	r.down.Frame(r.sound[len(r.sound)-FrameSamples:], r.said[:])
	return energy/TapFrameSamples >= speechLevel
}

func (r *speechRecording) write() error {
	n, err := r.encoder.Encode(r.packet[:], r.said[:])
	if err != nil {
		return err
	}
	return r.file.Packet(r.packet[:n], opusPer*opus.FrameSamples)
}

// close pushes out what the encoder holds back.
func (r *speechRecording) close() error {
	clear(r.said[:])
	if err := r.write(); err != nil {
		return err
	}
	return r.file.Close(opusPer * (opus.FrameSamples - opus.Delay))
}
