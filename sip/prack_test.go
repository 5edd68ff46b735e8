package sip

import (
	"strings"
	"testing"
	"time"

	"careline/media"
)

// bodyOf is what stands behind a message's headers.
func bodyOf(message string) string { _, body, _ := strings.Cut(message, "\r\n\r\n"); return body }

func TestWeAcknowledgeReliableResponsesInTheirOrder(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	if !strings.Contains(header(invite, "Supported"), "100rel") || strings.Contains(header(invite, "Require"), "100rel") {
		t.Fatalf("our INVITE:\n%s", invite)
	}
	const reliable = "Require: 100rel"
	far.reply(invite, "183 Session Progress", "far", offerPCM, reliable, "RSeq: 4711")
	prack := far.expect("PRACK sip:far@")
	if header(prack, "RAck") != "4711 1 INVITE" || cseq(prack) != "2 PRACK" || toTag(prack) != "far" || bodyOf(prack) != "" {
		t.Fatalf("acknowledged with\n%s", prack)
	}
	if progress := near.expect(t, EventProgress); progress.Status != 183 || progress.Agreement.Format.Codec != media.PCMA {
		t.Fatalf("progress %+v", progress)
	}
	far.reply(invite, "183 Session Progress", "far", offerPCM, reliable, "RSeq: 4711") // the PRACK is on its way
	far.reply(invite, "180 Ringing", "far", "", reliable, "RSeq: 4713")                // overtook 4712
	far.reply(invite, "182 Queued", "far", "", reliable, "RSeq: never")                // nonsense
	far.quiet(4 * testT1)
	far.answerRequest(prack)
	far.reply(invite, "180 Ringing", "far", "", reliable, "RSeq: 4712")
	second := far.expect("PRACK ")
	far.answerRequest(second)
	if header(second, "RAck") != "4712 1 INVITE" || cseq(second) != "3 PRACK" {
		t.Fatalf("acknowledged with\n%s", second)
	}
	if progress := near.expect(t, EventProgress); progress.Status != 180 {
		t.Fatalf("progress %+v", progress)
	}
	far.reply(invite, "200 OK", "far", "")
	if answered := near.expect(t, EventAnswered); answered.Agreement.Format.Codec != media.PCMA {
		t.Fatalf("agreed on %+v", answered.Agreement)
	}
	far.expect("ACK ")
	must(t, near.HangUp(CauseNormal, ""))
	if bye := far.expect("BYE "); cseq(bye) != "4 BYE" {
		t.Fatalf("CSeq %s", cseq(bye))
	} else {
		far.answerRequest(bye)
	}
	x.settled()
}

// The first PRACK is lost, or its answer is: it is sent again as any request is.
func TestLostPrackIsSentAgain(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "183 Session Progress", "far", offerPCM, "Require: 100rel", "RSeq: 1")
	lost := far.expect("PRACK ")
	far.reply(invite, "183 Session Progress", "far", offerPCM, "Require: 100rel", "RSeq: 1")
	if again := far.expect("PRACK "); again != lost {
		t.Fatalf("sent\n%s\nand then\n%s", lost, again)
	}
	far.answerRequest(lost)
	near.expect(t, EventProgress)
	must(t, near.HangUp(CauseNormal, ""))
	cancel := far.expect("CANCEL ", "PRACK ")
	far.answerRequest(cancel)
	far.reply(invite, "487 Request Terminated", "far", "")
	far.expect("ACK ", "PRACK ")
	x.settled()
	if len(near.events) != 1 {
		t.Fatalf("%d events beside the progress", len(near.events))
	}
}

