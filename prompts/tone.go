package prompts

import (
	"math"

	"careline/media"
)

// The band of the telephone is 300 to 3400 Hz (ITU-T G.712); some of the low end
// is left in, for warmth.
const (
	lowEnd, highEnd = 120.0, 3500.0 // Hz
	warmth          = 250.0         // Hz, raised by warmthGain
	warmthGain      = 2.0           // dB
	// butterworth is the quality of a filter of second order without a hump.
	butterworth = math.Sqrt2 / 2
	// headroom keeps what the filters raise from being cut off.
	headroom = 0.5
)

// tone gives speech the telephone's band, at the telephone's rate.
func tone(sound media.Sound) []int16 {
	rate := sound.Rate()
	samples := sound.Samples(rate)
	filters := []filter{highPass(rate), bell(rate)}
	if float64(rate) > 2*highEnd {
		filters = append(filters, lowPass(rate))
	}
	for i, sample := range samples {
		x := float64(sample) * headroom
		for f := range filters {
			x = filters[f].next(x)
		}
		samples[i] = int16(math.Round(min(max(x, math.MinInt16), math.MaxInt16)))
	}
	return media.NewSound(samples, rate).Samples(media.SampleRate)
}

// filter is of second order, in transposed direct form II.
type filter struct{ b0, b1, b2, a1, a2, z1, z2 float64 }

func (f *filter) next(x float64) float64 {
	y := f.b0*x + f.z1
	f.z1 = f.b1*x - f.a1*y + f.z2
	f.z2 = f.b2*x - f.a2*y
	return y
}

// newFilter divides by a0 what the bilinear transform gives.
func newFilter(b0, b1, b2, a0, a1, a2 float64) filter {
	return filter{b0: b0 / a0, b1: b1 / a0, b2: b2 / a0, a1: a1 / a0, a2: a2 / a0}
}

// angle is a frequency's place on the unit circle, and how wide a filter of a
// quality is there.
func angle(hz, quality float64, rate int) (cos, width float64) {
	w := 2 * math.Pi * hz / float64(rate)
	return math.Cos(w), math.Sin(w) / (2 * quality)
}

func highPass(rate int) filter {
	cos, width := angle(lowEnd, butterworth, rate)
	return newFilter((1+cos)/2, -(1 + cos), (1+cos)/2, 1+width, -2*cos, 1-width)
}

func lowPass(rate int) filter {
	cos, width := angle(highEnd, butterworth, rate)
	return newFilter((1-cos)/2, 1-cos, (1-cos)/2, 1+width, -2*cos, 1-width)
}

func bell(rate int) filter {
	cos, width := angle(warmth, 1, rate)
	gain := math.Pow(10, warmthGain/40)
	return newFilter(1+width*gain, -2*cos, 1-width*gain, 1+width/gain, -2*cos, 1-width/gain)
}
