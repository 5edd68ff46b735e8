package ivr_test

import (
	"strings"
	"testing"
	"time"

	"careline/ivr"
)

func callTo(t *testing.T, steps string) *phone {
	t.Helper()
	return call(t, taken(t, map[string]string{"t": head + steps + toPeople}), "t")
}

const twoDigits = "  a: {menu: main, choices: {\"1\": one, \"12\": twelve}, no_input: {retries: 1, play: no-input, next: people}, no_match: {retries: 1, play: no-match}}\n" +
	"  one: {play: one, next: people}\n  twelve: {play: twelve, next: people}\n"

func TestChoiceThatBeginsALongerOneWaitsForTheNextKey(t *testing.T) {
	p := callTo(t, twoDigits)
	p.listen().press("1")
	if p.queued != nil {
		t.Fatal("the longer choice could not be keyed in")
	}
	p.wait(ivr.DefaultBetweenDigits)
	p.hears("en one")
	p = callTo(t, twoDigits)
	p.listen().press("12")
	p.hears("en twelve")
	p = callTo(t, twoDigits)
	p.listen().press("1#")
	p.hears("en one")
}

func TestQuestionIsAskedAsOftenAsTheFlowSays(t *testing.T) {
	p := callTo(t, twoDigits)
	p.silently().inQueue("people")
	if count(p.heard, "en main") != 2 || count(p.heard, "en no-input") != 1 {
		t.Fatalf("heard %v", p.heard)
	}
	// Two questions of two seconds, one prompt, and the whole time to answer after each.
	if want := 2*ivr.DefaultFirstDigit + 3*2*time.Second; p.now < want {
		t.Fatalf("the caller had %v, want %v", p.now, want)
	}
	p = callTo(t, twoDigits)
	p.listen().press("5").listen().press("5")
	p.inQueue("people")
	if count(p.heard, "en main") != 2 || count(p.heard, "en no-match") != 1 {
		t.Fatalf("heard %v", p.heard)
	}
}

func TestPartialEntryIsJudgedAfterTheTimeBetweenKeys(t *testing.T) {
	steps := "  a: {collect: {ask: claim, min: 3, max: 6, into: claim}, next: b, no_input: people}\n  b: {say: \"your {{ claim | digits }}\", next: people}\n"
	p := callTo(t, steps)
	p.verified = true // what the caller keyed in may be said to the same caller
	p.listen().press("1234")
	p.wait(ivr.DefaultBetweenDigits)
	p.listen()
	p.hears("en your", "en digits/4")
	p = callTo(t, steps)
	p.verified = true
	p.listen().press("1234#").listen()
	p.hears("en your", "en digits/1", "en digits/2", "en digits/3", "en digits/4")
	p = callTo(t, steps)
	p.verified = true
	p.listen().press("12")
	p.wait(ivr.DefaultBetweenDigits)
	p.listen().press("123456").listen()
	p.hears("en claim", "en claim", "en digits/6")
}

func TestBargeIn(t *testing.T) {
	p := callTo(t, twoDigits)
	p.press("12")
	p.hears("en main", "(stopped)", "en twelve")

	p = callTo(t, strings.Replace(twoDigits, "menu: main,", "menu: main, barge_in: false,", 1))
	p.press("12")
	p.neverHears("en twelve")
	p.wait(2 * time.Second)
	p.hears("en main", "en twelve") // kept while the notice played
	p.neverHears("(stopped)")

	notice := "  a: {play: hello, next: b}\n  b: {play: more, barge_in: false, next: c}\n" + strings.Replace(twoDigits, "  a:", "  c:", 1)
	p = callTo(t, notice)
	p.press("12")
	p.hears("en hello", "(stopped)", "en more")
	p.wait(4 * time.Second)
	p.hears("en more", "en twelve")
	p.neverHears("en main")
}

func TestKeysAheadAreBounded(t *testing.T) {
	p := callTo(t, "  a: {play: hello, barge_in: false, next: b}\n  b: {collect: {ask: claim, digits: 20, into: one}, next: c, no_input: people}\n"+
		"  c: {collect: {ask: claim, digits: 19, into: two}, next: d, no_input: people}\n  d: {collect: {ask: late, min: 1, max: 9, into: three}, next: people, no_input: people}\n")
	p.event(func() {
		for range 1000 {
			p.run.Digit(digit("7"))
		}
	})
	p.wait(2*time.Second + ivr.DefaultBetweenDigits - time.Millisecond)
	if p.queued != nil {
		t.Fatal("more keys were kept than may be")
	}
	p.wait(time.Second)
	p.inQueue("people") // one key was left for the last question
}

func TestKeysAheadOfAMistakeAreForgotten(t *testing.T) {
	p := call(t, taken(t, map[string]string{"t": strings.Replace(head, "start: a", "start: z", 1) + "  z: {play: hello, barge_in: false, next: a}\n" + twoDigits + toPeople}), "t")
	p.press("512")
	p.wait(2 * time.Second)
	p.hears("en no-match")
	p.wait(2 * time.Second)
	p.neverHears("en twelve")
}

