package ivr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// references checks what steps name outside of the flows, and expressions.
func (c *checker) references() {
	c.kinds()
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			switch a := s.action.(type) {
			case *sayAction:
				c.values(f, a.says)
			case *branchAction:
				for _, way := range a.ways {
					if way.when != nil {
						c.list = append(c.list, way.when.compile(c.set)...)
						way.edge.proves = way.when.proves()
					}
				}
			case *queueAction:
				c.queue(f, a)
			case *callBackAction:
				c.queue(f, a.place)
			case *escalateAction:
				c.escalation(f, a)
			case *outsideAction:
				c.outsideOf(f, a)
			case *transferAction:
				c.languages(f, &a.to)
			case *lookUpAction:
				c.lookUpExpressions(a)
			case *callAction:
				c.signature(f, a)
			case *voicemailAction:
				c.box(f, a)
			case *recordAction:
				c.class(f, s, a.request.Keep)
			case *surveyAction:
				if a.comment != nil {
					c.class(f, s, a.comment.request.Keep)
				}
			}
		}
		c.prompts(f)
	}
}

func (c *checker) queue(f *flow, a *queueAction) {
	c.line(f, a.name, a.nameNode)
	c.music(f, a.music, a.musicNode)
	if agents := c.set.environment.Queues[a.name].Agents; agents != nil {
		c.agents(f, a, agents)
	}
}

// line finds queues that don't exist.
func (c *checker) line(f *flow, name string, node *yaml.Node) {
	if queues := c.set.environment.Queues; name != "" {
		if _, ok := queues[name]; !ok {
			c.add(f.source.at(node, "there is no queue %q", name).Hint("%s", didYouMean(name, slices.Collect(maps.Keys(queues)), "the queues are ")))
		}
	}
}

func (c *checker) music(f *flow, name string, node *yaml.Node) {
	if known := c.set.environment.Music; name != "" && known != nil && !slices.Contains(known, name) {
		c.add(f.source.at(node, "there is no hold music %q", name).Hint("%s", didYouMean(name, known, "put it into the folder music; there is ")))
	}
}

// credential finds a license that no agent of a queue has.
func (c *checker) credential(f *flow, queue, credential string, node *yaml.Node, agents *Agents) {
	if credential != "" && !slices.Contains(agents.Credentials, credential) {
		c.add(f.source.at(node, "no agent of queue %q has the license %q", queue, credential).Hint("%s", didYouMean(credential, agents.Credentials, "their licenses are ")))
	}
}

// agents checks what a step wants beyond what its queue wants: callers would
// wait for someone who isn't there.
func (c *checker) agents(f *flow, a *queueAction, agents *Agents) {
	c.credential(f, a.name, a.credential, a.credentialNode, agents)
	for _, pair := range problem.Pairs(a.skillsNode) {
		name := pair.Key.Value
		best, level := agents.Skills[name], a.skills[name]
		switch {
		case best == 0:
			c.add(f.source.at(pair.Key, "no agent of queue %q has skill %q", a.name, name).Hint("%s", didYouMean(name, slices.Collect(maps.Keys(agents.Skills)), "their skills are ")))
		case best < level && !agents.Relaxes:
			c.add(f.source.at(pair.Value, "queue %q never relaxes, and no agent of it has %s at level %d", a.name, name, level).Hint("their best level is %d; lower it, or set relax_every in queues.yaml", best))
		}
	}
}

// languages makes sure that a call can go on in another flow in its language.
func (c *checker) languages(f *flow, to *edge) {
	other := c.set.flows[to.flow]
	if other == nil {
		return
	}
	for _, language := range f.languages {
		if !slices.Contains(other.languages, language) {
			c.add(f.source.within(to.node, to.flow, 0, "a call in %q can't go on in flow %q, which doesn't speak it", language, to.flow).Hint("add %q to the languages of %s", language, other.source.document.File))
		}
	}
}

// values checks what a say step says.
func (c *checker) values(f *flow, says sentence) {
	for _, v := range says.values() {
		switch {
		case v.fact:
			c.fact(f, v)
		case v.name == "attempts":
			c.speakable(f, v, FactNumber)
		case isBuiltIn(v.name):
			c.add(f.source.within(v.node, v.text, 0, "%q can't be said", v.name).Hint("say a recorded prompt for each of its values, by a branch"))
		default:
			kind, ok := c.set.variables[v.name]
			v.keyed = kind == keyedVariable
			if !ok {
				names := append(slices.Collect(maps.Keys(c.set.variables)), "attempts")
				c.add(f.source.within(v.node, v.text, 0, "no step sets or collects %q", v.name).Hint("%s", didYouMean(v.name, names, "what can be said is ")))
			}
			c.text(f, v)
			if v.keyed && !slices.Contains(append(FactDigits.ways(), asDate), v.kind) {
				c.add(f.source.within(v.node, v.text, 0, "what a caller keyed in can't be said as %s", v.kind).Hint("write {{ %s | digits }}", v.name))
			}
		}
	}
}

// text finds a variable that is said in a way that a text given to it has no
// recorded pieces for.
func (c *checker) text(f *flow, v *value) {
	for _, other := range c.set.sorted() {
		for _, s := range other.steps {
			a, ok := s.action.(*setAction)
			if !ok {
				continue
			}
			for _, given := range a.values {
				if given.name != v.name || given.expression != nil {
					continue
				}
				if _, ok := v.speak("", given.text, nil); !ok {
					c.add(f.source.within(v.node, v.text, 0, "%q can be %q, by step %q of flow %q, and that can't be said as %s", v.name, given.text, s.name, other.name, v.kind).
						Hint("say a recorded prompt for each of its values, by a branch"))
				}
			}
		}
	}
}

