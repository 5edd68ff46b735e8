package loudness

import (
	"math"
	"slices"
)

const (
	// oversampling is how many places between two samples are looked at (BS.1770-4
	// annex 2 asks for four times).
	oversampling = 4
	// reach is how many samples on each side the interpolation looks at.
	reach = 12
	// lookAhead is how long before a peak the limiter begins to turn down, and
	// release how long it takes to come back by two thirds, in seconds.
	lookAhead = 0.005
	release   = 0.08
)

// interpolation weighs the samples around a place between two of them, a windowed
// sinc: row i for the place (i+1)/oversampling behind the one in its middle.
type interpolation [oversampling - 1][2 * reach]float64

// between is the interpolation, made once and never written again; margin is how far
// above the samples themselves a peak between them can be.
var (
	between = makeInterpolation()
	margin  = between.most()
)

func makeInterpolation() *interpolation {
	var weights interpolation
	for i := range weights {
		part := float64(i+1) / oversampling
		for k := range weights[i] {
			distance := math.Pi * (float64(k-reach+1) - part)
			window := math.Cos(distance / (2 * reach))
			weights[i][k] = math.Sin(distance) / distance * window * window
		}
	}
	return &weights
}

// peak is the largest magnitude from sample i up to the next.
func (n *interpolation) peak(sound []float32, i int) float64 {
	largest := math.Abs(float64(sound[i]))
	first := i - reach + 1
	begin, end := max(0, -first), min(2*reach, len(sound)-first)
	around := sound[first+begin : first+end]
	for row := range n {
		weights, sum := n[row][begin:end], 0.0
		for k, sample := range around {
			sum += weights[k] * float64(sample)
		}
		largest = max(largest, math.Abs(sum))
	}
	return largest
}

// most is the largest sum that weights can give of samples up to 1.
func (n *interpolation) most() float64 {
	largest := 1.0
	for _, row := range n {
		sum := 0.0
		for _, weight := range row {
			sum += math.Abs(weight)
		}
		largest = max(largest, sum)
	}
	return largest
}

// TruePeak is the level of the highest peak, between the samples too, in dBTP: what
// the analogue sound reaches (BS.1770-4 annex 2). Of silence it is Silence.
func TruePeak(sound []float32) float64 {
	largest := 0.0
	for i := range sound {
		largest = max(largest, between.peak(sound, i))
	}
	if largest == 0 {
		return Silence
	}
	return 20 * math.Log10(largest)
}

// Limit turns the sound down around each true peak above the ceiling, in dBTP, so
// that none is left, and returns by how many dB at most. It turns down over 5 ms
// before the peak and comes back over some tenths of a second, so that it isn't
// heard as distortion. What is below the ceiling stays bit for bit.
func Limit(sound []float32, rate int, ceiling float64) (reduction float64) {
	highest := math.Pow(10, ceiling/20)
	// No peak is near samples that are all below this.
	harmless := float32(highest / margin)
	var gains []float64
	lowest, loud, scanned := 1.0, -2*reach, 0
	for i := range sound {
		for ; scanned < min(i+reach+1, len(sound)); scanned++ {
			if sound[scanned] > harmless || sound[scanned] < -harmless {
				loud = scanned
			}
		}
		if loud <= i-reach {
			continue
		}
		peak := between.peak(sound, i)
		if peak <= highest {
			continue
		}
		if gains == nil {
			gains = slices.Repeat([]float64{1}, len(sound))
		}
		// Both neighbours carry the peak between them.
		gain := highest / peak
		gains[i] = min(gains[i], gain)
		if i+1 < len(gains) {
			gains[i+1] = min(gains[i+1], gain)
		}
		lowest = min(lowest, gain)
	}
	if gains == nil {
		return 0
	}
	smooth(gains, max(1, int(lookAhead*float64(rate))), math.Exp(-1/(release*float64(rate))))
	for i := range sound {
		sound[i] *= float32(gains[i])
	}
	return -20 * math.Log10(lowest)
}

// smooth makes gains change slowly without ever rising above what they were: the
// lowest within the window ahead, then a slow return, then the mean over the window
// before, each of whose members was no higher than what is wanted here.
func smooth(gains []float64, window int, back float64) {
	lowest := make([]float64, 0, len(gains)+window)
	var queue []int // of the window ahead, lowest first
	for i := 1 - window; i < len(gains); i++ {
		if ahead := i + window - 1; ahead < len(gains) {
			for len(queue) > 0 && gains[queue[len(queue)-1]] >= gains[ahead] {
				queue = queue[:len(queue)-1]
			}
			queue = append(queue, ahead)
		}
		for len(queue) > 0 && queue[0] < i {
			queue = queue[1:]
		}
		lowest = append(lowest, gains[queue[0]])
	}
	held := 1.0
	for i, gain := range lowest {
		held = min(gain, 1-(1-held)*back)
		lowest[i] = held
	}
	sum := 0.0
	for _, gain := range lowest[:window-1] {
		sum += gain
	}
	for i := range gains {
		sum += lowest[i+window-1]
		gains[i] = min(gains[i], sum/float64(window))
		sum -= lowest[i]
	}
}

// full is where 16-bit and G.711 sound counts as being at its end: the highest
// step of µ-law is 0.980.
const full = 0.98

// cut is how many samples in a row at full scale are a peak that was cut off.
const cut = 3

// Clipped is the part of the sound, 0 to 1, that lies in peaks that were cut off
// when it was recorded: three and more samples in a row at full scale.
func Clipped(sound []float32) float64 {
	run, clipped := 0, 0
	for i, sample := range sound {
		switch {
		case sample >= full && (run == 0 || sound[i-1] >= full), sample <= -full && (run == 0 || sound[i-1] <= -full):
			run++
		case math.Abs(float64(sample)) >= full:
			run = 1
		default:
			run = 0
		}
		switch {
		case run == cut:
			clipped += cut
		case run > cut:
			clipped++
		}
	}
	return float64(clipped) / float64(max(len(sound), 1))
}
