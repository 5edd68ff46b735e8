package ivr_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
)

// silentFor loads flows for a site whose callers take so much silence.
func silentFor(longest time.Duration, flows ...string) error {
	environment, fsys := smallEnvironment(""), fstest.MapFS{}
	environment.LongestSilence = longest
	for i, text := range flows {
		fsys["flows/"+string(rune('a'+i))+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	_, err := ivr.Load(fsys, "flows", environment)
	return err
}

func TestSilenceAddsUpAlongAWay(t *testing.T) {
	waits := head + "  a: {wait: 9s, next: b}\n  b: {branch: [{when: verified, next: c}, {otherwise: d}]}\n  c: {wait: 4s, next: people}\n  d: {wait: 6s, next: people}\n" + toPeople
	if err := silentFor(15*time.Second, waits); err != nil {
		t.Errorf("15 s of silence: %v", err)
	}
	err := silentFor(14*time.Second, waits)
	if err == nil || !strings.Contains(err.Error(), `flows/a.yaml:5:3: from step "a" on, a caller may hear nothing for 15s: a → b → d;`) || strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("15 s of silence where 14 s are allowed: %v", err)
	}
	heard := strings.Replace(waits, "otherwise: d", "otherwise: e", 1) + "  e: {play: hello, next: d}\n"
	if err := silentFor(14*time.Second, heard); err != nil {
		t.Errorf("a prompt in between doesn't end the silence: %v", err)
	}
}

// TestSilenceGoesOnThroughSubFlows: into them, and out of them to whoever called.
func TestSilenceGoesOnThroughSubFlows(t *testing.T) {
	sub := strings.Replace(head, "flow: t", "flow: u", 1) + "  a: {wait: 5s, next: b}\n  b: {return: done}\n"
	if err := silentFor(14*time.Second, head+"  a: {wait: 5s, next: b}\n  b: {call: u, next: c}\n  c: {wait: 5s, next: people}\n"+toPeople, sub); err == nil ||
		!strings.Contains(err.Error(), "nothing for 15s: a → b → u: a → b → t: c;") {
		t.Errorf("15 s of silence through a sub-flow: %v", err)
	}
	twice := "  a: {call: u, next: b}\n  b: {play: hello, next: c}\n  c: {call: u, next: people}\n"
	if err := silentFor(9*time.Second, head+twice+toPeople, sub); err != nil {
		t.Errorf("two calls of a sub-flow are taken for one: %v", err)
	}
}

func TestPatienceDoesNotStretchAnAnswerTooFar(t *testing.T) {
	environment := smallEnvironment("")
	environment.LongestAnswer = time.Minute
	text := head + "  a: {menu: main, choices: {\"1\": people}, no_input: people, timing: {first_digit: 25s}}\n" + toPeople
	set, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(text)}}, "flows", environment)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.CheckPatience("t", 2); err != nil {
		t.Errorf("50 s: %v", err)
	}
	const want = `step "a" of flow "t" would wait 1m15s for a key (first_digit: 25s), and at most 1m is waited (callers.longest_answer)`
	if err := set.CheckPatience("t", 3); err == nil || err.Error() != want {
		t.Errorf("75 s: %v", err)
	}
}
