package sip

import (
	"fmt"
	"strings"
	"testing"
)

// replacing is the header that names a call of a test, as its far side knows it.
func replacing(near *call) string {
	key, _ := near.identity()
	return fmt.Sprintf("Replaces: %s;to-tag=%s;from-tag=%s", key.call, key.local, key.remote)
}

func TestAnotherPhoneTakesTheCallOver(t *testing.T) {
	x := startExchange(t, transferring)
	far, near := connect(t, x, "udp")
	newcomer := dialCaller(t, x, "udp")
	newcomer.invite(offerPCM, replacing(near), "Require: replaces")
	by := near.expect(t, EventReplaced).Dialog
	next := &call{Dialog: by, events: make(chan Event, 16)}
	by.Notify(func(e Event) { next.events <- e })
	must(t, by.Answer(ours()))
	newcomer.expect("SIP/2.0 200")
	bye := far.expect("BYE ") // as soon as the other is answered
	if !strings.Contains(header(bye, "Reason"), "replaced") {
		t.Fatalf("Reason %q", header(bye, "Reason"))
	}
	far.answerRequest(bye)
	near.expectEnd(t, ByLocal)
	newcomer.send("ACK", 1, "")
	next.expect(t, EventAcked)
	newcomer.send("BYE", 2, "")
	next.expectEnd(t, ByRemote)
	x.settled()
	if len(x.calls) != 0 {
		t.Fatal("the newcomer was taken for a call")
	}
}

func TestPhoneThatRingsIsReplaced(t *testing.T) {
	x := startExchange(t, transferring)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "180 Ringing", "far", "")
	near.expect(t, EventProgress)
	_, localTag, _ := strings.Cut(header(invite, "From"), ";tag=")
	newcomer := dialCaller(t, x, "udp")
	newcomer.invite(offerPCM, fmt.Sprintf("Replaces: %s;to-tag=%s;from-tag=far;early-only", header(invite, "Call-ID"), localTag))
	by := near.expect(t, EventReplaced).Dialog
	by.Notify(func(Event) {})
	must(t, by.Answer(ours()))
	newcomer.expect("SIP/2.0 200")
	far.answerRequest(far.expect("CANCEL "))
	far.reply(invite, "487 Request Terminated", "far", "")
	near.expectEnd(t, ByLocal)
	newcomer.send("ACK", 1, "")
	newcomer.send("BYE", 2, "")
	newcomer.expect("SIP/2.0 200", "SIP/2.0 200")
	x.settled()
}

func TestReplacementsThatAreRefused(t *testing.T) {
	x := startExchange(t, transferring)
	_, near := connect(t, x, "udp")
	ringing := dialCaller(t, x, "udp")
	ringing.invite(offerPCM)
	early := x.nextCall()
	cases := []struct{ status, header string }{
		{"400", "Replaces: nonsense"},
		{"400", replacing(near) + "\r\n" + replacing(near)},
		{"481", "Replaces: nobody;to-tag=1;from-tag=2"},
		{"481", replacing(early)}, // rings here, and wasn't begun here
		{"486", replacing(near) + ";early-only"},
	}
	for _, test := range cases {
		newcomer := dialCaller(t, x, "udp")
		newcomer.invite(offerPCM, test.header)
		newcomer.expect("SIP/2.0 " + test.status)
	}
	if len(near.events)+len(early.events)+len(x.calls) != 0 {
		t.Fatal("somebody was told")
	}
	must(t, near.HangUp(CauseNormal, ""))
	eventually(t, "the call is ending", func() bool { return near.State() == StateClosing })
	late := dialCaller(t, x, "udp")
	late.invite(offerPCM, replacing(near))
	late.expect("SIP/2.0 603")

	closed := startExchange(t, nil)
	_, other := connect(t, closed, "udp")
	stranger := dialCaller(t, closed, "udp")
	stranger.invite(offerPCM, replacing(other))
	stranger.expect("SIP/2.0 403")
}

// The newcomer gives up before anybody has taken it: its end is told all the same.
func TestReplacementIsCancelledBeforeItIsTaken(t *testing.T) {
	x := startExchange(t, transferring)
	_, near := connect(t, x, "udp")
	newcomer := dialCaller(t, x, "udp")
	newcomer.invite(offerPCM, replacing(near))
	by := near.expect(t, EventReplaced).Dialog
	newcomer.cancel()
	eventually(t, "the newcomer is gone", func() bool { return by.State() == StateClosed })
	next := &call{Dialog: by, events: make(chan Event, 16)}
	by.Notify(func(e Event) { next.events <- e })
	next.expect(t, EventCancelled)
	next.expectEnd(t, ByRemote)
	if near.State() != StateConfirmed {
		t.Fatalf("the call is %s", near.State())
	}
}

func TestCallerHearsUsBeforeTheAnswer(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Progress(ours()))
	progress := far.expect("SIP/2.0 183")
	if !strings.Contains(progress, "m=audio 20000 RTP/AVP 8 101\r\n") || header(progress, "Contact") == "" {
		t.Fatalf("early media:\n%s", progress)
	}
	must(t, near.Ringing())
	far.expect("SIP/2.0 180")
	must(t, near.Answer(ours()))
	answer := far.expect("SIP/2.0 200")
	_, early, _ := strings.Cut(progress, "\r\n\r\n")
	if _, body, _ := strings.Cut(answer, "\r\n\r\n"); body != early || toTag(answer) != toTag(progress) {
		t.Fatalf("the answer is another one:\n%s\n%s", progress, answer)
	}
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)

	offerless := dialCaller(t, x, "udp")
	offerless.invite("")
	if err := x.nextCall().Progress(ours()); err == nil {
		t.Fatal("early media without an offer")
	}
}
