package tone

import "math"

const (
	// hop is how often the detector decides, in samples: every 5 ms.
	hop = Rate / 200
	// window is how many hops it decides upon: 20 ms, which tells a row from the
	// next (73 Hz apart).
	window = 4
)

// The limits. Q.24 leaves them to the administrations (annex A); these satisfy
// AT&T's and NTT's columns both.
const (
	// maxOffset is the largest deviation of a tone from its frequency: 1.5 % must
	// be taken, 3.5 % must not.
	maxOffset = 0.025
	// minLevel is the least power of one tone, as a mean square: -25 dBm is to be
	// heard, -55 is not. This is -36 dBm0.
	minLevel = 32768 * 32768 / 2 * 0.000122
	// maxHigh and maxLow are how much stronger the column's tone may be than the
	// row's and the other way round (twist): 4 and 8 dB must be taken.
	maxHigh = 4.0
	maxLow  = 10.0
	// minPurity is the least share of the sound that is the two tones: speech,
	// which has harmonics and breath besides, isn't mistaken for keys (talk-off).
	minPurity = 0.75
	// minLead is by how much a tone must be above the others of its group.
	minLead = 5.0
	// minHops is how many hops at full strength make a key: 40 ms must be heard,
	// 23 ms must not.
	minHops = 5
	// fullStrength is the share of a key's highest power from which on a hop
	// counts as being within it.
	fullStrength = 0.5
	// maxMissing is how many hops an unconfirmed key may be unclear for.
	maxMissing = 1
	// endHops is how many hops without the key end it: an interruption of 10 ms
	// doesn't, a pause of 30 ms does.
	endHops = 6
)

// Detector finds keys in sound. The zero value is ready. It isn't safe for
// concurrent use, and allocates nothing.
type Detector struct {
	samples [hop]float32
	filled  int
	at      int // the hop's first sample, within a second
	blocks  [window]block
	next    int

	run     run
	pressed byte // the key that was told and hasn't ended, 0 for none
	missing int  // hops since it was last heard
}

// block is what one hop has of each frequency, by phases that go on from hop to
// hop, and its energy.
type block struct {
	re, im [rows + columns]float32
	energy float32
}

// run is a key that is proving itself.
type run struct {
	key     byte
	missing int
	highest float32
	levels  [4 * minHops]float32
	count   int
}

// Listen takes sound of any length that follows on the last, and calls found with
// each key as soon as it is sure: within 50 ms of its beginning. A key is told
// once, however long it is held.
func (d *Detector) Listen(sound []int16, found func(key byte)) {
	for _, sample := range sound {
		d.samples[d.filled] = float32(sample)
		if d.filled++; d.filled == hop {
			d.filled = 0
			if key := d.decide(); key != 0 {
				found(key)
			}
		}
	}
}

// Sounding reports whether a key is heard now, or may be: from the first clear
// 5 ms on, before it is sure. Who must keep keys from others delays the sound by
// 40 ms and silences it while this is so.
func (d *Detector) Sounding() bool { return d.pressed != 0 || d.run.count > 0 }

// Reset forgets what was heard, for sound that doesn't follow on the last.
func (d *Detector) Reset() { *d = Detector{} }

// decide looks at the last window, and returns a key that has become sure.
func (d *Detector) decide() byte {
	d.analyse()
	key, level := d.look()
	if d.pressed != 0 {
		if key == d.pressed {
			d.missing = 0
			return 0
		}
		if d.missing++; d.missing < endHops {
			return 0
		}
		d.pressed = 0
	}
	if !d.run.prove(key, level) {
		return 0
	}
	d.pressed, d.missing, d.run = d.run.key, 0, run{}
	return d.pressed
}

// prove notes a hop, and reports whether the key has lasted for long enough.
func (r *run) prove(key byte, level float32) bool {
	if key == 0 || key != r.key {
		if r.missing++; key == 0 && r.missing <= maxMissing {
			return false
		}
		*r = run{key: key}
		if key == 0 {
			return false
		}
	}
	r.missing = 0
	r.levels[r.count%len(r.levels)] = level
	r.count++
	r.highest = max(r.highest, level)
	full := 0
	for _, level := range r.levels[:min(r.count, len(r.levels))] {
		if level >= fullStrength*r.highest {
			full++
		}
	}
	return full >= minHops
}

