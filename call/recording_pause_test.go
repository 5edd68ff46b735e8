package call

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"careline/acd"
)

// TestAnAgentLeavesACardsNumberOutOfTheRecording: and says so on the page; what is
// forgotten goes on by itself, and so does what the agent leaves behind.
func TestAnAgentLeavesACardsNumberOutOfTheRecording(t *testing.T) {
	onTape(t, "", func(f *floor, _ *fakeTapes) {
		dialog, leg := f.queued()
		tap := leg.tap
		f.signIn("maria")
		f.accept("maria")
		shows := func(want RecordingView) {
			t.Helper()
			if got := f.view("maria").Call.Recording; got != want {
				t.Errorf("the page shows %q, not %q", got, want)
			}
		}
		pause := func(on bool) {
			t.Helper()
			f.do("maria", Command{Kind: PauseRecording, On: on})
		}
		shows(Recorded)
		began := time.Since(tap.at)
		f.pass(10 * time.Second)
		pause(true)
		pause(true) // a second time changes nothing
		shows(RecordingPaused)
		f.do("maria", Command{Kind: Hold, On: true})
		shows(RecordingPaused)
		f.do("maria", Command{Kind: Hold})
		f.pass(20 * time.Second)
		pause(false)
		shows(Recorded)
		pause(true)
		f.pass(maxRecordingPause + time.Second)
		shows(Recorded)
		pause(true)
		f.pass(time.Second)
		dialog.hangUp()
		f.pass(time.Second)
		offsets := []time.Duration{10, 30, 30, 210, 211} // the tap's end is the last pause's
		for i := range offsets {
			offsets[i] = began + offsets[i]*time.Second
		}
		if !slices.Equal(tap.pauses, offsets) {
			t.Errorf("paused and resumed at %v, not at %v", tap.pauses, offsets)
		}
	})
}

func TestThereIsNothingToPauseInACallThatIsntRecorded(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.queued()
		f.signIn("maria")
		f.accept("maria")
		if err := f.center.Do(context.Background(), acd.AgentID("maria"), Command{Kind: PauseRecording, On: true}); !errors.Is(err, ErrNotRecorded) {
			t.Errorf("told %v", err)
		}
		if got := f.view("maria").Call.Recording; got != NotRecorded {
			t.Errorf("the page shows %q", got)
		}
	})
}
