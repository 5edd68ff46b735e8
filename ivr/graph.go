package ivr

import (
	"slices"
	"strings"
)

// place is a step as reached with some facts known.
type place struct {
	step  *step
	known facts
}

// ways lists the edges out of a step.
func (s *step) ways() []*edge {
	if s.action == nil {
		return nil
	}
	return s.action.edges()
}

// learns tells what is known after an edge of a step is taken.
func (s *step) learns(e *edge) facts {
	known := e.proves
	switch a := s.action.(type) {
	case *verifyAction:
		if e == &a.verified {
			known |= factVerified
		}
	case *collectAction:
		if a.zip && e == &a.next {
			known |= factState
		}
	case *setAction:
		if slices.ContainsFunc(a.values, func(v assignment) bool { return v.name == "state" }) {
			known |= factState
		}
	}
	return known
}

// walk visits every place that can be reached from some places along the edges
// that pass, nearest first, and gives each one's predecessor. visit may end a
// way by answering false.
func walk(from []place, pass func(*step, *edge) bool, visit func(place) bool) map[place]place {
	before := map[place]place{}
	line := slices.Clone(from)
	for _, p := range from {
		before[p] = place{}
	}
	for len(line) > 0 {
		here := line[0]
		line = line[1:]
		if !visit(here) {
			continue
		}
		for _, e := range here.step.ways() {
			if e.to == nil || !pass(here.step, e) {
				continue
			}
			there := place{e.to, here.known | here.step.learns(e)}
			if _, been := before[there]; !been {
				before[there] = here
				line = append(line, there)
			}
		}
	}
	return before
}

func everyEdge(*step, *edge) bool { return true }

// wayTo writes the way to a place: "welcome → language → nurse-line: state".
// The flow is named where it changes.
func wayTo(before map[place]place, to place) string {
	var steps []*step
	for p := to; p.step != nil; p = before[p] {
		steps = append(steps, p.step)
	}
	slices.Reverse(steps)
	return trail(steps)
}

func trail(steps []*step) string {
	var names []string
	for i, s := range steps {
		name := s.name
		if i > 0 && steps[i-1].flow != s.flow {
			name = s.flow.name + ": " + name
		}
		names = append(names, name)
	}
	return strings.Join(names, " → ")
}

// entries are the flows that a call may begin in, as far as the flows tell:
// those whose start no other flow leads to, and one of each ring of flows that
// only lead to each other.
func (s *Set) entries() []*flow {
	led := map[*step]bool{}
	for _, f := range s.flows {
		for _, step := range f.steps {
			if a, ok := step.action.(*transferAction); ok && a.to.to != nil && a.to.to.flow != f {
				led[a.to.to] = true
			}
		}
	}
	var entries []*flow
	reached := map[*step]bool{}
	enter := func(f *flow) {
		entries = append(entries, f)
		walk([]place{{step: f.start.to}}, everyEdge, func(p place) bool {
			reached[p.step] = true
			return true
		})
	}
	for _, f := range s.sorted() {
		if f.start.to != nil && !led[f.start.to] {
			enter(f)
		}
	}
	for _, f := range s.sorted() {
		if f.start.to != nil && !reached[f.start.to] {
			enter(f)
		}
	}
	return entries
}

// reachable finds the steps that no call ever comes to.
func (c *checker) reachable() {
	var from []place
	for _, f := range c.set.sorted() {
		from = append(from, place{step: f.start.to})
	}
	reached := map[*step]bool{}
	walk(from, everyEdge, func(p place) bool {
		reached[p.step] = true
		return true
	})
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if !reached[s] && !s.inline {
				c.add(f.source.at(s.node, "no call ever comes to step %q", s.name).Hint("lead to it from another step, or remove it"))
			}
		}
	}
}