func (c *checker) fact(f *flow, v *value) {
	kind, ok := c.set.environment.Facts[v.name]
	if !ok {
		c.add(f.source.within(v.node, v.text, 0, "a member has no fact %q", v.name).Hint("%s", didYouMean(v.name, slices.Collect(maps.Keys(c.set.environment.Facts)), "the facts are ")))
		return
	}
	c.speakable(f, v, kind)
}

func (c *checker) speakable(f *flow, v *value, kind FactKind) {
	if ways := kind.ways(); !slices.Contains(ways, v.kind) {
		c.add(f.source.within(v.node, v.text, 0, "%q is a %s and can't be said as %s", v.name, kind, v.kind).Hint("write | %s", ways[0]))
	}
}

// need is a prompt that a flow may play, and where the file asks for it.
type need struct {
	Prompt
	node *yaml.Node
	// what it is for, if the file doesn't name it.
	purpose string
}

// Need is a recording that flows ask for.
type Need struct {
	Prompt
	// Position is the first place that asks for it.
	Position problem.Position
	// Purpose says what it is for, if the place doesn't name it; else empty.
	Purpose string
}

// Needs lists the recordings that flows ask for, each once, in the flows' order.
func (s *Set) Needs() []Need {
	var needs []Need
	seen := map[Prompt]bool{}
	for _, f := range s.sorted() {
		for _, n := range f.needs(s.environment) {
			if !seen[n.Prompt] {
				seen[n.Prompt] = true
				needs = append(needs, Need{n.Prompt, f.source.at(n.node, "").Position, n.purpose})
			}
		}
	}
	return needs
}

// needs lists the prompts of a flow in each of its languages.
func (f *flow) needs(env Environment) []need {
	var needs []need
	each := func(node *yaml.Node, purpose string, names func(language string) []string) {
		for _, language := range f.languages {
			for _, name := range names(language) {
				needs = append(needs, need{Prompt{language, name}, node, purpose})
			}
		}
	}
	system := func(node *yaml.Node, purpose, name string) {
		each(node, purpose, func(string) []string { return []string{name} })
	}
	system(f.start.node, "said when a flow fails", promptApology)
	for _, s := range f.steps {
		if s.action == nil {
			continue
		}
		for _, use := range s.action.prompts() {
			if use.by != nil || use.words != "" {
				continue // they are given their sound
			}
			if use.language != "" {
				needs = append(needs, need{Prompt: Prompt{use.language, use.name}, node: use.node})
			} else {
				system(use.node, "", use.name)
			}
		}
		switch a := s.action.(type) {
		case *sayAction:
			if a.missing == nil && a.says.mayBeUnknown() {
				system(s.node, "said when a value is not known", promptNotKnown)
			}
			for _, language := range f.languages {
				for _, v := range a.says.in(language).values() {
					for _, name := range v.neededFor(language) {
						needs = append(needs, need{Prompt{language, name}, v.node, fmt.Sprintf("needed to say a %s", v.kind)})
					}
				}
			}
		case *callBackAction:
			each(s.node, "needed to say a number", func(string) []string { return numbered("digits", 0, 9) })
		case waited:
			for _, use := range a.held().announce {
				if use.name == announcePosition {
					each(use.node, "needed to say a place in line", func(string) []string {
						return numbered("numbers", 2, maxPosition)
					})
				}
			}
		}
	}
	return needs
}

// prompts checks that everything a flow may play is there. Pieces of numbers and
// dates are reported once per place and language.
func (c *checker) prompts(f *flow) {
	has := c.set.environment.HasPrompt
	if has == nil {
		return
	}
	type place struct {
		node     *yaml.Node
		language string
		purpose  string
	}
	missing, order := map[place][]string{}, []place(nil)
	for _, n := range f.needs(c.set.environment) {
		if has(n.Language, n.Name) {
			continue
		}
		at := place{n.node, n.Language, n.purpose}
		if n.purpose == "" {
			c.missingPrompt(f, n)
			continue
		}
		if missing[at] == nil {
			order = append(order, at)
		}
		missing[at] = append(missing[at], n.Name)
	}
	for _, at := range order {
		names := missing[at]
		text := fmt.Sprintf("%q", names[0])
		if len(names) > 1 {
			text += fmt.Sprintf(" and %d more", len(names)-1)
		}
		c.add(f.source.at(at.node, "there is no prompt %s in %s, %s", text, at.language, at.purpose).Hint("record it as prompts/%s/%s.wav", at.language, names[0]))
	}
}

func (c *checker) missingPrompt(f *flow, n need) {
	p := f.source.within(n.node, n.Name, 0, "there is no prompt %q in %s", n.Name, n.Language)
	if strings.Contains(n.Name, " ") {
		c.add(p.Hint("to have words spoken, write them by language, as in `{%s: %s}`", n.Language, n.Name))
		return
	}
	for _, other := range c.set.environment.Languages {
		if other != n.Language && c.set.environment.HasPrompt(other, n.Name) {
			c.add(p.Hint("it is there in %s; record it as prompts/%s/%s.wav", other, n.Language, n.Name))
			return
		}
	}
	if near := problem.Nearest(n.Name, c.set.environment.Prompts); near != "" {
		c.add(p.Hint("did you mean %q?", near))
		return
	}
	c.add(p.Hint("record it as prompts/%s/%s.wav, or mend the name", n.Language, n.Name))
}
