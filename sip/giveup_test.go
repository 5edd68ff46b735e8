package sip

import (
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestWeGiveUpWhileItRings(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "180 Ringing", "far", "")
	near.expect(t, EventProgress)
	must(t, near.HangUp(CauseNormal, "caller left"))
	if end := near.expectEnd(t, ByLocal); end.Status != 487 {
		t.Fatalf("ended with %d", end.Status)
	}
	cancel := far.expect("CANCEL ")
	if header(cancel, "Via") != header(invite, "Via") || cseq(cancel) != "1 CANCEL" || header(cancel, "To") != header(invite, "To") {
		t.Fatalf("cancelled with\n%s", cancel)
	}
	if got := header(cancel, "Reason"); got != `Q.850;cause=16;text="caller left"` {
		t.Fatalf("Reason %q", got)
	}
	far.answerRequest(cancel)
	far.reply(invite, "487 Request Terminated", "far", "")
	far.expect("ACK ")
	x.settled()
	if len(near.events) != 0 {
		t.Fatal("the call ended twice")
	}
}

// RFC 3261 section 9.1: no CANCEL before a provisional response.
func TestCancelWaitsForAProvisionalResponse(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	must(t, near.HangUp(CauseNormal, ""))
	near.expectEnd(t, ByLocal)
	far.quiet(5 * testT1)
	far.answer(invite, "100 Trying", "")
	far.answerRequest(far.expect("CANCEL "))
	far.reply(invite, "487 Request Terminated", "far", "")
	far.expect("ACK ")
	x.settled()
}

func TestOurCancelCrossesTheAnswer(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "180 Ringing", "far", "")
	near.expect(t, EventProgress)
	must(t, near.HangUp(CauseNormal, ""))
	near.expectEnd(t, ByLocal)
	cancel := far.expect("CANCEL ")
	far.reply(invite, "200 OK", "far", offerPCM)
	far.answerRequest(cancel)
	far.expect("ACK sip:far@")
	bye := far.expect("BYE sip:far@")
	far.reply(invite, "200 OK", "far", offerPCM) // the ACK was lost
	far.expect("ACK ")
	far.answerRequest(bye)
	x.settled()
}

// Wish and answer at the same moment: whichever wins, both sides agree.
func TestWeGiveUpAtTheMomentOfTheAnswer(t *testing.T) {
	x := startExchange(t, nil)
	for range 60 {
		far := listenFar(t, x)
		near := place(t, x, nil, hopOf(t, far))
		invite := far.expect("INVITE ")
		far.reply(invite, "180 Ringing", "far", "")
		near.expect(t, EventProgress)
		done := make(chan error, 1)
		go func() { done <- near.HangUp(CauseNormal, "") }()
		far.reply(invite, "200 OK", "far", offerPCM)
		must(t, <-done)
		ended, acked := false, false
		for !ended || !acked {
			message := far.heard()
			switch {
			case strings.HasPrefix(message, "ACK "):
				acked = true
			case strings.HasPrefix(message, "BYE "), strings.HasPrefix(message, "CANCEL "):
				ended = ended || strings.HasPrefix(message, "BYE ")
				far.answerRequest(message)
			}
		}
	}
	x.settled()
}

func TestFarSideThatIgnoresTheCancel(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "180 Ringing", "far", "")
	near.expect(t, EventProgress)
	must(t, near.HangUp(CauseNormal, ""))
	near.expectEnd(t, ByLocal)
	far.answerRequest(far.expect("CANCEL "))
	x.settled() // after 64*T1
	far.reply(invite, "200 OK", "far", offerPCM)
	far.expect("ACK sip:far@") // even then what it began is ended
	far.answerRequest(far.expect("BYE sip:far@"))
}

// The far side answers and hangs up at once; its 200 is lost, or overtaken.
func TestByeOvertakesTheAnswer(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "180 Ringing", "far", "")
	near.expect(t, EventProgress)
	far.within(invite, "BYE", 1, "far", "")
	far.expect("SIP/2.0 200", "CANCEL ")
	near.expectEnd(t, ByRemote)
	far.reply(invite, "200 OK", "far", offerPCM)
	far.expect("ACK sip:far@", "CANCEL ")
	x.settled()
	far.quiet(2*testT1, "CANCEL ") // and no BYE of ours
}

func TestNobodyPicksUpForTooLong(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	far.expect("INVITE ")
	if end := near.expectEnd(t, ByTimeout); end.Status != 408 { // 64*T1 of silence
		t.Fatalf("ended with %d", end.Status)
	}
	x.settled()
}

func TestServerEndsWhileOurCallRings(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "180 Ringing", "far", "")
	near.expect(t, EventProgress)
	stopped := make(chan struct{})
	go func() { defer close(stopped); x.stop() }()
	far.answerRequest(far.expect("CANCEL "))
	far.reply(invite, "487 Request Terminated", "far", "")
	near.expectEnd(t, ByLocal)
	<-stopped
}

func TestPanicOfTheHandlerEndsOurCall(t *testing.T) {
	x := startExchange(t, nil)
	x.log = zap.NewNop()
	far := listenFar(t, x)
	near := place(t, x, func(i *Invitation) { i.Notify = func(Event) { panic("handler") } }, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "180 Ringing", "far", "")
	far.answerRequest(far.expect("CANCEL "))
	x.settled()
	if near.State() != StateClosed {
		t.Fatalf("the dialog is %s", near.State())
	}
}
