package ivr

import (
	"slices"

	"gopkg.in/yaml.v3"

	"careline/phi"
)

// verifyAction asks who is calling and has it checked.
type verifyAction struct {
	// who is asked for.
	who      Role
	fields   []verifyField
	attempts int
	again    []promptUse
	bargeIn  bool
	timing   timing
	verified edge
	failed   edge
	locked   edge
	noInput  answer
	noMatch  answer
}

// verifyField is one thing asked for.
type verifyField struct {
	name string
	identifying
	row []promptUse
}

type verifyText struct {
	Verify    verifyDetail `yaml:"verify"`
	Verified  string       `yaml:"verified"`
	Failed    string       `yaml:"failed"`
	LockedOut yaml.Node    `yaml:"locked_out"`
	Timing    timingText   `yaml:"timing"`
	BargeIn   *bool        `yaml:"barge_in"`
	NoInput   yaml.Node    `yaml:"no_input"`
	NoMatch   yaml.Node    `yaml:"no_match"`
	Label     string       `yaml:"label"`
}

type verifyDetail struct {
	Who      yaml.Node `yaml:"who"`
	Ask      yaml.Node `yaml:"ask"`
	Attempts yaml.Node `yaml:"attempts"`
	Prompts  yaml.Node `yaml:"prompts"`
	Again    yaml.Node `yaml:"again"`
}

func (p *parser) verify(s *step, node *yaml.Node) action {
	var text verifyText
	p.decode(node, &text)
	a := &verifyAction{
		attempts: p.whole(&text.Verify.Attempts, DefaultAttempts, 1, MaxAttempts),
		again:    p.prompts(&text.Verify.Again),
		bargeIn:  text.BargeIn == nil || *text.BargeIn,
		timing:   p.timing(text.Timing, p.flow.timing),
		verified: p.onward(s, node, "verified", onward, "name the step for a verified caller"),
		failed:   p.onward(s, node, "failed", refused, "name the step for a caller who could not be verified: a person who helps without member data"),
	}
	if len(a.again) == 0 {
		a.again = []promptUse{{name: "verification-failed", node: s.node}}
	}
	a.who = p.who(&text.Verify.Who)
	a.fields = p.verifyFields(s, a.who, &text.Verify)
	a.locked = a.failed
	a.locked.via = "locked_out"
	if text.LockedOut.Kind != 0 {
		a.locked = p.onward(s, node, "locked_out", refused, whyNext)
	}
	otherwise := &answer{retries: DefaultRetries, next: a.failed}
	otherwise.next.kind = silent
	a.noInput = p.answer(s, node, "no_input", otherwise)
	a.noMatch = p.answer(s, node, "no_match", &a.noInput)
	return a
}

func (*verifyAction) verb() string { return "verify" }

func (a *verifyAction) edges() []*edge {
	return []*edge{&a.verified, &a.failed, &a.locked, &a.noInput.next, &a.noMatch.next}
}

func (a *verifyAction) prompts() []promptUse {
	uses := append([]promptUse(nil), a.again...)
	for _, field := range a.fields {
		uses = append(uses, field.row...)
	}
	return append(append(uses, a.noInput.prompts()...), a.noMatch.prompts()...)
}

func (a *verifyAction) touches() []touch {
	return []touch{{value: valueVerified, how: assigned, on: &a.verified}}
}

// known is what is known behind an edge of the step: who it asked for is verified. One
// who was so before goes on as verified; one who was verified as somebody else is
// asked, and is that no longer.
func (a *verifyAction) known(before facts, e *edge) facts {
	already := before&a.who.fact() == a.who.fact()
	switch {
	case e == &a.verified && already:
		return before
	case e == &a.verified:
		return before&^factRoles | a.who.fact()
	case already: // never goes there
		return before | factRoles
	}
	return before &^ (factVerified | factRoles)
}

// enter asks, unless this call is verified already or has failed too often.
func (a *verifyAction) enter(r *Run) {
	switch {
	case r.verified && r.role == a.who:
		r.follow(&a.verified)
	case r.lockedOut:
		r.follow(&a.locked)
	case r.attempts >= a.attempts:
		r.follow(&a.failed)
	default:
		a.askField(r, nil, 0)
	}
}

// askField asks for the field at i.
func (a *verifyAction) askField(r *Run, got []phi.Digits, i int) {
	if i == len(a.fields) {
		a.claim(r, got)
		return
	}
	field := a.fields[i]
	r.ask(&question{
		row: r.row(field.row), bargeIn: a.bargeIn, timing: a.timing, min: field.digits, max: field.digits,
		noInput: r.reply(a.noInput), noMatch: r.reply(a.noMatch),
		done: func(digits phi.Digits, _ string) bool {
			if field.ok != nil && !field.ok(keys(digits)) {
				return false
			}
			a.askField(r, append(slices.Clone(got), digits), i+1)
			return true
		},
	})
}

func (a *verifyAction) claim(r *Run, got []phi.Digits) {
	claim := Claim{Attempt: r.attempts + 1, Role: a.who}
	for i, field := range a.fields {
		field.into(&claim, got[i])
	}
	r.verify(claim, func(outcome VerifyOutcome) {
		switch {
		case outcome == Verified:
			r.verified, r.role = true, a.who
			r.follow(&a.verified)
		case outcome == LockedOut:
			r.lockedOut = true
			r.follow(&a.locked)
		case r.attempts >= a.attempts:
			r.ahead = phi.Digits{}
			r.follow(&a.failed)
		default:
			// What was keyed ahead was meant for a verified caller, and so is
			// what is still being keyed when the failure is told.
			r.ahead = phi.Digits{}
			r.speak(r.row(a.again), speech{deaf: true, then: func() { a.askField(r, nil, 0) }})
		}
	})
}