func TestKeysInAQueueAreNotKept(t *testing.T) {
	p := callTo(t, "  a: {play: hello, next: people}\n")
	p.wait(2 * time.Second)
	p.press("2").leave(ivr.ExitTimeout)
	p.hears("en again")
	if p.over || p.queued != nil {
		t.Fatal("a key pressed during the music was taken as an answer")
	}
	p = callTo(t, "  a: {play: hello, barge_in: false, next: people}\n")
	p.press("2")
	p.wait(2 * time.Second)
	p.leave(ivr.ExitTimeout)
	if p.over {
		t.Fatal("a key pressed before the queue was taken as an answer after it")
	}
}

func TestCallIsVerifiedOnce(t *testing.T) {
	steps := "  a: {verify: {ask: [member_id, date_of_birth]}, verified: b, failed: c, locked_out: d}\n" +
		"  b: {menu: yes, choices: {\"1\": a}, no_input: people}\n  c: {menu: no, choices: {\"1\": a}, no_input: people}\n  d: {menu: never, choices: {\"1\": a}, no_input: people}\n"
	p := callTo(t, steps)
	p.listen().press("48201937").listen().press("04121961").listen().press("1").listen()
	if len(p.claims) != 1 || count(p.heard, "en yes") != 2 {
		t.Fatalf("claims %v, heard %v", p.claims, p.heard)
	}
	p = callTo(t, steps)
	for range 3 {
		p.listen().press("48201937").listen().press("04121962").listen()
	}
	p.press("1").listen()
	if len(p.claims) != 3 || count(p.heard, "en no") != 2 {
		t.Fatalf("three tries a call, but claims %v, heard %v", p.claims, p.heard)
	}
	p = callTo(t, steps)
	p.locked = true
	p.listen().press("48201937").listen().press("04121961").listen()
	p.locked = false
	p.press("1").listen()
	if len(p.claims) != 1 || count(p.heard, "en never") != 2 {
		t.Fatalf("claims %v, heard %v", p.claims, p.heard)
	}
}

func TestImpatientCallerDoesNotHearAnswersToSkippedQuestions(t *testing.T) {
	p := callTo(t, verifyThen+"  b: {menu: main, choices: {\"1\": v, \"2\": people}, no_input: people}\n  v: {say: \"your {{ member.next_visit | date }}\", next: b}\n")
	p.listen().press("48201937").listen()
	p.press("0412196")
	p.event(func() { p.run.Digit(digit("1")); p.run.Digit(digit("1")); p.run.Digit(digit("2")) })
	p.wait(time.Second)
	p.inQueue("people")
	if len(p.read) != 0 {
		t.Fatal("a fact was read, and audited, that nobody heard")
	}
}

func TestFactsOfOtherNamesAreNotTaken(t *testing.T) {
	p := callTo(t, verifyThen+"  b: {say: \"your {{ member.next_visit | date }} {{ member.plan_year | number }}\", next: people}\n")
	p.facts["plan_year"] = "2031"
	p.listen().press("48201937").listen().press("0412196")
	p.event(func() { p.run.Digit(digit("1")) })
	for len(p.read) == 0 {
		p.next(p.now + time.Second)
	}
	p.event(func() { p.run.FactRead("plan_year", "1", nil) })
	p.listen()
	p.wait(30 * time.Second)
	p.hears("en your", "en months/1", "en ordinals/14", "en years/2027", "en numbers/2", "en numbers/thousand", "en numbers/31")
}

func TestTextThatGrowsInARoundIsBounded(t *testing.T) {
	p := callTo(t, "  a: {set: {trail: xxxxxxxxxx}, next: b}\n"+
		"  b: {menu: main, choices: {\"1\": {set: {trail: \"{{ trail + trail }}\"}, next: b}, \"2\": bye}, no_input: people}\n")
	for range 40 {
		p.press("1")
	}
	if got := len(p.run.Variable("trail")); got != ivr.MaxText {
		t.Errorf("it has %d letters", got)
	}
}

func TestVariablesAndConditions(t *testing.T) {
	p := callTo(t, "  a: {set: {tries: \"{{ attempts + 1 }}\", who: \"{{ verified ? \\\"member\\\" : \\\"caller\\\" }}\", reason: Cards}, next: b}\n"+
		"  b: {branch: [{when: 'who == \"member\"', next: bye}, {when: 'len(reason) > 3 && state == \"\"', next: c}, {otherwise: bye}]}\n"+
		"  c: {say: \"you {{ tries | number }}\", next: people}\n")
	p.listen()
	p.wait(10 * time.Second)
	request := p.inQueue("people")
	if request.Reason != "Cards" || p.run.Variable("who") != "caller" || p.run.Variable("tries") != "1" || p.run.Variable("none") != "" {
		t.Fatalf("request %+v, who %q", request, p.run.Variable("who"))
	}
	p.hears("en you", "en numbers/1")
}
