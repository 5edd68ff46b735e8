package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"careline/ledger"
	"careline/media/signal"
)

const (
	// outside is a number that the dial plan of these stories allows.
	outside = "+12025550177"
	// outsideTone is what whoever answers there says.
	outsideTone = 1480
	// carrier is where the trunk's calls come from and go to; phones come from
	// elsewhere, so that their password is asked for.
	carrier = "127.0.0.9"
)

// startWithTrunk runs a server whose agents may transfer to one number, over a
// trunk whose far side is at this port.
func startWithTrunk(t *testing.T, edits ...[3]string) (s *server, far string) {
	t.Helper()
	socket, err := net.ListenPacket("udp", carrier+":0")
	if err != nil {
		t.Fatal(err)
	}
	far = socket.LocalAddr().String()
	socket.Close()
	return start(t, append(edits,
		[3]string{"careline.yaml", "  max_calls: 400", "  max_calls: 400\n  transfers: true"},
		[3]string{"trunks.yaml", "", fmt.Sprintf("trunks:\n  out:\n    sources: [%s/32]\n    targets: [\"udp://%s\"]\n    caller_id: \"+12025550100\"\n", carrier, far)},
		[3]string{"dialplan.yaml", "", fmt.Sprintf("allow:\n  - {numbers: %q, trunks: [out]}\n", outside)},
	)...), far
}

// carriersPhone is a caller's, or with an account, that of whoever is called there.
func (s *server) carriersPhone(t *testing.T, listen, account string, says []int16) *phone {
	t.Helper()
	if account == "" {
		return s.baresipAt(t, carrier+":0", says, "<sip:5550199@"+carrier+";transport=udp>;regint=0")
	}
	return s.baresipAt(t, listen, says, "<sip:"+outside+"@"+carrier+";transport=udp>;regint=0;"+account)
}

// callIn dials and keys in as far as the queue. A phone here sends from another
// address than its SDP says, which takes some sound to learn.
func (p *phone) callIn() {
	p.t.Helper()
	p.dial("5550100")
	pass(time.Second)
	p.press(english + identify + member + person)
}

// wantEachOther: the caller and the number outside hear each other, and nobody else.
func wantEachOther(t *testing.T, caller, target *phone, from, to time.Time) {
	t.Helper()
	callersEar, targetsEar := caller.heard(), target.heard()
	from = from.Add(700 * time.Millisecond)
	if cut := caller.between(callersEar, from, to); !loud(cut, outsideTone) || loud(cut, deskTone) || musicIn(t, cut) > 0.5 {
		t.Errorf("the caller hears %.4f of the number's tone, %.4f of the agent's", toneIn(cut, outsideTone), toneIn(cut, deskTone))
	}
	if cut := target.between(targetsEar, from, to); !loud(cut, callerTone) || loud(cut, deskTone) {
		t.Errorf("the number hears %.4f of the caller's tone, %.4f of the agent's", toneIn(cut, callerTone), toneIn(cut, deskTone))
	}
}

// Maria transfers by her desk phone's key; the two outside hear each other.
func TestTransferFromTheDeskPhone(t *testing.T) {
	t.Parallel()
	server, far := startWithTrunk(t)
	target := server.carriersPhone(t, far, "answermode=auto", signal.Tone(outsideTone, 120))
	desk := server.deskPhone(t, signal.Tone(deskTone, 120))
	maria := server.signIn(t, "maria")
	caller := server.carriersPhone(t, "", "", tone())
	caller.callIn()
	maria.await("offered")
	eventually(t, 15*time.Second, "the desk phone rings", func() bool { return desk.saw("CALL_INCOMING") })
	desk.command("accept", "")
	maria.await("talking")
	pass(2 * time.Second)

	// No rule allows it. baresip hangs up then, which must not end the caller's call.
	desk.command("transfer", "sip:+19005550142@"+server.sip)
	maria.await("wrap_up")
	maria.js("choose a disposition", `document.querySelector('[data-testid="dispositions"] input').click()`)
	maria.click("finish-wrap-up")
	if target.saw("CALL_INCOMING") || caller.saw("CALL_CLOSED") {
		t.Fatal("a number that isn't allowed was called, or ended the call")
	}
	maria.await("offered")
	pass(time.Second)
	desk.command("accept", "")
	maria.await("talking")
	pass(time.Second)
	desk.command("transfer", "sip:"+outside+"@"+server.sip)
	eventually(t, 10*time.Second, "the number answers", func() bool { return target.saw("CALL_ESTABLISHED") })
	joined := time.Now()
	maria.finish()
	pass(4 * time.Second)
	end := time.Now()
	caller.hangUp()
	target.awaitEnd()
	wantEachOther(t, caller, target, joined, end)
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentWrapUp, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentTransfer, ledger.SegmentWrapUp, ledger.SegmentExternal)
	if record.EndedBy != ledger.ByCaller || record.Segments[9].Outcome != "answered" || record.Media.PacketsReceived == 0 {
		t.Errorf("the record says %+v", record)
	}
}

