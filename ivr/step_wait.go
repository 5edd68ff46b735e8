package ivr

import (
	"time"

	"gopkg.in/yaml.v3"
)

// MinWait and MaxWait bound a wait step: a caller takes a longer silence for a call that
// has broken off.
const (
	MinWait = 100 * time.Millisecond
	MaxWait = 10 * time.Second
)

// waitAction lets a moment pass in silence.
type waitAction struct {
	length time.Duration
	next   edge
}

type waitText struct {
	Wait  yaml.Node `yaml:"wait"`
	Next  string    `yaml:"next"`
	Label string    `yaml:"label"`
}

func (p *parser) wait(s *step, node *yaml.Node) action {
	var text waitText
	p.decode(node, &text)
	return &waitAction{
		length: p.duration(&text.Wait, MinWait, MinWait, MaxWait),
		next:   p.onward(s, node, "next", onward, whyNext),
	}
}

func (*waitAction) verb() string         { return "wait" }
func (a *waitAction) edges() []*edge     { return []*edge{&a.next} }
func (*waitAction) prompts() []promptUse { return nil }
func (*waitAction) touches() []touch     { return nil }

// enter waits; a key ends it, and is kept for the question to come.
func (a *waitAction) enter(r *Run) {
	then := func() { r.follow(&a.next) }
	if r.impatient(true) {
		then()
		return
	}
	r.phase, r.speech = speaking, speech{bargeIn: true, then: then}
	r.setTimer(TimerGuard, a.length)
}
