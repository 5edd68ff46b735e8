package ivr

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// escalateAction brings the caller to somebody clinical: by one line after the other,
// and by those who are on call.
type escalateAction struct {
	lines  []urgentLine
	node   *yaml.Node // where the first is written
	target time.Duration
	ask    []promptUse
	holding
	timeout edge
	away    edge
}

// urgentLine is a line that the caller waits in, and who is called meanwhile.
type urgentLine struct {
	queue, credential         string
	queueNode, credentialNode *yaml.Node
	within                    time.Duration
	onCall                    []listUse
}

// listUse is where a step names a list of those who are on call.
type listUse struct {
	name string
	node *yaml.Node
}

type escalateText struct {
	Escalate    escalateDetail `yaml:"escalate"`
	Timeout     string         `yaml:"timeout"`
	Unavailable string         `yaml:"unavailable"`
	Label       string         `yaml:"label"`
}

type escalateDetail struct {
	To        yaml.Node   `yaml:"to"`
	Require   requireText `yaml:"require"`
	Target    yaml.Node   `yaml:"target"`
	Otherwise yaml.Node   `yaml:"otherwise"`
	Ask       yaml.Node   `yaml:"ask"`
	Hold      holdText    `yaml:"hold"`
}

type requireText struct {
	Credential yaml.Node `yaml:"credential"`
	LicensedIn yaml.Node `yaml:"licensed_in"`
}

type furtherText struct {
	OnCall     yaml.Node `yaml:"on_call"`
	Queue      yaml.Node `yaml:"queue"`
	Credential yaml.Node `yaml:"credential"`
	For        yaml.Node `yaml:"for"`
}

func (p *parser) escalate(s *step, node *yaml.Node) action {
	var text escalateText
	if at := problem.Get(node, "escalate"); at.Kind != yaml.MappingNode {
		p.add(p.at(at, "step %q doesn't say whom it escalates to", s.name).Hint("write `escalate: {to: nurse_line, require: {credential: RN, licensed_in: state}, target: 30s, otherwise: [{on_call: nurses}]}`"))
		return nil
	}
	p.decode(node, &text)
	detail := text.Escalate
	a := &escalateAction{
		node: &detail.To, target: p.duration(&detail.Target, DefaultTarget, MinTarget, MaxTarget),
		ask: p.prompts(&detail.Ask), holding: p.hold(s, detail.Hold),
		timeout: p.onward(s, node, "timeout", left, "name the step for a caller whom nobody has taken in time: a person, or another way to help"),
		away:    p.onward(s, node, "unavailable", turnedAway, "name the step for a caller whom nobody could take at all: a person, or another way to help"),
	}
	if detail.To.Value == "" {
		p.add(p.at(s.node, "step %q names no queue to escalate to", s.name).Hint("write `to: nurse_line`"))
	}
	if len(a.announce) == 0 {
		p.add(p.at(s.node, "step %q leaves an urgent caller alone with music", s.name).Hint("say now and then that somebody is coming, as in `hold: {music: calm, announce: nurse-is-coming, every: 20s}`"))
	}
	p.licensedIn(&detail.Require.LicensedIn)
	a.lines = []urgentLine{{
		queue: detail.To.Value, queueNode: &detail.To, within: a.target,
		credential: detail.Require.Credential.Value, credentialNode: &detail.Require.Credential,
	}}
	p.further(s, a, &detail.Otherwise)
	p.onCallAsked(s, a, &detail.Ask)
	return a
}

// licensedIn makes sure that a license is asked for where the caller said to be in this
// very call, and is never inferred (DOMAIN.md §5).
func (p *parser) licensedIn(node *yaml.Node) {
	word := strings.TrimSpace(node.Value)
	if inner, ok := strings.CutPrefix(word, "{{"); ok {
		word = strings.TrimSpace(strings.TrimSuffix(inner, "}}"))
	}
	if node.Kind != 0 && word != valueState && word != "caller."+valueState {
		p.add(p.at(node, "%q isn't where the caller has said to be in this call", node.Value).
			Hint("write `licensed_in: state`, and ask for it before, by a menu with `set: {state: WI}` or by `collect: {into: state, as: %s}`", stateOfZIP))
	}
}

