package ivr

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr"

	"careline/phi"
)

// tape writes down what a run asks for.
type tape struct{ asked []string }

func (l *tape) Play(p Playback)                 { l.asked = append(l.asked, fmt.Sprint("play ", p.Prompts)) }
func (l *tape) StopPlaying()                    {}
func (l *tape) Record(bool)                     {}
func (l *tape) SetTimer(TimerID, time.Duration) {}
func (l *tape) StopTimer(TimerID)               {}
func (l *tape) Verify(Claim)                    { l.asked = append(l.asked, "verify") }
func (l *tape) Queue(QueueRequest)              { l.asked = append(l.asked, "queue") }
func (l *tape) HangUp(reason string)            { l.asked = append(l.asked, "hang up: "+reason) }
func (l *tape) Entered(StepName)                {}
func (l *tape) Took(EdgeName)                   {}
func (l *tape) Refused(string)                  {}
func (l *tape) Now() time.Time                  { return time.Time{} }
func (l *tape) ReadFact(name string)            { l.asked = append(l.asked, "read "+name) }
func (l *tape) RecordCaller(RecordRequest)      { l.asked = append(l.asked, "record") }
func (l *tape) StopRecording(int)               {}
func (l *tape) PlayRecording(int, int)          {}
func (l *tape) KeepRecording(int)               {}
func (l *tape) DropRecording(int)               {}
func (l *tape) SurveyAnswered(SurveyAnswer)     {}
func (l *tape) LookUp(request LookUpRequest)    { l.asked = append(l.asked, "look up "+request.Name) }
func (l *tape) CallingNumber() phi.Digits       { return phi.Digits{} }
func (l *tape) MayCall(phi.Digits) bool         { return true }
func (l *tape) CallBack(request CallBackRequest) {
	l.asked = append(l.asked, "call back "+request.Wording)
}
func (l *tape) Transfer(request TransferRequest) {
	l.asked = append(l.asked, "transfer "+request.Number)
}

// unchecked parses a flow and links it, and proves nothing.
func unchecked(t interface {
	Helper()
	Fatal(...any)
}, steps string) *Set {
	t.Helper()
	set := &Set{flows: map[string]*flow{}, variables: map[string]variableKind{}, environment: Environment{Languages: []string{"en-US"}, Zone: time.UTC}}
	f, err := parseFlow("t.yaml", []byte("flow: t\nlanguages: [en-US]\nstart: a\nsteps:\n"+steps), set)
	if err != nil {
		t.Fatal(err)
	}
	set.flows["t"] = f
	c := newChecker(set, true)
	c.link()
	return set
}

// The checker keeps such flows away; if it failed, a call must still end well.
func TestRunThatWouldSpinApologisesAndHangsUp(t *testing.T) {
	line := &tape{}
	run := NewRun(unchecked(t, "  a: {set: {reason: x}, next: b}\n  b: {set: {reason: y}, next: a}\n"), "t", line, Options{})
	run.Start()
	if got := strings.Join(line.asked, ", "); got != "play [{en-US system/apology}]" {
		t.Fatalf("asked %s", got)
	}
	run.Digit(phi.NewDigits("1")) // does not cut the apology
	run.Played(1)
	if got := line.asked[len(line.asked)-1]; got != "hang up: flow failed: the flow went on without waiting for the caller: t/b" || !run.Done() {
		t.Fatalf("asked %s", got)
	}
}

func TestRoundThroughAWaitNeverUsesUpTheBudget(t *testing.T) {
	line := &tape{}
	run := NewRun(unchecked(t, "  a: {queue: {name: people, hold: {music: calm}}, timeout: b, full: a, unavailable: a}\n  b: {set: {reason: x}, next: a}\n"), "t", line, Options{})
	run.Start()
	for range 10 * StepBudget {
		run.LeftQueue(ExitTimeout)
	}
	if run.Done() || line.asked[len(line.asked)-1] != "queue" {
		t.Fatalf("asked %v", line.asked[len(line.asked)-1])
	}
	for range StepBudget {
		run.LeftQueue(ExitFull)
	}
	if !strings.HasPrefix(line.asked[len(line.asked)-1], "play [{en-US system/apology}]") {
		t.Fatal("a line that is full at once was tried for ever")
	}
}

func TestRunRefusesFactsBeforeVerificationByItself(t *testing.T) {
	line := &tape{}
	run := NewRun(unchecked(t, "  a: {say: \"your {{ member.next_visit | date }}\", next: a}\n"), "t", line, Options{})
	run.Start()
	run.Played(1)
	if got := strings.Join(line.asked, ", "); got != "play [{en-US system/apology}], hang up: flow failed: a member's fact was wanted before verification: t/a" {
		t.Fatalf("asked %s", got)
	}
}

// A division is refused as a flow is read; if one got through, or a condition failed by
// whatever else, the caller would hear an apology.
func TestRunApologisesForWhatCannotBeComputed(t *testing.T) {
	for step, why := range map[string]string{
		`  a: {set: {x: "{{ 5 % attempts }}"}, next: b}`:                        "an expression could not be computed",
		`  a: {branch: [{when: '5 % attempts == 1', next: b}, {otherwise: b}]}`: "a condition could not be computed",
	} {
		set := unchecked(t, step+"\n  b: {hang_up: done}\n")
		program, err := expr.Compile(map[bool]string{true: "5 % attempts", false: "5 % attempts == 1"}[strings.Contains(why, "expression")], expr.Env(set.names(nil)))
		if err != nil {
			t.Fatal(err)
		}
		switch a := set.flows["t"].steps[0].action.(type) {
		case *setAction:
			a.values[0].expression.program = program
		case *branchAction:
			a.ways[0].when.program = program
		}
		line := &tape{}
		run := NewRun(set, "t", line, Options{})
		run.Start()
		run.Played(1)
		if got := strings.Join(line.asked, ", "); got != "play [{en-US system/apology}], hang up: flow failed: "+why+": t/a" {
			t.Errorf("asked %s", got)
		}
	}
}

func TestRunInAFlowThatIsNotThereHangsUp(t *testing.T) {
	line := &tape{}
	NewRun(unchecked(t, "  a: {play: hello, next: a}\n"), "nowhere", line, Options{}).Start()
	if got := strings.Join(line.asked, ", "); got != "hang up: there is no such flow" {
		t.Fatalf("asked %s", got)
	}
}

func TestZIPPrefixesAreSortedAndCoverTheStates(t *testing.T) {
	last := -1
	for _, r := range zipRanges() {
		if r.first <= last || r.last < r.first {
			t.Fatalf("%v is out of order", r)
		}
		last = r.last
	}
	if states := allStates(); len(states) != 51 {
		t.Fatalf("%d states: %v", len(states), states)
	}
	for zip, state := range map[string]string{"96910": "", "0000": "", "00601": "", "83702": "ID", "06510": "CT", "*1234": ""} {
		if got := stateOf(phi.NewDigits(zip)); got != state {
			t.Errorf("%s is in %q", zip, got)
		}
	}
}
