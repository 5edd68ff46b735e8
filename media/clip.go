package media

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Clip is a prompt or a piece of music, held encoded and padded with silence to
// whole frames, so that playing it costs a copy. What it sounds like never changes;
// any number of legs may play it at once.
type Clip struct {
	samples int
	encoded [codecCount]atomic.Pointer[encodedClip] // in PCMU and PCMA always

	mu     sync.Mutex
	wanted []Codec        // that it isn't held in yet
	wide   func() []int16 // the sound at 16 kHz; nil once nothing more is wanted
}

// NewClip makes a clip of 8 kHz mono samples, which it doesn't keep. It is held in
// PCMU and PCMA at once, in the codecs given after Prepare. A leg that speaks a codec
// that it isn't held in encodes as it plays, which costs time.
func NewClip(samples []int16, codecs ...Codec) *Clip {
	kept := whole(samples, FrameSamples)
	return newClip(samples, func() []int16 { return doubled(kept) }, codecs)
}

// Clip makes a clip of a sound, as NewClip does of samples; what the sound has above
// 4 kHz is heard in the codecs that carry it.
func (s Sound) Clip(codecs ...Codec) *Clip {
	return newClip(s.Samples(SampleRate), func() []int16 { return s.Samples(2 * SampleRate) }, codecs)
}

func newClip(narrow []int16, wide func() []int16, codecs []Codec) *Clip {
	clip := &Clip{samples: len(narrow)}
	clip.encoded[PCMU].Store(encodeG711(PCMU, narrow))
	clip.encoded[PCMA].Store(encodeG711(PCMA, narrow))
	clip.wanted = slices.DeleteFunc(slices.Clone(codecs), Codec.isG711)
	if len(clip.wanted) > 0 {
		clip.wide = wide
	}
	return clip
}

// Prepare encodes the clip in the codecs that it was made for, until ctx is done. A
// minute takes about 0.3 s for Opus, 50 ms for G.722. Legs may play it meanwhile. It
// may be called again.
func (c *Clip) Prepare(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.wanted) == 0 {
		return
	}
	sound := make([]int16, c.frames()*2*FrameSamples)
	copy(sound, c.wide())
	for len(c.wanted) > 0 {
		encoded := encodeByFrame(ctx, c.wanted[0], sound)
		if ctx.Err() != nil {
			return
		}
		c.encoded[c.wanted[0].known()].Store(encoded)
		c.wanted = c.wanted[1:]
	}
	c.wide = nil
}

// prepare prepares clips one after the other: calls have the other processors.
func prepare(ctx context.Context, clips []*Clip) {
	for _, clip := range clips {
		clip.Prepare(ctx)
	}
}

// Duration is how long the clip sounds, without the padding of its last frame.
func (c *Clip) Duration() time.Duration {
	return time.Duration(c.samples) * time.Second / SampleRate
}

// Samples decodes the clip: what a listener hears, G.711's coarseness included.
func (c *Clip) Samples() []int16 {
	samples := make([]int16, c.samples)
	PCMU.Decode(samples, c.in(PCMU).bytes[:c.samples])
	return samples
}

// in is the clip in a codec; nil if it isn't held in it.
func (c *Clip) in(codec Codec) *encodedClip { return c.encoded[codec.known()].Load() }

// frames is how many frames the clip has.
func (c *Clip) frames() int { return c.in(PCMU).frames() }

// sound writes frame i as linear sound at 8 kHz.
func (c *Clip) sound(out *[FrameSamples]int16, i int) { PCMU.Decode(out[:], c.in(PCMU).frame(i)) }
