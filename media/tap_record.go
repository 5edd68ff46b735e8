package media

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"careline/media/ogg"
	"careline/media/opus"
)

// Recorded is what a recording turned out to be.
type Recorded struct {
	// Length is how long it is.
	Length time.Duration
	// Pauses are the times in it at which the tap was paused, at most
	// maxRecordedPauses; later ones are silence all the same.
	Pauses []RecordedPause
	// Stats are the tap's.
	Stats TapStats
}

// RecordedPause is a time left out, from the recording's beginning.
type RecordedPause struct{ From, To time.Duration }

const maxRecordedPauses = 1000

// add notes a frame.
func (r *Recorded) add(frame *TapFrame) {
	from := r.Length
	r.Length += FrameDuration
	if !frame.Paused {
		return
	}
	if n := len(r.Pauses); n > 0 && r.Pauses[n-1].To == from {
		r.Pauses[n-1].To = r.Length
	} else if n < maxRecordedPauses {
		r.Pauses = append(r.Pauses, RecordedPause{from, r.Length})
	}
}

// frameWriter writes the frames of a recording.
type frameWriter interface {
	write(pairs []int16) error
	close() error
}

// RecordWAV writes the tap's sound as a WAV of 16 kHz, 16 bit, stereo, until the tap
// ends or ctx is done; either way the file is complete. Where w can't seek, or the
// process dies, its length isn't in the header, and it is read to its end all the
// same. An error of w ends the recording; the tap is left to its owner. An hour takes
// 230 MB.
func (t *Tap) RecordWAV(ctx context.Context, w io.Writer) (Recorded, error) {
	file := &wavRecording{to: w}
	if _, err := w.Write(wavHeader(TapRate, 2, wavUnknown)); err != nil {
		return Recorded{}, fmt.Errorf("record WAV: %w", err)
	}
	return t.record(ctx, file)
}

// RecordOpus writes the tap's sound as stereo Opus in Ogg (RFC 7845), until the tap
// ends or ctx is done. Of a process that dies there is everything but the last
// second. An error of w ends the recording; the tap is left to its owner. An hour
// takes 22 MB at most.
func (t *Tap) RecordOpus(ctx context.Context, w io.Writer) (Recorded, error) {
	encoder, err := opus.NewStereoEncoder()
	if err != nil {
		return Recorded{}, err
	}
	file, err := ogg.NewWriter(w, ogg.Head{Channels: 2, PreSkip: opusPer * opus.Delay, InputRate: TapRate}, rand.Uint32())
	if err != nil {
		return Recorded{}, err
	}
	return t.record(ctx, &opusRecording{file: file, encoder: encoder})
}

// record reads the tap into a file.
func (t *Tap) record(ctx context.Context, to frameWriter) (recorded Recorded, err error) {
	var frame TapFrame
	for {
		if err = t.Next(ctx, &frame); err != nil {
			break
		}
		if err = to.write(frame.Sound[:]); err != nil {
			recorded.Stats = t.Stats()
			return recorded, err
		}
		recorded.add(&frame)
	}
	if err == io.EOF {
		err = nil
	}
	recorded.Stats = t.Stats()
	return recorded, errors.Join(err, to.close())
}

// wavUnknown is the length of what is still being written.
const wavUnknown = math.MaxUint32

// wavRecording is a WAV that grows.
type wavRecording struct {
	to   io.Writer
	size uint64
	raw  []byte
}

func (f *wavRecording) write(pairs []int16) error {
	f.raw = appendSamples(f.raw[:0], pairs)
	n, err := f.to.Write(f.raw)
	f.size += uint64(n)
	if err != nil {
		return fmt.Errorf("record WAV: %w", err)
	}
	return nil
}

// close writes the length into the header, where that can be.
func (f *wavRecording) close() error {
	seeker, ok := f.to.(io.WriteSeeker)
	if !ok || f.size > wavUnknown-wavHeaderSize {
		return nil
	}
	for _, field := range []struct {
		at    int64
		value uint64
	}{{4, f.size + wavHeaderSize - 8}, {wavHeaderSize - 4, f.size}} {
		if _, err := seeker.Seek(field.at, io.SeekStart); err != nil {
			return fmt.Errorf("record WAV: %w", err)
		}
		if _, err := seeker.Write(binary.LittleEndian.AppendUint32(nil, uint32(field.value))); err != nil {
			return fmt.Errorf("record WAV: %w", err)
		}
	}
	_, err := seeker.Seek(0, io.SeekEnd)
	return err
}

// opusPer is how many samples of Ogg's clock one of Opus's, as we use it, lasts.
const opusPer = 48000 / opus.SampleRate

// opusRecording is a file of Opus that grows.
type opusRecording struct {
	file    *ogg.Writer
	encoder *opus.StereoEncoder
	packet  [2 * opusPacket]byte
}

// opusPacket is the longest frame of Opus (RFC 6716 section 3.2.1).
const opusPacket = 1276

func (f *opusRecording) write(pairs []int16) error {
	n, err := f.encoder.Encode(f.packet[:], pairs)
	if err != nil {
		return err
	}
	return f.file.Packet(f.packet[:n], opusPer*opus.FrameSamples)
}

// close pushes out what the encoder holds back.
func (f *opusRecording) close() error {
	var silence [2 * opus.FrameSamples]int16
	if err := f.write(silence[:]); err != nil {
		return err
	}
	return f.file.Close(opusPer * (opus.FrameSamples - opus.Delay))
}
