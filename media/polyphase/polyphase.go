// Package polyphase brings whole sounds from one sample rate to another, when they
// are loaded: any pair of rates that files come in, by a windowed-sinc filter in
// polyphase form. Sound in motion doesn't come here: within a call rates differ by
// a factor of two, which media/resample does frame by frame.
//
//	narrow := polyphase.Resample(studio, 48000, 8000)
package polyphase

import "math"

const (
	// crossings is how many zeros of the sinc the filter has on each side. With beta
	// it makes what would alias fall 80 dB and leaves what is below 0.42 of the lower
	// rate (3,390 Hz of 8 kHz, the telephone's band) as it was.
	crossings = 32
	// beta is the Kaiser window's parameter.
	beta = 8.0
	// edge is the middle of the transition, relative to half of the lower rate.
	edge = 0.925
)

// Resample gives the sound, which has from samples a second, with to samples a
// second. It lasts as long and isn't delayed. Its end goes over into its beginning, so
// that music which is played over and over has no seam; where both are silent, as in
// speech, that is nothing. Rates must be above 0; equal rates give a copy.
func Resample(sound []float32, from, to int) []float32 {
	if from == to {
		return append([]float32(nil), sound...)
	}
	common := gcd(from, to)
	up, down := to/common, from/common
	phases := filter(up, down)
	taps := len(phases[0])
	out := make([]float32, (len(sound)*up+down-1)/down)
	for i := range out {
		at := i * down
		phase, first := phases[at%up], at/up-taps/2+1
		if first < 0 || first+taps > len(sound) {
			out[i] = around(phase, sound, first)
			continue
		}
		sum := float32(0)
		for k, sample := range sound[first : first+taps] {
			sum += phase[k] * sample
		}
		out[i] = sum
	}
	return out
}

// around weighs samples from first on, beyond the sound's end those of its beginning.
func around(phase, sound []float32, first int) (sum float32) {
	at := (first%len(sound) + len(sound)) % len(sound)
	for _, weight := range phase {
		sum += weight * sound[at]
		if at++; at == len(sound) {
			at = 0
		}
	}
	return sum
}

// filter makes the up branches of the filter. Branch p weighs the samples around a
// place that lies p/up of a sample behind the one in its middle. Each branch's
// weights sum to 1, so that a constant stays one.
func filter(up, down int) [][]float32 {
	lower := min(1, float64(up)/float64(down)) // the lower rate, relative to the given one
	cutoff := edge * lower
	half := int(math.Ceil(crossings / lower))
	phases := make([][]float32, up)
	weights := make([]float64, 2*half)
	for p := range phases {
		sum := 0.0
		for k := range weights {
			distance := float64(k-half+1) - float64(p)/float64(up)
			weights[k] = cutoff * sinc(cutoff*distance) * kaiser(distance/float64(half))
			sum += weights[k]
		}
		phases[p] = make([]float32, len(weights))
		for k, weight := range weights {
			phases[p][k] = float32(weight / sum)
		}
	}
	return phases
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x, which is -1 to 1.
func kaiser(x float64) float64 {
	if x < -1 || x > 1 {
		return 0
	}
	return bessel(beta*math.Sqrt(1-x*x)) / bessel(beta)
}

// bessel is the modified Bessel function of the first kind and order zero, by its
// power series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-16; k++ {
		term *= x / (2 * k) * x / (2 * k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
