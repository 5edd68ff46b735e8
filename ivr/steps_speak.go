package ivr

import (
	"gopkg.in/yaml.v3"

	"careline/problem"
)

// playAction plays recorded prompts.
type playAction struct {
	row     []promptUse
	bargeIn bool
	// notices are what it tells that callers must hear.
	notices []Notice
	next    edge
}

type playText struct {
	Play    yaml.Node `yaml:"play"`
	BargeIn *bool     `yaml:"barge_in"`
	// Notice says what callers must hear in it.
	Notice yaml.Node `yaml:"notice"`
	Next   string    `yaml:"next"`
	Label  string    `yaml:"label"`
}

func (p *parser) play(s *step, node *yaml.Node) action {
	var text playText
	p.decode(node, &text)
	a := &playAction{
		row:     p.prompts(&text.Play),
		bargeIn: text.BargeIn == nil || *text.BargeIn,
		next:    p.onward(s, node, "next", onward, whyNext),
	}
	p.notice(s, a, &text.Notice)
	return a
}

func (*playAction) verb() string           { return "play" }
func (a *playAction) edges() []*edge       { return []*edge{&a.next} }
func (a *playAction) prompts() []promptUse { return a.row }
func (*playAction) touches() []touch       { return nil }

func (a *playAction) enter(r *Run) {
	r.speak(r.row(a.row), speech{bargeIn: a.bargeIn, then: func() { r.follow(&a.next) }})
}

// sayAction speaks prompts with values in between.
type sayAction struct {
	says    sentence
	bargeIn bool
	next    edge
	// missing is where the run goes if a fact can't be read; nil: an apology
	// for it, and next.
	missing *edge
}

type sayText struct {
	Say     yaml.Node `yaml:"say"`
	BargeIn *bool     `yaml:"barge_in"`
	Next    string    `yaml:"next"`
	Missing yaml.Node `yaml:"missing"`
	Label   string    `yaml:"label"`
}

func (p *parser) say(s *step, node *yaml.Node) action {
	var text sayText
	p.decode(node, &text)
	before := len(p.list)
	a := &sayAction{
		says:    p.sentence(problem.Get(node, "say")),
		bargeIn: text.BargeIn == nil || *text.BargeIn,
		next:    p.onward(s, node, "next", onward, whyNext),
	}
	if text.Missing.Kind != 0 {
		missing := p.onward(s, node, "missing", onward, whyNext)
		a.missing = &missing
		if len(a.says.facts()) == 0 && len(p.list) == before {
			p.add(p.at(missing.node, "step %q says no fact of the member, so none can be missing", s.name).Hint("remove \"missing\""))
		}
	}
	return a
}

func (*sayAction) verb() string { return "say" }

func (a *sayAction) edges() []*edge {
	edges := []*edge{&a.next}
	if a.missing != nil {
		edges = append(edges, a.missing)
	}
	return edges
}

func (a *sayAction) prompts() []promptUse {
	var uses []promptUse
	for _, template := range a.says.templates() {
		for _, piece := range template {
			switch v := piece.value; {
			case v == nil:
				uses = append(uses, piece.prompt)
			case v.one != nil:
				uses = append(uses, *v.one, *v.many)
			}
		}
	}
	return uses
}

func (a *sayAction) touches() []touch { return a.says.touches() }

func (a *sayAction) enter(r *Run) {
	if r.impatient(a.bargeIn) {
		r.follow(&a.next)
		return
	}
	template := a.says.in(r.language)
	r.readFacts(template.facts(), map[string]string{}, func(facts map[string]string, known bool) {
		if known {
			var row []Prompt
			if row, known = r.speakTemplate(template, facts); known {
				r.speak(row, speech{bargeIn: a.bargeIn, sensitive: r.sensitive(template), then: func() { r.follow(&a.next) }})
				return
			}
		}
		if a.missing != nil {
			r.follow(a.missing)
			return
		}
		r.speak(r.row([]promptUse{{name: promptNotKnown}}), speech{bargeIn: true, then: func() { r.follow(&a.next) }})
	})
}

// hangUpAction ends the call.
type hangUpAction struct {
	row    []promptUse
	reason string
}

type hangUpText struct {
	HangUp yaml.Node `yaml:"hang_up"`
	Label  string    `yaml:"label"`
}

type hangUpDetail struct {
	Play   yaml.Node `yaml:"play"`
	Reason string    `yaml:"reason"`
}

func (p *parser) hangUp(s *step, node *yaml.Node) action {
	var text hangUpText
	p.decode(node, &text)
	if text.HangUp.Kind == yaml.ScalarNode && text.HangUp.Value != "" {
		return &hangUpAction{reason: text.HangUp.Value}
	}
	var detail hangUpDetail
	if !p.decode(&text.HangUp, &detail) {
		return nil
	}
	if detail.Reason == "" {
		p.add(p.at(&text.HangUp, "step %q hangs up without a reason", s.name).Hint("say why, for the call's record, as in `hang_up: {play: goodbye, reason: caller was done}`"))
	}
	return &hangUpAction{row: p.prompts(&detail.Play), reason: detail.Reason}
}

func (*hangUpAction) verb() string           { return "hang_up" }
func (*hangUpAction) edges() []*edge         { return nil }
func (a *hangUpAction) prompts() []promptUse { return a.row }
func (*hangUpAction) touches() []touch       { return nil }

func (a *hangUpAction) enter(r *Run) {
	r.speak(r.row(a.row), speech{then: func() { r.hangUp(a.reason) }})
}
