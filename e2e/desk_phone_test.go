package e2e

import (
	"strings"
	"testing"
	"time"

	"careline/ledger"
	"careline/media/signal"
)

// deskTone is what the agent's desk phone says; the hold music has nothing there.
const deskTone = 1130

// Maria signs in at the page, her desk phone is baresip: the page shows whom the
// phone rings for, and the two phones hear each other.
func TestAgentTalksOnTheDeskPhone(t *testing.T) {
	t.Parallel()
	server := start(t)
	desk := server.deskPhone(t, signal.Tone(deskTone, 120))
	maria := server.signIn(t, "maria")
	if maria.text(string(css("ring-phone")), "ariaPressed") != "true" {
		t.Error("the page doesn't say that calls ring on the desk phone")
	}
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.await("offered")
	eventually(t, 15*time.Second, "the desk phone rings", func() bool { return desk.saw("CALL_INCOMING") })
	if got := maria.shows("member-name"); got != "Linda Park" {
		t.Errorf("the screen pop names %q", got)
	}
	if maria.shows("accept") != "" || !strings.Contains(maria.text("#state-detail", "textContent"), "Pick up your desk phone") {
		t.Error("the page offers to accept what only the phone can")
	}
	desk.command("accept", "")
	maria.await("talking")
	joined := time.Now()
	pass(3 * time.Second)
	talked := time.Now()

	maria.click("hold")
	maria.await("holding")
	held := time.Now()
	pass(3 * time.Second)
	resume := time.Now()
	maria.click("hold")
	maria.await("talking")
	pass(2 * time.Second)
	end := time.Now()
	desk.hangUp()
	caller.awaitEnd()
	maria.await("wrap_up")
	maria.finish()

	callersEar, agentsEar := caller.heard(), desk.heard()
	settle := 700 * time.Millisecond
	for when, times := range map[string][2]time.Time{"in talk": {joined, talked}, "after the hold": {resume, end}} {
		from, to := times[0].Add(settle), times[1]
		if cut := caller.between(callersEar, from, to); !loud(cut, deskTone) {
			t.Errorf("%s the caller hears %.4f of the agent's tone", when, toneIn(cut, deskTone))
		}
		if cut := desk.between(agentsEar, from, to); !loud(cut, callerTone) {
			t.Errorf("%s the agent hears %.4f of the caller's tone", when, toneIn(cut, callerTone))
		}
	}
	score, second := 0.0, []int16(nil)
	for onHold := caller.between(callersEar, held.Add(settle), resume); len(onHold) >= 8000; onHold = onHold[2000:] {
		if s := musicIn(t, onHold[:8000]); s > score { // a busy phone's recording may be off by the other seconds
			score, second = s, onHold[:8000]
		}
	}
	if score < 0.8 || loud(second, deskTone) {
		t.Errorf("on hold the caller hears the music by %.2f, and %.4f of the agent's tone", score, toneIn(second, deskTone))
	}
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentHold, ledger.SegmentTalk, ledger.SegmentWrapUp)
	if record.EndedBy != ledger.ByAgent || record.Verification != "verified" {
		t.Errorf("the record says %+v", record)
	}
}
