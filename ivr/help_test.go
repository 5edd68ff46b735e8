package ivr_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
)

const patient = `flow: patient
languages: [en-US]
start: hello
steps:
  hello: {play: hello, next: moment}
  moment: {wait: 2s, next: main}
  main:
    menu: main
    choices: {"1": people}
    no_input: {retries: 3, help: [short, [long, where]], next: people}
    no_match: {retries: 1, play: wrong}
  people:
    queue: {name: people, hold: {music: calm}}
    timeout: main
    full: main
    unavailable: main
`

func loadPatient(text string) (*ivr.Set, error) {
	return ivr.Load(fstest.MapFS{"flows/patient.yaml": {Data: []byte(text)}}, "flows", ivr.Environment{
		Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"people": {}},
	})
}

func TestHelpGrows(t *testing.T) {
	set, err := loadPatient(patient)
	if err != nil {
		t.Fatal(err)
	}
	p := call(t, set, "patient")
	for range 5 {
		p.listen()
		p.wait(ivr.DefaultFirstDigit)
	}
	p.inQueue("people")
	want := "en hello en main en short en main en long en where en main en long en where en main"
	if got := strings.Join(p.heard, " "); got != want {
		t.Errorf("heard %s\nwant  %s", got, want)
	}
}

func TestAWaitIsSilentAndEndsByItselfOrByAKey(t *testing.T) {
	set, err := loadPatient(patient)
	if err != nil {
		t.Fatal(err)
	}
	p := call(t, set, "patient")
	p.wait(2 * time.Second) // the prompt's length
	if p.playing != nil || fmt.Sprint(p.heard) != "[en hello]" {
		t.Errorf("in the wait is heard %v", p.heard)
	}
	p.wait(2 * time.Second)
	p.hears("en hello", "en main")

	quick := call(t, set, "patient")
	quick.wait(2 * time.Second)
	quick.press("1") // in the wait, for the menu to come
	quick.inQueue("people")
	quick.neverHears("en main")
}

func TestBrokenHelpAndWait(t *testing.T) {
	for edit, want := range map[[2]string]string{
		{"retries: 3, help", "retries: 1, help"}:                 `"help" has prompts for 2 times, and step "main" asks again 1 times; raise "retries", or leave some out`,
		{"retries: 3, help: [short, ", "help: [short, more, "}:   `"help" has prompts for 3 times, and step "main" asks again 2 times`,
		{"help: [short, [long, where]]", "help: []"}:             `"help" has no prompts`,
		{"help: [short, [long, where]]", "help: short"}:          "\"help\" is no list; write prompts for each time",
		{"help: [short", "play: short, help: [short"}:            `step "main" has both "play" and "help"`,
		{"wait: 2s", "wait: 20s"}:                                `20s is out of bounds; between 100ms and 10s is allowed`,
		{"moment: {wait: 2s, next: main}", "moment: {wait: 2s}"}: `step "moment" is a dead end: it has no "next"`,
	} {
		if _, err := loadPatient(strings.Replace(patient, edit[0], edit[1], 1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", edit[1], err, want)
		}
	}
}

// keyEvery is how long a phone takes for a key.
const keyEvery = 300 * time.Millisecond

func TestALinesPatienceStretchesTheTimeForKeys(t *testing.T) {
	set, err := loadPatient(strings.Replace(patient, `choices: {"1": people}`, `choices: {"1": people, "12": people}`, 1))
	if err != nil {
		t.Fatal(err)
	}
	for patience, stretched := range map[float64]float64{0: 1, 0.5: 1, 1: 1, 2.5: 2.5} {
		p := callWith(t, set, "patient", epoch, ivr.Options{Patience: patience})
		p.wait(6 * time.Second) // two prompts and the moment between
		if got, want := p.timers[ivr.TimerFirstDigit]-p.now, time.Duration(stretched*float64(ivr.DefaultFirstDigit)); got != want {
			t.Errorf("patience %v: %v for the first key, want %v", patience, got, want)
		}
		p.press("1")
		if got, want := p.timers[ivr.TimerBetweenDigits]-p.now+keyEvery, time.Duration(stretched*float64(ivr.DefaultBetweenDigits)); got != want {
			t.Errorf("patience %v: %v for the next key, want %v", patience, got, want)
		}
	}
}
