package flowtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/ivr"
	"careline/ivr/simulate"
	"careline/problem"
)

// nothing is the word for a caller who presses no key.
const nothing = "nothing"

// word is something that can happen in a call, and how it is read.
type word struct {
	name string
	help string
	// form is what its value is, for editors.
	form ivr.Form
	read func(*reader, *yaml.Node, *action) bool
}

// vocabulary lists what can happen in a call.
func vocabulary() []word {
	return []word{
		{"press", `the caller hears all that is said, then presses these keys; "nothing": presses none until the flow goes on by itself`, ivr.FormKeys, (*reader).press},
		{"key_ahead", "the caller presses these keys at once, while something may be heard", ivr.FormKeys, (*reader).keyAhead},
		{"hear", "this is heard from then on, in this order: prompts by their names, or words", ivr.FormNames, (*reader).hear},
		{"never_hear", "this was not heard in the call so far", ivr.FormNames, (*reader).neverHear},
		{"wait", "time passes, and the caller presses nothing", ivr.FormDuration, (*reader).wait},
		{"speak", "the caller speaks for so long after the tone, and says nothing from then on", ivr.FormDuration, (*reader).speak},
		{"leave", "the call leaves its queue: without an agent by timeout, full or unavailable; by callback when one is offered; by after once an agent has hung up", ivr.FormText, (*reader).leave},
		{"outside", "somebody outside who is called does this: answered, busy, no_answer, declined, failed; or who has the caller: hangs_up", ivr.FormText, (*reader).outside},
		{"expect", "this is true now", ivr.FormMapping, (*reader).expectHere},
	}
}

func words() []string {
	var names []string
	for _, w := range vocabulary() {
		names = append(names, w.name)
	}
	return names
}

func (r *reader) action(key, value *yaml.Node, a *action) bool {
	for _, w := range vocabulary() {
		if w.name == key.Value {
			return w.read(r, value, a)
		}
	}
	p := r.At(key, "nothing in a call is called %q", key.Value)
	if near := problem.Nearest(key.Value, words()); near != "" {
		r.add(p.Hint("did you mean %q?", near))
	} else {
		r.add(p.Hint("there are %s", list(words())))
	}
	return false
}

// keys reads keys of a keypad.
func (r *reader) keys(node *yaml.Node) (string, bool) {
	if node.Kind != yaml.ScalarNode || node.Value == "" || strings.Trim(node.Value, "0123456789*#") != "" {
		r.add(r.At(node, "these are no keys of a keypad").Hint("write digits, * and # in quotes, as in \"1\""))
		return "", false
	}
	if node.Tag != "!!str" {
		r.add(r.At(node, "keys without quotes may be read as another number").Hint("write them in quotes, as in %q", node.Value))
		return "", false
	}
	return node.Value, true
}

func (r *reader) press(node *yaml.Node, a *action) bool {
	if node.Value == nothing {
		a.do = func(p *player) error {
			p.mark = len(p.heard)
			return p.call.Silence()
		}
		return true
	}
	keys, ok := r.keys(node)
	a.do = func(p *player) error {
		if err := p.call.Listen(); err != nil {
			return err
		}
		p.mark = len(p.heard)
		return p.call.Press(keys)
	}
	return ok
}

func (r *reader) keyAhead(node *yaml.Node, a *action) bool {
	keys, ok := r.keys(node)
	a.do = func(p *player) error {
		p.mark = len(p.heard)
		return p.call.Press(keys)
	}
	return ok
}

func (r *reader) wait(node *yaml.Node, a *action) bool {
	var d time.Duration
	if !r.decode(node, &d) {
		return false
	}
	if d <= 0 || d > longest {
		r.add(r.At(node, "%s is out of bounds", node.Value).Hint("up to %s can be waited", longest))
		return false
	}
	a.do = func(p *player) error {
		p.mark = len(p.heard)
		p.call.Pass(d)
		return nil
	}
	return true
}

