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

// setsRecording is what a step sets to end the call's recording, or to begin it again,
// on lines that record.
const (
	setsRecording = "recording"
	recordingOn   = "on"
	recordingOff  = "off"
)

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
	case setsRecording:
		if !slices.Contains([]string{recordingOn, recordingOff}, a.text) {
			p.add(p.at(value, "%q is neither on nor off", a.text).Hint("write `recording: off` where a caller doesn't want to be recorded, `recording: on` to begin again"))
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
		if value.name == setsRecording {
			continue // it is no variable
		}
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
		switch value.name {
		case "language":
			r.language = text
		case setsRecording:
			r.line.Record(text == recordingOn)
		default:
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
