package ivr

import (
	"cmp"
	"time"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// queueAction puts the caller in line.
type queueAction struct {
	name       string
	nameNode   *yaml.Node
	skills     map[string]int
	skillsNode *yaml.Node
	priority   int
	credential string
	// credentialNode is where it is written.
	credentialNode *yaml.Node
	holding
	timeout edge
	full    edge
	away    edge
	// after is where callers go on who stay when their agent hangs up; nil: the call
	// ends with the agent.
	after *edge
	// offerAfter: a caller who has waited so long goes by offer and keeps the place in
	// line meanwhile; 0 for never.
	offerAfter time.Duration
	offer      edge
}

type queueText struct {
	Queue       queueDetail `yaml:"queue"`
	Timeout     string      `yaml:"timeout"`
	Full        string      `yaml:"full"`
	Unavailable string      `yaml:"unavailable"`
	After       yaml.Node   `yaml:"after"`
	Label       string      `yaml:"label"`
}

type queueDetail struct {
	Name       yaml.Node `yaml:"name"`
	Skills     yaml.Node `yaml:"skills"`
	Priority   yaml.Node `yaml:"priority"`
	Credential yaml.Node `yaml:"credential"`
	Hold       holdText  `yaml:"hold"`
	Callback   yaml.Node `yaml:"callback"`
}

type offerText struct {
	OfferAfter yaml.Node `yaml:"offer_after"`
	Step       string    `yaml:"step"`
}

func (p *parser) queue(s *step, node *yaml.Node) action {
	var text queueText
	if at := problem.Get(node, "queue"); at.Kind != yaml.MappingNode {
		p.add(p.at(at, "step %q doesn't say how the caller waits", s.name).Hint("write `queue: {name: member_services, hold: {music: calm}}`"))
		return nil
	}
	p.decode(node, &text)
	detail := text.Queue
	a := &queueAction{
		name: detail.Name.Value, nameNode: &detail.Name, skillsNode: &detail.Skills,
		credential: detail.Credential.Value, credentialNode: &detail.Credential,
		priority: p.whole(&detail.Priority, 0, 0, 100),
		holding:  p.hold(s, detail.Hold),
		timeout:  p.onward(s, node, "timeout", left, "name the step for a caller who has waited too long"),
		full:     p.onward(s, node, "full", turnedAway, "name the step for a caller who finds the line full"),
		away:     p.onward(s, node, "unavailable", turnedAway, "name the step for a caller whom nobody could serve"),
	}
	if text.After.Kind != 0 {
		after := p.onward(s, node, "after", left, "name the step for a caller who stays when the agent hangs up")
		a.after = &after
	}
	if a.name == "" {
		p.add(p.at(s.node, "step %q names no queue", s.name).Hint("write `queue: {name: member_services}`"))
	}
	a.levels(p)
	p.offer(s, a, &detail.Callback)
	return a
}

// levels reads the skills that are wanted.
func (a *queueAction) levels(p *parser) {
	p.mapping(a.skillsNode, "skills", "skills: {benefits: 1}")
	for _, pair := range problem.Pairs(a.skillsNode) {
		if a.skills == nil {
			a.skills = map[string]int{}
		}
		a.skills[pair.Key.Value] = p.whole(pair.Value, 1, 1, 5)
	}
}

// offer reads when a waiting caller is offered a callback, and where.
func (p *parser) offer(s *step, a *queueAction, node *yaml.Node) {
	if node.Kind == 0 {
		return
	}
	var text offerText
	if node.Kind != yaml.MappingNode {
		p.add(p.at(node, "step %q doesn't say when a callback is offered", s.name).Hint("write `callback: {offer_after: 120s, step: ask_callback}`"))
		return
	}
	p.decode(node, &text)
	a.offerAfter = p.duration(&text.OfferAfter, DefaultOfferAfter, MinOfferAfter, MaxOfferAfter)
	a.offer = p.onward(s, node, "step", left, "name the step that offers it, with the verb call_back")
	a.offer.via = "callback"
}

func (*queueAction) verb() string      { return "queue" }
func (a *queueAction) lined() []string { return []string{a.name} }

func (a *queueAction) edges() []*edge {
	edges := []*edge{&a.timeout, &a.full, &a.away}
	if a.after != nil {
		edges = append(edges, a.after)
	}
	if a.offerAfter > 0 {
		edges = append(edges, &a.offer)
	}
	return edges
}

func (a *queueAction) touches() []touch {
	return []touch{{value: "reason", how: shown, node: a.nameNode}}
}

// license is what the line wants of its nurses, and where it says so.
func (a *queueAction) license(env Environment) (string, *yaml.Node) {
	return cmp.Or(a.credential, env.Queues[a.name].Credential), a.nameNode
}

// request is what the line is asked for, without what is heard there.
func (a *queueAction) request(r *Run) QueueRequest {
	r.may(shown, "reason") // else the agent gets none
	return QueueRequest{
		Queue: a.name, Skills: a.skills, Priority: a.priority, Language: r.language,
		State: r.State(), Credential: a.credential, Reason: r.Reason(),
	}
}

func (a *queueAction) enter(r *Run) {
	request := a.request(r)
	request.Hold = a.hold(r.language)
	request.After, request.OfferAfter = a.after != nil, a.offerAfter
	r.queue(request, func(exit QueueExit) {
		switch {
		case exit == ExitTimeout:
			r.steps = 0
			r.follow(&a.timeout)
		case exit == ExitFull:
			r.follow(&a.full)
		case exit == ExitAfter:
			a.onward(r)
		case exit == ExitOffer && a.offerAfter > 0:
			r.aside = &aside{step: r.step, exit: r.exit}
			r.follow(&a.offer)
		default:
			r.follow(&a.away)
		}
	})
}

// onward goes on after the agent.
func (a *queueAction) onward(r *Run) {
	if a.after == nil { // the line was not asked for it
		r.follow(&a.away)
		return
	}
	r.steps = 0
	r.follow(a.after)
}
