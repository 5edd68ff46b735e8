package e2e

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"careline/ledger"
	"careline/media"
	"careline/media/signal"
	keytone "careline/media/tone"
)

func TestSpanishSpeakerIsServedInSpanish(t *testing.T) {
	t.Parallel()
	server := start(t)
	james := server.signIn(t, "james") // speaks English only, and waits longer
	maria := server.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(spanish + identify + member + person)
	maria.await("offered")
	if got := maria.shows("call-language"); got != "Spanish" {
		t.Errorf("language %q", got)
	}
	if got := james.state(); got != "available" {
		t.Errorf("the agent who speaks no Spanish is %s", got)
	}
	maria.accept()
	pass(time.Second)
	caller.hangUp()
	maria.finish()
	connecting := wav(t, "../config/demo/prompts/es-US/connecting-member-services.wav")
	if score, _ := signal.Correlate(caller.heard(), connecting); score < 0.9 {
		t.Errorf("the caller heard the Spanish prompt by %.2f", score)
	}
	if record, _ := server.record(); record.Language != "es-US" {
		t.Errorf("the record's language is %q", record.Language)
	}
}

func TestCallerWhoCannotBeVerifiedIsShownWithoutAName(t *testing.T) {
	t.Parallel()
	server := start(t)
	maria := server.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	wrong := "48201937" + "01011970"
	caller.press(english + identify + wrong)
	for attempt := 1; attempt < 3; attempt++ { // what was keyed ahead of a failure doesn't count
		eventually(t, 40*time.Second, "the attempt", func() bool { return server.logged("caller checked") == attempt })
		pass(6 * time.Second) // hears the prompt out; keys pressed meanwhile do not count
		caller.press(wrong)
	}
	maria.accept()
	if got := maria.text(`[data-testid="verification"]`, "dataset.verification"); got != "not_verified" {
		t.Errorf("the page says %q", got)
	}
	if got := maria.shows("member-name"); got != "" {
		t.Errorf("the page names %q", got)
	}
	pass(500 * time.Millisecond)
	caller.hangUp()
	maria.finish()
	generic := wav(t, "../config/demo/prompts/en-US/verification-failed.wav")
	if score, _ := signal.Correlate(caller.heard(), generic[:8000]); score < 0.9 {
		t.Errorf("the caller heard the failure prompt by %.2f", score)
	}
	record, audit := server.record()
	if record.Verification != "not_verified" || record.MemberToken != "" {
		t.Errorf("the record says %q, member %q", record.Verification, record.MemberToken)
	}
	failures := 0
	for _, entry := range audit {
		if entry.Kind == ledger.AuditAccess {
			t.Errorf("member data was read: %+v", entry)
		}
		if entry.Kind == ledger.AuditVerification && entry.Outcome == "not_verified" {
			failures++
		}
	}
	if failures != 3 {
		t.Errorf("the audit has %d failures", failures)
	}
}

// TestOnlyALicensedNurseIsOffered: the caller is in Wisconsin. Evan's license
// has expired and Rosa's is for Illinois: both wait, neither is offered. Nora's
// multistate license fits.
func TestOnlyALicensedNurseIsOffered(t *testing.T) {
	t.Parallel()
	server := start(t)
	evan, rosa := server.signIn(t, "evan"), server.signIn(t, "rosa")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + "9" + "1")
	eventually(t, 60*time.Second, "the call is queued", func() bool { return server.logged("call queued") == 1 })
	pass(2 * time.Second)
	nora := server.signIn(t, "nora")
	nora.accept()
	if got := nora.shows("call-state"); got != "WI" {
		t.Errorf("the nurse sees the state %q", got)
	}
	for _, other := range []*agent{evan, rosa} {
		if got := other.state(); got != "available" {
			t.Errorf("%s is %s", other.name, got)
		}
	}
	caller.hangUp()
	nora.finish()
	record, _ := server.record()
	for _, segment := range record.Segments {
		if segment.Kind == ledger.SegmentRingAgent && segment.Agent != "nora" {
			t.Errorf("%s was offered the call", segment.Agent)
		}
	}
}

func TestCallerHangsUpInTheMenuInLineAndWhileAnAgentRings(t *testing.T) {
	t.Parallel()
	server := start(t)
	menu := server.phone(t, tone())
	menu.dial("5550100")
	pass(2 * time.Second)
	menu.hangUp()
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR)
	wantBy(t, record, ledger.ByCaller)

	line := server.phone(t, tone())
	line.dial("5550100")
	line.press(english + identify + member + person)
	eventually(t, 40*time.Second, "the call is queued", func() bool { return server.logged("call queued") == 1 })
	pass(time.Second)
	line.hangUp()
	record = server.recordAfter(record.ID)
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue)
	wantBy(t, record, ledger.ByCaller)
	if got := record.Segments[2].Outcome; got != "abandoned" {
		t.Errorf("the queue ended %q", got)
	}

	maria := server.signIn(t, "maria")
	ringing := server.phone(t, tone())
	ringing.dial("5550100")
	ringing.press(english + identify + member + person)
	maria.await("offered")
	ringing.hangUp()
	gone := time.Now()
	maria.await("available")
	if late := time.Since(gone); late > 2*time.Second {
		t.Errorf("it rang on for %s", late)
	}
	record = server.recordAfter(record.ID)
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent)
	wantBy(t, record, ledger.ByCaller)
}

