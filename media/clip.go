package media

import (
	"bytes"
	"io"
	"time"
)

// Clip is a prompt or a piece of music, held encoded in both codecs and padded
// with silence to whole frames, so that playing it costs a copy. It never
// changes; any number of legs may play it at once.
type Clip struct {
	samples int
	encoded [2][]byte // PCMU, PCMA; whole frames
}

// NewClip makes a clip of 8 kHz mono samples, which it doesn't keep.
func NewClip(samples []int16) *Clip {
	frames := (len(samples) + FrameSamples - 1) / FrameSamples
	clip := &Clip{samples: len(samples)}
	for i, codec := range Codecs() {
		encoded := bytes.Repeat([]byte{codec.Silence()}, frames*FrameSamples)
		codec.Encode(encoded, samples)
		clip.encoded[i] = encoded
	}
	return clip
}

// LoadClip reads a WAV as ReadWAV does and makes a clip of it.
func LoadClip(r io.Reader) (*Clip, error) {
	samples, err := ReadWAV(r)
	if err != nil {
		return nil, err
	}
	return NewClip(samples), nil
}

// Duration is how long the clip sounds, without the padding of its last frame.
func (c *Clip) Duration() time.Duration {
	return time.Duration(c.samples) * time.Second / SampleRate
}

// Samples decodes the clip: what a listener hears, G.711's coarseness included.
func (c *Clip) Samples() []int16 {
	samples := make([]int16, c.samples)
	PCMU.Decode(samples, c.encoded[0][:c.samples])
	return samples
}

// frames is how many frames the clip has.
func (c *Clip) frames() int { return len(c.encoded[0]) / FrameSamples }

// frame is the encoded frame i.
func (c *Clip) frame(codec Codec, i int) []byte {
	encoded := c.encoded[0]
	if codec == PCMA {
		encoded = c.encoded[1]
	}
	return encoded[i*FrameSamples : (i+1)*FrameSamples]
}
