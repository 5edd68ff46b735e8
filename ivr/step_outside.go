package ivr

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

// outsideAction hands the caller to a number outside. Nothing of the caller goes
// there but her voice: a step of it takes no variable and no fact, so that there is
// nothing for the proof to allow.
type outsideAction struct {
	number     string
	numberNode *yaml.Node
	how        TransferWay
	ring       time.Duration
	announce   []promptUse
	ask        []promptUse
	music      string
	musicNode  *yaml.Node
	// ways by what came of it; those that aren't named go by failed.
	ways   map[TransferOutcome]*edge
	failed edge
	after  *edge
}

// wayAfter is the way on when whoever took the caller hangs up first.
const wayAfter = string(TransferOver)

// transferWays are the ways on when nobody takes the caller; the last one is for all
// that aren't written.
func transferWays() []string {
	return []string{string(TransferBusy), string(TransferNoAnswer), string(TransferDeclined), string(TransferFailed)}
}

func (p *parser) outside(s *step, node *yaml.Node, detail transferDetail) action {
	a := &outsideAction{
		number: detail.Number.Value, numberNode: &detail.Number, how: TransferBridged,
		ring:     p.duration(&detail.Ring, DefaultTransferRing, MinTransferRing, MaxTransferRing),
		announce: p.prompts(&detail.Announce), ask: p.prompts(&detail.Ask),
		music: detail.Music.Value, musicNode: &detail.Music,
		ways:   map[TransferOutcome]*edge{},
		failed: p.onward(s, node, string(TransferFailed), turnedAway, "name the step for when nobody takes the caller there, for whatever reason: a person here, or another way to help"),
	}
	if at := &detail.How; at.Kind != 0 {
		a.how = TransferWay(at.Value)
		if known := []string{string(TransferBlind), string(TransferBridged), string(TransferWarm)}; !slices.Contains(known, at.Value) {
			p.add(p.at(at, "a caller isn't transferred %q", at.Value).Hint("%s", didYouMean(at.Value, known, "the ways are ")))
		}
	}
	if detail.Flow != "" || detail.Step != "" {
		p.add(p.at(&detail.Number, "step %q goes to a flow and to a number", s.name).Hint("keep one of them; what follows a number stands in `after:` and `failed:`"))
	}
	if strings.Contains(a.number, "{{") {
		p.add(p.at(&detail.Number, "step %q would call whom a value says", s.name).Hint("write a name of outside.yaml, or a number: nothing that is known of a caller or a member decides who is called, and none of it goes there"))
		a.number = ""
	}
	p.asking(s, a, &detail.Ask)
	for _, way := range transferWays()[:3] {
		if problem.Get(node, way) != nil {
			kind := turnedAway
			if way == string(TransferNoAnswer) {
				kind = left
			}
			e := p.onward(s, node, way, kind, whyNext)
			a.ways[TransferOutcome(way)] = &e
		}
	}
	if problem.Get(node, wayAfter) != nil {
		e := p.onward(s, node, wayAfter, left, whyNext)
		a.after = &e
		if a.how == TransferBlind {
			p.add(p.at(e.node, "after a blind transfer the caller is gone: %q would never be taken", wayAfter).Hint("remove it, or write `how: bridged`"))
		}
	}
	return a
}

// asking makes sure that whoever is called warm hears what to do, and nobody else does.
func (p *parser) asking(s *step, a *outsideAction, node *yaml.Node) {
	switch warm := a.how == TransferWarm; {
	case warm && len(a.ask) == 0:
		p.add(p.at(s.node, "step %q calls somebody who hears nothing: `how: warm` needs \"ask\"", s.name).Hint("write `ask:` with what it is about, and to press 1 to take the caller"))
	case !warm && node.Kind != 0:
		p.add(p.at(node, "\"ask\" is heard in warm transfers alone").Hint("write `how: warm`, or remove it"))
	}
}

// outsideOf checks what a step names outside of the flows.
func (c *checker) outsideOf(f *flow, a *outsideAction) {
	env := c.set.environment
	if env.MayDial == nil || a.number == "" {
		return
	}
	if why := env.MayDial(a.number); why != "" {
		hint := didYouMean(a.number, env.Numbers, "name one of outside.yaml, or a number that dialplan.yaml allows; there is ")
		c.add(f.source.at(a.numberNode, "%q can't be called: %s", a.number, why).Hint("%s", hint))
	}
	c.music(f, a.music, a.musicNode)
}

func (*outsideAction) verb() string { return "transfer" }

func (a *outsideAction) edges() []*edge {
	var edges []*edge
	for _, way := range transferWays() {
		if e := a.ways[TransferOutcome(way)]; e != nil {
			edges = append(edges, e)
		}
	}
	edges = append(edges, &a.failed)
	if a.after != nil {
		edges = append(edges, a.after)
	}
	return edges
}

func (a *outsideAction) prompts() []promptUse { return slices.Concat(a.announce, a.ask) }
func (*outsideAction) touches() []touch       { return nil }

func (a *outsideAction) enter(r *Run) {
	r.ahead = phi.Digits{}
	r.phase = away
	r.transferred = func(outcome TransferOutcome) {
		switch e := a.ways[outcome]; {
		case outcome == TransferOver && a.after != nil:
			r.steps = 0
			r.follow(a.after)
		case e != nil:
			if e.kind.waits() {
				r.steps = 0
			}
			r.follow(e)
		default:
			r.follow(&a.failed)
		}
	}
	r.line.Transfer(TransferRequest{
		Number: a.number, How: a.how, Ring: a.ring, Music: a.music, After: a.after != nil,
		Announce: r.row(a.announce), Ask: r.called(a.ask),
	})
}

// called gives what somebody outside hears who is called: in the flow's first language,
// which isn't always the caller's.
func (r *Run) called(uses []promptUse) []Prompt {
	row := make([]Prompt, len(uses))
	for i, use := range uses {
		row[i] = use.in(r.flow.languages[0])
	}
	return row
}

// Transferred says what came of a transfer, or that whoever took the caller has hung
// up. Nothing comes where the call ends with that.
func (r *Run) Transferred(outcome TransferOutcome) {
	if r.phase == away {
		r.transferred(outcome)
	}
}
