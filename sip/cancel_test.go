package sip

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCancelCrossesTheAnswer(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	answer := far.expect("SIP/2.0 200")
	far.toTag = ""
	far.cancel()
	for !strings.Contains(far.expect("SIP/2.0 200"), "CSeq: 1 CANCEL") {
	}
	near.expectEnd(t, ByRemote)
	far.quiet(4*testT1, firstLine(answer)) // no BYE before the ACK
	far.toTag = toTag(answer)
	far.send("ACK", 1, "")
	far.answerRequest(far.expect("BYE ", "SIP/2.0 200"))
	x.settled()
}

func TestCancelCrossesTheAnswerAndNoAckComes(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.toTag = ""
	far.cancel()
	near.expectEnd(t, ByRemote)
	far.answerRequest(far.expect("BYE ", "SIP/2.0 200"))
	x.settled()
}

// sipgo gives each message a goroutine, so a CANCEL right behind its INVITE may
// overtake it; the caller must still hear 487, and the handler of the end.
func TestCancelRightBehindTheInvite(t *testing.T) {
	x := startExchange(t, nil)
	for range 300 {
		far := dialCaller(t, x, "udp")
		far.invite(offerPCM)
		far.cancel()
		near := x.nextCall()
		near.expect(t, EventCancelled)
		near.expectEnd(t, ByRemote)
		statuses := map[string]bool{}
		for len(statuses) < 2 {
			message := far.heard()
			if !strings.HasPrefix(message, "SIP/2.0 100") {
				statuses[header(message, "CSeq")+" "+firstLine(message)] = true
			}
		}
		if !statuses["1 INVITE SIP/2.0 487 Request Terminated"] || !statuses["1 CANCEL SIP/2.0 200 OK"] {
			t.Fatalf("heard %v", statuses)
		}
	}
	x.settled()
}

// The answer and the CANCEL at the same moment: one of them wins, and both
// sides agree on which.
func TestAnswerAndCancelAtTheSameMoment(t *testing.T) {
	x := startExchange(t, func(o *Options) { o.T1 = 100 * time.Millisecond })
	won := map[string]int{}
	for range 300 {
		far := dialCaller(t, x, "udp")
		far.invite(offerPCM)
		near := x.nextCall()
		far.expect("SIP/2.0 100")
		answered := make(chan error, 1)
		go func() { answered <- near.Answer(ours()) }()
		far.cancel()
		var refused *StateError
		if err := <-answered; err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		var final string
		for final == "" {
			if message := far.heard(); strings.Contains(message, "CSeq: 1 INVITE") && !strings.HasPrefix(message, "SIP/2.0 1") {
				final = message
			}
		}
		won[firstLine(final)]++
		switch {
		case strings.HasPrefix(final, "SIP/2.0 487"):
			near.expect(t, EventCancelled)
			near.expectEnd(t, ByRemote)
		case strings.HasPrefix(final, "SIP/2.0 200"):
			near.expectEnd(t, ByRemote)
			far.toTag = toTag(final)
			far.send("ACK", 1, "")
			far.answerRequest(far.expect("BYE ", "SIP/2.0 200"))
		default:
			t.Fatalf("heard %q", firstLine(final))
		}
	}
	x.settled()
	t.Logf("won: %v", won)
}

func TestCancelOfNothing(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.cancel()
	far.expect("SIP/2.0 481")
}

func TestCancelOfAnotherRequestLeavesTheCall(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	far.send("CANCEL", 7, "")
	far.quiet(2*testT1, "SIP/2.0 200", "SIP/2.0 481")
	if near.State() != StateConfirmed {
		t.Fatalf("the call is %s", near.State())
	}
}
