package signal

import (
	"math"
	"math/bits"
	"math/cmplx"
	"time"
)

// Correlate looks for played within heard. Score is the normalised
// cross-correlation at the best place: 1 is the very same sound (at any volume),
// about 0 is another. Lag is where it begins in heard. Places where less than
// half of played would fit aren't looked at.
func Correlate(heard, played []int16) (score float64, lag time.Duration) {
	need := min(len(heard), (len(played)+1)/2)
	if need == 0 {
		return 0, 0
	}
	products := crossProducts(heard, played)
	heardEnergy, playedEnergy := energies(heard), energies(played)
	best := 0
	for at := 0; at+need <= len(heard); at++ {
		length := min(len(played), len(heard)-at)
		energy := (heardEnergy[at+length] - heardEnergy[at]) * playedEnergy[length]
		if energy <= 0 {
			continue
		}
		if match := products[at] / math.Sqrt(energy); match > score {
			score, best = match, at
		}
	}
	return score, time.Duration(best) * time.Second / SampleRate
}

// energies gives at i the sum of the squares of the first i samples.
//
//go:norace
func energies(samples []int16) []float64 {
	sums := make([]float64, len(samples)+1)
	for i, sample := range samples {
		sums[i+1] = sums[i] + float64(sample)*float64(sample)
	}
	return sums
}

// crossProducts gives at each lag the sum of heard[lag+i]*played[i], by FFT.
//
//go:norace
func crossProducts(heard, played []int16) []float64 {
	size := 1 << bits.Len(uint(len(heard)+len(played)))
	a, b := make([]complex128, size), make([]complex128, size)
	for i, sample := range heard {
		a[i] = complex(float64(sample), 0)
	}
	for i, sample := range played {
		b[i] = complex(float64(sample), 0)
	}
	transform(a)
	transform(b)
	for i := range a {
		// The conjugate of the wanted product, so that the forward transform
		// serves as the inverse.
		a[i] = cmplx.Conj(a[i] * cmplx.Conj(b[i]))
	}
	transform(a)
	products := make([]float64, len(heard))
	for i := range products {
		products[i] = real(a[i]) / float64(size)
	}
	return products
}

// transform is the radix-2 FFT, in place; the length is a power of two. Nobody else has
// what it works on; under the race detector's eyes it would take ten times as long, and
// what tests hear is measured by it.
//
//go:norace
func transform(values []complex128) {
	size := len(values)
	shift := 64 - bits.TrailingZeros(uint(size))
	for i := range values {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			values[i], values[j] = values[j], values[i]
		}
	}
	for half := 1; half < size; half *= 2 {
		step := cmplx.Rect(1, -math.Pi/float64(half))
		for start := 0; start < size; start += 2 * half {
			twiddle := complex(1, 0)
			for k := start; k < start+half; k++ {
				odd := values[k+half] * twiddle
				values[k], values[k+half] = values[k]+odd, values[k]-odd
				twiddle *= step
			}
		}
	}
}
