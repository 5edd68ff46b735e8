package ivr

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// setAction gives variables their values.
type setAction struct {
	values []assignment
	next   edge
}

type assignment struct {
	name string
	text string
	// expression computes the value, once it is compiled; nil: text is it.
	expression *expression
	// whole: the expression is a variable's name, and what it holds is handed over.
	whole     bool
	key, node *yaml.Node
}

// value computes it.
func (a assignment) value(r *Run) (string, error) {
	if a.expression == nil {
		return a.text, nil
	}
	return a.expression.asText(r)
}

type setText struct {
	Set   yaml.Node `yaml:"set"`
	Next  string    `yaml:"next"`
	Label string    `yaml:"label"`
}

func (p *parser) setVariables(s *step, node *yaml.Node) action {
	var text setText
	p.decode(node, &text)
	a := &setAction{next: p.onward(s, node, "next", onward, whyNext)}
	pairs := problem.Pairs(&text.Set)
	if len(pairs) == 0 {
		p.add(p.at(&text.Set, "step %q sets nothing", s.name).Hint("write `set: {reason: Claims}`"))
	}
	for _, pair := range pairs {
		if pair.Value.Kind != yaml.ScalarNode {
			p.add(p.at(pair.Value, "variable %q is given no single value", pair.Key.Value).Hint("write one value, as in `reason: Claims`"))
			continue
		}
		a.values = append(a.values, p.assign(pair.Key, pair.Value))
	}
	return a
}

func (p *parser) assign(key, value *yaml.Node) assignment {
	a := assignment{name: key.Value, text: value.Value, key: key, node: value}
	switch a.name {
	case "language":
		if !slices.Contains(p.flow.languages, a.text) {
			p.add(p.at(value, "the flow doesn't speak language %q", a.text).Hint("%s", didYouMean(a.text, p.flow.languages, "its languages are ")))
		}
		return a
	case "state":
		if !p.set.knowsState(a.text) {
			p.add(p.at(value, "%q is not a state", a.text).Hint("%s", didYouMean(a.text, p.set.environment.States, "the states are ")))
		}
		return a
	case "reason":
	default:
		if isBuiltIn(a.name) {
			p.add(p.at(key, "%q can't be set", a.name).Hint("Careline sets it; a flow sets language, reason, state and names of its own"))
			return a
		}
		if !variableName.MatchString(a.name) {
			p.add(p.at(key, "%q can't name a variable", a.name).Hint("use small letters, digits and underscores"))
			return a
		}
	}
	if p.braces(&a) && a.expression == nil && a.name != "reason" {
		p.declare(key, a.name, literalKind(value))
	}
	return a
}

// braces reads a value: an expression in one pair of braces, or a text.
func (p *parser) braces(a *assignment) bool {
	inner, opened := strings.CutPrefix(strings.TrimSpace(a.text), "{{")
	inner, closed := strings.CutSuffix(inner, "}}")
	switch letters := len([]rune(a.text)); {
	case opened && closed:
		a.expression = &expression{text: strings.TrimSpace(inner), node: a.node, source: p.source}
	case strings.Contains(a.text, "{{") || strings.Contains(a.text, "}}"):
		p.add(p.at(a.node, "variable %q would be given the text %q as it stands", a.name, a.text).Hint("let one pair of braces hold all of it, as in `'{{ reason + \" again\" }}'`, or write a text without braces"))
		return false
	case letters > MaxText:
		p.add(p.at(a.node, "variable %q is given %d letters", a.name, letters).Hint("at most %d are kept", MaxText))
		return false
	}
	return true
}

func (*setAction) verb() string         { return "set" }
func (a *setAction) edges() []*edge     { return []*edge{&a.next} }
func (*setAction) prompts() []promptUse { return nil }

func (a *setAction) touches() []touch {
	var all []touch
	for _, value := range a.values {
		all = append(all, touch{value: value.name, how: assigned, from: value.reads()})
	}
	return all
}

// reads are the variables that a value is computed from.
func (a assignment) reads() []string {
	switch {
	case a.expression == nil:
		return nil
	case a.whole:
		return []string{a.expression.text}
	}
	return a.expression.reads
}

func (a *setAction) enter(r *Run) {
	for _, value := range a.values {
		text, err := value.value(r)
		if err != nil {
			r.fail("an expression could not be computed")
			return
		}
		if value.name == "language" {
			r.language = text
		} else {
			r.write(value.name, text, r.labels(value.reads()))
		}
	}
	r.follow(&a.next)
}

// shortened keeps a computed text within MaxText: a round of the flow can make
// it longer each time.
func shortened(text string) string {
	if letters := []rune(text); len(letters) > MaxText {
		return string(letters[:MaxText])
	}
	return text
}

