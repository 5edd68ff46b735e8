package ivr_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"careline/ivr"
	"careline/phi"
)

// anything gives the run of a phone random events for a while. The phone itself
// refuses member data before verification, empty rows, two timers at once, a
// run that waits for nothing, and asking something of a line that is gone.
func anything(t *rapid.T, p *phone, credentialed func(queue string) bool) {
	seen := p.queued
	for range rapid.IntRange(0, 60).Draw(t, "events") {
		if p.over {
			break
		}
		switch rapid.IntRange(0, 9).Draw(t, "event") {
		case 0, 1, 2:
			key := rapid.SampledFrom(strings.Split("0123456789*#", "")).Draw(t, "key")
			p.event(func() { p.run.Digit(phi.NewDigits(key)) })
		case 3:
			p.press(rapid.SampledFrom([]string{"48201937", "04121961", "11", "1#", "98101"}).Draw(t, "keys"))
		case 4, 5, 6:
			p.wait(time.Duration(rapid.IntRange(1, 30000).Draw(t, "wait")) * time.Millisecond)
		case 7:
			if p.away != nil {
				p.back(rapid.SampledFrom([]ivr.TransferOutcome{ivr.TransferBusy, ivr.TransferNoAnswer, ivr.TransferDeclined, ivr.TransferFailed, ivr.TransferOver, "strange"}).Draw(t, "outcome"))
			}
			if p.queued != nil {
				p.leave(rapid.SampledFrom([]ivr.QueueExit{ivr.ExitTimeout, ivr.ExitFull, ivr.ExitUnavailable, ivr.ExitAfter, ivr.ExitOffer, "strange"}).Draw(t, "exit"))
			}
		case 8:
			p.speak(time.Duration(rapid.IntRange(1, 90000).Draw(t, "said")) * time.Millisecond)
			p.locked, p.unkept, p.unrecorded = rapid.Bool().Draw(t, "locked"), rapid.Bool().Draw(t, "unkept"), rapid.Bool().Draw(t, "unrecorded")
			p.facts["next_visit"] = rapid.SampledFrom([]string{"2027-01-14", "", "soon", "1999-12-31", "0001-01-01"}).Draw(t, "fact")
		default:
			stray(t, p)
		}
		if p.queued != nil && p.queued != seen && credentialed(p.queued.Queue) && p.queued.State == "" {
			t.Fatalf("a line of nurses is entered without a state, by %v", p.entered)
		}
		seen = p.queued
	}
	if strings.HasPrefix(p.hungUp, "flow failed") {
		t.Fatalf("a sound flow failed: %s, by %v", p.hungUp, p.entered)
	}
}

// stray is an event that nothing waits for, or that comes too late.
func stray(t *rapid.T, p *phone) {
	waiting := len(p.pending) > 0
	p.event(func() {
		switch rapid.IntRange(0, 6).Draw(t, "stray") {
		case 5:
			p.run.Recorded(9999, ivr.Spoken)
		case 6:
			p.run.Kept(9999, true)
		case 0:
			p.run.Played(9999)
		case 1:
			p.run.TimerFired("nothing")
		case 2:
			if !waiting {
				p.run.Verified(ivr.Verified)
			}
		case 3:
			p.run.FactRead("not_asked", "1", nil)
		case 4:
			if p.queued == nil {
				p.run.LeftQueue(ivr.ExitFull)
			}
			if p.away == nil {
				p.run.Transferred(ivr.TransferOver)
			}
		}
	})
}

func TestDemoFlowsStandAnything(t *testing.T) {
	set := loadDemo(t)
	rapid.Check(t, func(t *rapid.T) {
		p := call(t, set, rapid.SampledFrom(set.Flows()).Draw(t, "flow"))
		anything(t, p, func(queue string) bool { return queue == "nurse_line" })
	})
}

// TestWhatTheCheckerPassesIsSafe runs random flows that the checker found sound:
// what it proved must hold on every call.
func TestWhatTheCheckerPassesIsSafe(t *testing.T) {
	passed, refused, quiet, verbs := 0, 0, time.Duration(0), map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		for range 60 {
			files := flowFiles(t, false)
			environment := generatedEnvironment()
			environment.LongestSilence = ivr.LookUpGuard + 3*time.Second
			set, err := ivr.Load(files, "flows", environment)
			if err != nil {
				refused++
				continue
			}
			passed++
			for _, step := range set.View() {
				for _, s := range step.Steps {
					verbs[s.Verb] = true
				}
			}
			p := begin(t, set, nil)
			anything(t, p, func(queue string) bool { return queue == "nurses" })
			if p.longest > environment.LongestSilence {
				t.Fatalf("nothing was heard for %v, by %v", p.longest, p.entered)
			}
			quiet = max(quiet, p.longest)
			return
		}
	})
	t.Logf("%d random flows passed the checker, %d were refused; the longest silence was %v", passed, refused, quiet)
	if passed == 0 {
		t.Fatal("no random flow was sound: nothing was tried")
	}
	for _, verb := range ivr.Verbs() {
		if passed > 50 && !verbs[verb] {
			t.Errorf("no random flow that passed the checker has a step of %s", verb)
		}
	}
}

