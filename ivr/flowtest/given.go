package flowtest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/ivr"
	"careline/ivr/simulate"
	"careline/phi"
	"careline/problem"
)

// given is what a test takes as given.
type given struct {
	begins      time.Time
	language    string
	attestation ivr.Attestation
	member      *simulate.Member
	provider    *simulate.Provider
	// representative may speak for the member.
	representative *simulate.Representative
	lockedOut      bool
	lookUps        map[string]ivr.LookUpAnswer
	outside        map[string]simulate.Outside
	position       int
	split          int
	unkept         bool
	number         phi.Digits
	callBack       ivr.CallBackOutcome
}

type givenText struct {
	Now            yaml.Node `yaml:"now" help:"the site's time at the call's beginning, as 2026-12-25 10:00"`
	Language       yaml.Node `yaml:"language" help:"the language that the call begins in"`
	Attestation    yaml.Node `yaml:"attestation" help:"how far the calling number is vouched for: A, B, C, refuted or none"`
	Member         yaml.Node `yaml:"member" help:"the invented member who can be verified: id, born, and her facts"`
	Representative yaml.Node `yaml:"representative" help:"the invented representative of the member: pin, born or authorization, and what she hears"`
	Provider       yaml.Node `yaml:"provider" help:"the invented office that can be verified: npi and tin"`
	LockedOut      *bool     `yaml:"locked_out" help:"the verifier hears no claim any more"`
	LookUps        yaml.Node `yaml:"look_ups" help:"what services answer, by look-up: the values that are found, or missing, or failed, which is what happens where nothing is written"`
	Recordings     yaml.Node `yaml:"recordings" help:"failed: what callers say can't be kept"`
	Outside        yaml.Node `yaml:"outside" help:"what comes of calls to numbers and to lists of those on call, by name: answered, busy, no_answer, declined or failed"`
	Position       *int      `yaml:"position" help:"the place in line that a waiting caller is told"`
	Number         yaml.Node `yaml:"number" help:"the caller's own number, ten digits in quotes; those of the area 900 can't be called"`
	CallBack       yaml.Node `yaml:"call_back" help:"what becomes of a callback that is asked for: kept, already or failed"`
	Split          yaml.Node `yaml:"split" help:"what each split step draws, from 0 to 99: 0 goes the first way, 99 the last"`
}

// clockForms are the ways that a test tells the time.
var clockForms = []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02"}

// givenOf reads what is given, over what was given before.
func (r *reader) givenOf(node *yaml.Node, g *given) {
	var text givenText
	if !r.decode(node, &text) {
		return
	}
	if text.Now.Kind != 0 {
		r.now(&text.Now, g)
	}
	if text.Language.Kind != 0 {
		g.language = text.Language.Value
		if !slices.Contains(r.suite.languages, g.language) {
			r.add(r.At(&text.Language, "no flow speaks %q", g.language).Hint("the languages are %s", list(r.suite.languages)))
		}
	}
	if text.Attestation.Kind != 0 {
		g.attestation = ivr.Attestation(text.Attestation.Value)
		known := []string{string(ivr.AttestationFull), string(ivr.AttestationPartial), string(ivr.AttestationGateway), string(ivr.AttestationRefuted), string(ivr.AttestationNone)}
		if !slices.Contains(known, text.Attestation.Value) {
			r.add(r.At(&text.Attestation, "a number can't be vouched for by %q", text.Attestation.Value).Hint("write one of %s", list(known)))
		}
	}
	if text.Member.Kind != 0 {
		r.member(&text.Member, g)
	}
	if text.Representative.Kind != 0 {
		r.representative(&text.Representative, g)
	}
	if text.Provider.Kind != 0 {
		r.provider(&text.Provider, g)
	}
	r.lookUps(&text.LookUps, g)
	if text.Recordings.Kind != 0 {
		g.unkept = text.Recordings.Value == "failed"
		if !g.unkept && text.Recordings.Value != "kept" {
			r.add(r.At(&text.Recordings, "recordings don't end so").Hint("write failed, or kept, which is what happens where nothing is written"))
		}
	}
	r.outsides(&text.Outside, g)
	if text.LockedOut != nil {
		g.lockedOut = *text.LockedOut
	}
	if text.Position != nil {
		g.position = *text.Position
	}
	r.callBack(text, g)
	if text.Split.Kind != 0 {
		r.split(&text.Split, g)
	}
}

func (r *reader) now(node *yaml.Node, g *given) {
	for _, form := range clockForms {
		if at, err := time.ParseInLocation(form, node.Value, r.options.zone()); err == nil {
			g.begins = at
			return
		}
	}
	r.add(r.At(node, "%q is no time", node.Value).Hint("write the site's time as 2026-12-25 10:00"))
}

// callBack reads who asks for a callback, and what becomes of it.
func (r *reader) callBack(text givenText, g *given) {
	if node := &text.Number; node.Kind != 0 {
		if node.Tag != "!!str" || len(node.Value) != 10 || strings.Trim(node.Value, "0123456789") != "" {
			r.add(r.At(node, "that is no number").Hint("write ten digits in quotes, as in \"2025550147\""))
		}
		g.number = phi.NewDigits(node.Value)
	}
	if node := &text.CallBack; node.Kind != 0 {
		g.callBack = ivr.CallBackOutcome(node.Value)
		known := []string{string(ivr.CallBackKept), string(ivr.CallBackAlready), string(ivr.CallBackFailed)}
		if !slices.Contains(known, node.Value) {
			r.add(r.At(node, "a callback doesn't become %q", node.Value).Hint("write one of %s", list(known)))
		}
	}
}

