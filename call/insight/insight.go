// Package insight counts what callers do in the flows: which steps they enter, by
// which ways they leave them, where they hang up, and how long they take.
//
// What lives here: counters, and the visit that a call is. What must not: anything of
// one caller. A figure is a count or a time of many, and nothing of it is kept when
// the process ends.
//
//	tally := insight.NewTally()
//	visit := tally.Begin()                    // one for each call; belongs to its goroutine
//	visit.Took(edge, now)                     // as the run tells it
//	visit.End(insight.HungUp, now)
//	figures := tally.Figures()                // for metrics and the page
package insight

import (
	"slices"
	"strings"
	"sync"
	"time"

	"careline/ivr"
)

// MaxSteps bounds the steps that are counted, and MaxWays the ways out of each. What
// is beyond is counted nowhere but in Figures.Uncounted: flows of many versions with
// many names can't fill the memory.
const (
	MaxSteps = 20_000
	MaxWays  = 64
)

// Ending is how a call's time in the flows ended.
type Ending string

const (
	// HungUp: the caller hung up.
	HungUp Ending = "hung_up"
	// Served: a flow hung up, the caller having what was wanted.
	Served Ending = "served"
	// Taken: a person took the call.
	Taken Ending = "taken"
	// Broken: it ended for another reason, as a lost connection.
	Broken Ending = "broken"
)

// StepFigures are those of one step.
type StepFigures struct {
	Flow, Step string
	// Live is how many callers are there now.
	Live int
	// Entered counts callers who came, HungUp those who hung up there.
	Entered, HungUp uint64
	// Median is how long half of them stayed; zero while none has left.
	Median time.Duration
	// Ways are how they left, by the admin's word for the way, most taken first.
	Ways []WayFigures
}

// WayFigures are those of one way out of a step.
type WayFigures struct {
	Via            string
	ToFlow, ToStep string
	Taken          uint64
}

// Figures are all flows' since the start.
type Figures struct {
	// Begun counts calls that came to a flow; Live are in one now.
	Begun uint64
	Live  int
	// Ended counts by how.
	Ended map[Ending]uint64
	// Steps by flow and step.
	Steps []StepFigures
	// Uncounted steps and ways were beyond MaxSteps and MaxWays.
	Uncounted uint64
}

// Containment is the part of the calls that have left the flows which a flow ended, the
// caller having what was wanted, from 0 to 1; 0 while none has left. Whoever hangs up in
// a menu counts among the others: that caller was not served, as far as anyone knows.
func (f Figures) Containment() float64 {
	all := f.Ended[HungUp] + f.Ended[Served] + f.Ended[Taken] + f.Ended[Broken]
	if all == 0 {
		return 0
	}
	return float64(f.Ended[Served]) / float64(all)
}

// place names a step.
type place struct{ flow, step string }

// way is an edge out of a step.
type way struct {
	via string
	to  place
}

// counts are a step's.
type counts struct {
	live            int
	entered, hungUp uint64
	stay            stay
	ways            map[way]uint64
}

// Tally counts for all calls. It may be used from any goroutine: a step is entered a
// few times in a call's minute, so one lock serves all.
type Tally struct {
	mu        sync.Mutex
	steps     map[place]*counts
	begun     uint64
	live      int
	ended     map[Ending]uint64
	uncounted uint64
}

// NewTally makes one that has counted nothing.
func NewTally() *Tally {
	return &Tally{steps: map[place]*counts{}, ended: map[Ending]uint64{}}
}

// Visit is one call's way through the flows. It belongs to the call's goroutine.
type Visit struct {
	tally *Tally
	at    *counts // nil at the beginning, and where nothing is counted
	since time.Time
	over  bool
}

// Begin counts a call that comes to a flow.
func (t *Tally) Begin() *Visit {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun++
	t.live++
	return &Visit{tally: t}
}

// Took counts a way that the call takes now.
func (v *Visit) Took(edge ivr.EdgeName, now time.Time) {
	t := v.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.over {
		return
	}
	to := place{edge.ToFlow, edge.To}
	v.leave(now)
	if v.at != nil {
		v.at.took(way{edge.Via, to}, t)
	}
	v.at, v.since = t.step(to), now
	if v.at != nil {
		v.at.entered++
		v.at.live++
	}
}

// End counts how the call's time in the flows ended; a second one is ignored.
func (v *Visit) End(how Ending, now time.Time) {
	t := v.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.over {
		return
	}
	v.over = true
	v.leave(now)
	if v.at != nil && how == HungUp {
		v.at.hungUp++
	}
	t.live--
	t.ended[how]++
}

// leave counts how long the call was at its step, with the lock held.
func (v *Visit) leave(now time.Time) {
	if v.at != nil {
		v.at.live--
		v.at.stay.add(now.Sub(v.since))
	}
}

// step is a step's counts, with the lock held; nil if there is no more room.
func (t *Tally) step(p place) *counts {
	c := t.steps[p]
	if c == nil {
		if len(t.steps) == MaxSteps {
			t.uncounted++
			return nil
		}
		c = &counts{ways: map[way]uint64{}}
		t.steps[p] = c
	}
	return c
}

func (c *counts) took(w way, t *Tally) {
	if _, known := c.ways[w]; !known && len(c.ways) == MaxWays {
		t.uncounted++
		return
	}
	c.ways[w]++
}

// Figures gives what was counted so far.
func (t *Tally) Figures() Figures {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := Figures{Begun: t.begun, Live: t.live, Ended: map[Ending]uint64{}, Uncounted: t.uncounted}
	for how, n := range t.ended {
		f.Ended[how] = n
	}
	for p, c := range t.steps {
		one := StepFigures{Flow: p.flow, Step: p.step, Live: c.live, Entered: c.entered, HungUp: c.hungUp, Median: c.stay.median()}
		for w, n := range c.ways {
			one.Ways = append(one.Ways, WayFigures{Via: w.via, ToFlow: w.to.flow, ToStep: w.to.step, Taken: n})
		}
		slices.SortFunc(one.Ways, func(a, b WayFigures) int {
			if a.Taken != b.Taken {
				if a.Taken > b.Taken {
					return -1
				}
				return 1
			}
			return strings.Compare(a.Via+a.ToFlow+a.ToStep, b.Via+b.ToFlow+b.ToStep)
		})
		f.Steps = append(f.Steps, one)
	}
	slices.SortFunc(f.Steps, func(a, b StepFigures) int {
		if a.Flow != b.Flow {
			return strings.Compare(a.Flow, b.Flow)
		}
		return strings.Compare(a.Step, b.Step)
	})
	return f
}
