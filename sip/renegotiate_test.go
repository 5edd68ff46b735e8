package sip

import (
	"strings"
	"testing"
	"time"

	"careline/media"
)

// held is our description while we hold the far side.
func held() media.Description {
	local := ours()
	local.Direction = media.SendOnly
	return local
}

func answerWith(direction string) string { return changed("sendrecv", direction) }

func cseq(message string) string { return header(message, "CSeq") }

func TestWeHoldAndResume(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, nil)
			far, near := connect(t, x, network)
			must(t, near.Reoffer(held()))
			offer := far.expect("INVITE sip:trunk@")
			if !strings.Contains(offer, "a=sendonly\r\n") || !strings.Contains(offer, " 0 8 101\r\n") || header(offer, "Contact") == "" {
				t.Fatalf("our offer:\n%s", offer)
			}
			far.answer(offer, "100 Trying", "")
			far.answer(offer, "200 OK", answerWith("recvonly"), "Contact: <sip:moved@"+far.conn.LocalAddr().String()+">")
			renewed := near.expect(t, EventReofferAnswered)
			if renewed.Agreement.Remote.Direction != media.RecvOnly {
				t.Fatalf("agreed on %+v", renewed.Agreement)
			}
			ack := far.expect("ACK sip:moved@") // the 200's Contact is where requests go now
			if cseq(ack) != "1 ACK" || header(ack, "Via") == header(offer, "Via") {
				t.Fatalf("acknowledged with\n%s", ack)
			}
			must(t, near.Reoffer(ours()))
			again := far.expect("INVITE sip:moved@")
			id, version := versionOf(t, offer)
			if newID, newer := versionOf(t, again); newID != id || newer != version+1 {
				t.Fatalf("origin %d %d after %d %d", newID, newer, id, version)
			}
			far.answer(again, "200 OK", offerPCM)
			near.expect(t, EventReofferAnswered)
			far.expect("ACK ")
			must(t, near.HangUp(CauseNormal, ""))
			bye := far.expect("BYE ")
			if cseq(bye) != "3 BYE" {
				t.Fatalf("CSeq %s", cseq(bye))
			}
			far.answerRequest(bye)
			near.expectEnd(t, ByLocal)
			x.settled()
		})
	}
}

func TestOurReofferIsRefused(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	before, _ := near.Agreement()
	must(t, near.Reoffer(held()))
	far.answer(far.expect("INVITE "), "488 Not Acceptable Here", "")
	if refused := near.expect(t, EventReofferRefused); refused.Status != 488 {
		t.Fatalf("refused with %d", refused.Status)
	}
	far.expect("ACK ")
	if after, _ := near.Agreement(); after.Remote.Direction != before.Remote.Direction || near.State() != StateConfirmed {
		t.Fatalf("the dialog is %s, agreed on %+v", near.State(), after)
	}
}

func TestAcceptedReofferIsAcknowledgedAsOftenAsItComes(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	must(t, near.Reoffer(held()))
	offer := far.expect("INVITE ")
	far.answer(offer, "200 OK", answerWith("recvonly"))
	first := far.expect("ACK ")
	near.expect(t, EventReofferAnswered)
	far.answer(offer, "200 OK", answerWith("recvonly"))
	if again := far.expect("ACK "); again != first {
		t.Fatalf("acknowledged differently:\n%s\n%s", first, again)
	}
	must(t, near.HangUp(CauseNormal, ""))
	bye := far.expect("BYE ")
	far.answer(offer, "200 OK", answerWith("recvonly")) // late, and sent again
	far.expect("ACK ")
	far.answerRequest(bye)
	x.settled()
	far.answer(offer, "200 OK", answerWith("recvonly")) // even after the dialog's end
	far.expect("ACK ")
}

// Both sides change the session at once: each refuses the other's with 491, and
// ours is tried again after a while of the length that our role has.
func TestReoffersCross(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	must(t, near.Reoffer(held()))
	offer := far.expect("INVITE ")
	far.send("INVITE", 2, offerPCM)
	far.expect("SIP/2.0 491")
	far.answer(offer, "491 Request Pending", "")
	far.expect("ACK ")
	again := far.expect("INVITE ")
	if cseq(again) != "2 INVITE" || !strings.Contains(again, "a=sendonly\r\n") {
		t.Fatalf("tried again with\n%s", again)
	}
	far.answer(again, "200 OK", answerWith("recvonly"))
	near.expect(t, EventReofferAnswered)
	far.expect("ACK ")
}

// While ours waits, theirs goes first. The call is ours, so that the wait is
// never short (RFC 3261 section 14.1).
func TestTheirReofferGoesFirstWhileOursWaits(t *testing.T) {
	x := startExchange(t, func(o *Options) { o.T1 = 200 * time.Millisecond })
	far, near, invite := reach(t, x)
	must(t, near.Reoffer(held()))
	far.answer(far.expect("INVITE "), "491 Request Pending", "")
	far.expect("ACK ") // the transaction's, before the dialog has seen the 491
	eventually(t, "ours waits", func() bool { return near.State() == StateConfirmed })
	far.within(invite, "INVITE", 1, "far", offerPCM)
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	far.expect("SIP/2.0 200")
	far.within(invite, "ACK", 1, "far", "")
	far.answer(far.expect("INVITE ", "SIP/2.0 200"), "200 OK", answerWith("recvonly"))
	near.expect(t, EventReofferAnswered)
}

func TestGlareWithoutEndIsToldAsRefusal(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	must(t, near.Reoffer(held()))
	for range maxGlares + 1 {
		far.answer(far.expect("INVITE "), "491 Request Pending", "")
		far.expect("ACK ")
	}
	if refused := near.expect(t, EventReofferRefused); refused.Status != 491 {
		t.Fatalf("refused with %d", refused.Status)
	}
}

