package ivr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"careline/ivr"
	"careline/phi"
)

func verifiedCaller(t *testing.T) *phone {
	p := call(t, loadDemo(t), "member-services")
	p.listen().press("1").listen().press("1").listen().press("48201937").listen().press("04121961").listen()
	if p.run.Done() || !p.verified {
		t.Fatalf("not verified; steps %v", p.entered)
	}
	return p
}

func TestVerifiedMemberReachesMemberServices(t *testing.T) {
	p := verifiedCaller(t)
	request := p.press("0").listen().inQueue("member_services")
	if request.Language != "en-US" || request.Reason != "Representative" || request.State != "" || request.Hold.Music != "calm" || request.Skills["benefits"] != 1 {
		t.Fatalf("request is %+v", request)
	}
	p.hears("en welcome", "en recording-notice", "en emergency-911-notice", "es emergency-911-notice", "en choose-language", "es choose-language",
		"en choose-service", "en ask-member-id", "en ask-date-of-birth", "en verified", "en main-menu", "en connecting-member-services")
	want := "welcome language service identify thanks main_menu to_member_services member_services"
	if got := strings.Join(p.entered, " "); got != want {
		t.Fatalf("path is %s", got)
	}
}

func TestCallerWhoKnowsTheMenuKeysAhead(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.press("11482019370412196").listen().press("10").listen()
	p.inQueue("member_services")
	p.hears("es emergency-911-notice") // a notice is never cut short
	p.neverHears("en choose-language")
	p.neverHears("en ask-member-id")
	if p.now > 15*time.Second {
		t.Fatalf("it took %v", p.now)
	}
}

func TestHashAfterACompleteAnswerBelongsToIt(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.listen().press("1#").listen().press("1#").listen().press("48201937#").listen().press("04121961#").listen().press("0#").listen()
	p.inQueue("member_services")
	p.neverHears("en no-match")

	p = call(t, loadDemo(t), "member-services")
	p.press("1#1#48201937#04121961#0#").listen()
	p.inQueue("member_services")
	p.neverHears("en no-match")
}

func TestSpanishCallerHearsSpanish(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.listen().press("2").listen().press("1").listen().press("48201937").listen().press("04121961").listen().press("2").listen()
	p.hears("es recording-notice", "es choose-service", "es ask-member-id", "es ask-date-of-birth", "es verified", "es main-menu",
		"es next-visit-is-on", "es ordinals/14", "es months/1", "es years/2027", "es main-menu")
	if request := p.press("1").listen().inQueue("claims"); request.Language != "es-US" || request.Reason != "Claims" {
		t.Fatalf("request is %+v", request)
	}
	after := slices.Index(p.heard, "es recording-notice")
	for _, prompt := range p.heard[after:] {
		if strings.HasPrefix(prompt, "en ") {
			t.Fatalf("%q was heard after Spanish was chosen", prompt)
		}
	}
}

func TestNextVisitIsSaid(t *testing.T) {
	p := verifiedCaller(t)
	p.press("2").listen()
	p.hears("en next-visit-is-on", "en months/1", "en ordinals/14", "en years/2027", "en main-menu")
	if p.sensitive != 1 {
		t.Fatalf("%d rows were marked as telling something of the member", p.sensitive)
	}
	if !slices.Equal(p.read, []string{"next_visit"}) {
		t.Fatalf("read %v", p.read)
	}
	p.press("2").listen()
	if len(p.read) != 2 {
		t.Fatal("a second telling was not read, and so not audited, anew")
	}
}

func TestFactThatCannotBeReadIsNotSaid(t *testing.T) {
	for name, text := range map[string]string{"missing": "", "not a date": "soon"} {
		p := verifiedCaller(t)
		p.facts["next_visit"] = text
		p.press("2").listen()
		p.hears("en no-visit", "en main-menu")
		p.neverHears("en next-visit-is-on")
		if p.run.Done() {
			t.Fatal(name)
		}
	}
}

func TestFactThatIsNeverReadDoesNotHoldTheCaller(t *testing.T) {
	p := verifiedCaller(t)
	p.press("2")
	p = verifiedCaller(t)
	p.event(func() { p.run.Digit(phi.NewDigits("2")) })
	p.pending = nil // the answer is lost
	p.wait(ivr.FactGuard)
	p.listen()
	p.hears("en no-visit", "en main-menu")
}

