package ivr

import (
	"gopkg.in/yaml.v3"

	"careline/problem"
)

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
