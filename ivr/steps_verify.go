package ivr

import (
	"slices"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

// verifyAction asks who is calling and has it checked.
type verifyAction struct {
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
	name   string
	digits int
	row    []promptUse
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
	Ask      yaml.Node `yaml:"ask"`
	Attempts yaml.Node `yaml:"attempts"`
	Prompts  yaml.Node `yaml:"prompts"`
	Again    yaml.Node `yaml:"again"`
}

// The two facts that the verifier takes, with the prompts that ask for them.
var verifyFields = []string{"member_id", "date_of_birth"}

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
	a.fields = p.verifyFields(s, &text.Verify)
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

func (p *parser) verifyFields(s *step, detail *verifyDetail) []verifyField {
	asked := p.scalars(&detail.Ask, "member_id or date_of_birth")
	p.mapping(&detail.Prompts, "prompts", "prompts: {member_id: ask-member-id}")
	for _, pair := range problem.Pairs(&detail.Prompts) {
		if !slices.Contains(verifyFields, pair.Key.Value) {
			p.add(p.at(pair.Key, "%q is not asked for", pair.Key.Value).Hint("%s", didYouMean(pair.Key.Value, verifyFields, "what can be asked for is ")))
		}
	}
	var fields []verifyField
	for _, n := range asked {
		field := verifyField{name: n.Value, digits: memberIDDigits}
		switch n.Value {
		case "member_id":
			field.row = []promptUse{{name: "ask-member-id", node: n}}
		case "date_of_birth":
			field.digits = dateOfBirthDigits
			field.row = []promptUse{{name: "ask-date-of-birth", node: n}}
		default:
			p.add(p.at(n, "nobody can be verified by %q", n.Value).Hint("%s", didYouMean(n.Value, verifyFields, "what can be asked for is ")))
			continue
		}
		if own := problem.Get(&detail.Prompts, n.Value); own != nil {
			field.row = p.prompts(own)
		}
		fields = append(fields, field)
	}
	if len(asked) != len(verifyFields) || len(fields) == 2 && fields[0].name == fields[1].name {
		at := &detail.Ask
		if at.Kind == 0 {
			at = s.node
		}
		p.add(p.at(at, "step %q must ask for both member_id and date_of_birth", s.name).Hint("write `ask: [member_id, date_of_birth]`: one of the two is not enough to know a caller by"))
	}
	return fields
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

// enter asks, unless this call is verified already or has failed too often.
func (a *verifyAction) enter(r *Run) {
	switch {
	case r.verified:
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
			a.askField(r, append(slices.Clone(got), digits), i+1)
			return true
		},
	})
}

func (a *verifyAction) claim(r *Run, got []phi.Digits) {
	claim := Claim{Attempt: r.attempts + 1}
	for i, field := range a.fields {
		if field.name == "member_id" {
			claim.MemberID = got[i]
		} else {
			claim.DateOfBirth = got[i]
		}
	}
	r.verify(claim, func(outcome VerifyOutcome) {
		switch {
		case outcome == Verified:
			r.verified = true
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