func (r *reader) split(node *yaml.Node, g *given) {
	drawn, err := strconv.Atoi(node.Value)
	if err != nil || drawn < 0 || drawn >= ivr.MaxSplit {
		r.add(r.At(node, "no split step draws %q", node.Value).Hint("write a whole number from 0, the first way, to %d, the last", ivr.MaxSplit-1))
		return
	}
	g.split = drawn
}

// outsides reads what comes of calls to numbers and lists.
func (r *reader) outsides(node *yaml.Node, g *given) {
	g.outside = maps.Clone(g.outside)
	called := r.suite.set.Outside()
	for _, pair := range problem.Pairs(node) {
		does := simulate.Outside(pair.Value.Value)
		switch {
		case !slices.Contains(called, pair.Key.Value):
			r.add(r.At(pair.Key, "no flow calls %q", pair.Key.Value).Hint("they call %s", list(called)))
		case does == simulate.HangsUp || !slices.Contains(simulate.Outsides(), pair.Value.Value):
			r.add(r.At(pair.Value, "nothing of the kind %q comes of a call", pair.Value.Value).Hint("write answered, busy, no_answer, declined or failed"))
		default:
			if g.outside == nil {
				g.outside = map[string]simulate.Outside{}
			}
			g.outside[pair.Key.Value] = does
		}
	}
}

// lookUps reads what services answer.
func (r *reader) lookUps(node *yaml.Node, g *given) {
	known := r.suite.set.LookUps()
	g.lookUps = maps.Clone(g.lookUps)
	for _, pair := range problem.Pairs(node) {
		look, ok := known[pair.Key.Value]
		if !ok {
			r.add(r.At(pair.Key, "there is no look-up %q", pair.Key.Value).Hint("there are %s", list(keysOf(known))))
			continue
		}
		if g.lookUps == nil {
			g.lookUps = map[string]ivr.LookUpAnswer{}
		}
		outcome := ivr.LookUpOutcome(pair.Value.Value)
		switch {
		case pair.Value.Kind == yaml.MappingNode:
			g.lookUps[pair.Key.Value] = r.found(pair, look)
		case outcome == ivr.NothingFound || outcome == ivr.LookUpFailed:
			g.lookUps[pair.Key.Value] = ivr.LookUpAnswer{Outcome: outcome}
		default:
			r.add(r.At(pair.Value, "a look-up doesn't end so").Hint("write what is found, as in `%s: {%s: …}`, or missing, or failed", pair.Key.Value, strings.Join(keysOf(look.Gives), ": …, ")))
		}
	}
}

// found is an answer that has every field.
func (r *reader) found(pair problem.Pair, look ivr.LookUp) ivr.LookUpAnswer {
	answer := ivr.LookUpAnswer{Outcome: ivr.Found, Fields: map[string]string{}}
	for _, field := range problem.Pairs(pair.Value) {
		switch kind := look.Gives[field.Key.Value]; {
		case kind == "":
			r.add(r.At(field.Key, "look-up %q gives no %q", pair.Key.Value, field.Key.Value).Hint("it gives %s", list(keysOf(look.Gives))))
		case field.Value.Kind != yaml.ScalarNode || !ivr.Holds(kind, field.Value.Value):
			r.add(r.At(field.Value, "%q is no %s", field.Value.Value, kind).Hint("write a number as 3, a truth as true, a date as 2027-01-14, money as 12.50"))
		default:
			answer.Fields[field.Key.Value] = field.Value.Value
		}
	}
	for _, name := range keysOf(look.Gives) {
		if problem.Get(pair.Value, name) == nil {
			r.add(r.At(pair.Key, "look-up %q gives %q, too, and it isn't said what", pair.Key.Value, name).Hint("add it, or write missing"))
		}
	}
	return answer
}

// world is what a call under it meets.
func (g given) world() simulate.World {
	w := simulate.World{Begins: g.begins, Language: g.language, Attestation: g.attestation, LockedOut: g.lockedOut, LookUps: g.lookUps, Position: g.position, Split: g.split, Unkept: g.unkept, Number: g.number, CallBack: g.callBack, Outside: g.outside}
	if g.member != nil {
		who := *g.member
		who.Representative = g.representative
		w.Members = []simulate.Member{who}
	}
	if g.provider != nil {
		w.Providers = []simulate.Provider{*g.provider}
	}
	return w
}

// World reads what a call meets from text as it stands below `given:` in a file of
// tests. The error is a problem.List.
func World(set *ivr.Set, file File, options Options) (simulate.World, error) {
	document, err := problem.Parse(file.Name, file.Raw)
	if err != nil {
		return simulate.World{}, err
	}
	r := &reader{Document: document, options: options, suite: newSuite(set, options)}
	g := given{begins: options.start()}
	r.givenOf(document.Root, &g)
	return g.world(), r.list.Err()
}
