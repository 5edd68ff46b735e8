package ivr_test

import (
	"fmt"
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
			if p.queued != nil {
				p.leave(rapid.SampledFrom([]ivr.QueueExit{ivr.ExitTimeout, ivr.ExitFull, ivr.ExitUnavailable, "strange"}).Draw(t, "exit"))
			}
		case 8:
			p.locked = rapid.Bool().Draw(t, "locked")
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
		switch rapid.IntRange(0, 4).Draw(t, "stray") {
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

// flowText writes a random flow. Its edges lead to steps that are there, so that
// it is the proofs that decide.
func flowText(t *rapid.T) string {
	names := []string{"a", "b", "c", "d", "e", "f"}[:rapid.IntRange(2, 6).Draw(t, "steps")]
	to := func() string { return rapid.SampledFrom(names).Draw(t, "to") }
	var text strings.Builder
	text.WriteString("flow: t\nlanguages: [en-US, es-US]\nstart: a\nsteps:\n")
	for _, name := range names {
		var step string
		switch rapid.IntRange(0, 15).Draw(t, "verb") {
		case 0:
			step = fmt.Sprintf(`{play: hello, barge_in: %t, next: %s}`, rapid.Bool().Draw(t, "barge"), to())
		case 1:
			step = fmt.Sprintf(`{say: "your {{ member.next_visit | date }}", next: %s}`, to())
		case 2, 3:
			step = fmt.Sprintf(`{menu: main, choices: {"1": %s, "11": %s, "#": {set: {state: WI}, next: %s}}, no_input: {retries: 1, next: %s}}`, to(), to(), to(), to())
		case 4:
			step = fmt.Sprintf(`{collect: {ask: zip, digits: 5, into: state, as: state_of_zip}, next: %s, no_input: %s}`, to(), to())
		case 5, 6:
			step = fmt.Sprintf(`{verify: {ask: [member_id, date_of_birth]}, verified: %s, failed: %s}`, to(), to())
		case 7:
			step = fmt.Sprintf(`{branch: [{when: 'verified and state != ""', next: %s}, {when: attempts > 1, next: %s}, {otherwise: %s}]}`, to(), to(), to())
		case 10:
			step = fmt.Sprintf(`{set: {state: MN, reason: "{{ reason + flow }}"}, next: %s}`, to())
		case 8, 9:
			queue := rapid.SampledFrom([]string{"people", "nurses"}).Draw(t, "queue")
			step = fmt.Sprintf(`{queue: {name: %s, hold: {music: calm}}, timeout: %s, full: %s, unavailable: %s}`, queue, to(), to(), to())
		case 12, 13:
			step = fmt.Sprintf(`{call: {flow: identify, into: {told: known}}, returns: {known: %s, unknown: %s}}`, to(), to())
		case 14:
			step = fmt.Sprintf(`{branch: [{when: told, next: %s}, {otherwise: %s}]}`, to(), to())
		case 15:
			first := to()
			second := names[(slices.Index(names, first)+1)%len(names)]
			step = fmt.Sprintf(`{split: [{percent: 30, next: %s}, {percent: 70, next: %s}]}`, first, second)
		default:
			step = `{hang_up: {play: bye, reason: done}}`
		}
		fmt.Fprintf(&text, "  %s: %s\n", name, step)
	}
	// told is given a value in each flow, so that conditions may name it.
	fmt.Fprintf(&text, "  first: {set: {told: false}, next: a}\n")
	return strings.Replace(text.String(), "start: a", "start: first", 1)
}

// identify is a flow that random flows may call.
const identify = "flow: identify\nlanguages: [en-US, es-US]\ngives: {known: truth}\nstart: v\nsteps:\n" +
	"  v: {verify: {ask: [member_id, date_of_birth]}, verified: s, failed: n}\n" +
	"  s: {set: {known: true}, next: y}\n  y: {return: known}\n  n: {return: unknown}\n"

// TestWhatTheCheckerPassesIsSafe runs random flows that the checker found sound:
// what it proved must hold on every call.
func TestWhatTheCheckerPassesIsSafe(t *testing.T) {
	passed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 30 {
			text := flowText(t)
			environment := smallEnvironment("")
			environment.States = nil
			files := fstest.MapFS{"flows/t.yaml": {Data: []byte(text)}}
			if strings.Contains(text, "flow: identify") {
				files["flows/identify.yaml"] = &fstest.MapFile{Data: []byte(identify)}
			}
			set, err := ivr.Load(files, "flows", environment)
			if err != nil {
				refused++
				continue
			}
			passed++
			drawn := rapid.IntRange(0, ivr.MaxSplit-1).Draw(t, "drawn")
			p := callWith(t, set, "t", epoch, ivr.Options{Split: func(ivr.StepName) int { return drawn }})
			anything(t, p, func(queue string) bool { return queue == "nurses" })
			return
		}
	})
	t.Logf("%d random flows passed the checker, %d were refused", passed, refused)
	if passed == 0 {
		t.Fatal("no random flow was sound: nothing was tried")
	}
}

func FuzzLoad(f *testing.F) {
	for _, test := range broken {
		f.Add(test.flow)
	}
	files, _ := filepath.Glob("../config/demo/flows/*.yaml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(text)}}, "flows", smallEnvironment(""))
		if (set == nil) == (err == nil) {
			t.Fatalf("set %v and error %v", set, err)
		}
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		p := call(t, set, slices.Min(set.Flows()))
		for range 20 {
			if p.over || p.queued != nil {
				break
			}
			p.press("1")
			p.wait(time.Minute)
		}
	})
}
