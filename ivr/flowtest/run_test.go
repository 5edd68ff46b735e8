package flowtest_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
	"careline/ivr/flowtest"
)

const clinic = `
flow: clinic
languages: [en-US, es-US]
start: hello
steps:
  hello: {play: [welcome, notice@es-US], next: main}
  main:
    menu: main
    choices: {"1": who, "2": {set: {language: es-US, reason: Spanish}, next: people}, "3": bye}
    no_input: {retries: 1, play: silence, next: people}
  who:
    verify: {ask: [member_id, date_of_birth], attempts: 1}
    verified: visit
    failed: people
  visit: {say: "visit {{ member.next_visit | date }}", next: people}
  people:
    queue: {name: people, priority: 5, skills: {benefits: 2}, hold: {music: calm, announce: position, every: 30s}}
    timeout: main
    full: main
    unavailable: main
  bye: {hang_up: {play: bye, reason: the caller is done}}
`

// texts are what prompts say; the others say their names.
var texts = map[string]string{"visit": "Your next visit is on", "months/1": "January", "ordinals/14": "fourteenth,", "years/2027": "2027"}

func clinicSet(t testing.TB) *ivr.Set {
	t.Helper()
	prompts := []string{"welcome", "notice", "main", "silence", "bye", "visit", "ask-member-id", "ask-date-of-birth", "verification-failed", "months/1", "never-played"}
	set, err := ivr.Load(fstest.MapFS{"flows/clinic.yaml": {Data: []byte(clinic)}}, "flows", ivr.Environment{
		Languages: []string{"en-US", "es-US"}, Queues: map[string]ivr.Queue{"people": {}},
		Facts:   map[string]ivr.FactKind{"next_visit": ivr.FactDate},
		Prompts: prompts,
		HasPrompt: func(_, name string) bool {
			return slices.Contains(prompts, name) || strings.Contains(name, "/")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func play(t testing.TB, text string) *flowtest.Results {
	t.Helper()
	return flowtest.Run(clinicSet(t), []flowtest.File{{Name: "tests/t.yaml", Raw: []byte(text)}}, flowtest.Options{
		Words: func(prompt ivr.Prompt) string { return texts[prompt.Name] },
	})
}

const visit = `
flow: clinic
given:
  member: {id: "48201937", born: 1961-04-12, next_visit: 2027-01-14}
tests:
  - test: a member hears of her next visit
    call:
      - hear: [welcome, notice@es-US, main]
      - press: "1"
      - hear: ask-member-id
      - press: "48201937"
      - press: "04121961"
      - hear: Your next visit is on January fourteenth, 2027.
      - never_hear: [silence, "next visit is on February"]
    expect: {queue: people, verified: true, priority: 5, skills: {benefits: 2}, language: en-US, passed: [main, visit], flow: clinic, step: people, within: 40s, hung_up: false}
  - test: a stranger is not verified
    given: {member: {id: "48201945", born: 1954-11-03}}
    call:
      - press: "1"
      - press: "48201937"
      - press: "04121961"
    expect: {queue: people, verified: false, reason: "", state: ""}
  - test: Spanish by a key pressed ahead
    call:
      - key_ahead: "2"
      - expect: {queue: people, language: es-US, reason: Spanish}
      - wait: 31s
      - hear: hold/please-wait
      - leave: timeout
      - hear: main
      - press: nothing
      - hear: [silence, main]
      - leave: full
      - press: "3"
    expect: {hung_up: the caller is done}
`

func TestTestsPassAndTellWhatTheyGoThrough(t *testing.T) {
	results := play(t, visit)
	if err := results.Err(); err != nil {
		t.Fatal(err)
	}
	if len(results.Tests) != 3 || results.Failed() != 0 {
		t.Fatalf("results are %+v", results.Tests)
	}
	if first := results.Tests[0]; first.Name != "a member hears of her next visit" || first.Position.Line != 6 || first.Lasted.Round(time.Second) != 23*time.Second {
		t.Errorf("the first is %+v", first)
	}
	flow := results.Coverage.Flows[0]
	var missed []string
	for _, edge := range flow.MissedEdges {
		missed = append(missed, edge.From+" "+edge.Via)
	}
	want := []string{"main no_match", "who locked_out", "who no_input", "who no_match", "people unavailable"}
	if !slices.Equal(missed, want) || len(flow.MissedSteps) != 0 {
		t.Errorf("missed are %q and %v, want %q", missed, flow.MissedSteps, want)
	}
	if all := results.Coverage; all.Steps.String() != "7 of 7" || all.Edges.String() != "11 of 16" || all.Edges.Percent() != 68 || all.Steps.Percent() != 100 {
		t.Errorf("coverage is %s steps and %s edges, %d percent", all.Steps, all.Edges, all.Edges.Percent())
	}
}

func TestTheSameTestsGiveTheSameResults(t *testing.T) {
	a, b := play(t, visit), play(t, visit)
	if !reflect.DeepEqual(a.Tests, b.Tests) || !reflect.DeepEqual(a.Visits, b.Visits) {
		t.Errorf("first %+v\nthen %+v", a.Tests, b.Tests)
	}
}

// TestFailuresSayWhatHappenedInstead: each is one test's call and expectation.
func TestFailuresSayWhatHappenedInstead(t *testing.T) {
	for _, c := range []struct{ call, want string }{
		{`[{hear: bye}]`, `8:19: test "x" fails: bye is not heard; heard is welcome, notice@es-US, main`},
		{`[{press: "3"}, {hear: [bye, main]}]`, `8:39: test "x" fails: main is not heard; heard is nothing`},
		{`[{press: "2"}, {hear: main}]`, `8:33: test "x" fails: main is not heard; heard is nothing`},
		{`[{hear: main@es-US}]`, `8:19: test "x" fails: main@es-US is not heard; heard is welcome, notice@es-US, main`},
		{`[{hear: your next visit}]`, `8:19: test "x" fails: your next visit is not heard; heard is welcome, notice@es-US, main`},
		{`[{hear: main}, {never_hear: welcome}]`, `8:39: test "x" fails: welcome was heard`},
		{`[{expect: {queue: people}}]`, `8:22: test "x" fails: queue is none (the call is in step "main"), and people is expected`},
		{`[{press: nothing}, {expect: {queue: other}}]`, `8:40: test "x" fails: queue is "people", and other is expected`},
		{`[{press: "3"}, {expect: {hung_up: false}}]`, `8:36: test "x" fails: hung_up is "the caller is done", and false is expected`},
		{`[{expect: {hung_up: true}}]`, `8:22: test "x" fails: hung_up is false (the call is in step "main"), and true is expected`},
		{`[{expect: {language: es-US}}]`, `8:22: test "x" fails: language is "en-US", and es-US is expected`},
		{`[{expect: {verified: true}}]`, `8:22: test "x" fails: verified is false, and true is expected`},
		{`[{expect: {reason: Spanish}}]`, `8:22: test "x" fails: reason is not given, and Spanish is expected`},
		{`[{expect: {passed: [main, hello]}}]`, `8:22: test "x" fails: passed is hello → main`},
		{`[{wait: 50s}, {expect: {within: 40s}}]`, `8:35: test "x" fails: within is over, at 50s, and 40s is expected`},
		{`[{press: nothing}, {press: "1"}, {expect: {queue: people}}]`, `8:38: test "x" fails: the call waits in a queue, where keys are not heard`},
		{`[{press: "3"}, {press: "1"}, {expect: {hung_up: true}}]`, `8:34: test "x" fails: the call is over`},
		{`[{leave: full}, {expect: {hung_up: true}}]`, `8:20: test "x" fails: the call is in no queue`},
	} {
		results := play(t, "# a comment\n\n\n\nflow: clinic\ntests:\n  - test: x\n    call: "+c.call+"\n")
		want := "tests/t.yaml:" + c.want + "; mend the flow, or the test if this is meant; `careline flow simulate` tries it by hand"
		if err := results.Err(); err == nil || err.Error() != want || results.Failed() != 1 {
			t.Errorf("%s gives\n%v, want\n%s", c.call, err, want)
		}
	}
}

func TestMistakesInTestsAreToldAtTheirPlace(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"flow: clinc\ntests: [{test: x, expect: {queue: people}}]", `1:7: there is no flow "clinc"; did you mean "clinic"?`},
		{"flow: clinic", "1:1: the file has no tests; write `tests:` and below it one `- test: what it shows` after another"},
		{"flow: clinic\ntests: [{expect: {queue: people}}]", "2:9: a test has no name; write `test:` with what it shows, in a sentence"},
		{"tests: [{test: x, expect: {queue: people}}]", "1:9: test \"x\" begins in no flow; write `flow: clinic` above the tests"},
		{"flow: clinic\ntests: [{test: x, call: [{press: \"1\"}]}]", "2:9: test \"x\" checks nothing: it can't fail; say what is heard, as in `- hear: main-menu`, or where the call comes to, as in `expect: {queue: claims}`"},
		{"flow: clinic\ntests: [{test: x, call: [{pres: \"1\"}]}]", `2:27: nothing in a call is called "pres"; did you mean "press"?`},
		{"flow: clinic\ntests: [{test: x, call: [{press: 1}]}]", "2:34: keys without quotes may be read as another number; write them in quotes, as in \"1\""},
		{"flow: clinic\ntests: [{test: x, call: [{press: one}]}]", "2:34: these are no keys of a keypad; write digits, * and # in quotes, as in \"1\""},
		{"flow: clinic\ntests: [{test: x, call: [{hear: wellcome}]}]", `2:33: there is no prompt "wellcome"; did you mean "welcome"?`},
		{"flow: clinic\ntests: [{test: x, call: [{leave: timeouts}], expect: {queue: people}}]", `2:34: a call can't leave its queue by "timeouts"; write one of timeout, full, unavailable, after, callback`},
		{"flow: clinic\ntests: [{test: x, call: [{wait: 48h}], expect: {queue: people}}]", `2:33: 48h is out of bounds; up to 24h0m0s can be waited`},
		{"flow: clinic\ntests: [{test: x, expect: {queues: people}}]", `2:28: "queues" is not a key here; did you mean "queue"?`},
		{"flow: clinic\ntests: [{test: x, expect: {step: mian}}]", `2:27: no step is called "mian"; did you mean "main"?`},
		{"flow: clinic\ntests: [{test: x, expect: {}}]", "2:27: nothing is expected; say where the call comes to, as in `expect: {queue: claims}`"},
		{"flow: clinic\ngiven: {now: noon}\ntests: [{test: x, expect: {queue: people}}]", `2:14: "noon" is no time; write the site's time as 2026-12-25 10:00`},
		{"flow: clinic\ngiven: {split: 100}\ntests: [{test: x, expect: {queue: people}}]", `2:16: no split step draws "100"; write a whole number from 0, the first way, to 99, the last`},
		{"flow: clinic\ngiven: {language: fr-FR}\ntests: [{test: x, expect: {queue: people}}]", `2:19: no flow speaks "fr-FR"; the languages are en-US, es-US`},
		{"flow: clinic\ngiven: {attestation: full}\ntests: [{test: x, expect: {queue: people}}]", `2:22: a number can't be vouched for by "full"; write one of A, B, C, refuted, none`},
		{"flow: clinic\ngiven: {member: {id: \"1\", born: 1961-04-12, next_vist: 2027-01-14}}\ntests: [{test: x, expect: {queue: people}}]", `2:45: a member has no fact "next_vist"; did you mean "next_visit"?`},
		{"flow: clinic\ngiven: {member: {born: 1961-04-12}}\ntests: [{test: x, expect: {queue: people}}]", "2:17: a member without id or born could never be verified; write both, as in `{id: \"48201937\", born: 1961-04-12}`"},
	} {
		want := "tests/t.yaml:" + c.want
		if err := play(t, c.text).Err(); err == nil || err.Error() != want {
			t.Errorf("%s\ngives %v\nwant  %s", c.text, err, want)
		}
	}
}

func TestTestsTellTheTimeInTheirZone(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	text := "flow: clinic\ngiven: {now: 2026-12-25 10:00}\ntests: [{test: x, call: [{press: \"3\"}], expect: {hung_up: the caller is done}}]"
	results := flowtest.Run(clinicSet(t), []flowtest.File{{Name: "t.yaml", Raw: []byte(text)}}, flowtest.Options{Zone: zone})
	if err := results.Err(); err != nil {
		t.Fatal(err)
	}
	words := "flow: clinic\ntests: [{test: x, call: [{hear: good morning}]}]"
	err = flowtest.Run(clinicSet(t), []flowtest.File{{Name: "t.yaml", Raw: []byte(words)}}, flowtest.Options{}).Err()
	if want := "t.yaml:2:33: what prompts say isn't known here; name the prompt"; err == nil || err.Error() != want {
		t.Errorf("without words: %v, want %s", err, want)
	}
}

func FuzzRun(f *testing.F) {
	f.Add(visit)
	f.Add("flow: clinic\ntests: [{test: x, call: [{hear: wellcome}]}]")
	set := clinicSet(f)
	f.Fuzz(func(t *testing.T, text string) {
		results := flowtest.Run(set, []flowtest.File{{Name: "t.yaml", Raw: []byte(text)}}, flowtest.Options{})
		if len(results.Tests) == 0 && results.Err() == nil {
			t.Error("a file without tests is not told")
		}
	})
}

func TestGivenSaysWhatASplitDraws(t *testing.T) {
	const flow = "flow: trial\nlanguages: [en-US]\nstart: a\nsteps:\n  a: {split: [{percent: 10, next: b}, {percent: 90, next: c}]}\n" +
		"  b: {menu: new, choices: {\"1\": bye}, no_input: b}\n  c: {menu: old, choices: {\"1\": bye}, no_input: c}\n  bye: {hang_up: done}\n"
	set, err := ivr.Load(fstest.MapFS{"flows/trial.yaml": {Data: []byte(flow)}}, "flows", ivr.Environment{Languages: []string{"en-US"}})
	if err != nil {
		t.Fatal(err)
	}
	const tests = "flow: trial\ntests:\n  - {test: first, expect: {step: b}}\n  - {test: last of the first, given: {split: 9}, expect: {step: b}}\n  - {test: second, given: {split: 10}, expect: {step: c}}\n"
	if err := flowtest.Run(set, []flowtest.File{{Name: "t.yaml", Raw: []byte(tests)}}, flowtest.Options{}).Err(); err != nil {
		t.Error(err)
	}
}
