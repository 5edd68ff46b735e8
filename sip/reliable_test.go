package sip

import (
	"strings"
	"testing"
)

const (
	requireReliable = "Require: 100rel"
	supportReliable = "Supported: 100rel"
)

// rackOf is the RAck for a reliable response.
func rackOf(response string) string {
	return "RAck: " + header(response, "RSeq") + " " + header(response, "CSeq")
}

func TestRingingIsReliableWhereTheCallerInsists(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, nil)
			far := dialCaller(t, x, network)
			far.invite(offerPCM, requireReliable)
			near := x.nextCall()
			must(t, near.Ringing())
			ringing := far.expect("SIP/2.0 180")
			if header(ringing, "Require") != tagReliable || header(ringing, "RSeq") == "" || header(ringing, "Contact") == "" {
				t.Fatalf("rings with\n%s", ringing)
			}
			for range 3 { // lost, or their PRACKs are
				if again := far.expect("SIP/2.0 180"); again != ringing {
					t.Fatalf("rings again with\n%s", again)
				}
			}
			far.send("PRACK", 2, "", rackOf(ringing))
			if taken := far.expect("SIP/2.0 200", "SIP/2.0 180"); cseq(taken) != "2 PRACK" {
				t.Fatalf("answered with\n%s", taken)
			}
			far.send("PRACK", 3, "", rackOf(ringing)) // for what is acknowledged already
			far.expect("SIP/2.0 481")
			far.quiet(10 * testT1)
			must(t, near.Answer(ours()))
			if answer := far.expect("SIP/2.0 200"); bodyOf(answer) == "" {
				t.Fatalf("our answer isn't in it:\n%s", answer)
			}
			far.send("ACK", 1, "")
			near.expect(t, EventAcked)
			far.send("BYE", 4, "")
			far.expect("SIP/2.0 200")
			near.expectEnd(t, ByRemote)
			x.settled()
		})
	}
}

func TestRingingIsPlainWhereTheCallerDoesNotInsist(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, supportReliable)
	near := x.nextCall()
	must(t, near.Ringing())
	if ringing := far.expect("SIP/2.0 180"); header(ringing, "RSeq") != "" || header(ringing, "Require") != "" {
		t.Fatalf("rings with\n%s", ringing)
	}
	far.quiet(6 * testT1)
	far.send("PRACK", 2, "", "RAck: 1 1 INVITE")
	far.expect("SIP/2.0 481")
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
}

func TestACallWhoseRingingIsNeverAcknowledgedIsRefused(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, requireReliable)
	near := x.nextCall()
	must(t, near.Ringing())
	first := far.expect("SIP/2.0 180")
	repeats := 0
	message := far.heard()
	for ; strings.HasPrefix(message, "SIP/2.0 180"); message = far.heard() {
		if message != first {
			t.Fatalf("180 changed:\n%s", message)
		}
		repeats++
	}
	// T1 doubling without a bound: at 1, 3, 7, 15, 31, 63 of 64 T1.
	if !strings.HasPrefix(message, "SIP/2.0 504") || !strings.Contains(header(message, "Reason"), "cause=102") || repeats < 5 || repeats > 6 {
		t.Fatalf("after %d repeats heard\n%s", repeats, message)
	}
	far.write(far.request("ACK", 1, "first", ""))
	if end := near.expectEnd(t, ByTimeout); end.Status != 504 || end.Cause != CauseRecoveryOnTimer {
		t.Fatalf("ended with %+v", end)
	}
	x.settled()
}

func TestPracksThatMeanNothing(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, requireReliable)
	near := x.nextCall()
	must(t, near.Ringing())
	ringing := far.expect("SIP/2.0 180")
	number := header(ringing, "RSeq")
	for i, test := range []struct{ rack, status string }{
		{"RAck: 1 1 INVITE", "481"}, {"RAck: " + number + " 2 INVITE", "481"}, {"RAck: " + number + " 1 UPDATE", "481"},
		{"RAck: nonsense", "400"}, {"X-None: 1", "400"},
	} {
		far.send("PRACK", 2+i, "", test.rack)
		far.expect("SIP/2.0 "+test.status, "SIP/2.0 180")
	}
	far.send("PRACK", 8, offerPCM, rackOf(ringing)) // an offer, before theirs is answered: yet it acknowledges
	far.expect("SIP/2.0 500", "SIP/2.0 180")
	far.quiet(6 * testT1)
	must(t, near.Refuse(486, "", 0))
	far.expect("SIP/2.0 486")
	near.expectEnd(t, ByLocal)
}

func TestReliableResponsesGoOneAfterTheOther(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, requireReliable)
	near := x.nextCall()
	for range 8 { // more than may wait
		must(t, near.Ringing())
	}
	eventually(t, "the wishes are taken", func() bool { return len(near.commands) == 0 })
	previous := ""
	for i := range 1 + maxProvisionals {
		ringing := far.expect("SIP/2.0 180")
		for header(ringing, "RSeq") == previous {
			ringing = far.expect("SIP/2.0 180")
		}
		previous = header(ringing, "RSeq")
		far.send("PRACK", 2+i, "", rackOf(ringing))
		far.expect("SIP/2.0 200", ringing)
	}
	far.quiet(6 * testT1)
}

func TestOurAnswerOvertakesThePrack(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, requireReliable)
	near := x.nextCall()
	must(t, near.Ringing())
	ringing := far.expect("SIP/2.0 180")
	must(t, near.Answer(ours())) // a 180 without our answer needn't be acknowledged first
	answer := far.expect("SIP/2.0 200", "SIP/2.0 180")
	if cseq(answer) != "1 INVITE" {
		t.Fatalf("heard\n%s", answer)
	}
	far.send("PRACK", 2, "", rackOf(ringing))
	for cseq(far.expect("SIP/2.0 200", "SIP/2.0 180")) != "2 PRACK" {
	}
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
}

// An INVITE without an offer would want ours in the first reliable response,
// before the handler has anything to offer: so nothing is sent till the answer.
func TestNoRingingWhereItWouldHaveToOffer(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite("", requireReliable)
	near := x.nextCall()
	must(t, near.Ringing())
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("ACK", 1, offerPCM)
	near.expect(t, EventAcked)
}

func TestCancelWhileRingingIsUnacknowledged(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, requireReliable)
	near := x.nextCall()
	must(t, near.Ringing())
	far.expect("SIP/2.0 180")
	far.toTag = ""
	far.cancel()
	near.expect(t, EventCancelled)
	near.expectEnd(t, ByRemote)
	heard := map[string]bool{}
	for !heard["SIP/2.0 487 Request Terminated"] || !heard["SIP/2.0 200 OK"] {
		heard[firstLine(far.heard())] = true
	}
	x.settled()
	far.quiet(10 * testT1)
}
