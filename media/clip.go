package media

import (
	"slices"
	"time"
)

// Clip is a prompt or a piece of music, held encoded and padded with silence to
// whole frames, so that playing it costs a copy. It never changes; any number of
// legs may play it at once.
type Clip struct {
	samples int
	encoded [codecCount]*encodedClip // in PCMU and PCMA always
}

// NewClip makes a clip of 8 kHz mono samples, which it doesn't keep. It is held in
// PCMU, PCMA and the codecs given; a leg that speaks another one encodes as it plays,
// which costs it time. Encoding a minute takes about 0.3 s for Opus, 50 ms for G.722.
func NewClip(samples []int16, codecs ...Codec) *Clip {
	return newClip(samples, func() []int16 { return doubled(whole(samples, FrameSamples)) }, codecs)
}

// Clip makes a clip of a sound, as NewClip does of samples; what the sound has above
// 4 kHz is heard in the codecs that carry it.
func (s Sound) Clip(codecs ...Codec) *Clip {
	return newClip(s.Samples(SampleRate), func() []int16 { return s.Samples(2 * SampleRate) }, codecs)
}

// newClip makes a clip of the same sound at 8 kHz and, where a codec wants it, 16 kHz.
func newClip(narrow []int16, wide func() []int16, codecs []Codec) *Clip {
	frames := (len(narrow) + FrameSamples - 1) / FrameSamples
	clip := &Clip{samples: len(narrow)}
	clip.encoded[PCMU], clip.encoded[PCMA] = encodeG711(PCMU, narrow), encodeG711(PCMA, narrow)
	var sound []int16
	for _, codec := range Codecs() {
		if codec.isG711() || !slices.Contains(codecs, codec) {
			continue
		}
		if sound == nil {
			sound = make([]int16, frames*codec.FrameSamples())
			copy(sound, wide())
		}
		clip.encoded[codec] = encodeByFrame(codec, sound)
	}
	return clip
}

// Duration is how long the clip sounds, without the padding of its last frame.
func (c *Clip) Duration() time.Duration {
	return time.Duration(c.samples) * time.Second / SampleRate
}

// Samples decodes the clip: what a listener hears, G.711's coarseness included.
func (c *Clip) Samples() []int16 {
	samples := make([]int16, c.samples)
	PCMU.Decode(samples, c.encoded[PCMU].bytes[:c.samples])
	return samples
}

// frames is how many frames the clip has.
func (c *Clip) frames() int { return c.encoded[PCMU].frames() }

// frame is the encoded frame i; nil if the clip isn't held in the codec.
func (c *Clip) frame(codec Codec, i int) []byte {
	if encoded := c.encoded[codec.known()]; encoded != nil {
		return encoded.frame(i)
	}
	return nil
}

// sound writes frame i as linear sound at 8 kHz.
func (c *Clip) sound(out *[FrameSamples]int16, i int) { PCMU.Decode(out[:], c.encoded[PCMU].frame(i)) }
