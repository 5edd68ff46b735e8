package ivr_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
)

// askOffice verifies a provider, and leads on to b.
const askOffice = "  a: {verify: {who: provider, ask: [npi, tin, member_id, date_of_birth]}, verified: b, failed: people}\n"

// roleEnvironment lets providers be told of claims and of eligibility, and of nothing else.
func roleEnvironment() ivr.Environment {
	env := askingEnvironment()
	env.Facts["open_claims"] = ivr.FactNumber
	env.ProviderMay = []string{"open_claims", "look_up.eligibility"}
	env.LookUps["eligibility"] = ivr.LookUp{Takes: map[string]ivr.Taking{"member": ivr.TakesMember}, Gives: map[string]string{"eligible": "truth"}}
	env.LookUps["illness"] = ivr.LookUp{Takes: map[string]ivr.Taking{"member": ivr.TakesMember}, Gives: map[string]string{"ill": "truth"}}
	return env
}

func roleFlow(steps string) (*ivr.Set, error) {
	return ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(head + steps + toPeople)}}, "flows", roleEnvironment())
}

func TestWhatProvidersMayNotBeToldIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ steps, says string }{
		"a fact": {askOffice + "  b: {say: \"hello {{ member.next_visit | date }}\", next: people}\n",
			`flows/t.yaml:6:19: step "b" tells providers the member's next_visit, which they may not be told, on the way a → b; leave it out there, lead members another way by `},
		"a look-up": {askOffice + "  b: {look_up: {name: illness, with: {member: \"{{ member.id }}\"}}, next: people, missing: people, failed: people}\n",
			`step "b" tells providers what look-up "illness" finds of the member, which they may not be told, on the way a → b`},
		"behind the role": {strings.Replace(verifyThen, "verified: b", "verified: s", 1) + "  s: {branch: [{when: caller.role == \"provider\", next: b}, {otherwise: people}]}\n  b: {say: \"hello {{ member.next_visit | date }}\", next: people}\n",
			``},
		"behind a condition alone": {"  a: {branch: [{when: caller.role == \"provider\", next: b}, {otherwise: people}]}\n  b: {say: \"hello {{ member.next_visit | date }}\", next: people}\n",
			`step "b" tells providers the member's next_visit, which they may not be told, on the way a → b`},
		"another failed in between": {verifyThen + "  b: {verify: {who: provider, ask: [npi, tin, member_id, date_of_birth]}, verified: people, failed: c}\n  c: {say: \"hello {{ member.open_claims | number }}\", next: people}\n",
			`step "c" says the member's open_claims to callers who were not verified, on the way a → b → c`},
		"what was told to the member, to the provider behind her": {verifyThen + "  b: {verify: {who: provider, ask: [npi, tin, member_id, date_of_birth]}, verified: c, failed: people}\n  c: {say: \"hello {{ member.next_visit | date }}\", next: people}\n",
			`step "c" tells providers the member's next_visit, which they may not be told, on the way a → b → c`},
		"in a sub-flow": {askOffice + "  b: {branch: [{when: caller.role == \"member\", next: people}, {otherwise: c}]}\n  c: {say: \"hello {{ member.next_visit | date }}\", next: people}\n",
			`step "c" tells providers the member's next_visit, which they may not be told, on the way a → b → c`},
		"what they may": {askOffice + "  b: {say: \"hello {{ member.open_claims | number }}\", next: c}\n  c: {look_up: {name: eligibility, with: {member: \"{{ member.id }}\"}}, next: people, missing: people, failed: people}\n", ""},
		"members another way": {"  a: {menu: main, choices: {\"1\": m, \"2\": o}, no_input: people}\n  m: {verify: {ask: [member_id, date_of_birth]}, verified: b, failed: people}\n  o: {verify: {who: provider, ask: [npi, tin, member_id, date_of_birth]}, verified: b, failed: people}\n" +
			"  b: {branch: [{when: caller.role == \"member\", next: c}, {otherwise: people}]}\n  c: {say: \"hello {{ member.next_visit | date }}\", next: people}\n", ""},
		"representatives, whom the record judges": {"  a: {verify: {who: representative, ask: [member_id, date_of_birth, authorization_number]}, verified: b, failed: people}\n  b: {say: \"hello {{ member.next_visit | date }}\", next: people}\n", ""},
	} {
		set, err := roleFlow(c.steps)
		switch {
		case c.says == "" && (err != nil || set == nil):
			t.Errorf("%s is refused: %v", name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: said %v, want %q", name, err, c.says)
		}
	}
}

func TestWhatMustBeAskedOfWhom(t *testing.T) {
	verify := func(detail string) string {
		return "  a: {verify: {" + detail + "}, verified: people, failed: people}\n"
	}
	for detail, says := range map[string]string{
		"who: friend, ask: [member_id, date_of_birth]":         `flows/t.yaml:5:21: nobody is verified as "friend"; write one of member, provider, representative`,
		"who: provider, ask: [npi, member_id, date_of_birth]":  "must ask for both of a provider's numbers, and for the member; write `ask: [npi, tin, member_id, date_of_birth]`: an NPI is public",
		"who: provider, ask: [npi, tin]":                       "must ask for both of a provider's numbers, and for the member",
		"who: provider":                                        `flows/t.yaml:5:3: step "a" must ask for both of a provider's numbers`,
		"who: representative, ask: [member_id, date_of_birth]": "must ask for the member, and for who speaks for her",
		"who: representative, ask: [representative_pin]":       "must ask for the member, and for who speaks for her",
		"ask: [member_id, date_of_birth, representative_pin]":  `a member is not asked for "representative_pin"; leave it out, or write ` + "`who:`",
		"ask: [mbi, member_id, date_of_birth]":                 "must ask for both member_id and date_of_birth",
		"ask: [member_id, date_of_birth, member_id]":           `"member_id" is asked for twice; leave one out`,
		"ask: [mbi]": "or mbi in the place of member_id: one of the two is not enough",
		"who: provider, ask: [npi, tin, member_id, date_of_birth], prompts: {pin: main}":                                  `"pin" is not asked for`,
		"ask: [mbi, date_of_birth], prompts: {mbi: main}":                                                                 "",
		"who: provider, ask: [npi, tin, mbi, date_of_birth]":                                                              "",
		"who: representative, ask: [mbi, date_of_birth, representative_date_of_birth, authorization_number], attempts: 1": "",
	} {
		_, err := roleFlow(verify(detail))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: said %v, want %q", detail, err, says)
		}
	}
}

