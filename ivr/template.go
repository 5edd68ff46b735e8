package ivr

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/phi"
)

// template is what a say step says: prompts and values in a row.
type template []piece

// piece is a prompt or, if value is not nil, a value.
type piece struct {
	prompt promptUse
	value  *value
}

// value is spoken in a row: {{ name | kind }}.
type value struct {
	name string
	// fact: the name is a member's fact; else a variable.
	fact bool
	form
	node *yaml.Node
	// text as written, to find its place in the file.
	text string
}

var (
	templateValue = regexp.MustCompile(`\{\{(.*?)\}\}`)
	valueText     = regexp.MustCompile(`^\s*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\s*\|\s*([a-z]+)((?:\s+[a-z_]+)*)\s*(?::(.*))?$`)
)

// sentence is what a say step says: the same row in every language, or words of
// each language's own.
type sentence struct {
	row template
	by  map[string]template
}

// sentence reads what a say step says: prompts' names with values between them,
// or words with values, by language.
func (p *parser) sentence(node *yaml.Node) sentence {
	switch {
	case node.Kind == yaml.MappingNode:
		s := sentence{by: map[string]template{}}
		texts := p.byLanguage(node)
		read := map[*yaml.Node]template{}
		for _, language := range p.flow.languages {
			text, ok := texts[language]
			if !ok {
				continue
			}
			if _, ok := read[text.node]; !ok {
				read[text.node] = p.template(text.node, func(words string) []piece { return p.spoken(text, words) },
					func(noun string) promptUse { return p.words(text.node, noun, text.language) })
			}
			s.by[language] = read[text.node]
		}
		return s
	case node.Kind != yaml.ScalarNode:
		p.add(p.at(node, "here is expected what is said").Hint("write words by language, as in `say: {en-US: \"Your visit is on {{ member.next_visit | date }}.\"}`"))
		return sentence{}
	}
	return sentence{row: p.template(node, func(text string) []piece { return p.named(node, text) },
		func(noun string) promptUse { return p.prompt(node, noun) })}
}

// in gives what is said to a call in a language.
func (s sentence) in(language string) template {
	if s.by != nil {
		return s.by[language]
	}
	return s.row
}

// templates lists all that may be said, each once.
func (s sentence) templates() []template {
	if s.by == nil {
		return []template{s.row}
	}
	var all []template
	for _, language := range slices.Sorted(maps.Keys(s.by)) {
		all = append(all, s.by[language])
	}
	return all
}

func (s sentence) values() []*value {
	var values []*value
	for _, t := range s.templates() {
		values = append(values, t.values()...)
	}
	return values
}

// facts lists the member's facts that may be needed.
func (s sentence) facts() []string {
	var names []string
	for _, t := range s.templates() {
		names = append(names, t.facts()...)
	}
	return names
}

// mayBeUnknown reports whether some value may be missing on a call.
func (s sentence) mayBeUnknown() bool {
	return slices.ContainsFunc(s.values(), func(v *value) bool { return v.fact || !isBuiltIn(v.name) })
}

func (t template) values() []*value {
	var values []*value
	for _, piece := range t {
		if piece.value != nil {
			values = append(values, piece.value)
		}
	}
	return values
}

// named reads the names of prompts that stand between values.
func (p *parser) named(node *yaml.Node, text string) []piece {
	var pieces []piece
	for _, word := range strings.Fields(text) {
		if strings.ContainsAny(word, "{}|") {
			p.add(p.within(node, word, 0, "%q is neither a prompt nor a value", word).Hint("write a value as {{ member.next_visit | date }}"))
			return nil
		}
		pieces = append(pieces, piece{prompt: p.prompt(node, word)})
	}
	return pieces
}

// spoken makes a prompt of the words that stand between values.
func (p *parser) spoken(text written, words string) []piece {
	if strings.ContainsAny(words, "{}") {
		stray := words[strings.IndexAny(words, "{}"):]
		p.add(p.within(text.node, stray, 0, "%q is neither words nor a value", strings.Fields(stray)[0]).Hint("write a value as {{ member.next_visit | date }}"))
		return nil
	}
	if !speakable(words) {
		return nil
	}
	return []piece{{prompt: p.words(text.node, words, text.language)}}
}

// template reads a row of values and what stands between them.
func (p *parser) template(node *yaml.Node, between func(text string) []piece, noun func(string) promptUse) template {
	var t template
	before := len(p.list)
	rest := node.Value
	for {
		at := templateValue.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		t = append(t, between(rest[:at[0]])...)
		if v := p.value(node, rest[at[0]:at[1]], rest[at[2]:at[3]], noun); v != nil {
			t = append(t, piece{value: v})
		}
		rest = rest[at[1]:]
	}
	t = append(t, between(rest)...)
	if len(p.list) > before {
		return nil
	}
	if len(t) == 0 {
		p.add(p.at(node, "nothing is said").Hint("name prompts, with values between them as in \"next-visit-is-on {{ member.next_visit | date }}\""))
	}
	return t
}