func (r *reader) speak(node *yaml.Node, a *action) bool {
	var d time.Duration
	if !r.decode(node, &d) {
		return false
	}
	if d <= 0 || d > longest {
		r.add(r.At(node, "%s is out of bounds", node.Value).Hint("up to %s can be spoken", longest))
		return false
	}
	a.do = func(p *player) error {
		if err := p.call.Listen(); err != nil {
			return err
		}
		p.mark = len(p.heard)
		return p.call.Speak(d)
	}
	return true
}

func (r *reader) leave(node *yaml.Node, a *action) bool {
	exits := []string{string(ivr.ExitTimeout), string(ivr.ExitFull), string(ivr.ExitUnavailable), string(ivr.ExitAfter), string(ivr.ExitOffer)}
	if !slices.Contains(exits, node.Value) {
		r.add(r.At(node, "a call can't leave its queue by %q", node.Value).Hint("write one of %s", list(exits)))
		return false
	}
	a.do = func(p *player) error {
		if err := p.call.Listen(); err != nil {
			return err
		}
		p.mark = len(p.heard)
		return p.call.Leave(ivr.QueueExit(node.Value))
	}
	return true
}

// outside reads what somebody outside does.
func (r *reader) outside(node *yaml.Node, a *action) bool {
	if !slices.Contains(simulate.Outsides(), node.Value) {
		r.add(r.At(node, "somebody outside doesn't do %q", node.Value).Hint("write one of %s", list(simulate.Outsides())))
		return false
	}
	a.do = func(p *player) error {
		if err := p.call.Listen(); err != nil {
			return err
		}
		p.mark = len(p.heard)
		return p.call.Do(simulate.Outside(node.Value))
	}
	return true
}

// wanted is something to be heard: a prompt by its name, or words.
type wanted struct {
	node     *yaml.Node
	name     string
	language string
	words    string
}

// wanted reads what is to be heard, one or a list.
func (r *reader) wanted(node *yaml.Node) ([]wanted, bool) {
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	var all []wanted
	for _, n := range nodes {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			r.add(r.At(n, "here a prompt's name, or words, are expected"))
			return nil, false
		}
		w := wanted{node: n}
		if strings.ContainsAny(n.Value, " .,!?") {
			w.words = plain(n.Value)
			if r.options.Words == nil {
				r.add(r.At(n, "what prompts say isn't known here").Hint("name the prompt"))
				return nil, false
			}
		} else {
			w.name, w.language, _ = strings.Cut(n.Value, "@")
			if !r.spoken(n, w) {
				return nil, false
			}
		}
		all = append(all, w)
	}
	if len(all) == 0 {
		r.add(r.At(node, "the list is empty").Hint("name at least one prompt"))
	}
	return all, len(all) > 0
}

// spoken makes sure that a name is that of a prompt: `never_hear` of a misspelled
// one would pass for ever.
func (r *reader) spoken(node *yaml.Node, w wanted) bool {
	if w.name == ivr.PromptRecorded || r.suite.set.HasPrompt(w.name) {
		return true
	}
	p := r.At(node, "there is no prompt %q", w.name)
	if near := problem.Nearest(w.name, r.suite.set.Prompts()); near != "" {
		r.add(p.Hint("did you mean %q?", near))
	} else {
		r.add(p.Hint("name a prompt, or write the words that are heard"))
	}
	return false
}

func (r *reader) hear(node *yaml.Node, a *action) bool {
	all, ok := r.wanted(node)
	a.checks = true
	a.do = func(p *player) error {
		for _, w := range all {
			if err := p.hears(w); err != nil {
				return failure{w.node, err}
			}
		}
		return nil
	}
	return ok
}

func (r *reader) neverHear(node *yaml.Node, a *action) bool {
	all, ok := r.wanted(node)
	a.checks = true
	a.do = func(p *player) error {
		for _, w := range all {
			if _, found := p.find(w, 0); found {
				return failure{w.node, fmt.Errorf("%s was heard", w.node.Value)}
			}
		}
		return nil
	}
	return ok
}

func (r *reader) expectHere(node *yaml.Node, a *action) bool {
	before := len(r.list)
	*a = r.expect(node)
	return len(r.list) == before
}

// failure is an error with its own place in the file.
type failure struct {
	node *yaml.Node
	error
}
