package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"careline/ledger"
	"careline/media/signal"
)

// Keys of the demo's member-services flow, typed ahead while its notices play.
const (
	member   = "48201937" + "04121961" // Linda Park, invented
	english  = "1"
	spanish  = "2"
	identify = "1"
	person   = "0"
)

// callerTone is what the callers of these stories say.
const callerTone = 620

func tone() []int16 { return signal.Tone(callerTone, 120) }

// loud reports whether a tone is clearly there.
func loud(samples []int16, hz float64) bool { return toneIn(samples, hz) > 0.02 }

// toneIn is how strong a tone is, measured by quarter seconds: where a jitter buffer
// stretches time a little, the two parts of one long measurement may cancel out.
func toneIn(samples []int16, hz float64) float64 {
	const piece = signal.SampleRate / 4
	sum, count := 0.0, 0
	for ; len(samples) >= piece; samples = samples[piece:] {
		sum, count = sum+signal.Goertzel(samples[:piece], hz), count+1
	}
	if count == 0 {
		return signal.Goertzel(samples, hz)
	}
	return sum / float64(count)
}

// agentsVoice says how well some second of what was heard matches the agents'
// microphone, wherever in its loop. Seconds, because a jitter buffer stretches
// time a little between one and the next.
func agentsVoice(t *testing.T, heard []int16) float64 { return bestSecond(wav(t, microphone), heard) }

func musicIn(t *testing.T, heard []int16) float64 {
	return bestSecond(wav(t, "../config/demo/music/calm.wav"), heard)
}

func bestSecond(loop, heard []int16) float64 {
	loop = slices.Concat(loop, loop[:min(len(loop), 8000)]) // a second may begin near its end
	best := 0.0
	for at := 0; at+8000 <= len(heard); at += 4000 {
		score, _ := signal.Correlate(loop, heard[at:at+8000])
		best = max(best, score)
	}
	return best
}

func TestMemberIsVerifiedQueuedAndTalksWithTheAgent(t *testing.T) {
	server := start(t, notices(t, "")...)
	maria := server.signIn(t, "maria")
	maria.photograph("idle")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.await("offered")
	maria.photograph("ringing")
	if got := maria.shows("member-name"); got != "Linda Park" {
		t.Errorf("the screen pop names %q", got)
	}
	if got := maria.text(`[data-testid="verification"]`, "dataset.verification"); got != "verified" {
		t.Errorf("the screen pop says %q", got)
	}
	if got := maria.shows("call-language"); got != "English" {
		t.Errorf("language %q", got)
	}
	if got := maria.shows("call-reason"); got != "Representative" {
		t.Errorf("reason %q", got)
	}
	pass(2 * time.Second) // the caller hears music meanwhile
	ringing := time.Now()
	maria.click("accept")
	maria.await("talking")
	joined := time.Now()
	maria.photograph("talking")
	heard := maria.listenFor(theCaller, 2*time.Second)
	if !loud(heard, callerTone) {
		t.Errorf("the agent hears %.4f of the caller's tone", toneIn(heard, callerTone))
	}
	pass(time.Second)
	talked := time.Now()

	maria.click("hold")
	maria.await("holding")
	held := time.Now()
	heard, _ = maria.listen(3 * time.Second)
	heard = heard[max(0, len(heard)-8000):] // before, a busy browser may still play out its jitter buffer
	if loud(heard, callerTone) {
		evidence(t, "agent-on-hold", heard)
		t.Errorf("on hold the agent hears %.4f of the caller's tone", toneIn(heard, callerTone))
	}
	pass(time.Second)
	resume := time.Now()
	maria.click("hold")
	maria.await("talking")
	resumed := time.Now()
	heard = maria.listenFor(theCaller, 2*time.Second)
	if !loud(heard, callerTone) {
		t.Error("the agent doesn't hear the caller after the hold")
	}
	server.blast(t, []string{server.firstMediaPort()})
	heard = maria.listenFor(theCaller, time.Second)
	if !loud(heard, callerTone) {
		t.Error("garbage on the SIP and RTP ports took the sound away")
	}
	end := time.Now()
	caller.hangUp()
	maria.await("wrap_up")
	maria.photograph("wrap-up")
	maria.finish()

	ear := caller.heard()
	second := 1500 * time.Millisecond
	if score := musicIn(t, caller.between(ear, ringing.Add(-second), ringing)); score < 0.8 {
		t.Errorf("in line the caller hears the music by %.2f", score)
	}
	for when, cut := range map[string][]int16{
		"in talk":        caller.between(ear, joined.Add(second), talked),
		"after the hold": caller.between(ear, resumed.Add(second), end),
	} {
		if score := agentsVoice(t, cut); score < 0.6 {
			t.Errorf("%s the caller hears the agent by %.2f", when, score)
		} else {
			t.Logf("%s the caller hears the agent by %.2f", when, score)
		}
	}
	if score := musicIn(t, caller.between(ear, held.Add(500*time.Millisecond), resume)); score < 0.8 {
		t.Errorf("on hold the caller hears the music by %.2f", score)
	}
	record, audit := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentHold, ledger.SegmentTalk, ledger.SegmentWrapUp)
	if record.EndedBy != ledger.ByCaller || record.Verification != "verified" || record.MemberToken == "" || record.Disposition == "" {
		t.Errorf("the record says %+v", record)
	}
	wantAudit(t, audit, ledger.AuditVerification, "verified")
	wantAudit(t, audit, ledger.AuditAccess, "")
}

