package ivr

import (
	"slices"

	"careline/problem"
)

// check proves what can be proven of a set. complete says that every file could
// be read. What needs the steps' graph is looked at only if all edges lead
// somewhere: the rest would be noise.
func check(set *Set, complete, sound bool) problem.List {
	c := newChecker(set, complete)
	c.link()
	whole := complete && sound && len(c.list) == 0
	c.references()
	if whole && len(c.list) == 0 {
		c.conditions()
	}
	c.texts()
	if whole && !c.depth() {
		if !c.loops() { // else the steps behind the round are said to be out of reach
			c.reachable()
			c.budget()
		}
		c.proofs(set.entries())
		c.silence()
		c.along()
	}
	return c.list
}

// along looks at what callers go through on their ways.
func (c *checker) along() {
	v := visitsFrom(c.set.entries())
	if s := v.tooMany; s != nil {
		c.add(s.flow.source.at(s.node, "flows call each other in more than %d ways", maxChains).Hint("let some go on by `transfer`"))
		return
	}
	c.persons(v)
	c.stretches(v)
	c.answers()
}

type checker struct {
	set      *Set
	complete bool
	list     problem.List
	// hastes are what hastyReturns has found.
	hastes map[*step]map[string]int
}

func newChecker(set *Set, complete bool) *checker {
	return &checker{set: set, complete: complete, hastes: map[*step]map[string]int{}}
}

// add notes a problem once: a step that is led to twice may be met twice.
func (c *checker) add(p problem.Problem) {
	if !slices.Contains(c.list, p) {
		c.list = append(c.list, p)
	}
}

// CheckEntry proves of one flow that a call may begin in it. Load does so for
// each flow that no other one leads to; a flow that is otherwise entered by
// transfer alone may rely on what was done before it, and then it is no place
// for a call to begin. The error is a problem.List.
func (s *Set) CheckEntry(name string) error {
	f := s.flows[name]
	if f == nil {
		return problem.List{{Message: "there is no flow " + name}}
	}
	c := newChecker(s, true)
	c.proofs([]*flow{f})
	return c.list.Err()
}
