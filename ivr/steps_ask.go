package ivr

import (
	"regexp"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

// answer is what a question does without a usable answer.
type answer struct {
	retries int
	// rows are heard before the question is asked again: the first at the first time,
	// the last from then on.
	rows [][]promptUse
	next edge
}

// prompts are those of all rows.
func (a answer) prompts() []promptUse { return slices.Concat(a.rows...) }

type answerText struct {
	Retries yaml.Node `yaml:"retries"`
	Play    yaml.Node `yaml:"play"`
	// Help in place of Play: prompts for each time.
	Help yaml.Node `yaml:"help"`
	Next string    `yaml:"next"`
}

// answer reads no_input or no_match: a step's name, or a mapping.
func (p *parser) answer(s *step, node *yaml.Node, key string, otherwise *answer) answer {
	given := problem.Get(node, key)
	if given == nil {
		if otherwise != nil {
			a := *otherwise
			a.rows, a.next.via = nil, key
			return a
		}
		p.add(p.at(s.node, "step %q is a dead end for a caller who presses nothing: it has no %q", s.name, key).Hint("name the step that then follows, as in `no_input: {retries: 2, next: person}`"))
		return answer{}
	}
	if given.Kind == yaml.ScalarNode && given.Value != "" {
		return answer{retries: DefaultRetries, next: edge{via: key, target: given.Value, node: given, kind: silent}}
	}
	var text answerText
	p.decode(given, &text)
	a := answer{retries: p.whole(&text.Retries, DefaultRetries, 0, MaxRetries)}
	a.rows = p.help(s, &text, a.retries)
	if problem.Get(given, "next") == nil && otherwise != nil {
		a.next = otherwise.next
		a.next.via = key
		return a
	}
	a.next = p.onward(&step{name: s.name, node: given}, given, "next", silent, "name the step that follows after the last retry")
	a.next.via = key
	return a
}

// help reads what is heard before a question is asked again, retries times.
func (p *parser) help(s *step, text *answerText, retries int) [][]promptUse {
	switch {
	case text.Help.Kind == 0:
		if row := p.prompts(&text.Play); len(row) > 0 {
			return [][]promptUse{row}
		}
		return nil
	case text.Play.Kind != 0:
		p.add(p.at(&text.Help, "step %q has both \"play\" and \"help\"", s.name).Hint("keep one: help has prompts for each time, as in `help: [no-input, [no-input, stay-on-the-line]]`"))
	case text.Help.Kind != yaml.SequenceNode:
		p.add(p.at(&text.Help, "\"help\" is no list").Hint("write prompts for each time, as in `help: [no-input, [no-input, stay-on-the-line]]`, or `play: no-input` for the same each time"))
	case len(text.Help.Content) == 0:
		p.add(p.at(&text.Help, "\"help\" has no prompts").Hint("write prompts for each time, as in `help: [no-input, [no-input, stay-on-the-line]]`, or leave it out"))
	default:
		var rows [][]promptUse
		for _, item := range text.Help.Content {
			rows = append(rows, p.prompts(item))
		}
		if len(rows) > retries {
			p.add(p.at(&text.Help, "\"help\" has prompts for %d times, and step %q asks again %d times", len(rows), s.name, retries).Hint("raise \"retries\", or leave some out"))
		}
		return rows
	}
	return nil
}

// menuAction asks for one of some choices.
type menuAction struct {
	row     []promptUse
	bargeIn bool
	timing  timing
	keys    []string
	choices map[string]*edge
	// written is where the menu's own choices stand.
	written map[string]*yaml.Node
	noInput answer
	noMatch answer
	// alone: the flow's handlers don't work here. repeats is the key by which the
	// question is asked again; empty for none.
	alone   bool
	repeats string
}

type menuText struct {
	Menu    yaml.Node `yaml:"menu"`
	Choices yaml.Node `yaml:"choices"`
	// Handlers: false keeps the flow's handlers out.
	Handlers *bool      `yaml:"handlers"`
	Timing   timingText `yaml:"timing"`
	BargeIn  *bool      `yaml:"barge_in"`
	NoInput  yaml.Node  `yaml:"no_input"`
	NoMatch  yaml.Node  `yaml:"no_match"`
	Label    string     `yaml:"label"`
}

func (p *parser) menu(s *step, node *yaml.Node) action {
	var text menuText
	p.decode(node, &text)
	a := &menuAction{row: p.prompts(&text.Menu), bargeIn: text.BargeIn == nil || *text.BargeIn, timing: p.timing(text.Timing, p.flow.timing), choices: map[string]*edge{}, written: map[string]*yaml.Node{}}
	a.alone = text.Handlers != nil && !*text.Handlers
	pairs := problem.Pairs(&text.Choices)
	if p.mapping(&text.Choices, "choices", "choices: {\"1\": step}") && len(pairs) == 0 {
		p.add(p.at(s.node, "menu %q has no choices", s.name).Hint("write them as `choices: {\"1\": step}`"))
	}
	for _, pair := range pairs {
		key := pair.Key.Value
		if !choiceKeys.MatchString(key) {
			p.add(p.at(pair.Key, "choice %q can't be keyed in", key).Hint("use one to four of 0-9 and *, or \"#\" alone, in quotes"))
			continue
		}
		a.keys = append(a.keys, key)
		a.choices[key], a.written[key] = p.choice(s, pair), pair.Key
	}
	a.noInput = p.answer(s, node, "no_input", nil)
	a.noMatch = p.answer(s, node, "no_match", &a.noInput)
	return a
}

// choice reads the way on of a choice: a step's name, `next` alone, or a whole
// step written inline.
func (p *parser) choice(s *step, pair problem.Pair) *edge {
	key, value := pair.Key, pair.Value
	e := &edge{via: `choice "` + key.Value + `"`, node: value, kind: chosen}
	isText := func(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Value != "" && n.Tag != "!!null" }
	alone := value.Kind == yaml.MappingNode && len(value.Content) == 2 && value.Content[0].Value == "next"
	switch {
	case isText(value):
		e.target = value.Value
	case alone && isText(value.Content[1]):
		e.node = value.Content[1]
		e.target = e.node.Value
	case value.Kind == yaml.MappingNode && !alone:
		e.target = s.name + "/" + key.Value
		e.to = p.step(key, value, e.target, true)
	default:
		p.add(p.at(value, "choice %q leads nowhere", key.Value).Hint("name a step, or write one as in `{set: {reason: Claims}, next: claims}`"))
	}
	return e
}

func (*menuAction) verb() string { return "menu" }

func (a *menuAction) edges() []*edge {
	var edges []*edge
	for _, key := range a.keys {
		if e := a.choices[key]; e != nil {
			edges = append(edges, e)
		}
	}
	return append(edges, &a.noInput.next, &a.noMatch.next)
}

func (a *menuAction) prompts() []promptUse {
	return slices.Concat(a.row, a.noInput.prompts(), a.noMatch.prompts())
}

func (*menuAction) touches() []touch { return nil }

func (a *menuAction) enter(r *Run) {
	q := &question{
		row: r.row(a.row), bargeIn: a.bargeIn, timing: a.timing, choices: a.keys,
		noInput: r.reply(a.noInput), noMatch: r.reply(a.noMatch),
	}
	q.done = func(_ phi.Digits, choice string) bool {
		if choice == a.repeats {
			q.put(r, q.row)
			return true
		}
		r.follow(a.choices[choice])
		return true
	}
	r.ask(q)
}

// collectAction asks for digits.
type collectAction struct {
	row      []promptUse
	bargeIn  bool
	timing   timing
	into     string
	min, max int
	// zip: the digits are a ZIP code, and its state is what is kept.
	zip     bool
	next    edge
	noInput answer
	noMatch answer
	// check and pattern say what the digits must be; nil for anything.
	check   func(keys string, today time.Time) bool
	pattern *regexp.Regexp
	// read makes of the keys what is kept; nil keeps the keys.
	read func(keys string) string
}

type collectText struct {
	Collect collectDetail `yaml:"collect"`
	Timing  timingText    `yaml:"timing"`
	BargeIn *bool         `yaml:"barge_in"`
	NoInput yaml.Node     `yaml:"no_input"`
	NoMatch yaml.Node     `yaml:"no_match"`
	Next    string        `yaml:"next"`
	Label   string        `yaml:"label"`
}

type collectDetail struct {
	Ask    yaml.Node `yaml:"ask"`
	Into   yaml.Node `yaml:"into"`
	Digits yaml.Node `yaml:"digits"`
	Min    yaml.Node `yaml:"min"`
	Max    yaml.Node `yaml:"max"`
	As     yaml.Node `yaml:"as"`
	// Check and Pattern say what the digits must be, besides their number.
	Check   yaml.Node `yaml:"check"`
	Pattern yaml.Node `yaml:"pattern"`
}

// stateOfZIP is the one conversion that collect knows.
const stateOfZIP = "state_of_zip"

func (p *parser) collect(s *step, node *yaml.Node) action {
	var text collectText
	p.decode(node, &text)
	detail := text.Collect
	a := &collectAction{row: p.prompts(&detail.Ask), bargeIn: text.BargeIn == nil || *text.BargeIn, timing: p.timing(text.Timing, p.flow.timing), into: detail.Into.Value}
	if len(a.row) == 0 {
		p.add(p.at(s.node, "step %q collects without asking", s.name).Hint("name the question's prompt as in `ask: ask-zip`"))
	}
	exact := p.whole(&detail.Digits, 0, 1, MaxDigits)
	a.min = p.whole(&detail.Min, max(exact, 1), 1, MaxDigits)
	a.max = p.whole(&detail.Max, max(exact, a.min), 1, MaxDigits)
	switch {
	case exact == 0 && detail.Digits.Kind == 0 && detail.Max.Kind == 0 && detail.Check.Kind == 0:
		p.add(p.at(s.node, "step %q doesn't say how many digits it collects", s.name).Hint("write `digits: 5`, or `min: 1` and `max: 5`"))
	case exact > 0 && (detail.Min.Kind != 0 || detail.Max.Kind != 0):
		p.add(p.at(&detail.Digits, "step %q has both \"digits\" and \"min\" or \"max\"", s.name).Hint("keep one of the two"))
	case a.min > a.max:
		p.add(p.at(&detail.Min, "\"min\" is %d, more than \"max\", %d", a.min, a.max).Hint("swap them"))
	}
	p.into(s, a, &detail)
	p.entry(s, a, &detail)
	a.next = p.onward(s, node, "next", chosen, whyNext)
	a.noInput = p.answer(s, node, "no_input", nil)
	a.noMatch = p.answer(s, node, "no_match", &a.noInput)
	return a
}

// into checks where the digits go.
func (p *parser) into(s *step, a *collectAction, detail *collectDetail) {
	if detail.As.Kind != 0 {
		if detail.As.Value != stateOfZIP {
			p.add(p.at(&detail.As, "digits can't become %q", detail.As.Value).Hint("leave it out, or write %q", stateOfZIP))
		}
		if a.into != "state" || a.min != 5 || a.max != 5 {
			p.add(p.at(&detail.As, "a ZIP code has 5 digits and its state goes into \"state\"").Hint("write `digits: 5, into: state, as: %s`", stateOfZIP))
		}
		a.zip = true
		return
	}
	switch {
	case a.into == "":
		p.add(p.at(s.node, "step %q collects into nothing", s.name).Hint("name a variable as in `into: claim_number`"))
	case isBuiltIn(a.into):
		p.add(p.at(&detail.Into, "digits can't be collected into %q", a.into).Hint("choose a name of your own"))
	case !variableName.MatchString(a.into):
		p.add(p.at(&detail.Into, "%q can't name a variable", a.into).Hint("use small letters, digits and underscores"))
	default:
		p.declare(&detail.Into, a.into, keyedVariable)
	}
}

func (*collectAction) verb() string     { return "collect" }
func (a *collectAction) edges() []*edge { return []*edge{&a.next, &a.noInput.next, &a.noMatch.next} }

func (a *collectAction) prompts() []promptUse {
	return slices.Concat(a.row, a.noInput.prompts(), a.noMatch.prompts())
}

func (a *collectAction) touches() []touch {
	if a.zip {
		return []touch{{value: valueState, how: assigned, on: &a.next}}
	}
	return []touch{{value: a.into, how: assigned, label: labelKeyed, on: &a.next}}
}

func (a *collectAction) enter(r *Run) {
	r.ask(&question{
		row: r.row(a.row), bargeIn: a.bargeIn, timing: a.timing, min: a.min, max: a.max,
		noInput: r.reply(a.noInput), noMatch: r.reply(a.noMatch),
		done: func(digits phi.Digits, _ string) bool {
			if a.zip {
				state := stateOf(digits)
				if !r.set.knowsState(state) {
					return false
				}
				r.write(valueState, state, labelPublic)
			} else if !a.fits(r, keys(digits)) {
				return false
			} else {
				r.keyed[a.into] = a.kept(digits)
			}
			r.follow(&a.next)
			return true
		},
	})
}

// kept is what the variable holds of the keys.
func (a *collectAction) kept(digits phi.Digits) phi.Digits {
	if a.read == nil {
		return digits
	}
	return phi.NewDigits(a.read(keys(digits)))
}
