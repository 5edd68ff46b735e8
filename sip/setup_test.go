package sip

import (
	"errors"
	"strings"
	"testing"

	"careline/media"
)

func TestCallRingsIsAnsweredAndCallerHangsUp(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, nil)
			far := dialCaller(t, x, network)
			far.invite(offerPCM)
			near := x.nextCall()
			if near.Dialed() != "5550100" || near.Caller().Reveal() != "+13125550142" || near.ID() != far.id {
				t.Fatalf("dialed %q, id %q", near.Dialed(), near.ID())
			}
			must(t, near.Ringing())
			ringing := far.expect("SIP/2.0 180")
			must(t, near.Answer(ours()))
			answer := far.expect("SIP/2.0 200")
			if toTag(ringing) != toTag(answer) {
				t.Fatal("180 and 200 carry different tags")
			}
			for _, part := range []string{"m=audio 20000 RTP/AVP 8 101\r\n", "a=rtpmap:8 PCMA/8000\r\n", "a=sendrecv\r\n", "c=IN IP4 127.0.0.1\r\n"} {
				if !strings.Contains(answer, part) {
					t.Fatalf("answer lacks %q:\n%s", part, answer)
				}
			}
			far.send("ACK", 1, "")
			acked := near.expect(t, EventAcked)
			if acked.Agreement.Format.Codec != media.PCMA || acked.Agreement.Remote.DigitPayloadType != 101 {
				t.Fatalf("agreed on %+v", acked.Agreement)
			}
			far.send("BYE", 2, "", `Reason: Q.850;cause=16;text="Normal call clearing"`)
			far.expect("SIP/2.0 200")
			end := near.expectEnd(t, ByRemote)
			if end.Cause != CauseNormal || end.Reason != "Normal call clearing" {
				t.Fatalf("ended with cause %d %q", end.Cause, end.Reason)
			}
			x.settled()
		})
	}
}

func TestWeHangUp(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, nil)
			far, near := connect(t, x, network)
			must(t, near.HangUp(CauseNormal, "done"))
			near.expectEnd(t, ByLocal)
			bye := far.expect("BYE sip:trunk@" + far.conn.LocalAddr().String())
			if got := header(bye, "Reason"); got != `Q.850;cause=16;text="done"` {
				t.Fatalf("Reason %q", got)
			}
			if toTag(bye) != "remote" {
				t.Fatalf("BYE's To is %q", header(bye, "To"))
			}
			far.answerRequest(bye)
			x.settled()
		})
	}
}

func TestCallerCancelsWhileRinging(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Ringing())
	ringing := far.expect("SIP/2.0 180")
	far.toTag = ""
	far.cancel(`Reason: SIP;cause=200;text="Call completed elsewhere"`)
	answers := far.heard() + far.heard()
	if !strings.Contains(answers, "SIP/2.0 487") || !strings.Contains(answers, "SIP/2.0 200") || strings.Count(answers, toTag(ringing)) != 2 {
		t.Fatalf("heard\n%s", answers)
	}
	cancelled := near.expect(t, EventCancelled)
	if cancelled.Reason != "Call completed elsewhere" {
		t.Fatalf("reason %q", cancelled.Reason)
	}
	if end := near.expectEnd(t, ByRemote); end.Status != 487 {
		t.Fatalf("ended with %d", end.Status)
	}
	var late *StateError
	if err := near.Answer(ours()); !errors.As(err, &late) {
		t.Fatalf("answered a cancelled call: %v", err)
	}
	x.settled()
}

func TestUnacknowledgedAnswerIsRepeatedThenGivenUpWithBye(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, nil)
			far := dialCaller(t, x, network)
			far.invite(offerPCM)
			near := x.nextCall()
			must(t, near.Answer(ours()))
			first := far.expect("SIP/2.0 200")
			repeats := 0
			message := far.heard()
			for strings.HasPrefix(message, "SIP/2.0 200") {
				if message != first {
					t.Fatalf("the answer changed:\n%s\n%s", first, message)
				}
				repeats++
				message = far.heard()
			}
			// T1, 2 T1, 4 T1, then every 8 T1 (T2) up to 64 T1: at 1, 3, 7, 15 … 63.
			if repeats < 6 || repeats > 10 {
				t.Fatalf("the answer was repeated %d times", repeats)
			}
			if !strings.HasPrefix(message, "BYE ") || !strings.Contains(header(message, "Reason"), "cause=102") {
				t.Fatalf("heard %q with Reason %q", firstLine(message), header(message, "Reason"))
			}
			near.expectEnd(t, ByTimeout)
			far.answerRequest(message)
			x.settled()
			if stats := x.Stats(); stats.Unacked != 1 || stats.Resent != uint64(repeats) {
				t.Fatalf("stats %+v", stats)
			}
		})
	}
}

