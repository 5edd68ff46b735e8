package sip

import (
	"strconv"
	"strings"
	"testing"

	"careline/media"
)

func TestUpdateWithoutAnOfferMovesTheTarget(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Ringing())
	far.expect("SIP/2.0 180")
	far.send("UPDATE", 2, "") // in the early dialog
	early := far.expect("SIP/2.0 200")
	if cseq(early) != "2 UPDATE" || header(early, "Contact") == "" || header(early, "Session-Expires") != "" {
		t.Fatalf("answered with\n%s", early)
	}
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	moved := far.request("UPDATE", 3, "moved", "")
	far.write(strings.Replace(moved, "<sip:trunk@", "<sip:moved@", 1))
	far.expect("SIP/2.0 200")
	must(t, near.HangUp(CauseNormal, ""))
	near.expectEnd(t, ByLocal)
	far.answerRequest(far.expect("BYE sip:moved@"))
	x.settled()
}

func TestUpdateChangesTheSession(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, nil)
			far, near := connect(t, x, network)
			far.send("UPDATE", 2, answerWith("sendonly"))
			asked := near.expect(t, EventReoffer)
			if asked.Agreement.Remote.Direction != media.SendOnly {
				t.Fatalf("asked for %+v", asked.Agreement)
			}
			must(t, near.AnswerReoffer(ours()))
			answer := far.expect("SIP/2.0 200")
			if cseq(answer) != "2 UPDATE" || !strings.Contains(answer, "a=recvonly\r\n") || !strings.Contains(header(answer, "Allow"), "UPDATE") {
				t.Fatalf("answered with\n%s", answer)
			}
			eventually(t, "the dialog is confirmed without an ACK", func() bool { return near.State() == StateConfirmed })
			if agreement, _ := near.Agreement(); agreement.Remote.Direction != media.SendOnly {
				t.Fatalf("agreed on %+v", agreement)
			}
			far.quiet(6*testT1, "SIP/2.0 200 OK\r\nVia") // what isn't acknowledged isn't sent again
			far.send("UPDATE", 3, offerPCM)
			near.expect(t, EventReoffer)
			must(t, near.RefuseReoffer(488))
			far.expect("SIP/2.0 488")
			if agreement, _ := near.Agreement(); agreement.Remote.Direction != media.SendOnly {
				t.Fatalf("a refused offer counts: %+v", agreement)
			}
			far.send("BYE", 4, "")
			far.expect("SIP/2.0 200")
			near.expectEnd(t, ByRemote)
			x.settled()
		})
	}
}

func TestUpdatesThatComeTooEarly(t *testing.T) {
	later := func(t *testing.T, refusal string) {
		t.Helper()
		if after, err := strconv.Atoi(header(refusal, "Retry-After")); err != nil || after < 0 || after > 10 {
			t.Fatalf("Retry-After %q", header(refusal, "Retry-After"))
		}
	}
	t.Run("the INVITE's offer has no answer yet", func(t *testing.T) {
		x := startExchange(t, nil)
		far := dialCaller(t, x, "udp")
		far.invite(offerPCM)
		near := x.nextCall()
		must(t, near.Ringing())
		far.expect("SIP/2.0 180")
		far.send("UPDATE", 2, offerPCM)
		later(t, far.expect("SIP/2.0 500"))
		must(t, near.Refuse(486, "", 0))
		far.expect("SIP/2.0 486")
	})
	t.Run("another of theirs has none", func(t *testing.T) {
		x := startExchange(t, nil)
		far, near := connect(t, x, "udp")
		far.send("UPDATE", 2, offerPCM)
		near.expect(t, EventReoffer)
		far.send("UPDATE", 3, offerPCM)
		later(t, far.expect("SIP/2.0 500"))
		far.send("INVITE", 4, offerPCM)
		far.expect("SIP/2.0 491")
		must(t, near.HangUp(CauseNormal, ""))
		far.expect("SIP/2.0 487")
		far.answerRequest(far.expect("BYE "))
		x.settled()
	})
	t.Run("our re-INVITE has none", func(t *testing.T) {
		x := startExchange(t, nil)
		far, near := connect(t, x, "udp")
		must(t, near.Reoffer(held()))
		offer := far.expect("INVITE ")
		far.send("UPDATE", 2, offerPCM)
		far.expect("SIP/2.0 491")
		far.send("UPDATE", 3, "")
		far.expect("SIP/2.0 200")
		far.answer(offer, "200 OK", answerWith("recvonly"))
		far.expect("ACK ")
		near.expect(t, EventReofferAnswered)
	})
	t.Run("it overtook the ACK", func(t *testing.T) {
		x := startExchange(t, nil)
		far := dialCaller(t, x, "udp")
		far.invite(offerPCM)
		near := x.nextCall()
		must(t, near.Answer(ours()))
		far.expect("SIP/2.0 200")
		far.send("UPDATE", 2, offerPCM)
		far.send("ACK", 1, "")
		near.expect(t, EventAcked)
		near.expect(t, EventReoffer)
		must(t, near.AnswerReoffer(ours()))
		for !strings.Contains(far.expect("SIP/2.0 200"), "2 UPDATE") {
		}
	})
}

func TestUpdatesThatCannotBeTaken(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	for i, test := range []struct{ status, body, extra string }{
		{"488", strings.Replace(offerPCM, "AVP 8 0 101", "AVP 18", 1), ""},
		{"400", "hello", ""},
		{"415", "hello", "Content-Type: text/plain"},
		{"420", "", "Require: 100rel, x-unknown"},
	} {
		var extra []string
		if test.extra != "" {
			extra = append(extra, test.extra)
		}
		far.send("UPDATE", 2+i, test.body, extra...)
		far.expect("SIP/2.0 " + test.status)
	}
	if len(near.events) != 0 {
		t.Fatalf("the handler heard of it: %s", (<-near.events).Kind)
	}
	tag := far.toTag
	far.toTag = "nobody"
	far.send("UPDATE", 9, offerPCM)
	far.expect("SIP/2.0 481")
	far.toTag = tag
}
