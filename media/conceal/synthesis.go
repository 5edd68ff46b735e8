package conceal

const (
	// maxPeriods is how many pitch periods are played in turn.
	maxPeriods = 3
	// At 8 kHz, in samples: when one more period is taken, and when a gap has
	// faded to nothing. It fades from the first to the last.
	growEvery8k = 80
	faded8k     = 480
	// pauseFade8k is how long a sound takes to fade into a pause of the far side.
	pauseFade8k = 80
)

// synthesis goes on with a voice by repeating its last pitch periods.
type synthesis struct {
	scale  int
	source []int16 // what was heard before the gap; the periods are its end
	period int
	count  int // periods that are played in turn
	at     int // index in source of the next sample
	made   int // samples made
	pause  bool
	gain   float32
	// While one period more is taken, the old ones go on and are faded out.
	overlap, old int
}

func newSynthesis(scale int) synthesis {
	return synthesis{scale: scale, source: make([]int16, (maxPeriods*maxPeriod8k+maxPeriod8k/4)*scale)}
}

// begin takes the end of line as the voice to go on with, whose last samples, up
// to hold of them, it changes, so that they lead over to the first repetition.
func (s *synthesis) begin(line []int16, period, hold int) {
	clear(s.source)
	n := min(len(line), len(s.source))
	copy(s.source[len(s.source)-n:], line[len(line)-n:])
	s.period, s.count, s.made, s.overlap, s.gain, s.pause = period, 1, 0, 0, 1, false
	s.at = len(s.source) - period
	quarter := min(period/4, len(line))
	end := len(s.source)
	tail := s.source[end-quarter:]
	before := s.source[end-period-quarter:]
	hold = min(hold, quarter)
	for i := range quarter {
		// What is before the part that may be changed stays.
		if kept := quarter - hold; i >= kept {
			line[len(line)-quarter+i] = mix(tail[i], before[i], i-kept, hold)
		}
	}
}

// next makes one sample.
func (s *synthesis) next() float32 {
	if s.gain <= 0 {
		return 0
	}
	if s.made > 0 && s.made%(growEvery8k*s.scale) == 0 && s.count < maxPeriods && !s.pause {
		s.grow()
	}
	value := s.sample(s.at, s.count)
	s.at = s.step(s.at, s.count)
	if s.overlap > 0 {
		length := s.period / 4
		weight := float32(s.overlap) / float32(length+1)
		value += (s.sample(s.old, s.count-1) - value) * weight
		s.old = s.step(s.old, s.count-1)
		s.overlap--
	}
	value *= s.gain
	s.fade()
	s.made++
	return value
}

// grow takes one more period. The oldest comes next, at the same phase.
func (s *synthesis) grow() {
	s.old = s.at
	s.overlap = s.period / 4
	s.count++
	phase := (s.at - (len(s.source) - (s.count-1)*s.period)) % s.period
	s.at = len(s.source) - s.count*s.period + phase
}

// step is the index that follows at, in turns of count periods.
func (s *synthesis) step(at, count int) int {
	if at++; at == len(s.source) {
		return at - count*s.period
	}
	return at
}

// sample is what is heard at an index: the end of the turn is blended into what
// comes before its beginning.
func (s *synthesis) sample(at, count int) float32 {
	value := float32(s.source[at])
	quarter := s.period / 4
	into := at - (len(s.source) - quarter)
	if into < 0 {
		return value
	}
	before := float32(s.source[at-count*s.period])
	return value + (before-value)*float32(into+1)/float32(quarter+1)
}

// fade lowers the gain: from 10 ms on by a fifth each 10 ms; in a pause at once,
// within 10 ms.
func (s *synthesis) fade() {
	switch {
	case s.pause:
		s.gain -= 1 / float32(pauseFade8k*s.scale)
	case s.made >= growEvery8k*s.scale:
		s.gain -= 1 / float32((faded8k-growEvery8k)*s.scale)
	}
}