// begin starts a call in a random flow.
func begin(t *rapid.T, set *ivr.Set, refused *[]string) *phone {
	drawn := rapid.IntRange(0, ivr.MaxSplit-1).Draw(t, "drawn")
	at := epoch.Add(time.Duration(rapid.IntRange(0, 40*24).Draw(t, "hours later")) * time.Hour)
	return callOf(t, set, "t", at, ivr.Options{Split: func(ivr.StepName) int { return drawn }}, func(p *phone) {
		p.services, p.refused = services(t), refused
	})
}

// TestWhatTheGuardRefusesTheCheckerRefuses runs flows that may leak and that nothing was
// proven of: whenever the run's own guard keeps something from somebody, the proofs
// must have found a way on which it would have been told.
func TestWhatTheGuardRefusesTheCheckerRefuses(t *testing.T) {
	kept, ran := map[string]int{}, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			set, proofs, err := ivr.LoadUnproven(flowFiles(t, true), "flows", generatedEnvironment())
			if err != nil {
				continue
			}
			ran++
			var refused []string
			p := begin(t, set, &refused)
			leaking(t, p)
			if len(refused) > 0 && len(proofs) == 0 {
				t.Fatalf("the guard kept something back, of which nothing was found beforehand: %v, by %v", refused, p.entered)
			}
			for _, why := range refused {
				kept[why[strings.LastIndex(why, ":")+2:]]++
			}
		}
	})
	t.Logf("of %d flows the guard kept back %v", ran, kept)
	if ran > 50 && len(kept) == 0 {
		t.Error("nothing was kept back")
	}
}

// leaking gives the run of a phone events that lead far into a flow: keys that mean
// something, and time for all that takes it.
func leaking(t *rapid.T, p *phone) {
	if rapid.Bool().Draw(t, "known") {
		p.press(rapid.SampledFrom([]string{"", "1234567893123456789"}).Draw(t, "office") + "4820193704121961").wait(2 * time.Second)
	}
	for range rapid.IntRange(5, 40).Draw(t, "events") {
		if p.over {
			return
		}
		switch rapid.IntRange(0, 5).Draw(t, "event") {
		case 0, 1:
			p.press(rapid.SampledFrom([]string{"1", "0", "#", "1#", "11", "98101", "123456"}).Draw(t, "keys"))
		case 2:
			p.press(rapid.SampledFrom([]string{"4820193704121961", "11111111"}).Draw(t, "member"))
		case 3, 4:
			p.wait(time.Duration(rapid.IntRange(1, 40).Draw(t, "wait")) * time.Second)
		case 5:
			if p.away != nil {
				p.back(rapid.SampledFrom([]ivr.TransferOutcome{ivr.TransferBusy, ivr.TransferOver}).Draw(t, "outcome"))
			}
			if p.queued != nil {
				p.leave(rapid.SampledFrom([]ivr.QueueExit{ivr.ExitTimeout, ivr.ExitFull, ivr.ExitUnavailable}).Draw(t, "exit"))
			}
		}
	}
}

