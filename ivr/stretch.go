package ivr

import (
	"fmt"
	"time"
)

const (
	// DefaultLongestSilence is how long a caller may hear nothing while nothing is asked:
	// a longer silence is taken for a call that has broken off.
	DefaultLongestSilence = 20 * time.Second
	// DefaultLongestAnswer is how long a question may wait for a key, the line's patience
	// included.
	DefaultLongestAnswer = MaxFirstDigit
)

// quiet is a step in which nothing is heard, and which goes on by itself.
type quiet interface {
	// quiet is how long that may take; false: something is heard after all.
	quiet(Environment) (time.Duration, bool)
}

func (*setAction) quiet(Environment) (time.Duration, bool)      { return 0, true }
func (*branchAction) quiet(Environment) (time.Duration, bool)   { return 0, true }
func (*splitAction) quiet(Environment) (time.Duration, bool)    { return 0, true }
func (*hoursAction) quiet(Environment) (time.Duration, bool)    { return 0, true }
func (*callAction) quiet(Environment) (time.Duration, bool)     { return 0, true }
func (*returnAction) quiet(Environment) (time.Duration, bool)   { return 0, true }
func (*transferAction) quiet(Environment) (time.Duration, bool) { return 0, true }
func (a *waitAction) quiet(Environment) (time.Duration, bool)   { return a.length, true }

// quiet is as long as the service may take, tries again included.
func (a *lookUpAction) quiet(env Environment) (time.Duration, bool) {
	return min(env.LookUps[a.name].Time, LookUpGuard), len(a.row) == 0
}

// stretches finds silences that add up along a way, step by step, to more than a
// caller stays for.
func (c *checker) stretches(v *visits) {
	limit := c.set.environment.LongestSilence
	if limit == 0 {
		return
	}
	length, next := v.silences(c.set.environment)
	told := map[*step]bool{}
	for i, at := range v.at {
		if own, _ := at.step.quiet(c.set.environment); length[i] <= limit || own == 0 || told[at.step] {
			continue
		}
		var way []*step
		for n := i; n >= 0 && length[n] > 0; n = next[n] {
			way = append(way, v.at[n].step)
			told[v.at[n].step] = true
		}
		c.add(at.step.flow.source.at(at.step.node, "from step %q on, a caller may hear nothing for %s: %s", at.step.name, short(length[i]), trail(way)).
			Hint("callers take more than %s for a call that has broken off (callers.longest_silence): play something in between, give a look-up its own `play`, or wait less", short(limit)))
	}
}

// quiet is how long nothing may be heard in a step; false if something is.
func (s *step) quiet(env Environment) (time.Duration, bool) {
	if a, ok := s.action.(quiet); ok {
		return a.quiet(env)
	}
	return 0, false
}

// silences gives the longest silence from each visit on, and where it goes next; -1 for
// nowhere. Rounds of silent steps are told of by themselves.
func (v *visits) silences(env Environment) (length []time.Duration, next []int) {
	length, next = make([]time.Duration, len(v.at)), make([]int, len(v.at))
	begun := make([]bool, len(v.at))
	var measure func(i int) time.Duration
	measure = func(i int) time.Duration {
		if begun[i] {
			return length[i]
		}
		begun[i], next[i] = true, -1
		own, silent := v.at[i].step.quiet(env)
		if !silent {
			return 0
		}
		longest := time.Duration(0)
		for _, h := range v.hops[i] {
			if behind := measure(h.to); behind > longest {
				longest, next[i] = behind, h.to
			}
		}
		length[i] = own + longest
		return length[i]
	}
	for i := range v.at {
		measure(i)
	}
	return length, next
}

// answered is a step with a question's timers.
type answered interface{ timers() timing }

func (a *menuAction) timers() timing    { return a.timing }
func (a *collectAction) timers() timing { return a.timing }
func (a *verifyAction) timers() timing  { return a.timing }

// slowest is the longest that a step waits for a key, and the admin's word for it.
func (s *step) slowest() (longest time.Duration, key string) {
	a, ok := s.action.(answered)
	if !ok {
		return 0, ""
	}
	if t := a.timers(); t.between > t.first {
		return t.between, "between_digits"
	}
	return a.timers().first, "first_digit"
}

// answers finds questions that wait longer for a key than callers of the site stay.
func (c *checker) answers() {
	limit := c.set.environment.LongestAnswer
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if longest, key := s.slowest(); limit > 0 && longest > limit {
				c.add(f.source.at(s.node, "step %q waits %s for a key (%s)", s.name, short(longest), key).
					Hint("at most %s is waited (callers.longest_answer)", short(limit)))
			}
		}
	}
}

// CheckPatience makes sure that no question which a call can come to from a flow waits
// longer for a key than the site allows, stretched by a line's patience.
func (s *Set) CheckPatience(flow string, patience float64) error {
	f, limit := s.flows[flow], s.environment.LongestAnswer
	if f == nil || f.start.to == nil || limit == 0 || patience <= 1 {
		return nil
	}
	for _, step := range inOrder(walk([]*step{f.start.to}, (*step).ways)) {
		longest, key := step.slowest()
		if stretched := time.Duration(float64(longest) * patience); stretched > limit {
			return fmt.Errorf("step %q of flow %q would wait %s for a key (%s: %s), and at most %s is waited (callers.longest_answer)",
				step.name, step.flow.name, short(stretched), key, short(longest), short(limit))
		}
	}
	return nil
}
