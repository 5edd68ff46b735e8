package call

import (
	"sync"

	"careline/ledger"
	"careline/media"
	"careline/media/quality"
)

// scoreBounds are the upper bounds of SoundStats.Scores: those between grades among
// them.
var scoreBounds = [...]float64{1.5, 2, 2.5, 3.1, 3.6, 4.02, 4.2, 4.35, 4.5}

// SoundStats is how all legs of one kind that were in calls sounded, one way.
type SoundStats struct {
	// Leg is whose; Sent: what went there, by the far side's reports; else what came.
	Leg  ledger.SoundLeg
	Sent bool
	// Scored legs; Sum of their mean scores (MOS), and how many had at most so much.
	Scored uint64
	Sum    float64
	Scores map[float64]uint64
	// OneWay legs weren't heard for a while (quality.OneWayAfter).
	OneWay uint64
}

// soundCounters add up what records say of sound.
type soundCounters struct {
	mu   sync.Mutex // taken when a leg leaves a call
	ways [2 * len(soundLegs)]soundCounter
}

var soundLegs = [...]ledger.SoundLeg{ledger.SoundCaller, ledger.SoundAgent, ledger.SoundTarget}

type soundCounter struct {
	scored, oneWay uint64
	sum            float64
	classes        [len(scoreBounds)]uint64
}

func (c *soundCounters) note(kind ledger.SoundLeg, sum media.QualitySum) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, leg := range soundLegs {
		if leg == kind {
			c.ways[2*i].note(sum.Heard)
			c.ways[2*i+1].note(sum.Said)
		}
	}
}

func (c *soundCounter) note(sum media.DirectionSum) {
	if sum.OneWay >= quality.OneWayAfter {
		c.oneWay++
	}
	if sum.MOS == 0 {
		return
	}
	c.scored++
	c.sum += sum.MOS
	for i, bound := range scoreBounds {
		if sum.MOS <= bound {
			c.classes[i]++
			return
		}
	}
}

// stats are the sums; those of kinds that didn't occur are 0, not absent.
func (c *soundCounters) stats() []SoundStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]SoundStats, 0, len(c.ways))
	for i, way := range c.ways {
		one := SoundStats{
			Leg: soundLegs[i/2], Sent: i%2 == 1, Scored: way.scored, Sum: way.sum, OneWay: way.oneWay,
			Scores: make(map[float64]uint64, len(scoreBounds)),
		}
		below := uint64(0)
		for class, count := range way.classes {
			below += count
			one.Scores[scoreBounds[class]] = below
		}
		all = append(all, one)
	}
	return all
}
