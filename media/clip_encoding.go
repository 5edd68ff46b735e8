package media

import (
	"context"

	"careline/media/g722"
	"careline/media/opus"
	"careline/media/resample"
)

// encodedClip is a clip in one codec.
type encodedClip struct {
	bytes []byte
	size  int      // of each frame; 0: they differ
	ends  []uint32 // of each frame, where they differ
}

func (e *encodedClip) frames() int {
	if e.size > 0 {
		return len(e.bytes) / e.size
	}
	return len(e.ends)
}

func (e *encodedClip) frame(i int) []byte {
	if e.size > 0 {
		return e.bytes[i*e.size : (i+1)*e.size]
	}
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

// encodeG711 encodes 8 kHz samples, padded with silence to whole frames.
func encodeG711(codec Codec, samples []int16) *encodedClip {
	encoded := filled(len(whole(samples, FrameSamples)), codec.Silence())
	codec.Encode(encoded, samples)
	return &encodedClip{bytes: encoded, size: FrameSamples}
}

// whole is a sound padded with silence to whole frames.
func whole(samples []int16, frame int) []int16 {
	padded := make([]int16, (len(samples)+frame-1)/frame*frame)
	copy(padded, samples)
	return padded
}

// runUp is how many frames of a clip's end are encoded before its beginning, and
// thrown away: what is played over and over has no seam, and a codec that learns has
// learnt.
const runUp = 5

// encodeByFrame encodes whole frames of 16 kHz by a codec that has a memory. Its delay
// is taken out, so that the sound is where it is in PCMU. Nil if nothing encodes it,
// or ctx is done.
func encodeByFrame(ctx context.Context, codec Codec, sound []int16) *encodedClip {
	size := codec.FrameSamples()
	frames := len(sound) / size
	encoded := &encodedClip{ends: make([]uint32, 0, frames)}
	if frames == 0 {
		return encoded
	}
	coder, err := newEncoder(codec)
	if err != nil {
		return nil
	}
	around := surroundings(sound, runUp*size-codecDelay(codec), codecDelay(codec))
	var payload [maxPayload]byte
	for i := range runUp + frames {
		n, err := coder.encode(payload[:], around[i*size:(i+1)*size])
		switch {
		case ctx.Err() != nil:
			return nil
		case i < runUp:
		case err != nil || n == 0:
			encoded.add(silence(codec))
		default:
			encoded.add(payload[:n])
		}
	}
	return encoded
}

// surroundings is a sound as if it were played over and over: so many samples of its
// end, the whole, so many of its beginning.
func surroundings(sound []int16, before, after int) []int16 {
	around := make([]int16, before+len(sound)+after)
	for i := range around {
		around[i] = sound[modulo(i-before, len(sound))]
	}
	return around
}

// doubled is whole frames of 8 kHz at 16 kHz, as if they were played over and over,
// without the filter's delay.
func doubled(sound []int16) []int16 {
	if len(sound) == 0 {
		return nil
	}
	around := surroundings(sound, FrameSamples, FrameSamples)
	wide := make([]int16, 2*len(around))
	var up resample.Up
	for at := 0; at < len(around); at += FrameSamples {
		up.Frame(wide[2*at:2*(at+FrameSamples)], around[at:at+FrameSamples])
	}
	begin := 2*FrameSamples + resample.Delay
	return wide[begin : begin+2*len(sound)]
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
