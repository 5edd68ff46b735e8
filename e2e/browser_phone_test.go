package e2e

import (
	"fmt"
	"testing"
	"time"

	"careline/ledger"
	"careline/media/signal"
)

// browserDesk is the page of an agent whose desk phone is JsSIP, registered over
// secure WebSocket; its title is its state.
const browserDesk = `<!doctype html><title>loading</title><audio id="remote" autoplay></audio><script src="jssip.min.js"></script><script>
const phone = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface("%s")], uri: "sip:maria-desk@127.0.0.1", password: "careline-demo", register: true });
const microphone = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const says = (title) => () => document.title = title;
phone.on("registered", says("registered"));
phone.on("registrationFailed", (e) => document.title = "not registered: " + e.cause);
let session;
phone.on("newRTCSession", (e) => {
	session = e.session;
	session.on("peerconnection", (e) => e.peerconnection.addEventListener("track",
		(e) => document.querySelector("#remote").srcObject = new MediaStream([e.track])));
	session.on("confirmed", says("talking"));
	session.on("ended", says("ended"));
	session.on("failed", (e) => document.title = "failed: " + e.cause);
	session.on("hold", (e) => document.title = "held by " + e.originator);
	session.on("unhold", says("talking"));
	document.title = "ringing";
});
phone.start();
async function pickUp() {
	window.__microphone = await navigator.mediaDevices.getUserMedia({ audio: microphone });
	session.answer({ mediaStream: window.__microphone, pcConfig: { iceServers: [] } });
}
</script>`

// browserDesk registers a browser as maria's phone.
func (s *server) browserDesk(t *testing.T) *agent {
	t.Helper()
	desk := s.browserPage(t, "the browser's desk phone", fmt.Sprintf(browserDesk, "wss://"+s.listens["wss"]), signal.Tone(deskTone, 10))
	desk.awaitTitle("registered")
	return desk
}

// hears: the desk phone hears the caller, and the caller heard the desk phone in the
// span that is returned.
func (a *agent) hears(when string) (from, to time.Time) {
	a.t.Helper()
	pass(time.Second) // jitter buffers settle
	from = time.Now()
	heard := a.listenFor(theCaller, 1500*time.Millisecond)
	if !loud(heard, callerTone) {
		evidence(a.t, "desk-"+when, heard)
		a.t.Errorf("%s the agent hears %.4f of the caller's tone", when, toneIn(heard, callerTone))
	}
	return from, time.Now()
}

// A stock SIP library in a browser, registered over secure WebSocket, is the agent's
// phone: it rings, is answered, holds and resumes; either side hangs up.
func TestBrowserIsTheAgentsDeskPhone(t *testing.T) {
	t.Parallel()
	server := startSecure(t)
	desk := server.browserDesk(t)
	maria := server.signIn(t, "maria")
	if maria.text(string(css("ring-phone")), "ariaPressed") != "true" {
		t.Error("the page doesn't say that calls ring on the desk phone")
	}
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	desk.awaitTitle("ringing")
	desk.js("pick up", "pickUp()")
	desk.awaitTitle("talking")
	maria.await("talking")
	talkFrom, talkTo := desk.hears("in talk")

	desk.js("hold", "session.hold()")
	desk.awaitTitle("held by local")
	maria.await("holding")
	held := time.Now()
	pass(2500 * time.Millisecond)
	resume := time.Now()
	desk.js("resume", "session.unhold()")
	desk.awaitTitle("talking")
	maria.await("talking")
	againFrom, againTo := desk.hears("after the hold")
	desk.js("another network", "session.renegotiate({ rtcOfferConstraints: { iceRestart: true } })")
	pass(500 * time.Millisecond)
	lastFrom, lastTo := desk.hears("after an ICE restart")
	desk.js("hang up", "session.terminate()")
	caller.awaitEnd()
	maria.finish()

	ear := caller.heard()
	for when, span := range map[string][2]time.Time{"in talk": {talkFrom, talkTo}, "after the hold": {againFrom, againTo}, "after an ICE restart": {lastFrom, lastTo}} {
		if cut := caller.between(ear, span[0], span[1]); !loud(cut, deskTone) {
			evidence(t, "caller-"+when, cut)
			t.Errorf("%s the caller hears %.4f of the agent's tone", when, toneIn(cut, deskTone))
		}
	}
	if cut := caller.between(ear, held.Add(700*time.Millisecond), resume); musicIn(t, cut) < 0.8 || loud(cut, deskTone) {
		t.Errorf("on hold the caller hears the music by %.2f, and %.4f of the agent's tone", musicIn(t, cut), toneIn(cut, deskTone))
	}
	server.wantEncrypted("phone answered", "DTLS-SRTP")
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentHold, ledger.SegmentTalk, ledger.SegmentWrapUp)
	if record.EndedBy != ledger.ByAgent || record.Verification != "verified" {
		t.Errorf("the record says %+v", record)
	}

	next := server.phone(t, tone())
	next.dial("5550100")
	next.press(english + identify + member + person)
	desk.awaitTitle("ringing")
	desk.js("pick up", "pickUp()")
	maria.await("talking")
	desk.hears("in the second call")
	next.hangUp()
	desk.awaitTitle("ended")
	maria.finish()
}
