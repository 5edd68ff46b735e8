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
	clip := &Clip{samples: len(samples)}
	for _, codec := range Codecs() {
		if codec.isG711() || slices.Contains(codecs, codec) {
			clip.encoded[codec] = encodeClip(codec, samples)
		}
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