// branchAction takes the first way whose condition holds.
type branchAction struct {
	ways []*way
}

type way struct {
	// when is nil for otherwise.
	when *expression
	edge edge
}

type branchText struct {
	Branch yaml.Node `yaml:"branch"`
	Label  string    `yaml:"label"`
}

type wayText struct {
	When      yaml.Node `yaml:"when"`
	Next      string    `yaml:"next"`
	Otherwise string    `yaml:"otherwise"`
}

func (p *parser) branch(s *step, node *yaml.Node) action {
	var text branchText
	p.decode(node, &text)
	a := &branchAction{}
	if text.Branch.Kind != yaml.SequenceNode || len(text.Branch.Content) == 0 {
		p.add(p.at(&text.Branch, "step %q branches nowhere", s.name).Hint("write a list of `- {when: …, next: step}` that ends with `- otherwise: step`"))
		return a
	}
	for i, item := range text.Branch.Content {
		var w wayText
		if !p.decode(item, &w) {
			continue
		}
		last := i == len(text.Branch.Content)-1
		if w.When.Kind == 0 {
			e := p.onward(s, item, "otherwise", onward, "write `when` and `next`, or `otherwise`")
			if !last {
				p.add(p.at(item, "what stands below \"otherwise\" is never reached").Hint("put \"otherwise\" last"))
			}
			a.ways = append(a.ways, &way{edge: e})
			continue
		}
		if w.Otherwise != "" {
			p.add(p.at(problem.Get(item, "otherwise"), "\"when\" and \"otherwise\" stand in one item").Hint("make two items of it"))
		}
		e := p.onward(s, item, "next", onward, whyNext)
		if w.When.Kind != yaml.ScalarNode || w.When.Value == "" {
			p.add(p.at(problem.Get(item, "when"), "here a condition is expected").Hint("write one, as in `when: verified`"))
			continue
		}
		condition := &expression{text: w.When.Value, node: problem.Get(item, "when"), source: p.source, condition: true}
		e.via = "when " + condition.text
		a.ways = append(a.ways, &way{when: condition, edge: e})
		if last {
			p.add(p.at(item, "step %q is a dead end when no condition holds", s.name).Hint("end the list with `- otherwise: step`"))
		}
	}
	return a
}

func (*branchAction) verb() string { return "branch" }

func (a *branchAction) edges() []*edge {
	edges := make([]*edge, len(a.ways))
	for i, w := range a.ways {
		edges[i] = &w.edge
	}
	return edges
}

func (*branchAction) prompts() []promptUse { return nil }

func (a *branchAction) touches() []touch {
	var all []touch
	for _, w := range a.ways {
		if w.when != nil {
			for _, name := range w.when.reads {
				all = append(all, w.when.touch(name))
			}
		}
	}
	return all
}

func (a *branchAction) enter(r *Run) {
	for _, w := range a.ways {
		if w.when == nil {
			r.follow(&w.edge)
			return
		}
		holds, err := w.when.holds(r)
		if err != nil {
			r.fail("a condition could not be computed")
			return
		}
		if holds {
			r.follow(&w.edge)
			return
		}
	}
	r.fail("no condition of a branch held")
}

// transferAction goes on in another flow.
type transferAction struct {
	to edge
}

type transferText struct {
	Transfer yaml.Node `yaml:"transfer"`
	Label    string    `yaml:"label"`
}

type transferDetail struct {
	Flow string `yaml:"flow"`
	Step string `yaml:"step"`
}

func (p *parser) transfer(s *step, node *yaml.Node) action {
	var text transferText
	p.decode(node, &text)
	to := problem.Get(node, "transfer")
	a := &transferAction{to: edge{via: "transfer", flow: to.Value, node: to}}
	if to.Kind != yaml.ScalarNode {
		var detail transferDetail
		p.decode(to, &detail)
		a.to.flow, a.to.target = detail.Flow, detail.Step
	}
	if a.to.flow == "" {
		p.add(p.at(to, "step %q is a dead end: it names no flow", s.name).Hint("write `transfer: nurse-line`, or `transfer: {flow: nurse-line, step: ask_state}`"))
	}
	return a
}

func (*transferAction) verb() string         { return "transfer" }
func (a *transferAction) edges() []*edge     { return []*edge{&a.to} }
func (*transferAction) prompts() []promptUse { return nil }
func (*transferAction) touches() []touch     { return nil }

// enter leaves for good: what waited for a return waits no more.
func (a *transferAction) enter(r *Run) {
	r.calls = nil
	r.follow(&a.to)
}
