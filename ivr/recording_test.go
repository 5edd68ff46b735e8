package ivr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
)

const voicemailSteps = `  a: {collect: {ask: number, check: phone, into: number}, next: b, no_input: b}
  b:
    voicemail: {box: nights, greeting: greeting, number: number, max: 1m}
    sent: thanks
    person: people
    empty: people
    failed: people
  thanks: {play: thanks, next: again}
`

func recordingSet(t testing.TB, steps string) *ivr.Set {
	t.Helper()
	environment := smallEnvironment("")
	environment.Boxes = []string{"nights"}
	set, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(head + steps + toPeople)}}, "flows", environment)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// atTheTone is a caller who has keyed in her number and hears the tone.
func atTheTone(t *testing.T) *phone {
	t.Helper()
	p := call(t, recordingSet(t, voicemailSteps), "t").listen().press("6085550142").listen()
	if p.saying == nil || p.saying.over {
		t.Fatalf("nothing is recorded, by %v", p.entered)
	}
	return p
}

func (p *phone) passed(t *testing.T, path string) {
	t.Helper()
	if got := strings.Join(p.entered, " "); got != path {
		t.Errorf("path %s, want %s", got, path)
	}
}

func TestAMessageIsSent(t *testing.T) {
	p := atTheTone(t).speak(12 * time.Second).listen()
	p.hears("en greeting", "en message/menu")
	p.press("1").listen()
	p.hears("en message/sent", "en thanks")
	p.passed(t, "a b thanks again")
	if len(p.kept) != 1 || p.kept[0].Box != "nights" || p.kept[0].Max != time.Minute || p.kept[0].Language != "en-US" || !p.kept[0].Number.Is("6085550142") {
		t.Fatalf("kept is %+v", p.kept)
	}
	if text := fmt.Sprintf("%v %+v", p.kept, p.kept); strings.Contains(text, "555") {
		t.Errorf("the request prints as %s", text)
	}
}

func TestPoundEndsAMessageAndNothingPressedSendsIt(t *testing.T) {
	p := atTheTone(t)
	p.wait(2 * time.Second)
	p.saying.said = 5 * time.Second
	p.press("#").listen()
	p.hears("en message/menu")
	for range 3 {
		p.wait(15 * time.Second)
	}
	p.listen()
	if len(p.kept) != 1 {
		t.Fatalf("kept is %v, by %v", p.kept, p.entered)
	}
}

func TestAMessageIsHeardAndSaidAgain(t *testing.T) {
	p := atTheTone(t).speak(4 * time.Second).listen().press("2").listen()
	p.hears("(recorded)", "en message/menu")
	p.press("3").listen()
	if p.dropped != 1 || p.saying == nil {
		t.Fatalf("%d were dropped, and now %v is recorded", p.dropped, p.saying)
	}
	p.speak(4 * time.Second).listen().press("1").listen()
	if len(p.kept) != 1 || p.kept[0].ID != 2 {
		t.Errorf("kept is %+v", p.kept)
	}
}

func TestAPersonIsOneKeyAwayFromAMessage(t *testing.T) {
	tone := func(t *testing.T) *phone { return atTheTone(t) }
	for name, press := range map[string]func(*testing.T) *phone{
		"while the greeting is heard": func(t *testing.T) *phone {
			return call(t, recordingSet(t, voicemailSteps), "t").listen().press("60855501420")
		},
		"while speaking": func(t *testing.T) *phone { return tone(t).press("0") },
		"afterwards":     func(t *testing.T) *phone { return tone(t).speak(3 * time.Second).listen().press("0") },
	} {
		t.Run(name, func(t *testing.T) {
			p := press(t).listen()
			p.inQueue("people")
			if len(p.kept) != 0 {
				t.Errorf("kept is %v", p.kept)
			}
		})
	}
}

func TestWhoSaysNothingReachesAPerson(t *testing.T) {
	p := atTheTone(t).silently()
	p.inQueue("people")
	p.hears("en message/nothing-heard")
	if len(p.kept) != 0 || p.now > time.Minute {
		t.Errorf("kept is %v, after %v", p.kept, p.now)
	}
	p = atTheTone(t).speak(time.Second).listen() // a cough
	p.hears("en message/nothing-heard")
}

