package flowtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/ivr"
	"careline/problem"
)

// expectText is how a call must stand. Keys that are left out aren't looked at.
type expectText struct {
	Step       string            `yaml:"step" help:"the step that the call is in"`
	Flow       string            `yaml:"flow" help:"the flow that the call is in"`
	Passed     []string          `yaml:"passed" help:"steps that the call went through, in this order"`
	Queue      string            `yaml:"queue" help:"the queue that the call waits in"`
	Urgent     *bool             `yaml:"urgent" help:"whether it waits there before all who aren't urgent"`
	Outside    *string           `yaml:"outside" help:"the number or list that is called, or has the caller; empty for none"`
	Priority   *int              `yaml:"priority" help:"the priority that it waits with"`
	Credential string            `yaml:"credential" help:"the license that its agent must have, besides the queue's own"`
	Skills     map[string]int    `yaml:"skills" help:"the skills that it wants of its agent"`
	Language   string            `yaml:"language" help:"the call's language"`
	Reason     *string           `yaml:"reason" help:"why the caller calls, as the agent reads it"`
	State      *string           `yaml:"state" help:"the state that the caller is in"`
	Verified   *bool             `yaml:"verified" help:"whether the caller was verified"`
	Message    string            `yaml:"message" help:"the box that the call's latest message was left in"`
	Recorded   string            `yaml:"recorded" help:"the kind of the statement that was recorded last"`
	Answers    map[string]int    `yaml:"answers" help:"what was answered in the survey, by question; 0 for a comment"`
	Role       *string           `yaml:"role" help:"as whom: member, representative or provider; \"\" for nobody"`
	Variables  map[string]string `yaml:"variables" help:"variables of the flow and what they hold"`
	HungUp     yaml.Node         `yaml:"hung_up" help:"the reason for which the flow ended the call, or true or false"`
	Within     time.Duration     `yaml:"within" help:"how long the call may have lasted until here"`
}

// expect reads how a call must stand.
func (r *reader) expect(node *yaml.Node) action {
	var text expectText
	a := action{node: node, checks: true}
	if !r.decode(node, &text) {
		return a
	}
	if len(problem.Pairs(node)) == 0 {
		r.add(r.At(node, "nothing is expected").Hint("say where the call comes to, as in `expect: {queue: claims}`"))
	}
	for _, name := range append(slices.Clone(text.Passed), text.Step) {
		if name != "" && !r.suite.hasStep(name) {
			p := r.At(node, "no step is called %q", name)
			if near := problem.Nearest(name, r.suite.steps); near != "" {
				p = p.Hint("did you mean %q?", near)
			}
			r.add(p)
		}
	}
	a.do = func(p *player) error {
		if err := p.call.Listen(); err != nil {
			return err
		}
		for _, pair := range problem.Pairs(node) {
			if got, ok := p.stands(pair.Key.Value, text); !ok {
				if want := pair.Value.Value; want != "" {
					got += ", and " + want + " is expected"
				}
				return failure{pair.Key, fmt.Errorf("%s is %s", pair.Key.Value, got)}
			}
		}
		return nil
	}
	return a
}

// stands compares one key with the call; got is how the call stands.
func (p *player) stands(key string, want expectText) (got string, ok bool) {
	run := p.call.Run()
	text := func(have, want string) (string, bool) { return quoted(have), have == want }
	request := p.call.Queued()
	if request == nil {
		request = &ivr.QueueRequest{}
	}
	switch key {
	case "step":
		return text(p.step.To, want.Step)
	case "flow":
		return text(run.Flow(), want.Flow)
	case "language":
		return text(run.Language(), want.Language)
	case "reason":
		return text(run.Reason(), *want.Reason)
	case "state":
		return text(run.State(), *want.State)
	case "queue":
		got, ok := text(request.Queue, want.Queue)
		if request.Queue == "" {
			got = fmt.Sprintf("none (the call is in step %q)", p.step.To)
		}
		return got, ok
	case "urgent":
		urgent := request.Urgent != nil
		return fmt.Sprint(urgent), urgent == *want.Urgent
	case "outside":
		name, _ := p.call.Outside()
		return text(name, *want.Outside)
	case "priority":
		return fmt.Sprint(request.Priority), request.Priority == *want.Priority
	case "credential":
		return text(request.Credential, want.Credential)
	case "skills":
		return fmt.Sprint(request.Skills), maps.Equal(request.Skills, want.Skills)
	case "verified":
		verified := p.call.Verified() == ivr.Verified
		return fmt.Sprint(verified), verified == *want.Verified
	case "role":
		return text(string(run.Role()), *want.Role)
	case "passed":
		return strings.Join(p.entered, " → "), inOrder(p.entered, want.Passed)
	case "message", "recorded":
		box, kind := p.kept()
		if key == "message" {
			return text(box, want.Message)
		}
		return text(kind, want.Recorded)
	case "answers":
		answers := map[string]int{}
		for _, one := range p.call.Answers() {
			answers[one.Question] = one.Answer
		}
		return fmt.Sprint(answers), maps.Equal(answers, want.Answers)
	case "variables":
		for name, value := range want.Variables {
			if run.Variable(name) != value {
				return fmt.Sprintf("%s: %q", name, run.Variable(name)), false
			}
		}
		return "", true
	case "within":
		return fmt.Sprintf("over, at %s", p.call.Now().Round(time.Second)), p.call.Now() <= want.Within
	}
	return p.hungUp(want.HungUp)
}

// kept tells of what was kept last.
func (p *player) kept() (box, kind string) {
	for _, one := range p.call.Kept() {
		if one.Box != "" {
			box = one.Box
		} else {
			kind = one.Kind
		}
	}
	return box, kind
}

func (p *player) hungUp(want yaml.Node) (got string, ok bool) {
	reason, over := p.call.HungUp()
	got = fmt.Sprintf("false (the call is in step %q)", p.step.To)
	if over {
		got = quoted(reason)
	}
	switch want.Value {
	case "true":
		return got, over
	case "false":
		return got, !over
	}
	return got, over && reason == want.Value
}

// inOrder reports whether the wanted are among the steps, in their order.
func inOrder(steps, want []string) bool {
	for _, w := range want {
		i := slices.Index(steps, w)
		if i < 0 {
			return false
		}
		steps = steps[i+1:]
	}
	return true
}
