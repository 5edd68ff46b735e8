package ivr

import (
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

// What callers hear who leave a message.
const (
	promptMessageMenu    = "message/menu"
	promptMessageNothing = "message/nothing-heard"
	promptMessageSent    = "message/sent"
)

// Keys of the menu after a message.
const (
	keySend   = "1"
	keyListen = "2"
	keyAgain  = "3"
	keyPerson = "0"
	// messageTries is how often a caller who says nothing is asked to speak.
	messageTries = 2
)

// voicemailAction takes a message.
type voicemailAction struct {
	request RecordRequest
	boxNode *yaml.Node
	// number is the variable with the number to call back on; empty for none.
	number     string
	numberNode *yaml.Node

	greeting, menu, nothing, told []promptUse
	timing                        timing
	sent, person, empty, failed   edge
}

type voicemailText struct {
	Voicemail voicemailDetail `yaml:"voicemail"`
	Sent      string          `yaml:"sent"`
	Person    string          `yaml:"person"`
	Empty     string          `yaml:"empty"`
	Failed    string          `yaml:"failed"`
	Timing    timingText      `yaml:"timing"`
	Label     string          `yaml:"label"`
}

type voicemailDetail struct {
	Box      yaml.Node `yaml:"box"`
	Greeting yaml.Node `yaml:"greeting"`
	// Number is a variable with the number to call back on.
	Number   yaml.Node `yaml:"number"`
	Max      yaml.Node `yaml:"max"`
	Silence  yaml.Node `yaml:"silence"`
	Shortest yaml.Node `yaml:"shortest"`
	// Menu, Nothing and Told are heard in place of our own words.
	Menu    yaml.Node `yaml:"menu"`
	Nothing yaml.Node `yaml:"nothing_heard"`
	Told    yaml.Node `yaml:"told"`
}

func (p *parser) voicemail(s *step, node *yaml.Node) action {
	var text voicemailText
	at := problem.Get(node, "voicemail")
	if at.Kind != yaml.MappingNode {
		p.add(p.at(at, "step %q doesn't say what the message is for", s.name).Hint("write `voicemail: {box: member_services, greeting: leave-a-message}`"))
		return nil
	}
	p.decode(node, &text)
	detail := text.Voicemail
	a := &voicemailAction{
		request: RecordRequest{Box: detail.Box.Value, Kind: "message"}, boxNode: &detail.Box,
		number: detail.Number.Value, numberNode: &detail.Number,
		greeting: p.prompts(&detail.Greeting), timing: p.timing(text.Timing, p.flow.timing),
		menu: p.own(s, &detail.Menu, promptMessageMenu), nothing: p.own(s, &detail.Nothing, promptMessageNothing), told: p.own(s, &detail.Told, promptMessageSent),
		sent:   p.onward(s, node, "sent", chosen, "name the step that follows when the message is kept"),
		person: p.onward(s, node, "person", chosen, "name the step for a caller who presses 0: a queue"),
		empty:  p.onward(s, node, "empty", silent, "name the step for a caller who says nothing: a queue, or a menu"),
		failed: p.onward(s, node, "failed", onward, "name the step for when the message can't be kept: a queue"),
	}
	p.limits(&a.request, recordingLimits{&detail.Max, &detail.Silence, &detail.Shortest}, DefaultMessageMax, DefaultMessageSilence, DefaultShortestMessage)
	if a.request.Box == "" {
		p.add(p.at(at, "step %q names no box", s.name).Hint("write `voicemail: {box: member_services, greeting: leave-a-message}`, and say in boxes.yaml who hears it"))
	}
	if len(a.greeting) == 0 {
		p.add(p.at(s.node, "step %q has no greeting: callers would not know that they should speak", s.name).Hint("write `greeting: {en-US: Please leave a message after the tone. When you are done, press pound.}`"))
	}
	return a
}

// own reads prompts that stand in place of ours.
func (p *parser) own(s *step, node *yaml.Node, ours string) []promptUse {
	if node.Kind == 0 {
		return []promptUse{{name: ours, node: s.node}}
	}
	return p.prompts(node)
}

func (*voicemailAction) verb() string { return "voicemail" }
func (a *voicemailAction) edges() []*edge {
	return []*edge{&a.sent, &a.person, &a.empty, &a.failed}
}

func (a *voicemailAction) prompts() []promptUse {
	return slices.Concat(a.greeting, a.menu, a.nothing, a.told)
}

// presses: a person is one key away, and speaking takes none.
func (a *voicemailAction) presses(e *edge) int {
	if e == &a.person {
		return len(keyPerson)
	}
	return 0
}

func (a *voicemailAction) timers() timing { return a.timing }

func (a *voicemailAction) touches() []touch {
	if a.number == "" {
		return nil
	}
	return []touch{{value: a.number, how: passed, node: a.numberNode, text: a.number, takes: TakesKeyed, taker: "a message"}}
}

// box checks what a voicemail step names outside of the flows.
func (c *checker) box(f *flow, a *voicemailAction) {
	if boxes := c.set.environment.Boxes; boxes != nil && a.request.Box != "" && !slices.Contains(boxes, a.request.Box) {
		c.add(f.source.at(a.boxNode, "there is no box %q", a.request.Box).Hint("%s", didYouMean(a.request.Box, boxes, "boxes.yaml has ")))
	}
	if kind, known := c.set.variables[a.number]; a.number != "" && (!known || kind != keyedVariable) {
		c.add(f.source.at(a.numberNode, "no step collects %q", a.number).Hint("%s", didYouMean(a.number, slices.DeleteFunc(slices.Collect(maps.Keys(c.set.variables)), func(name string) bool {
			return c.set.variables[name] != keyedVariable
		}), "what callers key in is ")))
	}
}

func (a *voicemailAction) enter(r *Run) {
	request := a.request
	if a.number != "" && r.may(passed, a.number) && r.label(a.number)&^TakesKeyed.allowed() == 0 {
		request.Number = r.keyed[a.number]
	}
	r.speak(r.row(a.greeting), speech{bargeIn: true, then: func() {
		if key, ok := r.takeAhead(); ok && key.Is(keyPerson) {
			r.follow(&a.person)
			return
		}
		a.listen(r, request, 1)
	}})
}

// listen records, for the nth time without a word.
func (a *voicemailAction) listen(r *Run, request RecordRequest, nth int) {
	r.record(request, func(key phi.Digits) bool {
		if !key.Is(keyPerson) {
			return false
		}
		r.dropRecording()
		r.follow(&a.person)
		return true
	}, func(outcome RecordOutcome) {
		switch {
		case outcome == Spoken:
			a.ask(r, request)
		case outcome != NothingSaid:
			r.follow(&a.failed)
		case nth == messageTries:
			r.follow(&a.empty)
		default:
			r.speak(r.row(a.nothing), speech{then: func() { a.listen(r, request, nth+1) }})
		}
	})
}

// ask asks what becomes of the message. Of a caller who presses nothing it is sent:
// she has spoken.
func (a *voicemailAction) ask(r *Run, request RecordRequest) {
	send := reply{retries: 1, then: func() { a.send(r) }}
	r.ask(&question{
		row: r.row(a.menu), bargeIn: true, timing: a.timing, choices: []string{keySend, keyListen, keyAgain, keyPerson},
		noInput: send, noMatch: send,
		done: func(_ phi.Digits, choice string) bool {
			switch choice {
			case keySend:
				a.send(r)
			case keyListen:
				r.replay(func() { a.ask(r, request) })
			case keyAgain:
				r.dropRecording()
				a.listen(r, request, 1)
			case keyPerson:
				r.dropRecording()
				r.follow(&a.person)
			}
			return true
		},
	})
}

func (a *voicemailAction) send(r *Run) {
	r.keep(func(kept bool) {
		if !kept {
			r.follow(&a.failed)
			return
		}
		r.speak(r.row(a.told), speech{bargeIn: true, then: func() { r.follow(&a.sent) }})
	})
}

// unkept says who would be hung up on at a step that records.
func unkept(verb string) map[string]string {
	what := map[string]string{"voicemail": "message", "record": "statement"}[verb]
	return map[string]string{
		"empty":  "a caller who says nothing at %q",
		"silent": "a caller who says nothing at %q",
		"failed": fmt.Sprintf("a caller whose %s can't be kept at %%q", what),
	}
}