func TestReofferOfOursWaitsForTheirs(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	far.send("INVITE", 2, offerPCM)
	near.expect(t, EventReoffer)
	must(t, near.Reoffer(held()))
	must(t, near.AnswerReoffer(ours()))
	far.expect("SIP/2.0 200")
	far.send("ACK", 2, "")
	far.answer(far.expect("INVITE ", "SIP/2.0 200"), "200 OK", answerWith("recvonly"))
	near.expect(t, EventReofferAnswered)
}

func TestWeAskForTheirOffer(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	must(t, near.RequestOffer(ours()))
	asked := far.expect("INVITE ")
	if strings.Contains(asked, "m=audio") {
		t.Fatalf("we offered:\n%s", asked)
	}
	far.answer(asked, "200 OK", changed("audio 40000 RTP/AVP 8 0", "audio 41000 RTP/AVP 0"))
	ack := far.expect("ACK ")
	if !strings.Contains(ack, "m=audio 20000 RTP/AVP 0 101\r\n") {
		t.Fatalf("our answer:\n%s", ack)
	}
	if renewed := near.expect(t, EventReofferAnswered); renewed.Agreement.Remote.Address.Port() != 41000 {
		t.Fatalf("agreed on %+v", renewed.Agreement)
	}
	far.answer(asked, "200 OK", changed("audio 40000 RTP/AVP 8 0", "audio 41000 RTP/AVP 0"))
	if again := far.expect("ACK "); again != ack {
		t.Fatalf("the answer changed:\n%s\n%s", ack, again)
	}
}

func TestAcceptanceOfNoUseEndsTheCall(t *testing.T) {
	for name, body := range map[string]string{"nothing": "", "no common codec": changed("AVP 8 0 101", "AVP 18")} {
		t.Run(name, func(t *testing.T) {
			x := startExchange(t, nil)
			far, near := connect(t, x, "udp")
			must(t, near.Reoffer(held()))
			far.answer(far.expect("INVITE "), "200 OK", body)
			far.expect("ACK ")
			far.answerRequest(far.expect("BYE "))
			if end := near.expectEnd(t, ByLocal); end.Cause != CauseIncompatible {
				t.Fatalf("cause %d", end.Cause)
			}
			x.settled()
		})
	}
}

func TestFarSideThatForgotTheCallIsLeft(t *testing.T) {
	for status, by := range map[string]EndedBy{"481 Call/Transaction Does Not Exist": ByRemote, "408 Request Timeout": ByTimeout} {
		t.Run(status, func(t *testing.T) {
			x := startExchange(t, nil)
			far, near := connect(t, x, "udp")
			must(t, near.Reoffer(held()))
			far.answer(far.expect("INVITE "), status, "")
			far.expect("ACK ")
			far.answer(far.expect("BYE "), "481 Call/Transaction Does Not Exist", "")
			near.expectEnd(t, by)
			x.settled()
		})
	}
}

func TestSilenceToOurReofferEndsTheCall(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	must(t, near.Reoffer(held()))
	far.answer(far.expect("INVITE "), "100 Trying", "")
	near.expectEnd(t, ByTimeout)
	far.answerRequest(far.expect("BYE ", "INVITE "))
	x.settled()
}

func TestByesAndReoffersOfOursCross(t *testing.T) {
	t.Run("theirs", func(t *testing.T) {
		x := startExchange(t, nil)
		far, near := connect(t, x, "udp")
		must(t, near.Reoffer(held()))
		offer := far.expect("INVITE ")
		far.send("BYE", 2, "")
		far.expect("SIP/2.0 200")
		near.expectEnd(t, ByRemote)
		if x.ActiveDialogs() != 1 {
			t.Fatal("the dialog didn't wait for the answer to its re-INVITE")
		}
		far.answer(offer, "487 Request Terminated", "")
		far.expect("ACK ")
		x.settled()
	})
	t.Run("ours", func(t *testing.T) {
		x := startExchange(t, nil)
		far, near := connect(t, x, "udp")
		must(t, near.Reoffer(held()))
		offer := far.expect("INVITE ")
		must(t, near.HangUp(CauseNormal, ""))
		near.expectEnd(t, ByLocal)
		far.answerRequest(far.expect("BYE "))
		far.answer(offer, "200 OK", answerWith("recvonly")) // the 200 was on its way
		far.expect("ACK ")
		x.settled()
	})
}

func TestConnectionIsLostUnderOurReoffer(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "tcp")
	must(t, near.Reoffer(held()))
	far.expect("INVITE ")
	must(t, far.conn.Close())
	if refused := near.expect(t, EventReofferRefused); refused.Status != 503 {
		t.Fatalf("refused with %d", refused.Status)
	}
	if near.State() != StateConfirmed { // the call may still be up; RTP says so
		t.Fatalf("the dialog is %s", near.State())
	}
}

func TestGlareDelayIsOfItsRole(t *testing.T) {
	const t1 = DefaultT1
	least := func(time.Duration) time.Duration { return 0 }
	most := func(n time.Duration) time.Duration { return n - 1 }
	cases := []struct {
		owner      bool
		least, max time.Duration
	}{{true, 2100 * time.Millisecond, 4 * time.Second}, {false, 0, 2 * time.Second}}
	for _, c := range cases {
		if low, high := glareDelay(c.owner, t1, least), glareDelay(c.owner, t1, most); low != c.least || high != c.max {
			t.Errorf("owner %t: %s to %s", c.owner, low, high)
		}
	}
}
