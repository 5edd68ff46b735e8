package ivr

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// MaxSplit is the whole of a split, in percent.
const MaxSplit = 100

// SplitBy draws for a call: a number from 0 to MaxSplit-1 for each split step, the
// same each time that the call comes there, and of one step nothing follows for
// another. Over many calls each number is drawn as often.
func SplitBy(call string) func(StepName) int {
	return func(step StepName) int {
		hash := sha256.Sum256([]byte(call + "\x00" + step.Flow + "\x00" + step.Step))
		return int(binary.BigEndian.Uint64(hash[:]) % MaxSplit)
	}
}

// splitAction sends so many of a hundred calls each way.
type splitAction struct {
	ways []*share
}

// share is a way of a split, for percent of all calls.
type share struct {
	percent int
	edge    edge
}

type splitText struct {
	Split yaml.Node `yaml:"split"`
	Label string    `yaml:"label"`
}

type shareText struct {
	Percent yaml.Node `yaml:"percent"`
	Next    string    `yaml:"next"`
}

func (p *parser) split(s *step, node *yaml.Node) action {
	var text splitText
	p.decode(node, &text)
	a := &splitAction{}
	if text.Split.Kind != yaml.SequenceNode || len(text.Split.Content) < 2 {
		p.add(p.at(&text.Split, "step %q splits nothing", s.name).Hint("write two ways or more, as in `- {percent: 10, next: trial}` and `- {percent: 90, next: main_menu}`"))
		return a
	}
	whole, before := 0, len(p.list)
	seen := map[string]bool{}
	for _, item := range text.Split.Content {
		var w shareText
		if !p.decode(item, &w) {
			continue
		}
		if w.Percent.Kind == 0 {
			p.add(p.at(item, "a way of step %q has no \"percent\"", s.name).Hint("write `{percent: 10, next: trial}`"))
		}
		one := &share{percent: p.whole(&w.Percent, 0, 1, MaxSplit-1), edge: p.onward(s, item, "next", onward, whyNext)}
		one.edge.via = fmt.Sprintf("%d%%", one.percent)
		if w.Next != "" && seen[w.Next] {
			p.add(p.at(problem.Get(item, "next"), "step %q goes to %q twice", s.name, w.Next).Hint("write one way with the sum of both"))
		}
		seen[w.Next] = true
		whole += one.percent
		a.ways = append(a.ways, one)
	}
	if len(p.list) == before && whole != MaxSplit {
		p.add(p.at(&text.Split, "the ways of step %q are %d percent together", s.name, whole).Hint("let them be %d", MaxSplit))
	}
	return a
}

func (*splitAction) verb() string         { return "split" }
func (*splitAction) prompts() []promptUse { return nil }
func (*splitAction) touches() []touch     { return nil }

func (a *splitAction) edges() []*edge {
	edges := make([]*edge, len(a.ways))
	for i, w := range a.ways {
		edges[i] = &w.edge
	}
	return edges
}

// enter takes the way whose share the draw falls in, counted in the order written.
func (a *splitAction) enter(r *Run) {
	drawn := r.split(r.step.public())
	for _, w := range a.ways {
		if drawn -= w.percent; drawn < 0 {
			r.follow(&w.edge)
			return
		}
	}
	r.fail("a split drew more than there is")
}
