// Package resample doubles and halves the rate of a stream of sound: between 8 and
// 16 kHz, all that telephony needs. What lives here: one half-band filter, both ways,
// with the state of a stream. What must not: codecs, RTP.
//
//	var up resample.Up
//	up.Frame(wide, narrow)   // 160 samples make 320
//	var down resample.Down
//	down.Frame(narrow, wide) // 320 samples make 160
//
// The filter is linear in phase and delays by 2 ms. What
// is below 3.4 kHz passes within 0.1 dB, and what would be heard at the wrong
// frequency (above 4.6 kHz) is at least 60 dB down. A stream is filtered across its
// frames, so frames join without clicks.
package resample

import "math"

const (
	// pairs is how many coefficients the filter has on each side of its centre that
	// aren't zero: in a half-band filter every second one is.
	pairs = 16
	// Delay is how much later sound is than before, in samples at the higher rate.
	Delay = 2*pairs - 1
	// MaxFrame is the longest frame, in samples at the lower rate: 120 ms at 8 kHz.
	MaxFrame = 960
	// window is the Kaiser window's shape: the stop band is about 70 dB down.
	window = 6.8
)

// coefficients are those beside the centre, which is a half, from the inside out.
// The sum of all is one. They are never written.
var coefficients = makeCoefficients()

func makeCoefficients() (c [pairs]float32) {
	var sum float64
	var exact [pairs]float64
	for i := range exact {
		offset := float64(2*i + 1)
		inside := offset / (2 * pairs)
		exact[i] = math.Sin(math.Pi*offset/2) / (math.Pi * offset) * bessel(window*math.Sqrt(1-inside*inside)) / bessel(window)
		sum += 2 * exact[i]
	}
	for i := range exact {
		c[i] = float32(exact[i] * 0.5 / sum)
	}
	return c
}

// bessel is the modified Bessel function of the first kind and order zero.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for n := 1.0; term > 1e-12*sum; n++ {
		term *= x * x / (4 * n * n)
		sum += term
	}
	return sum
}

// Up doubles the rate of one stream. The zero value is ready. It isn't safe for
// concurrent use.
type Up struct {
	past [2*pairs - 1]float32 // the latest samples
	work [2*pairs - 1 + MaxFrame]float32
}

// Frame writes in at twice its rate; out is twice as long as in, and in at most
// MaxFrame. It allocates nothing.
func (u *Up) Frame(out, in []int16) {
	samples := u.work[:len(u.past)+len(in)]
	copy(samples, u.past[:])
	for i, sample := range in {
		samples[len(u.past)+i] = float32(sample)
	}
	for i := range in {
		// The centre falls on a sample of the stream, what is between two lies
		// beside it.
		out[2*i] = rounded(2 * between(samples[i:i+2*pairs]))
		out[2*i+1] = int16(samples[i+pairs])
	}
	copy(u.past[:], samples[len(in):])
}

// Down halves the rate of one stream. The zero value is ready. It isn't safe for
// concurrent use.
type Down struct {
	pastEven [2*pairs - 1]float32
	pastOdd  [pairs]float32
	even     [2*pairs - 1 + MaxFrame]float32
	odd      [pairs + MaxFrame]float32
}

// Frame writes in at half its rate; in is twice as long as out, and out at most
// MaxFrame. It allocates nothing.
func (d *Down) Frame(out, in []int16) {
	even, odd := d.even[:len(d.pastEven)+len(out)], d.odd[:len(d.pastOdd)+len(out)]
	copy(even, d.pastEven[:])
	copy(odd, d.pastOdd[:])
	for i := range out {
		even[len(d.pastEven)+i], odd[len(d.pastOdd)+i] = float32(in[2*i]), float32(in[2*i+1])
	}
	for i := range out {
		// The centre falls on an odd sample, which of Up's are those of its stream.
		out[i] = rounded(between(even[i:i+2*pairs]) + odd[i]/2)
	}
	copy(d.pastEven[:], even[len(out):])
	copy(d.pastOdd[:], odd[len(out):])
}

// between weighs 2*pairs samples around the place in their middle.
func between(samples []float32) (sum float32) {
	samples = samples[:2*pairs]
	for i, coefficient := range coefficients {
		sum += coefficient * (samples[pairs-1-i] + samples[pairs+i])
	}
	return sum
}

func rounded(value float32) int16 {
	if value < 0 {
		return int16(max(value-0.5, -32768))
	}
	return int16(min(value+0.5, 32767))
}