func TestWrongThreeTimesGoesToAPerson(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.listen().press("1").listen().press("1")
	for range 3 {
		p.listen().press("48201937").listen().press("01011990")
	}
	request := p.listen().inQueue("unverified")
	if fmt.Sprint(p.claims) != "[1 2 3]" || request.Reason != "" {
		t.Fatalf("claims %v, request %+v", p.claims, request)
	}
	if n := count(p.heard, "en verification-failed"); n != 2 {
		t.Fatalf("the failure was told %d times before a person was", n)
	}
	p.hears("en connecting-unverified")
	p.neverHears("en main-menu")
}

func TestKeysAheadOfAFailedVerificationAreForgotten(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.listen().press("1").listen().press("1").listen().press("48201937").listen().press("0101199002").listen()
	p.hears("en verification-failed", "en ask-member-id")
	if p.queued != nil || len(p.read) > 0 {
		t.Fatal("keys meant for the main menu were taken")
	}
	p.press("48201937").listen().press("04121961").listen()
	p.hears("en main-menu")
}

func TestLockedOutCallerGoesToAPersonAtOnce(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.locked = true
	p.listen().press("1").listen().press("1").listen().press("48201937").listen().press("04121961").listen()
	p.inQueue("unverified")
	p.neverHears("en verification-failed")
	if len(p.claims) != 1 {
		t.Fatalf("claims %v", p.claims)
	}
}

func TestVerifierThatNeverAnswersCountsAsNotVerified(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.listen().press("1").listen().press("1").listen().press("48201937").listen().press("0412196")
	p.event(func() { p.run.Digit(phi.NewDigits("1")) })
	p.pending = nil
	p.wait(ivr.VerifyGuard)
	p.listen()
	p.hears("en verification-failed")
	p.event(func() { p.run.Verified(ivr.Verified) }) // far too late: the claim is over
	if p.verified || slices.Contains(p.entered, "main_menu") {
		t.Fatal("a stale outcome was taken")
	}
}

func TestNurseIsReachedWithoutBeingIdentified(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	request := p.listen().press("1").listen().press("9").listen().press("1").listen().inQueue("nurse_line")
	if request.State != "WI" || request.Reason != "Nurse" || request.Credential != "RN" {
		t.Fatalf("request is %+v", request)
	}
	p.hears("en choose-service", "en nurse-red-flags", "en nurse-state-menu", "en connecting-nurse")
	p.neverHears("en ask-member-id")
}

func TestNurseLineFindsTheStateByZIPCode(t *testing.T) {
	for zip, state := range map[string]string{"98101": "WA", "10001": "NY", "02139": "MA", "99501": "AK", "20500": "DC", "53703": "WI"} {
		p := call(t, loadDemo(t), "nurse-line")
		if request := p.listen().press("4").listen().press(zip).listen().inQueue("nurse_line"); request.State != state {
			t.Fatalf("%s is in %s, not %q", zip, state, request.State)
		}
	}
	p := call(t, loadDemo(t), "nurse-line")
	p.listen().press("4").listen().press("00000").listen()
	p.hears("en ask-zip", "en no-match", "en ask-zip")
	p.press("0960").press("*98101").listen() // star begins anew
	if state := p.inQueue("nurse_line").State; state != "WA" {
		t.Fatalf("state is %q", state)
	}
}

func TestSilentCallerIsPutThroughEverywhere(t *testing.T) {
	set := loadDemo(t)
	for _, test := range []struct{ name, keys, queue string }{
		{"from the first word", "", "unverified"}, {"after the language", "1", "unverified"}, {"at identification", "1,1", "unverified"},
		{"at the date of birth", "1,1,48201937", "unverified"}, {"in the middle of the number", "1,1,4820", "unverified"},
		{"at the main menu", "1,1,48201937,04121961", "member_services"}, {"at the state", "1,9", "member_services"}, {"at the ZIP code", "1,9,4", "member_services"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := call(t, set, "member-services")
			for keys := range strings.SplitSeq(test.keys, ",") {
				p.listen().press(keys)
			}
			p.silently().inQueue(test.queue)
			if p.now < 2*ivr.DefaultFirstDigit {
				t.Fatalf("the caller had only %v", p.now)
			}
		})
	}
}

