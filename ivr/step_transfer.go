package ivr

import (
	"gopkg.in/yaml.v3"

	"careline/problem"
)

// transferAction goes on in another flow. (A transfer to a number is an outsideAction.)
type transferAction struct {
	to edge
}

type transferText struct {
	Transfer yaml.Node `yaml:"transfer"`
	// The ways on after a number outside.
	Busy     yaml.Node `yaml:"busy"`
	NoAnswer yaml.Node `yaml:"no_answer"`
	Declined yaml.Node `yaml:"declined"`
	Failed   yaml.Node `yaml:"failed"`
	After    yaml.Node `yaml:"after"`
	Label    string    `yaml:"label"`
}

type transferDetail struct {
	Flow string `yaml:"flow"`
	Step string `yaml:"step"`
	// Number is whom else the caller goes to.
	Number   yaml.Node `yaml:"number"`
	How      yaml.Node `yaml:"how"`
	Ring     yaml.Node `yaml:"ring"`
	Announce yaml.Node `yaml:"announce"`
	Ask      yaml.Node `yaml:"ask"`
	Music    yaml.Node `yaml:"music"`
}

func (p *parser) transfer(s *step, node *yaml.Node) action {
	var text transferText
	p.decode(node, &text)
	to := problem.Get(node, "transfer")
	a := &transferAction{to: edge{via: "transfer", flow: to.Value, node: to}}
	if to.Kind != yaml.ScalarNode {
		var detail transferDetail
		p.decode(to, &detail)
		if detail.Number.Kind != 0 {
			return p.outside(s, node, detail)
		}
		a.to.flow, a.to.target = detail.Flow, detail.Step
		for _, key := range []string{"how", "ring", "announce", "ask", "music"} {
			p.onlyOutside(to, key)
		}
	}
	for _, key := range append(transferWays(), wayAfter) {
		p.onlyOutside(node, key)
	}
	if a.to.flow == "" {
		p.add(p.at(to, "step %q is a dead end: it names no flow and no number", s.name).Hint("write `transfer: nurse-line`, `transfer: {flow: nurse-line, step: ask_state}` or `transfer: {number: mail_order}`"))
	}
	return a
}

// onlyOutside finds what a transfer to a flow has no use for.
func (p *parser) onlyOutside(node *yaml.Node, key string) {
	if at := problem.Get(node, key); at != nil {
		p.add(p.at(at, "%q is for transfers to a number, and this one goes to a flow", key).Hint("remove it, or write `transfer: {number: …}`"))
	}
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
