package config

import (
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"careline/call"
	"careline/ivr"
	"careline/problem"
)

// idle warns of what nothing leads to: most often the other end is misspelt.
func (r *reader) idle(agents, queues *problem.Document, lines []line, people []person, flows *ivr.Set, numbers map[string]call.Line) {
	queued := flows.Queued()
	wanted := flows.Skills()
	var spoken []string
	for _, l := range lines {
		if _, ok := queued[l.Name]; !ok {
			r.warn(queues.At(l.key, "no flow leads to queue %q", l.Name).Hint("lead to it by a queue step, or remove it"))
		}
		spoken = append(spoken, queued[l.Name]...)
		for skill := range l.Skills {
			wanted = append(wanted, skill)
		}
	}
	for _, who := range people {
		r.idleAgent(agents, who, wanted, spoken)
	}
	transferred := flows.TransferredTo()
	for _, flow := range flows.Flows() {
		answers := slices.ContainsFunc(slices.Collect(maps.Values(numbers)), func(l call.Line) bool { return l.Flow == flow })
		if !answers && !slices.Contains(transferred, flow) && !called(lines, flow) {
			r.warn(problem.Problem{Position: flows.Position(flow), Message: "no line and no other flow leads to this flow"}.
				Hint("name it in careline.yaml under lines, or remove the file"))
		}
	}
}

func (r *reader) idleAgent(doc *problem.Document, who person, wanted, spoken []string) {
	for _, skill := range problem.Pairs(problem.Get(who.value, "skills")) {
		if name := skill.Key.Value; !slices.Contains(wanted, name) {
			r.warnOf(doc, skill.Key, name, wanted, "no queue and no flow wants skill %q", "remove it, or want it in queues.yaml")
		}
	}
	for i, language := range who.Languages {
		if !slices.Contains(spoken, language) {
			r.warnOf(doc, item(at(who.value, "languages"), i), language, spoken, "no flow speaks %q", "remove it, or add prompts in it")
		}
	}
}

func (r *reader) warnOf(doc *problem.Document, node *yaml.Node, name string, known []string, message, otherwise string) {
	p := doc.At(node, message, name)
	if near := problem.Nearest(name, known); near != "" {
		r.warn(p.Hint("did you mean %q?", near))
		return
	}
	r.warn(p.Hint("%s", otherwise))
}