// everyVerb is a flow with a step of each.
const everyVerb = `flow: t
label: Every verb
languages: [en-US, es-US]
takes: {tries: number}
gives: {told: truth}
start: notice
timing: {first_digit: 20s, between_digits: 8s}
handlers: {"0": people, "*": repeat}
person_within: 3
steps:
  notice: {play: [welcome, hello@es-US, {en-US: Closed., es-US: Cerrado.}], barge_in: false, notice: emergency, next: main}
  main:
    menu: main
    choices: {"1": who, "2": {set: {state: WI, language: es-US, reason: "{{ reason + flow }}"}, next: office}, "33": claim, "4": message, "5": consent, "#": {transfer: {flow: t, step: pick}}}
    no_input: {retries: 2, help: [hello, [hello, main]], next: people}
    no_match: {retries: 1, play: hello}
    timing: {first_digit: 15s}
  who: {verify: {ask: [member_id, date_of_birth], attempts: 2, prompts: {member_id: hello}, again: hello}, verified: visit, failed: people, locked_out: people, no_input: {retries: 1}}
  visit: {say: {en-US: "Your visit is on {{ member.next_visit | date weekday }}.", es-US: "Su visita es el {{ member.next_visit | date }}."}, missing: look, next: look}
  look: {look_up: {name: visit, with: {member: "{{ member.id }}"}, play: hello}, next: found, missing: people, failed: people}
  found: {branch: [{when: 'verified && clinic != "" and attempts < 2', next: said}, {otherwise: pick}]}
  said: {say: "hello {{ clinic | letters }} {{ attempts | count: try, tries }}", next: main}
  claim: {collect: {ask: claim, min: 4, max: 8, pattern: "[1-9].*", into: claim}, next: read, no_input: people}
  read: {say: "hello {{ claim | digits }}", next: zip}
  zip: {collect: {ask: zip, digits: 5, into: state, as: state_of_zip}, next: care, no_input: people}
  care: {menu: main, choices: {"1": urgent, "2": pharmacy}, no_input: nurses}
  nurses: {queue: {name: nurses, priority: 10, hold: {music: calm, announce: [position, hello], every: 30s}}, timeout: main, full: people, unavailable: people}
  urgent: {escalate: {to: nurses, require: {credential: RN, licensed_in: state}, target: 30s, otherwise: [{on_call: night}, {queue: nurses, credential: RN, for: 1m}, {queue: people}], ask: hello, hold: {music: calm, announce: hello, every: 20s}}, timeout: main, unavailable: people}
  pharmacy: {transfer: {number: "+12025550142", how: warm, ring: 25s, announce: hello, ask: hello, music: calm}, busy: main, no_answer: people, declined: people, failed: people, after: main}
  office: {hours: office, open: pause, closed: people, holiday: people}
  pause: {wait: 1500ms, next: pick}
  message: {voicemail: {box: nights, greeting: hello, number: claim, max: 1m, silence: 5s, shortest: 1s, menu: main, nothing_heard: hello, told: hello}, sent: main, person: people, empty: people, failed: people, timing: {first_digit: 15s}}
  consent: {record: {ask: hello, kind: consent, keep: consents}, next: main, silent: people, failed: people}
  rate: {survey: {name: rate, questions: [{name: solved, ask: hello}, {name: kind, ask: main, scale: 3}], comment: {ask: hello, max: 20s}}, next: again}
  pick: {split: [{percent: 10, next: sub}, {percent: 90, next: main}]}
  sub: {call: {flow: identify, into: {told: known}}, returns: {known: main, unknown: people}}
  people: {queue: {name: people, skills: {claims: 1}, hold: {music: calm}, callback: {offer_after: 2m, step: back}}, timeout: again, full: again, unavailable: again, after: rate}
  back: {call_back: {queue: people, skills: {claims: 1}, wording: '1', prompts: {offer: hello, same: hello, choose: hello, number: hello, wrong: hello, read_back: hello, confirm: hello}}, next: bye, declined: people, already: people, failed: people, no_input: people}
  bye: {hang_up: {play: bye, reason: called back}}
  again: {menu: again, choices: {"1": people, "2": {hang_up: {play: bye, reason: done}}}, no_input: people, handlers: false}
`

// fuzzEnvironment is generatedEnvironment, with all that a site may ask for besides.
func fuzzEnvironment() ivr.Environment {
	environment := generatedEnvironment()
	environment.PersonWithin, environment.LongestSilence, environment.LongestAnswer = ivr.MaxPersonWithin, ivr.DefaultLongestSilence, ivr.DefaultLongestAnswer
	return environment
}

// fuzzed are the files of a text: what it may call is there besides.
func fuzzed(text string) fstest.MapFS {
	return fstest.MapFS{"flows/t.yaml": {Data: []byte(text)}, "flows/identify.yaml": {Data: []byte(identify)}}
}

// TestTheFlowOfEveryVerbIsSound: what is fuzzed begins with a flow that is.
func TestTheFlowOfEveryVerbIsSound(t *testing.T) {
	text := strings.Replace(everyVerb, "takes: {tries: number}\n", "", 1)
	set, err := ivr.Load(fuzzed(text), "flows", fuzzEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"return": true} // of the flow that it calls
	for _, step := range set.View()[slices.Index(set.Flows(), "t")].Steps {
		seen[step.Verb] = true
	}
	for _, verb := range ivr.Verbs() {
		if !seen[verb] {
			t.Errorf("it has no step of %s", verb)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(everyVerb)
	for _, test := range broken {
		f.Add(test.flow)
	}
	for _, pattern := range []string{"../config/demo/flows/*.yaml", "../testdata/flows/bad/*/t.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(raw))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := ivr.Load(fuzzed(text), "flows", fuzzEnvironment())
		if (set == nil) == (err == nil) {
			t.Fatalf("set %v and error %v", set, err)
		}
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		for _, flow := range set.Flows() {
			_, _ = set.CheckNotice(flow, ivr.EmergencyNotice), set.CheckPatience(flow, 2)
			if set.CheckEntry(flow) != nil {
				continue // no call begins there
			}
			p := call(t, set, flow)
			for range 20 {
				if p.over || p.queued != nil || p.away != nil {
					break
				}
				p.press("1")
				p.wait(time.Minute)
			}
			if strings.HasPrefix(p.hungUp, "flow failed") {
				t.Fatalf("a sound flow failed: %s", p.hungUp)
			}
		}
	})
}
