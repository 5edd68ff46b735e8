package ivr

import (
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// parameters reads what a flow takes, or gives back, when another one calls it:
// names with their kinds.
func (p *parser) parameters(node *yaml.Node, key string) map[string]variableKind {
	p.mapping(node, key, key+": {tries: number}")
	named := map[string]variableKind{}
	for _, pair := range problem.Pairs(node) {
		name := pair.Key.Value
		kind, ok := kindNamed(pair.Value.Value)
		switch {
		case isBuiltIn(name) || !variableName.MatchString(name):
			p.add(p.at(pair.Key, "%q can't name a variable of a flow", name).Hint("choose a name of your own, of small letters, digits and underscores"))
		case !ok:
			p.add(p.at(pair.Value, "a variable can't hold %q", pair.Value.Value).Hint("%s", didYouMean(pair.Value.Value, kindNames(), "the kinds are ")))
		default:
			named[name] = kind
			p.declare(pair.Key, name, kind)
		}
	}
	return named
}

// signature checks that a call gives what the other flow takes, takes what it
// gives, and goes on whatever it returns.
func (c *checker) signature(f *flow, a *callAction) {
	other := c.set.flows[a.to.flow]
	if other == nil {
		return
	}
	c.languages(f, &a.to)
	given := map[string]bool{}
	for _, value := range a.with {
		given[value.name] = true
		if kind, ok := other.takes[value.name]; ok {
			c.argument(f, value, kind)
			continue
		}
		c.add(f.source.at(value.key, "flow %q takes no %q", other.name, value.name).Hint("%s", didYouMean(value.name, slices.Collect(maps.Keys(other.takes)), "it takes ")))
	}
	for _, name := range slices.Sorted(maps.Keys(other.takes)) {
		if !given[name] {
			c.add(f.source.at(a.node, "flow %q is called without its %q", other.name, name).Hint("write `with: {%s: …}`, %s", name, other.takes[name].phrase()))
		}
	}
	for _, b := range a.into {
		if _, ok := other.gives[b.theirs]; !ok {
			c.add(f.source.at(b.from, "flow %q gives no %q", other.name, b.theirs).Hint("%s", didYouMean(b.theirs, slices.Collect(maps.Keys(other.gives)), "it gives ")))
		}
	}
	returned := other.returned()
	if len(returned) == 0 {
		c.add(f.source.within(a.to.node, a.to.flow, 0, "flow %q never returns", a.to.flow).Hint("go there by `transfer`, or end it by `return: done`"))
	}
	for _, name := range returned {
		if a.outcome(name) == nil {
			c.add(f.source.at(a.node, "flow %q may return %q, and then the call goes nowhere", other.name, name).Hint("write `returns: {%s: step}`, or `next: step` for all that is not named", name))
		}
	}
	for _, name := range a.names {
		if !slices.Contains(returned, name) {
			c.add(f.source.at(a.returns[name].node, "flow %q never returns %q", other.name, name).Hint("%s", didYouMean(name, returned, "it returns ")))
		}
	}
}

// argument checks the kind of what a sub-flow is given.
func (c *checker) argument(f *flow, value assignment, want variableKind) {
	got := literalKind(value.node)
	switch {
	case value.whole:
		kind, ok := c.set.variables[value.expression.text]
		if !ok {
			c.add(f.source.within(value.node, value.expression.text, 0, "no step sets or collects %q", value.expression.text).
				Hint("%s", didYouMean(value.expression.text, slices.Collect(maps.Keys(c.set.variables)), "the variables are ")))
			return
		}
		got = kind
	case value.expression != nil:
		c.list = append(c.list, value.expression.compile(c.set)...)
		kind, ok := value.expression.kind()
		if !ok {
			return
		}
		got = kind
	case want != keyedVariable && want.holds(value.text):
		return
	}
	if got != want {
		c.add(f.source.at(value.node, "%q is %s, and flow %q takes %s", value.name, got.phrase(), f.calls(value), want.phrase()).Hint("give it %s", want.phrase()))
	}
}

// calls names the flow that a value is given to.
func (f *flow) calls(value assignment) string {
	for _, s := range f.steps {
		if a, ok := s.action.(*callAction); ok && slices.ContainsFunc(a.with, func(v assignment) bool { return v.node == value.node }) {
			return a.to.flow
		}
	}
	return ""
}

// depth finds flows that call themselves, by whatever detour, and flows that call
// each other too deep.
func (c *checker) depth() (found bool) {
	depths := map[*flow]int{}
	var path []*flow
	var visit func(f *flow) int
	visit = func(f *flow) int {
		if depth, known := depths[f]; known {
			return depth
		}
		path = append(path, f)
		deepest := 0
		for _, s := range f.steps {
			a, ok := s.action.(*callAction)
			if !ok || a.to.to == nil {
				continue
			}
			if i := slices.Index(path, a.to.to.flow); i >= 0 {
				if !found {
					c.add(f.source.at(a.node, "these flows call themselves: %s", flowTrail(append(slices.Clone(path[i:]), path[i]))).Hint("let one of them go on by `transfer`, or put what they share into a flow of its own"))
				}
				found = true
				continue
			}
			if depth := visit(a.to.to.flow) + 1; depth > deepest {
				deepest = depth
			}
			if deepest > MaxCallDepth && !found {
				c.add(f.source.at(a.node, "flows call each other %d deep from here", deepest).Hint("at most %d are gone into: let some go on by `transfer`", MaxCallDepth))
				found = true
			}
		}
		path = path[:len(path)-1]
		depths[f] = deepest
		return deepest
	}
	for _, f := range c.set.sorted() {
		visit(f)
	}
	return found
}

func flowTrail(flows []*flow) string {
	var names []string
	for _, f := range flows {
		names = append(names, f.name)
	}
	return strings.Join(names, " → ")
}

// within is the most steps that a call can go through in a sub-flow without
// waiting for the caller and then leave by an edge of the calling step; 0 if it
// always waits.
func (c *checker) within(a *callAction, e *edge) int {
	most := 0
	for outcome, steps := range c.hastyReturns(a.to.to) {
		if a.outcome(outcome) == e {
			most = max(most, steps)
		}
	}
	return most
}

// hastyReturns tells of each way that a sub-flow can return without having waited
// for the caller how many steps that takes at most.
func (c *checker) hastyReturns(start *step) map[string]int {
	if start == nil {
		return nil
	}
	if known, ok := c.hastes[start]; ok {
		return known
	}
	longest := map[string]int{}
	c.hastes[start] = longest // a round of calls ends here; it is told of by depth
	memo := map[*step]map[string]int{}
	var visit func(s *step) map[string]int
	visit = func(s *step) map[string]int {
		if known, ok := memo[s]; ok {
			return known
		}
		here := map[string]int{}
		memo[s] = here
		switch a := s.action.(type) {
		case *returnAction:
			here[a.outcome] = 1
			return here
		case *transferAction:
			return here
		}
		for _, e := range s.ways() {
			before := 1
			if a, ok := s.action.(*callAction); ok {
				if e == &a.to {
					continue
				}
				before += c.within(a, e)
			}
			if e.to == nil || !c.hasty(s, e) {
				continue
			}
			for outcome, steps := range visit(e.to) {
				here[outcome] = max(here[outcome], before+steps)
			}
		}
		return here
	}
	maps.Copy(longest, visit(start))
	return longest
}

// returnsTo gives the ways on from a return: those of every step that calls its flow.
func (c *checker) returnsTo(s *step) []*edge {
	var edges []*edge
	outcome := s.action.(*returnAction).outcome
	for _, f := range c.set.sorted() {
		for _, caller := range f.steps {
			if a, ok := caller.action.(*callAction); ok && a.to.to != nil && a.to.to.flow == s.flow {
				if e := a.outcome(outcome); e != nil {
					edges = append(edges, e)
				}
			}
		}
	}
	return edges
}
