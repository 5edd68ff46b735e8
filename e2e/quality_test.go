package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"careline/ledger"
)

// sign is what the page says of the sound, and with how many bars.
func (a *agent) sign() (text, grade string) {
	return a.shows("call-sound"), a.text(`[data-testid="call-sound"]`, "dataset.grade")
}

// TestAgentSeesThatTheCallerIsNotHeard: the telephone sends and reports as it should,
// then falls silent, then goes on; page and record tell.
func TestAgentSeesThatTheCallerIsNotHeard(t *testing.T) {
	t.Parallel()
	server := start(t)
	maria := server.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.accept()
	eventually(t, 15*time.Second, "the page says how the talk sounds", func() bool {
		text, grade := maria.sign()
		return text == "Good" && grade == "good"
	})
	pass(6 * time.Second) // the browser reports about every 5 s
	buttons := maria.place("hang-up")

	// The telephone stands still: no sound, no report, no signalling.
	stopped := time.Now()
	if err := caller.process.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	goOn := func() {
		if err := caller.process.Process.Signal(syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(goOn)
	eventually(t, 8*time.Second, "the page says that the caller isn't heard", func() bool {
		text, grade := maria.sign()
		return text == "You may not hear them" && grade == "bad"
	})
	if took := time.Since(stopped); took > 5*time.Second {
		t.Errorf("the page said so after %v", took)
	}
	if detail := maria.text("#state-detail", "textContent"); detail != "You may not hear them" {
		t.Errorf("under the state stands %q", detail)
	}
	if now := maria.place("hang-up"); now != buttons {
		t.Errorf("the sign moved the buttons from %s to %s", buttons, now)
	}
	maria.photograph("not-heard")
	goOn()
	// It is heard at once. Whether it hears is in its next report, 5 s after the last: the
	// first may tell of what waited for it while it stood still.
	eventually(t, 15*time.Second, "the caller is heard again", func() bool {
		text, _ := maria.sign()
		return text != "You may not hear them" && text != "You may not hear each other"
	})
	eventually(t, 12*time.Second, "both hear each other again", func() bool {
		text, _ := maria.sign()
		return !strings.Contains(text, "may not")
	})
	caller.hangUp()
	maria.finish()

	record, _ := server.record()
	sides := map[ledger.SoundLeg]ledger.LegSound{}
	for _, side := range record.Sound {
		sides[side.Leg] = side
	}
	if len(record.Sound) != 2 || sides[ledger.SoundAgent].Agent != "maria" {
		t.Fatalf("the record has %+v", record.Sound)
	}
	// MOS is the mean of the seconds', and the worst that of a few seconds taken together.
	for leg, side := range sides {
		for name, way := range map[string]ledger.SoundWay{"received": side.Received, "sent": side.Sent} {
			if way.Packets < 100 || way.MOS < 3 || way.MOS > 4.5 || way.WorstMOS > way.MOS+0.1 || way.JitterMS > 200 || way.Lost > way.Packets {
				t.Errorf("%s, %s: %+v", leg, name, way)
			}
		}
	}
	// Each side must have had a report of ours before it can tell; the caller's had time.
	if side := sides[ledger.SoundCaller]; side.MaxRoundTripMS < 1 || side.RoundTripMS > 500 {
		t.Errorf("round trip %d ms, at most %d", side.RoundTripMS, side.MaxRoundTripMS)
	}
	if away := sides[ledger.SoundCaller].Received.OneWaySeconds; away < 3 || away > 8 {
		t.Errorf("the caller wasn't heard for %v s", away)
	}
	printed := server.careline(t, "record", "--config", "config")
	t.Log(printed)
	for _, want := range []string{"sound, caller", "sound, agent", "MOS 4", "not heard for"} {
		if !strings.Contains(printed, want) {
			t.Errorf("careline record doesn't say %q", want)
		}
	}
	if counted := server.metrics(); counted["careline_sound_mos_count"] != 4 || counted["careline_sound_one_way_total"] < 1 {
		t.Errorf("counted are %v scores and %v one-way legs", counted["careline_sound_mos_count"], counted["careline_sound_one_way_total"])
	}
}
