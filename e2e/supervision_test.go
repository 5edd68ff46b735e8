package e2e

import (
	"strings"
	"testing"
	"time"

	"careline/ledger"
	"careline/media/signal"
)

// softly leaves room for a supervisor's voice beside a tone.
func softly(tone []int16) []int16 {
	for i := range tone {
		tone[i] /= 8
	}
	return tone
}

// soft reports whether such a tone is there.
func soft(samples []int16, hz float64) bool { return toneIn(samples, hz) > 0.02 }

// TestASupervisorListensWhispersAndBargesIn: maria talks with a caller on her desk
// phone; sam takes part from the list of calls, by his own page's sound. Who hears
// whom is heard at each of the three.
func TestASupervisorListensWhispersAndBargesIn(t *testing.T) {
	t.Parallel()
	server := start(t)
	desk := server.deskPhone(t, softly(signal.Tone(deskTone, 120)))
	maria, sam := server.signIn(t, "maria"), server.enter(t, "sam")
	eventually(t, 20*time.Second, "sam's sound", func() bool { return sam.text(`#health-sound`, "dataset.ok") == "yes" })
	caller := server.phone(t, softly(tone()))
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.await("offered")
	eventually(t, 15*time.Second, "the desk phone rings", func() bool { return desk.saw("CALL_INCOMING") })
	desk.command("accept", "")
	maria.await("talking")
	eventually(t, 10*time.Second, "the talk in sam's list", func() bool { return strings.Contains(sam.shows("calls-up"), "Talking") })

	type phase struct{ from, to time.Time }
	phases := map[string]phase{}
	during := func(name string, d time.Duration) {
		began := time.Now()
		pass(d)
		phases[name] = phase{began.Add(700 * time.Millisecond), time.Now()}
	}
	takesPart := func(how string) {
		t.Helper()
		eventually(t, 15*time.Second, "sam "+how, func() bool { return strings.Contains(sam.shows("supervision"), how) })
	}
	sam.click("listen")
	takesPart("You listen to Maria Santos")
	heard, _ := sam.listen(1200 * time.Millisecond)
	if heard = heard[len(heard)/3:]; !soft(heard, callerTone) || !soft(heard, deskTone) {
		t.Errorf("listening, sam hears %.4f of the caller and %.4f of the agent", toneIn(heard, callerTone), toneIn(heard, deskTone))
	}
	if maria.shows("supervised") != "" {
		t.Error("maria is told of a listener, which isn't shown here")
	}
	during("listening", 1800*time.Millisecond)
	sam.click("supervise-whisper")
	takesPart("You whisper to Maria Santos")
	during("whispering", 2200*time.Millisecond)
	if told := maria.shows("supervised"); told != "Samuel Okafor speaks to you; the caller can't hear it." {
		t.Errorf("maria's page says %q", told)
	}
	sam.photograph("whispering")
	sam.click("supervise-barge-in")
	takesPart("The caller hears you")
	during("barging in", 2200*time.Millisecond)
	sam.click("supervise-leave")
	eventually(t, 15*time.Second, "sam is out", func() bool { return sam.shows("supervision") == "" })
	during("alone", 1800*time.Millisecond)
	caller.hangUp()
	desk.awaitEnd()
	maria.finish()

	callersEar, agentsEar := caller.heard(), desk.heard()
	for name, want := range map[string]struct{ agent, caller bool }{
		"listening": {}, "whispering": {agent: true}, "barging in": {agent: true, caller: true}, "alone": {},
	} {
		p := phases[name]
		for who, ear := range map[string]struct {
			cut   []int16
			other float64
			voice bool
		}{
			"the agent":  {desk.between(agentsEar, p.from, p.to), callerTone, want.agent},
			"the caller": {caller.between(callersEar, p.from, p.to), deskTone, want.caller},
		} {
			if !soft(ear.cut, ear.other) {
				t.Errorf("%s: %s hears %.4f of the other", name, who, toneIn(ear.cut, ear.other))
			}
			score := agentsVoice(t, ear.cut)
			t.Logf("%s: %s hears sam by %.2f", name, who, score)
			if ear.voice != (score > 0.4) {
				evidence(t, strings.ReplaceAll(name+" "+who, " ", "-"), ear.cut)
				t.Errorf("%s: %s hears sam by %.2f", name, who, score)
			}
		}
	}
	record, audit := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentListen, ledger.SegmentWhisper, ledger.SegmentBargeIn, ledger.SegmentWrapUp)
	for _, outcome := range []string{"begun", "ended"} {
		wantAudit(t, audit, ledger.AuditSupervision, outcome)
	}
}
