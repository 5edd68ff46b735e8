package ivr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"careline/ivr"
	"careline/problem"
)

// askingEnvironment has look-ups: what a verified member pays, where a plan's
// clinic is, and whether a provider is known by what was keyed in.
func askingEnvironment() ivr.Environment {
	env := smallEnvironment("")
	env.Facts["id"], env.Facts["state_of_home"] = ivr.FactDigits, ivr.FactText
	env.LookUps = map[string]ivr.LookUp{
		"copay":    {Takes: map[string]ivr.Taking{"member": ivr.TakesMember, "plan": ivr.TakesPublic}, Gives: map[string]string{"copay": "number", "since": "date"}},
		"clinic":   {Takes: map[string]ivr.Taking{"plan": ivr.TakesPublic}, Gives: map[string]string{"beds": "number"}, Public: true},
		"provider": {Takes: map[string]ivr.Taking{"npi": ivr.TakesKeyed}, Gives: map[string]string{"known": "truth"}, Public: true},
		"near":     {Takes: map[string]ivr.Taking{"state": ivr.TakesMember}, Gives: map[string]string{"seen": "number"}},
	}
	return env
}

func asking(t testing.TB, steps string) *ivr.Set {
	t.Helper()
	set, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(head + steps + toPeople)}}, "flows", askingEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const (
	copaySteps = verifyThen + `  b:
    look_up: {name: copay, with: {member: "{{ member.id }}", plan: gold}, play: hello}
    next: tell
    missing: none
    failed: people
  tell: {say: "welcome {{ copay | number }}", next: again}
  none: {play: main, next: again}
`
)

// looked is a verified caller whose look-up is answered so.
func looked(t *testing.T, set *ivr.Set, services map[string]ivr.LookUpAnswer) *phone {
	t.Helper()
	p := call(t, set, "t")
	p.services = services
	return p.listen().press("48201937").listen().press("04121961")
}

func TestWhatIsFoundIsSaidToTheVerifiedMember(t *testing.T) {
	p := looked(t, asking(t, copaySteps), map[string]ivr.LookUpAnswer{"copay": {Outcome: ivr.Found, Fields: map[string]string{"copay": "25", "since": "2027-01-01"}}})
	p.listen()
	p.hears("en hello", "en welcome", "en numbers/25")
	if len(p.lookedUp) != 1 || p.sensitive != 1 {
		t.Fatalf("looked up %v, %d rows tell of the member", p.lookedUp, p.sensitive)
	}
	request := p.lookedUp[0]
	if request.Facts["member"] != "id" || len(request.Facts) != 1 || len(request.Values) != 1 || fmt.Sprint(request.Values["plan"]) != "•••" {
		t.Errorf("asked is %+v", request)
	}
	if text := fmt.Sprintf("%v %+v %#v", ivr.LookUpAnswer{Fields: map[string]string{"a": "secret"}}, p.services["copay"], &p.services); strings.Contains(text, "secret") || strings.Contains(text, "25") {
		t.Errorf("an answer prints as %s", text)
	}
}

func TestACallGoesOnWhateverAServiceDoes(t *testing.T) {
	for name, c := range map[string]struct {
		answer *ivr.LookUpAnswer
		path   string
	}{
		"nothing found":          {&ivr.LookUpAnswer{Outcome: ivr.NothingFound}, "a b none again"},
		"a failure":              {&ivr.LookUpAnswer{Outcome: ivr.LookUpFailed}, "a b people"},
		"an outcome that's none": {&ivr.LookUpAnswer{Outcome: "splendid"}, "a b people"},
		"a field that's missing": {&ivr.LookUpAnswer{Outcome: ivr.Found, Fields: map[string]string{"copay": "25"}}, "a b people"},
		"a field of other kind":  {&ivr.LookUpAnswer{Outcome: ivr.Found, Fields: map[string]string{"copay": "much", "since": "2027-01-01"}}, "a b people"},
		"silence":                {nil, "a b people"},
	} {
		t.Run(name, func(t *testing.T) {
			services := map[string]ivr.LookUpAnswer{}
			if c.answer != nil {
				services["copay"] = *c.answer
			}
			p := looked(t, asking(t, copaySteps), services)
			p.wait(ivr.LookUpGuard + 4*time.Second)
			if got := strings.Join(p.entered, " "); got != c.path {
				t.Errorf("path %s, want %s", got, c.path)
			}
		})
	}
}