// further reads what comes after the first line.
func (p *parser) further(s *step, a *escalateAction, list *yaml.Node) {
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		p.add(p.at(orHere(list, s.node), "step %q says nothing of what comes when no nurse takes the caller", s.name).
			Hint("write `otherwise: [{on_call: nurses}, {queue: supervisors}]`"))
		return
	}
	if n := len(list.Content); n > MaxFurther {
		p.add(p.at(list, "step %q has %d further lines and lists", s.name, n).Hint("at most %d are tried: a caller in need doesn't wait for more", MaxFurther))
	}
	for i, item := range list.Content {
		var text furtherText
		if !p.decode(item, &text) {
			continue
		}
		last := &a.lines[len(a.lines)-1]
		switch {
		case (text.OnCall.Kind == 0) == (text.Queue.Kind == 0):
			p.add(p.at(item, "here either a queue or a list of those on call is expected").Hint("write `- {on_call: nurses}` or `- {queue: supervisors, for: 2m}`"))
		case text.OnCall.Kind != 0:
			last.onCall = append(last.onCall, listUse{text.OnCall.Value, &text.OnCall})
			if text.Credential.Kind != 0 || text.For.Kind != 0 {
				p.add(p.at(item, "how long those on call have stands in outside.yaml, and their licenses too").Hint("write `- {on_call: %s}` alone", text.OnCall.Value))
			}
		default:
			next := urgentLine{queue: text.Queue.Value, queueNode: &text.Queue, credential: text.Credential.Value, credentialNode: &text.Credential}
			if next.within = p.duration(&text.For, 0, MinFor, MaxFor); next.within == 0 && i < len(list.Content)-1 {
				p.add(p.at(item, "nothing says how long queue %q has before what comes after it", next.queue).Hint("write `- {queue: %s, for: 1m}`", next.queue))
			}
			a.lines = append(a.lines, next)
		}
	}
}

// orHere is a node if it is written at all, else where it could be.
func orHere(node, otherwise *yaml.Node) *yaml.Node {
	if node.Kind == 0 {
		return otherwise
	}
	return node
}

// onCallAsked makes sure that those on call hear what they are called for.
func (p *parser) onCallAsked(s *step, a *escalateAction, ask *yaml.Node) {
	calls := slices.ContainsFunc(a.lines, func(l urgentLine) bool { return len(l.onCall) > 0 })
	switch {
	case calls && len(a.ask) == 0:
		p.add(p.at(s.node, "step %q calls people who hear nothing: it has no \"ask\"", s.name).Hint("write `ask:` with what it is about, and to press 1 to take the caller or 2 if they can't"))
	case !calls && ask.Kind != 0:
		p.add(p.at(ask, "\"ask\" is heard by those on call, and step %q calls nobody", s.name).Hint("remove it, or add `- {on_call: …}` below otherwise"))
	}
}

// escalation checks what a step names outside of the flows.
func (c *checker) escalation(f *flow, a *escalateAction) {
	env := c.set.environment
	for _, l := range a.lines {
		c.line(f, l.queue, l.queueNode)
		if agents := env.Queues[l.queue].Agents; agents != nil {
			c.credential(f, l.queue, l.credential, l.credentialNode, agents)
		}
		for _, list := range l.onCall {
			if env.OnCall != nil && !slices.Contains(env.OnCall, list.name) {
				c.add(f.source.at(list.node, "there is no list %q of those who are on call", list.name).Hint("%s", didYouMean(list.name, env.OnCall, "outside.yaml has ")))
			}
		}
	}
	if first := a.lines[0]; first.queue != "" && cmp.Or(first.credential, env.Queues[first.queue].Credential) == "" {
		c.add(f.source.at(a.node, "callers would be escalated to queue %q, whose agents need no license", first.queue).Hint("write `require: {credential: RN, licensed_in: state}`, or put callers there by `queue`"))
	}
	c.music(f, a.holding.music, a.musicNode)
}

func (*escalateAction) verb() string     { return "escalate" }
func (a *escalateAction) edges() []*edge { return []*edge{&a.timeout, &a.away} }

func (a *escalateAction) prompts() []promptUse { return slices.Concat(a.holding.prompts(), a.ask) }

func (a *escalateAction) touches() []touch {
	return []touch{{value: "reason", how: shown, node: a.node}}
}

// license is what some line wants of its nurses.
func (a *escalateAction) license(env Environment) (string, *yaml.Node) {
	for _, l := range a.lines {
		if need := cmp.Or(l.credential, env.Queues[l.queue].Credential); need != "" {
			return need, l.queueNode
		}
	}
	return "", nil
}

// lined are the queues that a step puts callers in.
func (a *escalateAction) lined() []string {
	var names []string
	for _, l := range a.lines {
		names = append(names, l.queue)
	}
	return names
}

func (a *escalateAction) enter(r *Run) {
	r.may(shown, "reason") // else the agent gets none
	a.wait(r, 0)
}

// wait puts the caller in a line of the escalation.
func (a *escalateAction) wait(r *Run, n int) {
	l, further := a.lines[n], n+1 < len(a.lines)
	urgent := &Urgent{Line: n, Target: a.target, Within: l.within, Further: further, Ask: r.called(a.ask)}
	for _, list := range l.onCall {
		urgent.OnCall = append(urgent.OnCall, list.name)
	}
	r.queue(QueueRequest{
		Queue: l.queue, Language: r.language, State: r.State(), Credential: l.credential, Reason: r.Reason(),
		Hold: a.hold(r.language), Urgent: urgent,
	}, func(exit QueueExit) {
		switch {
		case further:
			a.wait(r, n+1)
		case exit == ExitTimeout:
			r.steps = 0
			r.follow(&a.timeout)
		default:
			r.follow(&a.away)
		}
	})
}