func TestAMessageThatCantBeKeptGoesToAPerson(t *testing.T) {
	p := atTheTone(t)
	p.unkept = true
	p.speak(5 * time.Second).listen().press("1").listen()
	p.inQueue("people")
	p.neverHears("en message/sent")

	p = call(t, recordingSet(t, voicemailSteps), "t")
	p.unrecorded = true
	p.listen().press("6085550142").listen()
	p.inQueue("people")
}

// TestALineThatNeverAnswersIsNotWaitedForForEver: the guard ends it by the failure's way.
func TestALineThatNeverAnswersIsNotWaitedForForEver(t *testing.T) {
	p := atTheTone(t)
	p.saying.ends = 24 * time.Hour
	p.wait(time.Minute + ivr.DefaultMessageSilence + ivr.RecordGuard + time.Second)
	p.inQueue("people")
	if p.dropped != 1 {
		t.Errorf("%d were dropped", p.dropped)
	}
}

const statementSteps = `  a: {record: {ask: consent, kind: consent, keep: consents, max: 20s}, next: again, silent: people, failed: people}
`

func TestAStatementIsRecorded(t *testing.T) {
	p := call(t, recordingSet(t, statementSteps), "t").listen().speak(2 * time.Second).listen()
	p.passed(t, "a again")
	if len(p.kept) != 1 || p.kept[0].Kind != "consent" || p.kept[0].Keep != "consents" || p.kept[0].Box != "" {
		t.Errorf("kept is %+v", p.kept)
	}
	call(t, recordingSet(t, statementSteps), "t").silently().inQueue("people")
	p = call(t, recordingSet(t, statementSteps), "t")
	p.unkept = true
	p.listen().speak(2 * time.Second).listen()
	p.inQueue("people")
}

const surveySteps = `  a: {queue: {name: people, hold: {music: calm}}, timeout: people, full: people, unavailable: people, after: ask}
  ask:
    survey:
      name: after-call
      questions: [{name: solved, ask: solved}, {name: kind, ask: kind, scale: 3}]
      comment: {ask: comment, max: 30s}
    next: thanks
  thanks: {hang_up: {play: thanks, reason: the caller has answered}}
`

func TestWhoStaysAfterTheAgentIsAsked(t *testing.T) {
	p := call(t, recordingSet(t, surveySteps), "t")
	if request := p.inQueue("people"); !request.After {
		t.Fatalf("the request is %+v", request)
	}
	p.leave(ivr.ExitAfter).listen().press("5").listen().press("2").listen().speak(3 * time.Second).listen()
	want := []ivr.SurveyAnswer{{Survey: "after-call", Question: "solved", Answer: 5, Scale: 5}, {Survey: "after-call", Question: "kind", Answer: 2, Scale: 3}, {Survey: "after-call", Question: "comment"}}
	if !slices.Equal(p.answers, want) || p.hungUp != "the caller has answered" || len(p.kept) != 1 || p.kept[0].Kind != "survey" {
		t.Errorf("answers are %v, kept is %v, and it ended by %q", p.answers, p.kept, p.hungUp)
	}
}

func TestWhatIsNotAnsweredIsLeftOut(t *testing.T) {
	p := call(t, recordingSet(t, surveySteps), "t").leave(ivr.ExitAfter).listen()
	p.press("9").listen().press("9").listen() // no such answer, twice
	p.press("3").listen()
	p.silently()
	if want := []ivr.SurveyAnswer{{Survey: "after-call", Question: "kind", Answer: 3, Scale: 3}}; !slices.Equal(p.answers, want) || !p.over {
		t.Errorf("answers are %v", p.answers)
	}
}

