package ivr

import (
	"cmp"
	"slices"
	"strings"
)

// ways lists the edges out of a step.
func (s *step) ways() []*edge {
	if s.action == nil {
		return nil
	}
	return s.action.edges()
}

// walk gives every step that can be reached from some steps by the edges that
// next names, each with its predecessor on a shortest way.
func walk(from []*step, next func(*step) []*edge) map[*step]*step {
	before := map[*step]*step{}
	line := slices.Clone(from)
	for _, s := range from {
		before[s] = nil
	}
	for len(line) > 0 {
		here := line[0]
		line = line[1:]
		for _, e := range next(here) {
			if e.to == nil {
				continue
			}
			if _, been := before[e.to]; !been {
				before[e.to] = here
				line = append(line, e.to)
			}
		}
	}
	return before
}

// passing gives the edges out of a step that pass.
func passing(pass func(*step, *edge) bool) func(*step) []*edge {
	return func(s *step) []*edge {
		return slices.DeleteFunc(slices.Clone(s.ways()), func(e *edge) bool { return !pass(s, e) })
	}
}

// wayTo gives the way that a walk took to a step, from its beginning.
func wayTo(before map[*step]*step, to *step) []*step {
	var steps []*step
	for s := to; s != nil; s = before[s] {
		steps = append(steps, s)
	}
	slices.Reverse(steps)
	return steps
}

// trail writes a way: "welcome → language → nurse-line: state". The flow is
// named where it changes.
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

// inOrder gives the steps of a walk as they stand in the files.
func inOrder(before map[*step]*step) []*step {
	steps := make([]*step, 0, len(before))
	for s := range before {
		steps = append(steps, s)
	}
	slices.SortFunc(steps, func(a, b *step) int {
		return cmp.Or(cmp.Compare(a.flow.name, b.flow.name), cmp.Compare(a.node.Line, b.node.Line), cmp.Compare(a.node.Column, b.node.Column))
	})
	return steps
}

// entries are the flows that a call may begin in, as far as the flows tell:
// those whose start no other flow leads to, and one of each ring of flows that
// only lead to each other.
func (s *Set) entries() []*flow {
	led := map[*step]bool{}
	for _, f := range s.flows {
		for _, step := range f.steps {
			for _, e := range step.ways() {
				if e.to != nil && e.to.flow != f {
					led[e.to] = true
				}
			}
		}
	}
	var entries []*flow
	reached := map[*step]bool{}
	enter := func(f *flow) {
		entries = append(entries, f)
		for s := range walk([]*step{f.start.to}, (*step).ways) {
			reached[s] = true
		}
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
	var from []*step
	for _, f := range c.set.sorted() {
		from = append(from, f.start.to)
	}
	reached := walk(from, (*step).ways)
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if _, ok := reached[s]; !ok && !s.inline {
				c.add(f.source.at(s.node, "no call ever comes to step %q", s.name).Hint("lead to it from another step, or remove it"))
			}
		}
	}
}