func TestAckStopsTheRepeats(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.expect("SIP/2.0 200") // the ACK to the first was lost
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	far.send("ACK", 1, "") // and to the second
	far.quiet(20*testT1, "SIP/2.0 200")
	if len(near.events) != 0 {
		t.Fatalf("a second ACK made an event: %s", (<-near.events).Kind)
	}
	if state := near.State(); state != StateConfirmed {
		t.Fatalf("the dialog is %s", state)
	}
}

func TestAckUnderTheBranchOfTheInviteCounts(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.write(far.request("ACK", 1, "first", "")) // wrong, and met with
	near.expect(t, EventAcked)
}

func TestByeOvertakesAck(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("BYE", 2, "")
	for !strings.Contains(far.expect("SIP/2.0 200"), "CSeq: 2 BYE") {
	}
	near.expectEnd(t, ByRemote)
	x.settled()
	far.quiet(4 * testT1)
}

func TestByeBeforeTheAnswer(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Ringing())
	far.expect("SIP/2.0 180")
	far.send("BYE", 2, "")
	heard := far.heard() + far.heard()
	if !strings.Contains(heard, "SIP/2.0 487") || !strings.Contains(heard, "SIP/2.0 200") {
		t.Fatalf("heard\n%s", heard)
	}
	if end := near.expectEnd(t, ByRemote); end.Status != 487 {
		t.Fatalf("ended with %d", end.Status)
	}
	x.settled()
}

func TestRetransmittedInviteIsTheSameCall(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	far.expect("SIP/2.0 100")
	near := x.nextCall()
	must(t, near.Ringing())
	ringing := far.expect("SIP/2.0 180")
	far.toTag = ""
	far.invite(offerPCM)
	if again := far.expect("SIP/2.0 180"); again != ringing {
		t.Fatalf("answered differently:\n%s\n%s", ringing, again)
	}
	if invites := x.Stats().Invites; invites != 1 {
		t.Fatalf("%d calls", invites)
	}
	must(t, near.HangUp(CauseBusy, ""))
	far.expect("SIP/2.0 486")
	near.expectEnd(t, ByLocal)
}

func TestTheSameInviteByAnotherWayIsMerged(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	x.nextCall()
	far.write(far.request("INVITE", 1, "second", offerPCM))
	far.expect("SIP/2.0 482")
}

func TestRefusals(t *testing.T) {
	cases := []struct {
		name   string
		refuse func(*call) error
		start  string
		retry  string
	}{
		{"unknown line", func(c *call) error { return c.Refuse(404, "", 0) }, "SIP/2.0 404 Not Found", ""},
		{"busy, in our words", func(c *call) error { return c.Refuse(486, "All Lines\r\nTaken", 0) }, "SIP/2.0 486 All LinesTaken", ""},
		{"full", func(c *call) error { return c.Refuse(503, "", 1500e6) }, "SIP/2.0 503 Service Unavailable", "2"},
		{"hung up before the answer", func(c *call) error { return c.HangUp(CauseNoCircuit, "") }, "SIP/2.0 503", ""},
	}
	x := startExchange(t, nil)
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			far := dialCaller(t, x, "udp")
			far.invite(offerPCM)
			near := x.nextCall()
			must(t, test.refuse(near))
			refusal := far.expect(test.start)
			if got := header(refusal, "Retry-After"); got != test.retry {
				t.Fatalf("Retry-After %q, expected %q", got, test.retry)
			}
			far.write(far.request("ACK", 1, "first", ""))
			near.expectEnd(t, ByLocal)
			x.settled()
			far.quiet(4 * testT1)
		})
	}
	if err := (&Dialog{}).Refuse(200, "", 0); err == nil {
		t.Fatal("refused with 200")
	}
}