// TestALineWithoutASurveyGoesOnWithoutOne: what the call asks for that the flow didn't.
func TestALineWithoutASurveyGoesOnWithoutOne(t *testing.T) {
	p := call(t, recordingSet(t, "  a: {play: hello, next: people}\n"), "t").listen()
	p.leave(ivr.ExitAfter).listen()
	p.passed(t, "a people again")
}

func TestMistakesOfRecordings(t *testing.T) {
	for name, c := range map[string]struct{ steps, want string }{
		"no box":          {"  a: {voicemail: {greeting: hello}, sent: people, person: people, empty: people, failed: people}\n", `step "a" names no box`},
		"unknown box":     {"  a: {voicemail: {box: night, greeting: hello}, sent: people, person: people, empty: people, failed: people}\n", `there is no box "night"; did you mean "nights"?`},
		"no greeting":     {"  a: {voicemail: {box: nights}, sent: people, person: people, empty: people, failed: people}\n", `step "a" has no greeting`},
		"no failed":       {"  a: {voicemail: {box: nights, greeting: hello}, sent: people, person: people, empty: people}\n", `step "a" is a dead end: it has no "failed"`},
		"number of none":  {"  a: {voicemail: {box: nights, greeting: hello, number: nmber}, sent: people, person: people, empty: people, failed: people}\n", `no step collects "nmber"`},
		"hung up on":      {"  a: {voicemail: {box: nights, greeting: hello}, sent: people, person: people, empty: bye, failed: people}\n", `a caller who says nothing at "a" is hung up on: a → bye`},
		"lost":            {"  a: {record: {ask: hello, kind: consent}, next: people, silent: people, failed: bye}\n", `a caller whose statement can't be kept at "a" is hung up on: a → bye`},
		"no class":        {"  a: {record: {ask: hello, kind: consent, keep: consent}, next: people, silent: people, failed: people}\n", `step "a" keeps its recording by "consent", which is no class of retention; did you mean "consents"?`},
		"no kind":         {"  a: {record: {ask: hello}, next: people, silent: people, failed: people}\n", `step "a" doesn't say what its recording is`},
		"a day":           {"  a: {record: {ask: hello, kind: consent, max: 24h}, next: people, silent: people, failed: people}\n", `24h is out of bounds; between 5s and 10m is allowed`},
		"no way after it": {"  a: {record: {ask: hello, kind: consent, shortest: 10s, max: 5s}, next: people, silent: people, failed: people}\n", `what is shorter than 10s is not kept, and nothing may be longer than 5s`},
		"no questions":    {"  a: {survey: {name: x}, next: people}\n", `step "a" asks nothing`},
		"twice":           {"  a: {survey: {name: x, questions: [{name: b, ask: hello}, {name: b, ask: main}]}, next: people}\n", `two questions are called "b"`},
		"too high":        {"  a: {survey: {name: x, questions: [{name: b, ask: hello, scale: 10}]}, next: people}\n", `10 is out of bounds; between 2 and 9 is allowed`},
		"no prompt":       {"  a: {survey: {name: x, questions: [{name: b, ask: wellcome}]}, next: people}\n", `there is no prompt "wellcome" in en-US; did you mean "welcome"?`},
	} {
		t.Run(name, func(t *testing.T) {
			environment := smallEnvironment("")
			environment.Boxes, environment.Classes = []string{"nights"}, []string{"consents", "default"}
			_, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(head + c.steps + toPeople)}}, "flows", environment)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %s", err, c.want)
			}
		})
	}
}

// TestNoMembersDataGoesIntoAMessage: only what the caller keyed in may.
func TestAMessageTakesNoMembersData(t *testing.T) {
	environment := askingEnvironment()
	steps := verifyThen + "  b: {look_up: {name: copay, with: {member: \"{{ member.id }}\", plan: gold}}, next: c, missing: people, failed: people}\n" +
		"  c: {voicemail: {box: nights, greeting: hello, number: copay}, sent: people, person: people, empty: people, failed: people}\n"
	_, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(head + steps + toPeople)}}, "flows", environment)
	if err == nil || !strings.Contains(err.Error(), `no step collects "copay"`) {
		t.Errorf("error is %v", err)
	}
}
