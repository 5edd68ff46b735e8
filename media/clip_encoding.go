package media

import (
	"careline/media/g722"
	"careline/media/opus"
	"careline/media/resample"
)

// encodedClip is a clip in one codec.
type encodedClip struct {
	bytes []byte
	ends  []uint32 // of each frame
}

func (e *encodedClip) frames() int { return len(e.ends) }

func (e *encodedClip) frame(i int) []byte {
	begin := uint32(0)
	if i > 0 {
		begin = e.ends[i-1]
	}
	return e.bytes[begin:e.ends[i]]
}

func (e *encodedClip) add(frame []byte) {
	e.bytes = append(e.bytes, frame...)
	e.ends = append(e.ends, uint32(len(e.bytes)))
}

// runUp is how many frames of a clip's end are encoded before its beginning, and
// thrown away: what is played over and over has no seam, and a codec that learns has
// learnt.
const runUp = 5

// encodeClip encodes 8 kHz samples, padded with silence to whole frames. The delays
// of filter and codec are taken out, so that the sound is where it is in PCMU.
func encodeClip(codec Codec, samples []int16) *encodedClip {
	frames := (len(samples) + FrameSamples - 1) / FrameSamples
	padded := make([]int16, frames*FrameSamples)
	copy(padded, samples)
	encoded := &encodedClip{ends: make([]uint32, 0, frames)}
	coder, err := newEncoder(codec)
	if err != nil || frames == 0 {
		return encoded
	}
	size := codec.FrameSamples()
	around := surroundings(padded, codec.SampleRate(), runUp*size, size)
	around = around[codecDelay(codec):]
	var payload [maxPayload]byte
	for i := range runUp + frames {
		n, err := coder.encode(payload[:], around[i*size:(i+1)*size])
		switch {
		case i < runUp:
		case err != nil || n == 0:
			encoded.add(silence(codec))
		default:
			encoded.add(payload[:n])
		}
	}
	return encoded
}

// surroundings is a sound at a rate, as if it were played over and over: so many
// samples of its end, the whole, so many of its beginning.
func surroundings(padded []int16, rate, before, after int) []int16 {
	if rate == SampleRate {
		out := make([]int16, before+len(padded)+after)
		for i := range out {
			out[i] = padded[modulo(i-before, len(padded))]
		}
		return out
	}
	// A frame more on each side: what the filter needs to come to its place.
	narrow := surroundings(padded, SampleRate, before/2+FrameSamples, after/2+FrameSamples)
	wide := make([]int16, 2*len(narrow))
	var up resample.Up
	for at := 0; at < len(narrow); at += FrameSamples {
		up.Frame(wide[2*at:2*(at+FrameSamples)], narrow[at:at+FrameSamples])
	}
	return wide[2*FrameSamples+resample.Delay:]
}

func modulo(i, n int) int { return ((i % n) + n) % n }

// codecDelay is how much later than it was encoded a codec's sound is heard, in
// samples at its rate.
func codecDelay(codec Codec) int {
	switch codec {
	case G722:
		return g722.Delay
	case Opus:
		return opus.Delay
	}
	return 0
}

// clipEncoder encodes clips as they are played, for a leg whose codec they aren't
// held in.
type clipEncoder struct {
	codec   Codec
	coder   encoder
	up      resample.Up
	narrow  [FrameSamples]int16
	wide    [2 * FrameSamples]int16
	payload [maxPayload]byte
}

// newClipEncoder makes one; nil if there is no encoder.
func newClipEncoder(codec Codec, parameters OpusParameters) *clipEncoder {
	parameters.DTX = false // music would have holes
	coder, err := newTunedEncoder(codec, parameters)
	if err != nil {
		return nil
	}
	return &clipEncoder{codec: codec, coder: coder}
}

// frame encodes frame i of a clip.
func (c *clipEncoder) frame(clip *Clip, i int) []byte {
	clip.sound(&c.narrow, i)
	sound := c.narrow[:]
	if c.codec.SampleRate() != SampleRate {
		sound = c.wide[:]
		c.up.Frame(sound, c.narrow[:])
	}
	n, err := c.coder.encode(c.payload[:], sound)
	if err != nil || n == 0 {
		return silence(c.codec)
	}
	return c.payload[:n]
}
