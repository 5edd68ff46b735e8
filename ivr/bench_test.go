package ivr_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
	"careline/phi"
)

// longFlow has 500 steps: menus, values keyed in and said back, conditions, and
// facts of the member behind one verification.
func longFlow() string {
	var text strings.Builder
	text.WriteString("flow: t\nlanguages: [en-US]\nstart: a\nsteps:\n  a: {verify: {ask: [member_id, date_of_birth]}, verified: s0, failed: people}\n")
	const steps = 495
	for n := range steps {
		next := fmt.Sprintf("s%d", (n+1)%steps)
		step := fmt.Sprintf(`{menu: main, choices: {"1": %s, "2": s%d, "0": people}, no_input: people}`, next, n/2)
		switch n % 5 {
		case 1:
			step = fmt.Sprintf(`{collect: {ask: claim, digits: 4, into: claim%d}, next: %s, no_input: people}`, n/25, next)
		case 2:
			step = fmt.Sprintf(`{say: "claim {{ claim%d | digits }}", next: %s}`, n/25, next)
		case 3:
			step = fmt.Sprintf(`{branch: [{when: 'attempts > 1 and reason == ""', next: people}, {otherwise: %s}]}`, next)
		case 4:
			step = fmt.Sprintf(`{say: "your {{ member.next_visit | date }}", next: %s}`, next)
		}
		fmt.Fprintf(&text, "  s%d: %s\n", n, step)
	}
	return text.String() + toPeople
}

// BenchmarkCheck reads, checks and proves a flow of 500 steps.
func BenchmarkCheck(b *testing.B) {
	files := fstest.MapFS{"flows/t.yaml": {Data: []byte(longFlow())}}
	for b.Loop() {
		if _, err := ivr.Load(files, "flows", smallEnvironment("")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart begins a call in the demo's first flow.
func BenchmarkStart(b *testing.B) {
	set := loadDemo(b)
	line := quietLine{}
	b.ReportAllocs()
	for b.Loop() {
		ivr.NewRun(set, "member-services", line, ivr.Options{}).Start()
	}
}

// quietLine is a line on which nothing ever happens.
type quietLine struct{}

func (quietLine) Record(bool)                         {}
func (quietLine) Play(ivr.Playback)                   {}
func (quietLine) StopPlaying()                        {}
func (quietLine) SetTimer(ivr.TimerID, time.Duration) {}
func (quietLine) StopTimer(ivr.TimerID)               {}
func (quietLine) Verify(ivr.Claim)                    {}
func (quietLine) Queue(ivr.QueueRequest)              {}
func (quietLine) HangUp(string)                       {}
func (quietLine) Entered(ivr.StepName)                {}
func (quietLine) Took(ivr.EdgeName)                   {}
func (quietLine) Refused(string)                      {}
func (quietLine) Now() time.Time                      { return epoch }
func (quietLine) ReadFact(string)                     {}
func (quietLine) RecordCaller(ivr.RecordRequest)      {}
func (quietLine) StopRecording(int)                   {}
func (quietLine) PlayRecording(int, int)              {}
func (quietLine) KeepRecording(int)                   {}
func (quietLine) DropRecording(int)                   {}
func (quietLine) SurveyAnswered(ivr.SurveyAnswer)     {}
func (quietLine) LookUp(ivr.LookUpRequest)            {}
func (quietLine) CallingNumber() phi.Digits           { return phi.Digits{} }
func (quietLine) MayCall(phi.Digits) bool             { return true }
func (quietLine) CallBack(ivr.CallBackRequest)        {}
func (quietLine) Transfer(ivr.TransferRequest)        {}
