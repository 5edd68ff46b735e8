package ivr

import (
	"maps"
	"slices"
	"strconv"
)

// sorted gives the flows in the order of their names.
func (s *Set) sorted() []*flow {
	var flows []*flow
	for _, name := range s.Flows() {
		flows = append(flows, s.flows[name])
	}
	return flows
}

// link resolves every edge to its step.
func (c *checker) link() {
	for _, f := range c.set.sorted() {
		c.resolve(f, &f.start, "the flow starts at")
		for _, s := range f.steps {
			if s.action == nil {
				continue
			}
			seen := map[*edge]bool{}
			for _, e := range s.action.edges() {
				if !seen[e] {
					c.resolve(f, e, "step "+strconv.Quote(s.name)+" goes to")
				}
				seen[e] = true
			}
		}
	}
}

func (c *checker) resolve(f *flow, e *edge, who string) {
	if e.to != nil || e.node == nil || e.target == "" && e.flow == "" {
		return
	}
	origin := f
	if e.flow != "" {
		other := c.set.flows[e.flow]
		if other == nil {
			if c.complete {
				c.add(f.source.within(e.node, e.flow, 0, "%s flow %q, which doesn't exist", who, e.flow).Hint("%s", didYouMean(e.flow, c.set.Flows(), "the flows are ")))
			}
			return
		}
		if e.target == "" {
			c.resolve(other, &other.start, "")
			e.to = other.byName[other.start.target]
			return
		}
		f, e.to = other, other.byName[e.target]
	} else {
		e.to = f.byName[e.target]
	}
	if e.to != nil && e.to.inline {
		e.to = nil
	}
	if e.to == nil && who != "" {
		names := slices.DeleteFunc(slices.Collect(maps.Keys(f.byName)), func(name string) bool { return f.byName[name].inline })
		c.add(origin.source.at(e.node, "%s %q, which no step is called", who, e.target).Hint("%s", didYouMean(e.target, names, "the steps are ")))
	}
}