// analyse correlates the hop with each frequency.
func (d *Detector) analyse() {
	b := &d.blocks[d.next]
	*b = block{}
	for _, sample := range d.samples {
		b.energy += sample * sample
	}
	d.next = (d.next + 1) % window
	begins := d.at
	d.at = (d.at + hop) % Rate
	if b.energy < minLevel*hop { // nothing of it could count
		return
	}
	for k := range frequencies {
		var re, im float32
		table := &oscillators[k]
		for i := range &d.samples {
			re += d.samples[i] * table[i].cos
			im += d.samples[i] * table[i].sin
		}
		turn := begins * frequencies[k] % Rate * (wideRate / Rate) // the phase at which the hop begins
		cos, sin := wave[(turn+wideRate/4)%wideRate], wave[turn]
		b.re[k], b.im[k] = re*cos-im*sin, -(re*sin + im*cos)
	}
}

// look finds the key that the window holds, and its power; 0 for none.
func (d *Detector) look() (key byte, level float32) {
	var energy float32
	for i := range d.blocks {
		energy += d.blocks[i].energy
	}
	if energy < 2*minLevel*hop*window {
		return 0, 0
	}
	row, ok := d.strongest(0, rows)
	if !ok {
		return 0, 0
	}
	column, ok := d.strongest(rows, rows+columns)
	if !ok {
		return 0, 0
	}
	low, ok := d.power(row)
	if !ok {
		return 0, 0
	}
	high, ok := d.power(column)
	switch {
	case !ok, low < minLevel, high < minLevel, high > maxHigh*low, low > maxLow*high:
		return 0, 0
	case (low+high)*hop*window < minPurity*energy:
		return 0, 0
	}
	return Keys[row*columns+column-rows], low + high
}

// strongest is the frequency of a group that stands out; false if none does.
func (d *Detector) strongest(from, to int) (best int, ok bool) {
	var powers [rows + columns]float32
	best = from
	for k := from; k < to; k++ {
		var re, im float32
		for i := range d.blocks {
			re += d.blocks[i].re[k]
			im += d.blocks[i].im[k]
		}
		powers[k] = re*re + im*im
		if powers[k] > powers[best] {
			best = k
		}
	}
	for k := from; k < to; k++ {
		if k != best && powers[k]*minLead > powers[best] {
			return best, false
		}
	}
	return best, true
}

// power is the mean square of the tone near a frequency. Its phase turns from hop
// to hop by how far it is off; false if that is too far. The turn is taken out
// before the hops are added up, so that a tone that is off a little counts whole.
func (d *Detector) power(k int) (float32, bool) {
	var re, im float32
	for i := range window - 1 {
		a, b := &d.blocks[(d.next+i)%window], &d.blocks[(d.next+i+1)%window]
		re += b.re[k]*a.re[k] + b.im[k]*a.im[k]
		im += b.im[k]*a.re[k] - b.re[k]*a.im[k]
	}
	turn := math.Atan2(float64(im), float64(re))
	offset := turn * Rate / hop / (2 * math.Pi)
	if math.Abs(offset) > maxOffset*float64(frequencies[k]) {
		return 0, false
	}
	sin, cos := math.Sincos(-turn)
	stepRe, stepIm := float32(cos), float32(sin)
	backRe, backIm := float32(1), float32(0)
	var sumRe, sumIm float32
	for i := range window {
		b := &d.blocks[(d.next+i)%window]
		sumRe += b.re[k]*backRe - b.im[k]*backIm
		sumIm += b.re[k]*backIm + b.im[k]*backRe
		backRe, backIm = backRe*stepRe-backIm*stepIm, backRe*stepIm+backIm*stepRe
	}
	const n = hop * window
	return 2 * (sumRe*sumRe + sumIm*sumIm) / (n * n), true
}

type oscillator struct{ cos, sin float32 }

// oscillators are one hop of each frequency, from phase 0; never written.
var oscillators = func() (tables [rows + columns][hop]oscillator) {
	for k, hz := range frequencies {
		for i := range hop {
			sin, cos := math.Sincos(2 * math.Pi * float64(hz) * float64(i) / Rate)
			tables[k][i] = oscillator{float32(cos), float32(sin)}
		}
	}
	return tables
}()
