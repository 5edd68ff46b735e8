package conceal

const (
	// alikeEnough is the normalised correlation from which a period may be
	// repeated or left out within speech.
	alikeEnough = 0.6
	// quiet is the RMS below which nobody speaks: about -42 dBm0.
	quiet = 130
)

// Quiet reports whether what is to be heard next is a pause between words.
func (p *Playout) Quiet() bool {
	next := p.line[p.first:]
	if len(next) == 0 {
		return true
	}
	return energy(next) <= quiet*quiet*float32(len(next))
}

func energy(samples []int16) float32 {
	sum := float32(0)
	for _, v := range samples {
		sum += float32(v) * float32(v)
	}
	return sum
}

// Shrink leaves out one pitch period of what is to be heard next, and returns how
// many samples that are: 0 where nothing is alike enough, or too little is there.
func (p *Playout) Shrink() int {
	next := p.line[p.first:]
	scale := p.rate / 8000
	overlap := 40 * scale
	longest := min(maxPeriod8k*scale, len(next)-2*overlap)
	period := p.similar(next, overlap*2, longest, 1)
	if period == 0 {
		return 0
	}
	overlap = min(period, 2*overlap, len(next)-period)
	for i := range overlap {
		next[i] = mix(next[i], next[i+period], i, overlap)
	}
	copy(next[overlap:], next[overlap+period:])
	p.line = p.line[:len(p.line)-period]
	return period
}

// Stretch repeats one pitch period before what is to be heard next goes on, and
// returns how many samples that are: 0 where nothing is alike enough, or there is
// no room.
func (p *Playout) Stretch() int {
	next := p.line[p.first:]
	scale := p.rate / 8000
	overlap := 80 * scale
	if len(next) < overlap {
		return 0
	}
	period := p.similar(next, overlap, min(maxPeriod8k*scale, cap(p.line)-len(p.line)), -1)
	if period == 0 {
		return 0
	}
	overlap = min(period, overlap)
	for i := range overlap {
		p.blend[i] = mix(next[i], p.line[p.first-period+i], i, overlap)
	}
	length := len(p.line)
	p.line = p.line[:length+period]
	copy(p.line[p.first+overlap:], p.line[p.first-period+overlap:length])
	copy(p.line[p.first:], p.blend[:overlap])
	return period
}

// similar finds the period at which the first window samples of next are most
// like those that lie a period later (direction 1) or earlier (-1). In a pause any
// will do, and the longest is best.
func (p *Playout) similar(next []int16, window, longest, direction int) int {
	scale := p.rate / 8000
	shortest := minPeriod8k * scale
	if longest < shortest || len(next) < window {
		return 0
	}
	window = min(window, len(next))
	best, alike := 0, float32(alikeEnough)
	if p.Quiet() {
		best, alike = longest, -2
	}
	for period := shortest; period <= longest; period += scale {
		if direction > 0 && period+window > len(next) {
			break
		}
		at := p.first + direction*period
		if a := likeness(next[:window], p.line[at:], 2*scale); a >= alike {
			best, alike = period, a
		}
	}
	return best
}