func roleSet(t *testing.T, steps string) *ivr.Set {
	t.Helper()
	set, err := roleFlow(steps)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestWhoIsSomebodyElseIsAskedAgain: a member who then claims to be an office is not
// one by her own verification, and is nobody any more once that fails.
func TestWhoIsSomebodyElseIsAskedAgain(t *testing.T) {
	set := roleSet(t, verifyThen+`  b: {verify: {who: provider, ask: [npi, tin, member_id, date_of_birth], attempts: 2}, verified: c, failed: d}
  c: {branch: [{when: verified && caller.role == "provider", next: people}, {otherwise: again}]}
  d: {branch: [{when: verified, next: again}, {otherwise: people}]}
`)
	p := call(t, set, "t")
	p.listen().press("48201937").listen().press("04121961").listen()
	if p.run.Role() != ivr.RoleMember {
		t.Fatalf("verified as %q", p.run.Role())
	}
	p.press("1234567893").listen().press("912345678").listen().press("48201937").listen().press("04121961").listen()
	if p.run.Role() != ivr.RoleProvider || p.queued == nil {
		t.Errorf("as %q, after %v", p.run.Role(), p.entered)
	}
	p = call(t, set, "t")
	p.listen().press("48201937").listen().press("04121961").listen()
	p.press("1234567893").listen().press("912345678").listen().press("48201937").listen().press("04121962").listen()
	if p.run.Role() != "" || p.queued == nil || !strings.Contains(strings.Join(p.entered, " "), "d people") {
		t.Errorf("as %q, after %v", p.run.Role(), p.entered)
	}
}

// TestWhatTheProofCannotSeeTheRunKeepsBack: a caller comes verified as a provider from
// another flow.
func TestWhatTheProofCannotSeeTheRunKeepsBack(t *testing.T) {
	set := roleSet(t, "  a: {branch: [{when: verified, next: b}, {otherwise: people}]}\n  b: {say: \"hello {{ member.next_visit | date }}\", missing: people, next: again}\n")
	for role, want := range map[ivr.Role]string{"": "a b again", ivr.RoleMember: "a b again", ivr.RoleRepresentative: "a b again", ivr.RoleProvider: "a b people"} {
		p := callOf(t, set, "t", epoch, ivr.Options{Verified: true, Role: role}, func(p *phone) { p.verified = true })
		p.listen()
		if got := strings.Join(p.entered, " "); got != want {
			t.Errorf("as %q: %s, want %s", role, got, want)
		}
		if role == ivr.RoleProvider && len(p.read) > 0 {
			t.Errorf("a provider has %v read", p.read)
		}
	}
}

// TestWhatWasReadForOneIsForgottenForTheNext: values of a verification don't outlive it.
func TestWhatWasReadForOneIsForgottenForTheNext(t *testing.T) {
	set := roleSet(t, verifyThen+`  b: {look_up: {name: illness, with: {member: "{{ member.id }}"}}, next: c, missing: people, failed: people}
  c: {verify: {who: representative, ask: [member_id, date_of_birth, representative_pin]}, verified: d, failed: people}
  d: {branch: [{when: ill, next: again}, {otherwise: people}]}
`)
	p := call(t, set, "t")
	p.services = map[string]ivr.LookUpAnswer{"illness": {Outcome: ivr.Found, Fields: map[string]string{"ill": "true"}}}
	p.listen().press("48201937").listen().press("04121961").listen()
	p.press("48201937").listen().press("04121961").listen().press("123456").listen()
	if got := strings.Join(p.entered, " "); !strings.HasSuffix(got, "c d people") {
		t.Errorf("went %s", got)
	}
}

func TestAMedicareNumberIsCollectedByTwoKeysForEachLetter(t *testing.T) {
	set := roleSet(t, `  a: {collect: {ask: main, check: mbi, into: number}, next: b, no_input: people}
  b: {say: "hello {{ number | letters }}", next: c}
  c: {branch: [{when: number.Len() == 11, next: again}, {otherwise: people}]}
`)
	p := call(t, set, "t")
	p.listen().press("13241481325615274"[:16] + "3").listen() // 1EG4TE5MK73
	if got := strings.Join(p.entered, " "); got != "a b c again" {
		t.Errorf("went %s", got)
	}
	if heard := strings.Join(p.heard, " "); !strings.Contains(heard, "en letters/e en letters/g") {
		t.Errorf("heard %s", heard)
	}
	if text := fmt.Sprintf("%+v %v", p.run, p.run.Variable("number")); strings.Contains(text, "1EG4") {
		t.Error("the number gets out")
	}
	p = call(t, set, "t")
	p.listen().press("12241481325615273").listen() // 2 2 is B, which no MBI has
	if got := strings.Join(p.entered, " "); got != "a" {
		t.Errorf("keys that spell none went %s", got)
	}
}
