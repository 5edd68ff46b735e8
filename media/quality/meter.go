package quality

import "time"

// Sample is what passed in one direction within a short time.
type Sample struct {
	// Expected packets, how many of them were Lost, in so many Gaps, and how many came
	// too Late to be heard.
	Expected, Lost, Gaps, Late uint32
	// Jitter of arrival, at the end of the time.
	Jitter time.Duration
	// RoundTrip as last measured; 0 if never.
	RoundTrip time.Duration
}

// windowSize is how many samples the live figures are made of.
const windowSize = 5

// minWindow is how many packets must be expected within the window for a score:
// half a second's.
const minWindow = 25

// Meter estimates one direction's quality. The zero value is ready; it isn't safe
// for concurrent use. A copy is a snapshot.
type Meter struct {
	window [windowSize]Sample
	at     int
	codec  Codec
	sum    Sum
}

// Sum is what a meter has added up.
type Sum struct {
	// Expected packets, how many of them were lost, and how many came too late.
	Expected, Lost, Late uint64
	// Jitter and RoundTrip are means over time; MaxJitter and MaxRoundTrip the worst.
	Jitter, MaxJitter       time.Duration
	RoundTrip, MaxRoundTrip time.Duration
	// MOS is the mean score, Worst that of the worst few seconds; 0 where too little
	// passed.
	MOS, Worst float64

	samples, trips float64 // how many the means are of
	scored         float64 // packets that MOS is the mean over
}

// Add notes a sample. One in which nothing was expected moves the window on and
// counts nothing: who pauses isn't bad to hear.
func (m *Meter) Add(codec Codec, sample Sample) {
	sample.Lost = min(sample.Lost, sample.Expected)
	sample.Late = min(sample.Late, sample.Expected-sample.Lost)
	m.codec, m.at = codec, (m.at+1)%windowSize
	m.window[m.at] = sample
	if sample.Expected == 0 {
		return
	}
	s := &m.sum
	s.Expected += uint64(sample.Expected)
	s.Lost += uint64(sample.Lost)
	s.Late += uint64(sample.Late)
	s.samples++
	s.Jitter = mean(s.Jitter, sample.Jitter, s.samples)
	s.MaxJitter = max(s.MaxJitter, sample.Jitter)
	if sample.RoundTrip > 0 {
		s.trips++
		s.RoundTrip = mean(s.RoundTrip, sample.RoundTrip, s.trips)
		s.MaxRoundTrip = max(s.MaxRoundTrip, sample.RoundTrip)
	}
	if worst := m.MOS(); worst > 0 && (s.Worst == 0 || worst < s.Worst) {
		s.Worst = worst
	}
	weight := float64(sample.Expected)
	s.scored += weight
	s.MOS += (score(codec, sample) - s.MOS) * weight / s.scored
}

func mean(before, next time.Duration, count float64) time.Duration {
	return before + time.Duration(float64(next-before)/count)
}

// Live is what the last samples come to: loss from 0 to 1, late packets with it, and the jitter and round
// trip of the latest one.
func (m *Meter) Live() (loss float64, jitter, roundTrip time.Duration) {
	all := m.total()
	return all.loss(), all.Jitter, all.RoundTrip
}

// MOS is the score of the last samples; 0 where too little has passed.
func (m *Meter) MOS() float64 {
	all := m.total()
	if all.Expected < minWindow {
		return 0
	}
	return score(m.codec, all)
}

// total is the window in one sample.
func (m *Meter) total() Sample {
	all := Sample{Jitter: m.window[m.at].Jitter, RoundTrip: m.window[m.at].RoundTrip}
	for _, one := range m.window {
		all.Expected += one.Expected
		all.Lost += one.Lost
		all.Gaps += one.Gaps
		all.Late += one.Late
	}
	return all
}

// loss is the share of packets that nobody heard.
func (s Sample) loss() float64 {
	if s.Expected == 0 {
		return 0
	}
	return float64(s.Lost+s.Late) / float64(s.Expected)
}

// score estimates the mean opinion of a sample.
func score(codec Codec, s Sample) float64 {
	path := Path{Loss: s.loss(), Bursts: 1, Delay: codec.Delay(s.RoundTrip, s.Jitter)}
	if s.Gaps > 0 && path.Loss < 1 {
		// The mean length of a gap, over what it would be by chance.
		path.Bursts = float64(s.Lost) / float64(s.Gaps) * (1 - path.Loss)
	}
	return MOS(Rating(codec, path))
}

// Take returns the sums and begins new ones; the window goes on.
func (m *Meter) Take() Sum {
	taken := m.sum
	m.sum = Sum{}
	return taken
}