func TestAnAnswerThatComesTooLateIsNotTakenForAnother(t *testing.T) {
	set := asking(t, "  a:\n    look_up: {name: clinic, with: {plan: gold}}\n    next: tell\n    missing: a2\n    failed: a2\n"+
		"  a2:\n    look_up: {name: clinic, with: {plan: silver}}\n    next: tell\n    missing: people\n    failed: people\n  tell: {say: \"{{ beds | number }}\", next: again}\n")
	p := call(t, set, "t")
	p.wait(ivr.LookUpGuard + time.Second)
	if len(p.lookedUp) != 2 {
		t.Fatalf("looked up %d times", len(p.lookedUp))
	}
	p.event(func() {
		p.run.LookedUp(p.lookedUp[0].ID, ivr.LookUpAnswer{Outcome: ivr.Found, Fields: map[string]string{"beds": "1"}})
	})
	p.event(func() {
		p.run.LookedUp(p.lookedUp[1].ID, ivr.LookUpAnswer{Outcome: ivr.Found, Fields: map[string]string{"beds": "2"}})
	})
	p.listen()
	p.hears("en numbers/2")
	p.neverHears("en numbers/1")
}

func TestWhatPlaysMeanwhileIsHeardToItsEndAndNoLonger(t *testing.T) {
	answer := map[string]ivr.LookUpAnswer{"copay": {Outcome: ivr.Found, Fields: map[string]string{"copay": "25", "since": "2027-01-01"}}}
	p := looked(t, asking(t, copaySteps), answer)
	p.wait(3500 * time.Millisecond) // the answer came after one of them
	if got := p.heard[len(p.heard)-2:]; got[0] != "en welcome" || p.now > 20*time.Second {
		t.Errorf("heard %v by %v", p.heard, p.now)
	}
	p.neverHears("(stopped)")
}

func TestKeysMeanwhileAreForWhatComesNext(t *testing.T) {
	p := looked(t, asking(t, strings.Replace(copaySteps, ", play: hello", "", 1)), map[string]ivr.LookUpAnswer{"copay": {Outcome: ivr.NothingFound}})
	p.wait(time.Second)
	p.press("1").listen().inQueue("people")
	p.neverHears("en again")
}

func TestWhatAnEarlierLookUpFoundIsForgotten(t *testing.T) {
	set := asking(t, "  a: {menu: main, choices: {\"1\": b, \"2\": c}, no_input: people}\n"+
		"  b: {look_up: {name: clinic, with: {plan: gold}}, next: a, missing: c, failed: c}\n  c: {say: \"{{ beds | number }}\", next: again}\n")
	p := call(t, set, "t")
	p.services = map[string]ivr.LookUpAnswer{"clinic": {Outcome: ivr.Found, Fields: map[string]string{"beds": "3"}}}
	p.listen().press("1").listen()
	p.services["clinic"] = ivr.LookUpAnswer{Outcome: ivr.NothingFound}
	p.press("1").listen()
	p.hears("en main", "en system/not-known")
	p.neverHears("en numbers/3")
}

func TestWhatWasKeyedInIsGivenToALookUpThatTakesIt(t *testing.T) {
	set := asking(t, "  a: {collect: {ask: hello, digits: 10, into: npi}, next: b, no_input: people}\n"+
		"  b: {look_up: {name: provider, with: {npi: \"{{ npi }}\"}}, next: c, missing: people, failed: people}\n"+
		"  c: {branch: [{when: known, next: again}, {otherwise: people}]}\n")
	p := call(t, set, "t")
	p.services = map[string]ivr.LookUpAnswer{"provider": {Outcome: ivr.Found, Fields: map[string]string{"known": "true"}}}
	p.listen().press("1234567893").wait(3 * time.Second)
	if p.entered[len(p.entered)-1] != "again" || p.lookedUp[0].Values["npi"].IsEmpty() {
		t.Errorf("path %v", p.entered)
	}
}

