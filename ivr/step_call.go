package ivr

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// MaxCallDepth bounds how deep sub-flows call each other.
const MaxCallDepth = 8

// callAction goes through another flow and comes back. The other flow has
// variables of its own: it gets what with names, and gives what into names.
type callAction struct {
	to   edge
	with []assignment
	into []binding
	// returns are the ways on by what the other flow returns; next is for what is
	// not among them, nil if everything must be.
	returns map[string]*edge
	names   []string
	next    *edge
	node    *yaml.Node
}

// binding gives a variable of the caller's the value of one of the sub-flow's.
type binding struct {
	mine, theirs string
	node, from   *yaml.Node
}

type callText struct {
	Call    yaml.Node `yaml:"call"`
	Returns yaml.Node `yaml:"returns"`
	Next    yaml.Node `yaml:"next"`
	Label   string    `yaml:"label"`
}

type callDetail struct {
	Flow string    `yaml:"flow"`
	With yaml.Node `yaml:"with"`
	Into yaml.Node `yaml:"into"`
}

func (p *parser) call(s *step, node *yaml.Node) action {
	var text callText
	p.decode(node, &text)
	at := problem.Get(node, "call")
	a := &callAction{node: at, to: edge{via: "call", flow: at.Value, node: at}, returns: map[string]*edge{}}
	if at.Kind != yaml.ScalarNode {
		var detail callDetail
		p.decode(at, &detail)
		a.to.flow = detail.Flow
		a.with, a.into = p.with(&detail.With), p.bindings(&detail.Into)
	}
	if a.to.flow == "" {
		p.add(p.at(at, "step %q calls no flow", s.name).Hint("write `call: ask-state`, or `call: {flow: ask-state, with: {tries: 2}}`"))
	}
	p.mapping(&text.Returns, "returns", "returns: {known: step}")
	for _, pair := range problem.Pairs(&text.Returns) {
		e := p.onward(s, &text.Returns, pair.Key.Value, onward, whyNext)
		e.via = `returns "` + pair.Key.Value + `"`
		a.returns[pair.Key.Value] = &e
		a.names = append(a.names, pair.Key.Value)
	}
	if text.Next.Kind != 0 || len(a.returns) == 0 && text.Returns.Kind == 0 {
		next := p.onward(s, node, "next", onward, "name the step that follows when the other flow returns; or one for each of its returns, as in `returns: {known: nurse, unknown: person}`")
		a.next = &next
	}
	return a
}

// with reads what a sub-flow is given: texts, or expressions in braces. A
// variable's name alone in the braces hands it over whatever it holds.
func (p *parser) with(node *yaml.Node) []assignment {
	p.mapping(node, "with", "with: {tries: 2}")
	var all []assignment
	for _, pair := range problem.Pairs(node) {
		if pair.Value.Kind != yaml.ScalarNode {
			p.add(p.at(pair.Value, "%q is given no single value", pair.Key.Value).Hint("write one value, as in `tries: 2`"))
			continue
		}
		a := assignment{name: pair.Key.Value, text: pair.Value.Value, key: pair.Key, node: pair.Value}
		p.braces(&a)
		a.whole = a.expression != nil && variableName.MatchString(a.expression.text) && !isBuiltIn(a.expression.text)
		all = append(all, a)
	}
	return all
}

func (p *parser) bindings(node *yaml.Node) []binding {
	p.mapping(node, "into", "into: {my_variable: theirs}")
	var all []binding
	for _, pair := range problem.Pairs(node) {
		name := pair.Key.Value
		switch {
		case isBuiltIn(name):
			p.add(p.at(pair.Key, "%q can't be set", name).Hint("choose a name of your own"))
			continue
		case !variableName.MatchString(name):
			p.add(p.at(pair.Key, "%q can't name a variable", name).Hint("use small letters, digits and underscores"))
			continue
		}
		all = append(all, binding{name, pair.Value.Value, pair.Key, pair.Value})
	}
	return all
}

func (*callAction) verb() string         { return "call" }
func (*callAction) prompts() []promptUse { return nil }

func (a *callAction) edges() []*edge {
	edges := []*edge{&a.to}
	for _, name := range a.names {
		edges = append(edges, a.returns[name])
	}
	if a.next != nil {
		edges = append(edges, a.next)
	}
	return edges
}

// touches are none: the proof follows what goes into a sub-flow and comes back by
// with and into.
func (*callAction) touches() []touch { return nil }

// outcome is the way on when the sub-flow returns so; nil if there is none.
func (a *callAction) outcome(name string) *edge {
	if e := a.returns[name]; e != nil {
		return e
	}
	return a.next
}

// suspended is a flow that waits for a sub-flow to return.
type suspended struct {
	at *step
	scope
}

func (a *callAction) enter(r *Run) {
	if len(r.calls) == MaxCallDepth {
		r.fail("the flows call each other too deep")
		return
	}
	inner := newScope()
	for _, name := range callWide() {
		r.handOver(name, inner, name)
	}
	for _, given := range a.with {
		if given.whole {
			r.handOver(given.expression.text, inner, given.name)
			continue
		}
		text, err := given.value(r)
		if err != nil {
			r.fail("an expression could not be computed")
			return
		}
		inner.write(given.name, text, r.labels(given.reads()))
	}
	r.calls = append(r.calls, suspended{r.step, r.scope})
	r.scope = inner
	r.follow(&a.to)
}

// callWide are the variables that every flow of a call shares.
func callWide() []string { return []string{"reason", valueState} }

// returnAction ends a sub-flow and goes on where it was called.
type returnAction struct{ outcome string }

type returnText struct {
	Return yaml.Node `yaml:"return"`
	Label  string    `yaml:"label"`
}

func (p *parser) giveBack(s *step, node *yaml.Node) action {
	var text returnText
	p.decode(node, &text)
	if text.Return.Kind != yaml.ScalarNode || !stepName.MatchString(text.Return.Value) {
		p.add(p.at(problem.Get(node, "return"), "step %q doesn't say what it returns", s.name).Hint("write a word of small letters for the caller to go by, as in `return: known`"))
	}
	return &returnAction{outcome: text.Return.Value}
}

func (*returnAction) verb() string         { return "return" }
func (*returnAction) edges() []*edge       { return nil }
func (*returnAction) prompts() []promptUse { return nil }
func (*returnAction) touches() []touch     { return nil }

func (a *returnAction) enter(r *Run) {
	if len(r.calls) == 0 {
		r.fail("a flow returned that nothing had called")
		return
	}
	inner, outer := r.scope, r.calls[len(r.calls)-1]
	r.calls = r.calls[:len(r.calls)-1]
	r.scope = outer.scope
	for _, name := range callWide() {
		inner.handOver(name, r.scope, name)
	}
	call := outer.at.action.(*callAction)
	for _, b := range call.into {
		inner.handOver(b.theirs, r.scope, b.mine)
	}
	r.step, r.flow = outer.at, outer.at.flow
	e := call.outcome(a.outcome)
	if e == nil {
		r.fail("a flow returned what its caller does not expect")
		return
	}
	r.follow(e)
}

// returned lists what a flow can return, sorted.
func (f *flow) returned() []string {
	var names []string
	for _, s := range f.steps {
		if a, ok := s.action.(*returnAction); ok && !slices.Contains(names, a.outcome) {
			names = append(names, a.outcome)
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names
}