func TestAgentWhoDoesNotAnswerIsTakenOutAndTheNextOneRings(t *testing.T) {
	t.Parallel()
	server := start(t, [3]string{"queues.yaml", "ring: 20s", "ring: 4s"})
	maria := server.signIn(t, "maria") // the longest idle, and skilled: rings first
	james := server.signIn(t, "james")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.await("offered")
	james.accept()
	if got := maria.state(); got != "away" {
		t.Errorf("the agent who didn't answer is %s", got)
	}
	james.click("hang-up")
	caller.awaitEnd()
	james.finish()
	record, _ := server.record()
	wantBy(t, record, ledger.ByAgent)
	var rings []string
	for _, segment := range record.Segments {
		if segment.Kind == ledger.SegmentRingAgent {
			rings = append(rings, segment.Agent+" "+segment.Outcome)
		}
	}
	if len(rings) != 2 || rings[1] != "james answered" {
		t.Errorf("rings: %v", rings)
	}
}

func TestBrowserVanishesMidCallAndTheCallerGetsTheNextAgent(t *testing.T) {
	t.Parallel()
	server := start(t, [3]string{"careline.yaml", "grace: 30s", "grace: 4s"})
	maria := server.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.accept()
	james := server.signIn(t, "james")
	maria.cancel() // the tab is gone, without a word
	james.accept()
	heard := james.listenFor(theCaller, 2*time.Second)
	if !loud(heard, callerTone) {
		t.Errorf("the next agent hears %.4f of the caller", toneIn(heard, callerTone))
	}
	caller.hangUp()
	james.finish()
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentQueue, ledger.SegmentRingAgent, ledger.SegmentTalk, ledger.SegmentWrapUp)
}

// TestCallerWhoSaysAndPressesNothingReachesAPerson: silence never ends a call.
func TestCallerWhoSaysAndPressesNothingReachesAPerson(t *testing.T) {
	t.Parallel()
	server := start(t)
	maria := server.signIn(t, "maria")
	caller := server.phone(t, make([]int16, 150*8000))
	caller.dial("5550100")
	eventually(t, 140*time.Second, "the silent caller is queued", func() bool { return server.logged("call queued") == 1 })
	maria.accept()
	if got := maria.text(`[data-testid="verification"]`, "dataset.verification"); got == "verified" {
		t.Errorf("the page says %q", got)
	}
	caller.hangUp()
	maria.finish()
	record, _ := server.record()
	wantBy(t, record, ledger.ByCaller)
}

// TestKeysAreHeardAsTones: a telephone that knows no telephone-event identifies its
// member by the tones alone.
func TestKeysAreHeardAsTones(t *testing.T) {
	t.Parallel()
	server := start(t)
	var sound []int16
	for _, key := range []byte(english + identify + member + person) {
		sound = append(sound, make([]int16, 8*150)...)
		generator := keytone.New(key, 90*time.Millisecond)
		press := make([]int16, 8*100)
		generator.Fill(press)
		sound = append(sound, press...)
	}
	sound = append(append(make([]int16, 8000), sound...), make([]int16, 30*8000)...)
	says := make([]byte, len(sound))
	media.PCMU.Encode(says, sound)
	caller := server.play(t, "tones.xml", 1, 1, 25*time.Second, map[string][]byte{"keys.ul": says})
	eventually(t, 25*time.Second, "the call is queued", func() bool { return server.logged("call queued") == 1 })
	caller.wait()
	if record, _ := server.record(); record.Verification != "verified" || record.DigitCount != len(english+identify+member+person) {
		t.Errorf("%s by %d digits", record.Verification, record.DigitCount)
	}
}

// blast sends garbage to every port that the server has open.
func (s *server) blast(t *testing.T, mediaPorts []string) {
	t.Helper()
	random := rand.NewChaCha8([32]byte{7})
	for _, to := range append([]string{s.sip}, mediaPorts...) {
		conn, err := net.Dial("udp", to)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 500 {
			body := make([]byte, 1+n%200)
			random.Read(body)
			if n%2 == 0 {
				body[0] = 0x80 // as if it were RTP
			}
			conn.Write(body) // a refused port answers with an error later; that is fine
		}
		conn.Close()
	}
}

func wantBy(t *testing.T, record ledger.CallRecord, by ledger.EndedBy) {
	t.Helper()
	if record.EndedBy != by {
		t.Errorf("ended by %s (%s), want %s", record.EndedBy, record.Why, by)
	}
}

// recordAfter waits for the final record of a call newer than that one.
func (s *server) recordAfter(id string) ledger.CallRecord {
	s.t.Helper()
	kept := s.kept()
	defer kept.Close()
	var found ledger.CallRecord
	eventually(s.t, 10*time.Second, "the next call's final record", func() bool {
		records, err := kept.Calls(context.Background(), 10)
		i := slices.IndexFunc(records, func(r ledger.CallRecord) bool { return r.ID > id && r.Final() })
		if err != nil || i < 0 {
			return false
		}
		found = records[i]
		return true
	})
	return found
}