func TestGarbageKeysLeadToAPerson(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	for range 20 {
		if p.queued == nil {
			p.listen().press("*8#7ABCD5")
		}
	}
	p.silently().inQueue("unverified")
	p.hears("en no-match")
}

func TestQueueExitsHaveAWayOn(t *testing.T) {
	set := loadDemo(t)
	for _, test := range []struct {
		keys          string
		exit          ivr.QueueExit
		says, press   string
		queue, silent string
	}{
		{"1,1,48201937,04121961,0", ivr.ExitTimeout, "still-busy", "1", "member_services", "member_services"},
		{"1,1,48201937,04121961,0", ivr.ExitFull, "lines-full", "1", "member_services", "member_services"},
		{"1,1,48201937,04121961,0", ivr.ExitUnavailable, "nobody-available", "1", "member_services", "member_services"},
		{"1,1,48201937,04121961,1", ivr.ExitTimeout, "still-busy", "1", "claims", "claims"},
		{"1,1,48201937,04121961,1", ivr.ExitFull, "connecting-member-services", "", "member_services", "member_services"},
		{"1,9,1", ivr.ExitTimeout, "nurse-still-busy", "2", "member_services", "nurse_line"},
		{"1,9,1", ivr.ExitFull, "nurse-line-full", "2", "nurse_line", "member_services"},
		{"1,9,1", ivr.ExitUnavailable, "nurse-unavailable", "1", "member_services", "member_services"},
	} {
		reach := func() *phone {
			p := call(t, set, "member-services")
			for keys := range strings.SplitSeq(test.keys, ",") {
				p.listen().press(keys)
			}
			return p.listen().leave(test.exit)
		}
		p := reach().listen()
		p.hears("en " + test.says)
		p.press(test.press).listen().inQueue(test.queue)
		reach().silently().inQueue(test.silent)
	}
}

func TestCallerEndsTheCallByChoice(t *testing.T) {
	p := verifiedCaller(t)
	p.press("0").listen().leave(ivr.ExitTimeout).listen().press("2").listen()
	if p.hungUp != "the caller chose to end the call" {
		t.Fatalf("hung up %q", p.hungUp)
	}
	p.hears("en goodbye")
}

func TestPlaceInLineIsAnnounced(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.listen().press("2")
	request := p.silently().inQueue("unverified")
	for position, want := range map[int]string{
		0: "hold/please-wait", 1: "hold/next", 2: "hold/you-are-number numbers/2 hold/in-line",
		99: "hold/you-are-number numbers/99 hold/in-line", 100: "hold/please-wait",
	} {
		var names []string
		for _, prompt := range request.Hold.Announce(position) {
			names = append(names, prompt.Name)
			if prompt.Language != "es-US" {
				t.Fatalf("announced in %s", prompt.Language)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Fatalf("place %d is announced as %q", position, got)
		}
	}
	if request.Hold.Every != 45*time.Second {
		t.Fatalf("every %v", request.Hold.Every)
	}
}

func TestNothingIsAskedOfALineThatIsGone(t *testing.T) {
	set := loadDemo(t)
	for _, keys := range []string{"", "1", "1,1", "1,1,4820", "1,1,48201937,04121961", "1,1,48201937,04121961,0"} {
		p := call(t, set, "member-services")
		for k := range strings.SplitSeq(keys, ",") {
			p.listen().press(k)
		}
		p.run.Stop()
		p.over = true
		p.run.Digit(phi.NewDigits("1"))
		p.run.Played(1)
		p.run.TimerFired(ivr.TimerFirstDigit)
		p.run.TimerFired(ivr.TimerGuard)
		p.run.Verified(ivr.Verified)
		p.run.FactRead("next_visit", "2027-01-14", nil)
		p.run.LeftQueue(ivr.ExitFull)
		p.run.Start()
	}
}

func count(list []string, what string) int {
	n := 0
	for _, item := range list {
		if item == what {
			n++
		}
	}
	return n
}
