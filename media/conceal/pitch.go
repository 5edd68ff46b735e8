package conceal

import "math"

// unvoiced is the normalised correlation below which a sound has no pitch.
const unvoiced = 0.35

// finder finds the pitch of the end of a line.
type finder struct {
	scale             int // samples for one at 8 kHz
	shortest, longest int // periods
	window            int // samples compared: 20 ms
}

func newFinder(scale int) finder {
	return finder{scale: scale, shortest: minPeriod8k * scale, longest: maxPeriod8k * scale, window: 160 * scale}
}

// find compares the line's last 20 ms with what was a period before, and returns
// the period for which they are most alike, and how much, from -1 to 1. A line
// that is too short has none.
func (f finder) find(line []int16) (period int, alike float32) {
	if len(line) < f.window+f.longest {
		return f.longest, 0
	}
	last := line[len(line)-f.window:]
	coarse := 2 * f.scale
	period = f.longest
	alike = -2
	for lag := f.shortest; lag <= f.longest; lag += coarse {
		if a := likeness(last, line[len(line)-f.window-lag:], coarse); a > alike {
			period, alike = lag, a
		}
	}
	around := period
	alike = -2
	for lag := max(around-coarse, f.shortest); lag <= min(around+coarse, f.longest); lag++ {
		if a := likeness(last, line[len(line)-f.window-lag:], f.scale); a > alike {
			period, alike = lag, a
		}
	}
	return period, alike
}

// likeness is the normalised correlation of a with as much of b, at each step-th
// sample.
func likeness(a, b []int16, step int) float32 {
	b = b[:len(a)]
	var product, energyA, energyB float32
	for i := 0; i < len(a); i += step {
		x, y := float32(a[i]), float32(b[i])
		product += x * y
		energyA += x * x
		energyB += y * y
	}
	energy := energyA * energyB
	if energy < 1 {
		return 0
	}
	return product / float32(math.Sqrt(float64(energy)))
}