// TestEachSideHearsTheOtherWithin300ms sends the agent's voice round: through
// the server to a caller (SIPp) that echoes, and back. Both ends of that way
// are measured by the browser's one clock, so no clocks need to agree; a round
// trip under 300 ms proves both mouth-to-ear ways under 300 ms.
func TestEachSideHearsTheOtherWithin300ms(t *testing.T) {
	server := start(t)
	maria := server.signIn(t, "maria")
	caller := server.callers(t, 1, 1, 40*time.Second, english+identify+member+person)
	maria.accept()
	pass(3 * time.Second) // jitter buffers settle
	heard, said := maria.listen(6 * time.Second)
	heardWords := 0
	for at := 0; at+16000 <= len(said); at += 4000 { // a second and a half of speech at a time
		score, lag := signal.Correlate(heard[at:min(at+16000, len(heard))], said[at:at+12000])
		t.Logf("at %ds: agent to caller and back in %s, correlation %.2f", at/8000, lag, score)
		if score < 0.5 {
			continue // a pause in the speech
		}
		heardWords++
		if lag <= 0 || lag > 300*time.Millisecond {
			t.Errorf("the round trip takes %s", lag)
		}
	}
	if heardWords < 3 {
		evidence(t, "round-trip-heard", heard)
		evidence(t, "round-trip-said", said)
		t.Errorf("the agent's voice came back in %d places only", heardWords)
	}
	caller.wait()
	maria.finish()
}

// evidence keeps a sound in e2e/out.
func evidence(t *testing.T, name string, samples []int16) {
	t.Helper()
	if err := os.MkdirAll("out", 0o700); err != nil {
		t.Fatal(err)
	}
	writeWAV(t, filepath.Join("out", name+".wav"), samples)
}

func wantSegments(t *testing.T, record ledger.CallRecord, want ...ledger.SegmentKind) {
	t.Helper()
	var got []ledger.SegmentKind
	for _, segment := range record.Segments {
		got = append(got, segment.Kind)
		if segment.End.Before(segment.Start) {
			t.Errorf("%s ends before it starts", segment.Kind)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("segments %v, want %v", got, want)
	}
}

func wantAudit(t *testing.T, audit []ledger.AuditEntry, kind ledger.AuditKind, outcome string) {
	t.Helper()
	for _, entry := range audit {
		if entry.Kind == kind && (outcome == "" || entry.Outcome == outcome) {
			return
		}
	}
	t.Errorf("the audit has no %s %s: %+v", kind, outcome, audit)
}