func (p *parser) value(node *yaml.Node, whole, inner string, noun func(string) promptUse) *value {
	m := valueText.FindStringSubmatch(inner)
	if m == nil {
		p.add(p.within(node, whole, 0, "%s is not a value that can be said", whole).Hint("write {{ name | date }}, {{ name | number }} or {{ name | digits }}"))
		return nil
	}
	if !slices.Contains(valueKinds(), m[2]) {
		p.add(p.within(node, whole, strings.Index(whole, "|")+2, "there is no way to say a value as %q", m[2]).Hint("%s", didYouMean(m[2], valueKinds(), "the ways are ")))
		return nil
	}
	v := &value{name: m[1], form: form{kind: valueKind(m[2])}, node: node, text: whole}
	if !p.options(v, strings.Fields(m[3])) || !p.nouns(v, m[4], noun) {
		return nil
	}
	if owner, fact, dotted := strings.Cut(m[1], "."); dotted {
		if owner != "member" {
			p.add(p.within(node, whole, strings.Index(whole, owner), "%q is unknown", m[1]).Hint("a member's fact is written as {{ member.next_visit | date }}"))
			return nil
		}
		v.name, v.fact = fact, true
	}
	return v
}

// options reads what is written after a kind: its gender, or what of a date.
func (p *parser) options(v *value, words []string) bool {
	known := v.kind.options()
	for _, word := range words {
		if !slices.Contains(known, word) {
			hint := fmt.Sprintf("%s has none", v.kind)
			if len(known) > 0 {
				hint = didYouMean(word, known, "the options are ")
			}
			p.add(p.within(v.node, v.text, strings.Index(v.text, word), "%q is no option of %s", word, v.kind).Hint("%s", hint))
			return false
		}
		switch word {
		case "weekday":
			v.weekday = true
		case "no_year":
			v.noYear = true
		default:
			v.gender = gender(word)
		}
	}
	return true
}

// nouns reads what is counted: one of them, and many.
func (p *parser) nouns(v *value, text string, noun func(string) promptUse) bool {
	one, many, found := strings.Cut(text, ",")
	if v.kind != asCount {
		if strings.TrimSpace(text) != "" {
			p.add(p.within(v.node, v.text, 0, "nothing stands behind %s", v.kind).Hint("only count takes what it counts, as in {{ claims | count: claim, claims }}"))
		}
		return strings.TrimSpace(text) == ""
	}
	if !found || !speakable(one) || !speakable(many) || strings.Contains(many, ",") {
		p.add(p.within(v.node, v.text, 0, "%s doesn't say what is counted", v.text).Hint("write one and many of it, as in {{ claims | count: claim, claims }}"))
		return false
	}
	first, other := noun(strings.TrimSpace(one)), noun(strings.TrimSpace(many))
	v.one, v.many = &first, &other
	return true
}

// facts lists the member's facts that the row needs, each once.
func (t template) facts() []string {
	var names []string
	for _, piece := range t {
		if piece.value != nil && piece.value.fact && !slices.Contains(names, piece.value.name) {
			names = append(names, piece.value.name)
		}
	}
	return names
}

// touches tells the proof what is said.
func (s sentence) touches() []touch {
	var all []touch
	for _, v := range s.values() {
		all = append(all, touch{value: v.full(), how: spoken, node: v.node, text: v.text})
	}
	return all
}

// full is the value's name as the proof knows it.
func (v *value) full() string {
	if v.fact {
		return memberPrefix + v.name
	}
	return v.name
}

// sensitive reports whether a row tells something of somebody.
func (r *Run) sensitive(t template) bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.value != nil && r.label(p.value.full()) != labelPublic })
}

// speakTemplate gives the row's prompts; false if a value can't be spoken.
func (r *Run) speakTemplate(t template, facts map[string]string) ([]Prompt, bool) {
	var row []Prompt
	for _, piece := range t {
		if piece.value == nil {
			row = append(row, piece.prompt.in(r.language))
			continue
		}
		if !r.may(spoken, piece.value.full()) {
			return nil, false
		}
		text, _ := r.text(piece.value.name)
		if piece.value.fact {
			text = facts[piece.value.name]
		} else if isBuiltIn(piece.value.name) {
			text = strconv.Itoa(r.attempts)
		}
		spoken, ok := piece.value.speak(r.language, text, r.set.environment.HasPrompt)
		if !ok {
			return nil, false
		}
		row = append(row, spoken...)
	}
	return row, true
}

// keys reads back what a caller keyed in, to say it to that caller or to find a
// ZIP code's state. It must go nowhere else: not into logs, records or errors.
func keys(digits phi.Digits) string { return charsOf(digits, "0123456789*#") }

// entered reads back what was made of them, which may have letters: a Medicare number.
func entered(digits phi.Digits) string {
	return charsOf(digits, "0123456789*#ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// charsOf reads those of some characters.
func charsOf(digits phi.Digits, chars string) string {
	var reversed []byte
	for digits.Len() > 0 {
		for _, key := range []byte(chars) {
			if digits.EndsWith(key) {
				reversed = append(reversed, key)
				break
			}
		}
		digits = digits.WithoutLast()
	}
	slices.Reverse(reversed)
	return string(reversed)
}
