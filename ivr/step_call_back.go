package ivr

import (
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

const (
	// callBackDigits are those of a number in North America's plan.
	callBackDigits = 10
	// callBackEnding is how many of the calling number's last digits are told.
	callBackEnding = 4
	// callBackTries is how often a number may be keyed in that can't be called.
	callBackTries = 3
)

// The prompts of a call_back step, by what they are for; each is its own default, with
// "callback-" before it.
const (
	wordOffer    = "offer"     // what is offered, and what accepting it agrees to
	wordSame     = "same"      // before the last digits of the calling number
	wordChoose   = "choose"    // 1: that number; 2: another one; 3: none
	wordNumber   = "number"    // asks for a number
	wordWrong    = "wrong"     // the number can't be called
	wordReadBack = "read_back" // before the digits that were keyed in
	wordConfirm  = "confirm"   // 1: right; 2: again; 3: no callback
)

func callBackWords() []string {
	return []string{wordOffer, wordSame, wordChoose, wordNumber, wordWrong, wordReadBack, wordConfirm}
}

// callBackAction asks at which number the caller wants to be called, and lets the
// caller's place in line be kept until then.
type callBackAction struct {
	place    *queueAction // of the line: its queue, and what it wants
	wording  string
	words    map[string][]promptUse
	bargeIn  bool
	timing   timing
	next     edge
	declined edge
	already  edge
	failed   edge
	noInput  answer
	noMatch  answer
}

type callBackText struct {
	CallBack callBackDetail `yaml:"call_back"`
	Next     string         `yaml:"next"`
	Declined string         `yaml:"declined"`
	Already  string         `yaml:"already"`
	Failed   string         `yaml:"failed"`
	Timing   timingText     `yaml:"timing"`
	BargeIn  *bool          `yaml:"barge_in"`
	NoInput  yaml.Node      `yaml:"no_input"`
	NoMatch  yaml.Node      `yaml:"no_match"`
	Label    string         `yaml:"label"`
}

type callBackDetail struct {
	Queue      yaml.Node `yaml:"queue"`
	Skills     yaml.Node `yaml:"skills"`
	Priority   yaml.Node `yaml:"priority"`
	Credential yaml.Node `yaml:"credential"`
	// Wording is the version of the words that the caller agrees to.
	Wording yaml.Node `yaml:"wording"`
	Prompts yaml.Node `yaml:"prompts"`
}

func (p *parser) callBack(s *step, node *yaml.Node) action {
	var text callBackText
	if at := problem.Get(node, "call_back"); at.Kind != yaml.MappingNode {
		p.add(p.at(at, "step %q doesn't say for which queue a callback is", s.name).Hint("write `call_back: {queue: member_services, wording: 2026-11}`"))
		return nil
	}
	p.decode(node, &text)
	detail := text.CallBack
	a := &callBackAction{
		place: &queueAction{
			name: detail.Queue.Value, nameNode: &detail.Queue, skillsNode: &detail.Skills,
			credential: detail.Credential.Value, credentialNode: &detail.Credential,
			priority: p.whole(&detail.Priority, 0, 0, 100),
		},
		wording: detail.Wording.Value, words: map[string][]promptUse{},
		bargeIn: text.BargeIn == nil || *text.BargeIn, timing: p.timing(text.Timing, p.flow.timing),
		next:     p.onward(s, node, "next", onward, "name the step for a caller who will be called"),
		declined: p.onward(s, node, "declined", chosen, "name the step for a caller who wants no callback, as the queue's"),
		already:  p.onward(s, node, "already", onward, "name the step for a caller whose number has a callback already"),
		failed:   p.onward(s, node, "failed", onward, "name the step for a caller whose callback can't be kept: a person helps"),
	}
	a.place.levels(p)
	if a.place.name == "" {
		p.add(p.at(s.node, "step %q names no queue", s.name).Hint("write `call_back: {queue: member_services, wording: 2026-11}`"))
	}
	if a.wording == "" {
		p.add(p.at(s.node, "step %q doesn't say to which words the caller agrees", s.name).Hint("write a version, as in `wording: 2026-11`, and another one whenever the words change: it is kept with the caller's consent"))
	}
	p.callBackPrompts(s, a, &detail.Prompts)
	a.noInput = p.answer(s, node, "no_input", nil)
	a.noMatch = p.answer(s, node, "no_match", &a.noInput)
	return a
}

func (p *parser) callBackPrompts(s *step, a *callBackAction, node *yaml.Node) {
	p.mapping(node, "prompts", "prompts: {offer: callback-offer}")
	for _, pair := range problem.Pairs(node) {
		if !slices.Contains(callBackWords(), pair.Key.Value) {
			p.add(p.at(pair.Key, "%q is not said", pair.Key.Value).Hint("%s", didYouMean(pair.Key.Value, callBackWords(), "what is said is ")))
		}
	}
	for _, word := range callBackWords() {
		if own := problem.Get(node, word); own != nil {
			a.words[word] = p.prompts(own)
			continue
		}
		a.words[word] = []promptUse{{name: "callback-" + dashed(word), node: s.node}}
	}
}

func dashed(word string) string {
	if word == wordReadBack {
		return "read-back"
	}
	return word
}

func (*callBackAction) verb() string { return "call_back" }

func (a *callBackAction) edges() []*edge {
	return []*edge{&a.next, &a.declined, &a.already, &a.failed, &a.noInput.next, &a.noMatch.next}
}

func (a *callBackAction) prompts() []promptUse {
	var uses []promptUse
	for _, word := range callBackWords() {
		uses = append(uses, a.words[word]...)
	}
	return slices.Concat(uses, a.noInput.prompts(), a.noMatch.prompts())
}

func (a *callBackAction) touches() []touch { return a.place.touches() }

// license is what the line wants of its nurses: the caller's state must be known.
func (a *callBackAction) license(env Environment) (string, *yaml.Node) { return a.place.license(env) }

// presses: declining takes a key, a number of the caller's own at least its digits.
func (a *callBackAction) presses(e *edge) int {
	if e == &a.declined || e == &a.next {
		return 1
	}
	return 0
}

// enter offers the calling number, if it may be called, and asks for one otherwise.
func (a *callBackAction) enter(r *Run) {
	calling := r.line.CallingNumber()
	if calling.Len() != callBackDigits {
		a.askNumber(r, a.row(r, wordOffer), 1)
		return
	}
	ending := keys(calling)[callBackDigits-callBackEnding:]
	row := slices.Concat(a.row(r, wordOffer), a.row(r, wordSame), pieces(r.language, speakDigits(ending)...), a.row(r, wordChoose))
	a.choose(r, row, func() { a.keep(r, calling) }, func() { a.askNumber(r, nil, 1) })
}

func (a *callBackAction) row(r *Run, word string) []Prompt { return r.row(a.words[word]) }

// choose asks for 1, 2 or, for no callback, 3.
func (a *callBackAction) choose(r *Run, row []Prompt, one, two func()) {
	r.ask(&question{
		row: row, bargeIn: a.bargeIn, timing: a.timing, choices: []string{"1", "2", "3"}, sensitive: true,
		noInput: r.reply(a.noInput), noMatch: r.reply(a.noMatch),
		done: func(_ phi.Digits, choice string) bool {
			switch choice {
			case "1":
				one()
			case "2":
				two()
			default:
				r.follow(&a.declined)
			}
			return true
		},
	})
}

// askNumber asks for a number, for the nth time, after a row.
func (a *callBackAction) askNumber(r *Run, before []Prompt, times int) {
	r.ask(&question{
		row: slices.Concat(before, a.row(r, wordNumber)), bargeIn: a.bargeIn, timing: a.timing, min: callBackDigits, max: callBackDigits,
		noInput: r.reply(a.noInput), noMatch: r.reply(a.noMatch),
		done: func(number phi.Digits, _ string) bool {
			switch {
			case isPhone(keys(number), time.Time{}) && r.line.MayCall(number):
				row := slices.Concat(a.row(r, wordReadBack), pieces(r.language, speakDigits(keys(number))...), a.row(r, wordConfirm))
				a.choose(r, row, func() { a.keep(r, number) }, func() { a.askNumber(r, nil, times) })
			case times == callBackTries:
				r.ahead = phi.Digits{}
				r.follow(&a.failed)
			default:
				r.ahead = phi.Digits{}
				a.askNumber(r, a.row(r, wordWrong), times+1)
			}
			return true
		},
	})
}

// keep lets the line keep the callback.
func (a *callBackAction) keep(r *Run, number phi.Digits) {
	r.callBack(CallBackRequest{Queue: a.place.request(r), Number: number, Wording: a.wording}, func(outcome CallBackOutcome) {
		switch outcome {
		case CallBackKept:
			r.follow(&a.next)
		case CallBackAlready:
			r.follow(&a.already)
		default:
			r.follow(&a.failed)
		}
	})
}

// callBack asks the line for a callback.
func (r *Run) callBack(request CallBackRequest, then func(CallBackOutcome)) {
	r.idle()
	r.phase, r.promised = promising, then
	r.setTimer(TimerGuard, CallBackGuard)
	r.line.CallBack(request)
}

// Promising reports whether the run waits for a callback to be kept.
func (r *Run) Promising() bool { return r.phase == promising }

// CalledBack brings what became of a CallBack; a word that is none of the three counts
// as failed.
func (r *Run) CalledBack(outcome CallBackOutcome) {
	if r.phase != promising {
		return
	}
	then := r.promised
	r.idle()
	then(outcome)
}

// CallBacks gives the queues that callers may ask to be called back from, each with the
// place where a flow says so.
func (s *Set) CallBacks() map[string]problem.Position {
	all := map[string]problem.Position{}
	for _, f := range s.sorted() {
		for _, step := range f.steps {
			if a, ok := step.action.(*callBackAction); ok {
				if _, told := all[a.place.name]; !told {
					all[a.place.name] = f.source.at(a.place.nameNode, "").Position
				}
			}
		}
	}
	return all
}
