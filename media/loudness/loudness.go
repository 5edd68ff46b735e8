// Package loudness measures how loud sound is to people, by ITU-R BS.1770-4 and EBU
// R 128, and holds its peaks below a ceiling. It works on whole sounds, when they
// are loaded. Samples are float32, 1 is full scale.
//
//	level := loudness.Integrated(8000, prompt)      // in LUFS, Silence if there is nothing
//	loudness.Limit(prompt, 8000, -1)                // no true peak above -1 dBTP
//	fault := loudness.Clipped(prompt)               // the part of it that is cut off
package loudness

import "math"

const (
	// Silence is the loudness of what has no block above the absolute gate, far below
	// all that can be measured.
	Silence = -1000.0
	// absoluteGate is the level below which nothing counts, in LUFS.
	absoluteGate = -70.0
	// relativeGate is how far below the level of the rest a block may be, in LU.
	relativeGate = -10.0
	// blockLength and blockStep, in seconds: 75 % overlap.
	blockLength = 0.4
	blockStep   = 0.1
	// offset makes a sine of 997 Hz at full scale in one channel -3.01 LUFS.
	offset = -0.691
)

// Integrated measures the gated loudness of a whole sound in LUFS: one channel, or
// left and right (the weight of both is 1; channels behind the listener aren't
// known here). A mono sound counts as the one channel that it is, 3 LU less than
// the same sound in two. What is shorter than a block of 400 ms is one block of its
// own length. Without anything above -70 LUFS it is Silence.
func Integrated(rate int, channels ...[]float32) float64 {
	steps := stepPowers(rate, channels)
	if len(steps) == 0 {
		return Silence
	}
	width := min(int(blockLength/blockStep), len(steps))
	blocks := make([]float64, 0, len(steps))
	for i := 0; i+width <= len(steps); i++ {
		sum := 0.0
		for _, power := range steps[i : i+width] {
			sum += power
		}
		blocks = append(blocks, sum/float64(width))
	}
	mean, ok := above(blocks, power(absoluteGate))
	if !ok {
		return Silence
	}
	mean, ok = above(blocks, max(power(absoluteGate), mean*math.Pow(10, relativeGate/10)))
	if !ok {
		return Silence
	}
	return level(mean)
}

// above is the mean of the powers above a gate.
func above(powers []float64, gate float64) (mean float64, ok bool) {
	sum, n := 0.0, 0
	for _, p := range powers {
		if p > gate {
			sum += p
			n++
		}
	}
	return sum / float64(max(n, 1)), n > 0
}

// level turns a mean square into LUFS, power the other way round.
func level(power float64) float64 { return offset + 10*math.Log10(power) }
func power(level float64) float64 { return math.Pow(10, (level-offset)/10) }

// stepPowers are the mean squares of the weighted sound, all channels together, of
// each whole step of 100 ms; of a sound shorter than a block, one step of all of it.
func stepPowers(rate int, channels [][]float32) []float64 {
	length := 0
	for _, channel := range channels {
		length = max(length, len(channel))
	}
	step := int(math.Round(blockStep * float64(rate)))
	if step == 0 || length == 0 {
		return nil
	}
	if length < step*int(blockLength/blockStep) {
		step = length
	}
	powers := make([]float64, length/step)
	for _, channel := range channels {
		weighting := newWeighting(rate)
		for i := range powers {
			powers[i] += weighting.energy(channel[min(i*step, len(channel)):min((i+1)*step, len(channel))]) / float64(step)
		}
	}
	return powers
}

// weighting is the K-weighting: a shelf that stands for the head's effect, then a
// high-pass (BS.1770-4 annex 1).
type weighting struct{ shelf, highPass biquad }

// biquad is a filter of second order, in transposed direct form II.
type biquad struct{ b0, b1, b2, a1, a2, z1, z2 float64 }

func (f *biquad) next(x float64) float64 {
	y := f.b0*x + f.z1
	f.z1 = f.b1*x - f.a1*y + f.z2
	f.z2 = f.b2*x - f.a2*y
	return y
}

// energy is the sum of the squares of the weighted samples, which go on from those
// before.
func (w *weighting) energy(sound []float32) (sum float64) {
	shelf, highPass := w.shelf, w.highPass // near at hand for as long as the loop runs
	for _, sample := range sound {
		weighted := highPass.next(shelf.next(float64(sample)))
		sum += weighted * weighted
	}
	w.shelf, w.highPass = shelf, highPass
	return sum
}

// newWeighting makes the filters for a rate. The recommendation gives coefficients
// for 48 kHz alone; these are the analogue filters that those come from, made
// digital by the bilinear transform, so that at 48 kHz they are the same.
func newWeighting(rate int) *weighting {
	const (
		shelfHz, shelfGain, shelfQ = 1681.974450955533, 3.999843853973347, 0.7071752369554196
		passHz, passQ              = 38.13547087602444, 0.5003270373238773
		// The shelf's gain at its middle, as a power of the whole.
		middle = 0.4996667741545416
	)
	k := math.Tan(math.Pi * shelfHz / float64(rate))
	high := math.Pow(10, shelfGain/20)
	band := math.Pow(high, middle)
	a0 := 1 + k/shelfQ + k*k
	shelf := biquad{
		b0: (high + band*k/shelfQ + k*k) / a0, b1: 2 * (k*k - high) / a0, b2: (high - band*k/shelfQ + k*k) / a0,
		a1: 2 * (k*k - 1) / a0, a2: (1 - k/shelfQ + k*k) / a0,
	}
	k = math.Tan(math.Pi * passHz / float64(rate))
	a0 = 1 + k/passQ + k*k
	// The numerator is 1, -2, 1 at every rate, as the recommendation has it.
	pass := biquad{b0: 1, b1: -2, b2: 1, a1: 2 * (k*k - 1) / a0, a2: (1 - k/passQ + k*k) / a0}
	return &weighting{shelf, pass}
}