func TestOffersThatCannotBeTaken(t *testing.T) {
	cases := []struct {
		name, offer string
		want        error
		status      int
	}{
		{"G.729 only", strings.Replace(offerPCM, "AVP 8 0 101", "AVP 18", 1), ErrNoCommonCodec, 488},
		{"encrypted", strings.Replace(offerPCM, "RTP/AVP", "RTP/SAVP", 1), ErrKeysInClear, 488},
		{"no stream", strings.Replace(offerPCM, "audio 40000", "audio 0", 1), ErrNoCommonCodec, 488},
		{"not SDP", "hello", ErrBadOffer, 400},
	}
	x := startExchange(t, nil)
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			far := dialCaller(t, x, "udp")
			far.invite(test.offer)
			near := x.nextCall()
			if err := near.Check(); !errors.Is(err, test.want) || RefusalStatus(err) != test.status {
				t.Fatalf("Check says %v, to be refused with %d", err, RefusalStatus(err))
			}
			if err := near.Answer(ours()); !errors.Is(err, test.want) {
				t.Fatalf("answered: %v", err)
			}
			if _, agreed := near.Agreement(); agreed {
				t.Fatal("something was agreed on")
			}
			must(t, near.Refuse(RefusalStatus(near.Check()), "", 0))
			near.expectEnd(t, ByLocal)
		})
	}
}

func TestInviteWithoutAnOfferGetsOurs(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite("")
	near := x.nextCall()
	if near.Offered() || near.Check() != nil {
		t.Fatalf("offered %t, check %v", near.Offered(), near.Check())
	}
	must(t, near.Answer(ours()))
	offer := far.expect("SIP/2.0 200")
	if !strings.Contains(offer, "m=audio 20000 RTP/AVP 0 8 101\r\n") {
		t.Fatalf("our offer:\n%s", offer)
	}
	if _, agreed := near.Agreement(); agreed {
		t.Fatal("agreed before the answer")
	}
	far.send("ACK", 1, offerPCM)
	if acked := near.expect(t, EventAcked); acked.Agreement.Format.Codec != media.PCMA {
		t.Fatalf("agreed on %+v", acked.Agreement)
	}
}

func TestOfferThatTheAckDoesNotAnswerEndsTheCall(t *testing.T) {
	for name, body := range map[string]string{"nothing": "", "no common codec": strings.Replace(offerPCM, "AVP 8 0 101", "AVP 18", 1)} {
		t.Run(name, func(t *testing.T) {
			x := startExchange(t, nil)
			far := dialCaller(t, x, "udp")
			far.invite("")
			near := x.nextCall()
			must(t, near.Answer(ours()))
			far.expect("SIP/2.0 200")
			far.send("ACK", 1, body)
			if end := near.expectEnd(t, ByLocal); end.Cause != CauseIncompatible {
				t.Fatalf("cause %d", end.Cause)
			}
			bye := far.expect("BYE ", "SIP/2.0 200")
			if !strings.Contains(header(bye, "Reason"), "cause=88") {
				t.Fatalf("Reason %q", header(bye, "Reason"))
			}
			far.answerRequest(bye)
			x.settled()
		})
	}
}

func TestWeHangUpBeforeTheAckAndByeWaitsForIt(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	must(t, near.HangUp(CauseNormal, ""))
	near.expectEnd(t, ByLocal) // the handler is free at once
	far.quiet(6*testT1, "SIP/2.0 200")
	far.send("ACK", 1, "")
	far.answerRequest(far.expect("BYE ", "SIP/2.0 200"))
	x.settled()
}

func TestByesCross(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	must(t, near.HangUp(CauseNormal, ""))
	bye := far.expect("BYE ")
	far.send("BYE", 2, "")
	far.expect("SIP/2.0 200")
	far.answerRequest(bye)
	near.expectEnd(t, ByLocal)
	x.settled()
	if len(near.events) != 0 {
		t.Fatal("the call ended twice")
	}
}

func TestAnswerTooLongForDatagramsIsRefusedPlainly(t *testing.T) {
	var proxies []string
	for range 12 {
		proxies = append(proxies, "Record-Route: <sip:"+strings.Repeat("a", 100)+".example;lr>")
	}
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, proxies...)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 500 Answer Too Long For UDP")
	near.expectEnd(t, ByTransport)
	x.settled()

	far = dialCaller(t, x, "tcp")
	far.invite(offerPCM, proxies...)
	must(t, x.nextCall().Answer(ours()))
	far.expect("SIP/2.0 200")
}

func TestAnswerThatJustFitsLeavesOutWhatItCan(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, "Record-Route: <sip:"+strings.Repeat("a", 660)+".example;lr>")
	must(t, x.nextCall().Answer(ours()))
	answer := far.expect("SIP/2.0 200")
	if len(answer) > maxDatagram || header(answer, "Contact") == "" || header(answer, "Server") != "" {
		t.Fatalf("%d bytes:\n%s", len(answer), answer)
	}
}