func TestBrokenLookUps(t *testing.T) {
	const ends = ", next: again, missing: people, failed: people}\n"
	for _, c := range []struct{ name, steps, want string }{
		{"no such look-up", "  a: {look_up: {name: copey}" + ends, `t.yaml:5:23: there is no look-up "copey"; did you mean "copay"?`},
		{"no name", "  a: {look_up: {with: {plan: gold}}" + ends, `t.yaml:5:16: step "a" names no look-up`},
		{"no way on when it fails", "  a: {look_up: {name: clinic, with: {plan: gold}}, next: again, missing: people}\n", `t.yaml:5:3: step "a" is a dead end: it has no "failed"`},
		{"no way on when there is nothing", "  a: {look_up: {name: clinic, with: {plan: gold}}, next: again, failed: people}\n", `t.yaml:5:3: step "a" is a dead end: it has no "missing"`},
		{"a value that it doesn't take", "  a: {look_up: {name: clinic, with: {plam: gold, plan: gold}}" + ends, `t.yaml:5:38: look-up "clinic" takes no "plam"; did you mean "plan"?`},
		{"a value that's not given", "  a: {look_up: clinic" + ends, `t.yaml:5:16: step "a" makes look-up "clinic" without its "plan"`},
		{"a fact that's none", verifyThen + "  b: {look_up: {name: copay, with: {member: \"{{ member.ID }}\", plan: x}}" + ends, `the expression "member.ID" is wrong`},
		{"a fact that's unknown", verifyThen + "  b: {look_up: {name: copay, with: {member: \"{{ member.idd }}\", plan: x}}" + ends, `t.yaml:6:56: a member has no fact "idd"; did you mean "id"?`},
		{"a fact before verification", "  a: {look_up: {name: copay, with: {member: \"{{ member.id }}\", plan: x}}" + ends, `step "a" passes on the member's id for callers who were not verified, on the way a`},
		{"a fact where the URL is", verifyThen + "  b: {look_up: {name: clinic, with: {plan: \"{{ member.id }}\"}}" + ends, `look-up "clinic" takes no member's data as "plan"`},
		{"keys where the URL is", "  a: {collect: {ask: hello, digits: 4, into: k}, next: b, no_input: people}\n  b: {look_up: {name: clinic, with: {plan: \"{{ k }}\"}}" + ends,
			`step "b" gives a look-up "k", which the caller keyed in at step "a", and it takes no such data, on the way a → b`},
		{"a member's answer where the URL is", copaySteps[:strings.Index(copaySteps, "  tell")] + "  tell: {look_up: {name: clinic, with: {plan: \"{{ copay }}\"}}" + ends + "  none: {play: main, next: again}\n",
			`step "tell" gives a look-up "copay", a member's since step "b", and it takes no such data, on the way a → b → tell`},
		{"anybody's answer is said", "  a: {collect: {ask: hello, digits: 4, into: k}, next: b, no_input: people}\n  b: {look_up: {name: near, with: {state: \"{{ k }}\"}}, next: c, missing: people, failed: people}\n  c: {say: \"{{ seen | number }}\", next: again}\n",
			`step "c" says "seen", which step "b" did not read for the verified member: it may be anybody's, on the way a → b → c`},
		{"a fact that says not who", verifyThen + "  b: {look_up: {name: near, with: {state: \"{{ member.state_of_home }}\"}}, next: c, missing: people, failed: people}\n  c: {say: \"{{ seen | number }}\", next: again}\n",
			`step "c" says "seen", which step "b" did not read for the verified member`},
		{"a member's answer decides", "  a: {look_up: {name: near, with: {state: WI}}, next: c, missing: people, failed: people}\n  c: {branch: [{when: seen > 3, next: again}, {otherwise: people}]}\n",
			`step "c" asks for "seen", which step "a" did not read for the verified member`},
		{"a variable that nothing sets", "  a: {look_up: {name: clinic, with: {plan: \"{{ plaan }}\"}}" + ends, `t.yaml:5:48: no step sets or collects "plaan"`},
		{"two kinds", "  a: {set: {beds: many}, next: b}\n  b: {look_up: {name: clinic, with: {plan: x}}" + ends, `variable "beds" is a text in one place and a number in another`},
		{"hung up on when it fails", "  a: {look_up: {name: clinic, with: {plan: x}}, next: again, missing: people, failed: bye}\n", `a caller whom the service doesn't answer at "a" is hung up on`},
		{"hung up on when there is nothing", "  a: {look_up: {name: clinic, with: {plan: x}}, next: again, missing: bye, failed: people}\n", `a caller for whom nothing is found at "a" is hung up on`},
		{"round and round", "  a: {look_up: {name: clinic, with: {plan: x}}, next: again, missing: people, failed: a}\n", `these steps go round and round without waiting for the caller: a → a`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(head + c.steps + toPeople)}}, "flows", askingEnvironment())
			var list problem.List
			if !errors.As(err, &list) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

// TestAnythingMayHappenAroundALookUp: whatever services answer, and whenever, and
// whatever is keyed meanwhile, the call goes on and says nothing to strangers.
func TestAnythingMayHappenAroundALookUp(t *testing.T) {
	set := asking(t, copaySteps)
	rapid.Check(t, func(t *rapid.T) {
		p := call(t, set, "t")
		p.services = map[string]ivr.LookUpAnswer{}
		if rapid.Bool().Draw(t, "answers") {
			p.services["copay"] = ivr.LookUpAnswer{
				Outcome: rapid.SampledFrom([]ivr.LookUpOutcome{ivr.Found, ivr.NothingFound, ivr.LookUpFailed, "strange"}).Draw(t, "outcome"),
				Fields:  rapid.MapOfN(rapid.SampledFrom([]string{"copay", "since", "more"}), rapid.SampledFrom([]string{"25", "2027-01-01", "-1", "", "much"}), 0, 3).Draw(t, "fields"),
			}
		}
		if rapid.Bool().Draw(t, "known") {
			p.listen().press("48201937").listen().press("04121961")
		}
		late := rapid.IntRange(0, 3).Draw(t, "strays")
		for id := range late {
			if !p.over && p.queued == nil {
				p.event(func() { p.run.LookedUp(id+2, ivr.LookUpAnswer{Outcome: ivr.Found}) })
			}
		}
		anything(t, p, func(string) bool { return false })
		if !p.verified && len(p.lookedUp) > 0 {
			t.Fatalf("looked up for a stranger, by %v", p.entered)
		}
	})
}