func TestOfferInAReliableResponseIsAnsweredInThePrack(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, func(i *Invitation) { i.DelayedOffer = true }, hopOf(t, far))
	invite := far.expect("INVITE ")
	if bodyOf(invite) != "" {
		t.Fatalf("our INVITE:\n%s", invite)
	}
	far.reply(invite, "183 Session Progress", "far", offerPCM) // unreliable: it counts for nothing
	if progress := near.expect(t, EventProgress); progress.Agreement.Format.Codec != media.CodecNone {
		t.Fatalf("progress %+v", progress)
	}
	far.reply(invite, "183 Session Progress", "far", offerPCM, "Require: 100rel", "RSeq: 7")
	prack := far.expect("PRACK ")
	if header(prack, "Content-Type") != sdpType || !strings.Contains(bodyOf(prack), "m=audio 20000 RTP/AVP 8 101\r\n") {
		t.Fatalf("acknowledged with\n%s", prack)
	}
	far.answerRequest(prack)
	if progress := near.expect(t, EventProgress); progress.Agreement.Format.Codec != media.PCMA {
		t.Fatalf("progress %+v", progress)
	}
	far.reply(invite, "200 OK", "far", "")
	if ack := far.expect("ACK "); bodyOf(ack) != "" {
		t.Fatalf("a second answer:\n%s", ack)
	}
	if answered := near.expect(t, EventAnswered); answered.Agreement.Format.Codec != media.PCMA {
		t.Fatalf("agreed on %+v", answered.Agreement)
	}
}

func TestForksNumberTheirResponsesEachOnItsOwn(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	for _, fork := range []struct{ tag, number string }{{"one", "100"}, {"two", "900"}, {"one", "101"}} {
		far.reply(invite, "180 Ringing", fork.tag, "", "Require: 100rel", "RSeq: "+fork.number)
		prack := far.expect("PRACK sip:" + fork.tag + "@")
		if header(prack, "RAck") != fork.number+" 1 INVITE" || toTag(prack) != fork.tag {
			t.Fatalf("acknowledged with\n%s", prack)
		}
		far.answerRequest(prack)
		near.expect(t, EventProgress)
	}
	far.reply(invite, "200 OK", "two", offerPCM)
	far.expect("ACK sip:two@")
	near.expect(t, EventAnswered)
}

func TestACallOfOursKeepsASessionTimer(t *testing.T) {
	x := startExchange(t, shortTimers)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	if header(invite, "Session-Expires") != "3" || !strings.Contains(header(invite, "Supported"), "timer") {
		t.Fatalf("our INVITE:\n%s", invite)
	}
	far.reply(invite, "422 Session Interval Too Small", "proxy", "", "Min-SE: 4")
	far.expect("ACK ")
	again := far.expect("INVITE ")
	if header(again, "Session-Expires") != "4" || header(again, "Min-SE") != "4" || cseq(again) != "2 INVITE" ||
		header(again, "Call-ID") != header(invite, "Call-ID") || bodyOf(again) != bodyOf(invite) {
		t.Fatalf("asked again with\n%s", again)
	}
	far.reply(again, "200 OK", "far", offerPCM, "Session-Expires: 4;refresher=uac", "Require: timer")
	far.expect("ACK ")
	near.expect(t, EventAnswered)
	far.quiet(time.Second)
	refresh := far.expect("INVITE ") // the 200's Allow didn't name UPDATE
	if bodyOf(refresh) != bodyOf(again) || header(refresh, "Session-Expires") != "4;refresher=uac" {
		t.Fatalf("refreshed with\n%s", refresh)
	}
	far.answer(refresh, "200 OK", offerPCM, "Session-Expires: 4;refresher=uas", "Allow: UPDATE")
	far.expect("ACK ")
	expectExpiry(t, x, far, near)
}

func TestA422ThatNobodyCanMeetEndsTheCall(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	far.reply(far.expect("INVITE "), "422 Session Interval Too Small", "proxy", "", "Min-SE: 90")
	far.expect("ACK ")
	if end := near.expectEnd(t, ByRemote); end.Status != 422 {
		t.Fatalf("ended with %d", end.Status)
	}
	x.settled()
}