// James transfers by the page: a number that isn't allowed is refused in words, the
// other is busy at first. Then he asks there first, brings all three together, and
// leaves the two to each other.
func TestTransferByThePage(t *testing.T) {
	t.Parallel()
	server, far := startWithTrunk(t)
	target := server.carriersPhone(t, far, "answermode=manual", softly(signal.Tone(outsideTone, 120)))
	james := server.signIn(t, "james")
	caller := server.carriersPhone(t, "", "", softly(tone()))
	caller.callIn()
	james.accept()
	call := func(number, button string) {
		t.Helper()
		james.js("empty the field", `document.querySelector("#transfer-number").value = ""`)
		james.do("type the number", chromedp.SendKeys(css("transfer-number"), number+"\r"))
		james.click(button)
	}
	transfer := func(number string) { t.Helper(); call(number, "transfer-confirm") }
	james.click("transfer")
	transfer("+1 900 555 0142")
	eventually(t, 15*time.Second, "the page says no", func() bool {
		return strings.Contains(james.shows("transfer-problem"), "may not be called")
	})
	transfer("202 555 0177")
	eventually(t, 10*time.Second, "the page says that it rings", func() bool {
		return strings.Contains(james.shows("transfer-state"), "It is ringing")
	})
	target.command("hangup", "")
	eventually(t, 15*time.Second, "the page says that nobody took the caller", func() bool {
		return strings.Contains(james.shows("transfer-problem"), "The caller is back with you")
	})
	if james.state() != "talking" {
		t.Errorf("james is %s", james.state())
	}
	call("202 555 0177", "transfer-consult")
	eventually(t, 10*time.Second, "the number rings", func() bool { return target.count("CALL_INCOMING") == 2 })
	target.command("accept", "")
	eventually(t, 10*time.Second, "the page says that somebody answered", func() bool {
		return james.text("#third", "dataset.third") == "answered" && james.state() == "holding"
	})
	james.click("third-together")
	james.await("talking")
	together := time.Now()
	pass(2500 * time.Millisecond)
	leaves := time.Now()
	james.click("third-leave")
	james.await("wrap_up")
	joined := time.Now()
	james.finish()
	pass(4 * time.Second)
	end := time.Now()
	target.command("hangup", "")
	caller.awaitEnd()
	eventually(t, 15*time.Second, "the call is over at the number", func() bool { return target.count("CALL_CLOSED") == 2 })
	wantEachOther(t, caller, target, joined, end)
	from := together.Add(700 * time.Millisecond)
	if cut := caller.between(caller.heard(), from, leaves); !loud(cut, outsideTone) || agentsVoice(t, cut) < 0.3 {
		t.Errorf("together the caller hears %.4f of the number's tone, the agent by %.2f", toneIn(cut, outsideTone), agentsVoice(t, cut))
	}
	if cut := target.between(target.heard(), from, leaves); !loud(cut, callerTone) || agentsVoice(t, cut) < 0.3 {
		t.Errorf("together the number hears %.4f of the caller's tone, the agent by %.2f", toneIn(cut, callerTone), agentsVoice(t, cut))
	}
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentTransfer, ledger.SegmentTalk, ledger.SegmentConsult, ledger.SegmentHold, ledger.SegmentConference,
		ledger.SegmentTalk, ledger.SegmentTransfer, ledger.SegmentWrapUp, ledger.SegmentExternal)
	if record.EndedBy != ledger.ByTarget || record.Segments[5].Outcome != "busy" {
		t.Errorf("the record says %+v", record)
	}
}

// Maria asks first, on linphone: she calls the number with her phone's password,
// speaks with whoever answers, and puts the caller through.
func TestAttendedTransfer(t *testing.T) {
	t.Parallel()
	server, far := startWithTrunk(t)
	target := server.carriersPhone(t, far, "answermode=auto", signal.Tone(outsideTone, 120))
	desk := server.linphone(t, signal.Tone(deskTone, 120))
	desk.command(fmt.Sprintf("register sip:maria-desk@%s sip:%s careline-demo", server.sip, server.sip))
	eventually(t, 10*time.Second, "the desk phone is registered", func() bool { return server.logged("phone registered") > 0 })
	maria := server.signIn(t, "maria")
	caller := server.carriersPhone(t, "", "", tone())
	caller.callIn()
	maria.await("offered")
	pass(time.Second)
	desk.command("answer")
	maria.await("talking")
	pass(2 * time.Second)
	desk.command("pause")
	maria.await("holding")
	desk.command("call sip:" + outside + "@" + server.sip)
	eventually(t, 10*time.Second, "the number answers", func() bool { return target.saw("CALL_ESTABLISHED") })
	asked := time.Now()
	pass(3 * time.Second)
	told := time.Now()
	if maria.state() != "holding" {
		t.Errorf("while maria asks she is %s", maria.state())
	}
	desk.command("transfer 1 --to-call 2")
	maria.finish()
	joined := time.Now()
	pass(4 * time.Second)
	end := time.Now()
	target.hangUp()
	caller.awaitEnd()
	wantEachOther(t, caller, target, joined, end)
	if cut := target.between(target.heard(), asked.Add(time.Second), told); !loud(cut, deskTone) || loud(cut, callerTone) {
		t.Errorf("before, the number hears %.4f of the agent's tone", toneIn(cut, deskTone))
	}
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent, ledger.SegmentTalk,
		ledger.SegmentHold, ledger.SegmentConsult, ledger.SegmentTransfer, ledger.SegmentWrapUp, ledger.SegmentExternal)
	if record.EndedBy != ledger.ByTarget {
		t.Errorf("the record says %+v", record)
	}
}
