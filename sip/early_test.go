package sip

import (
	"strings"
	"testing"
	"time"

	"careline/media"
)

// progressed has a caller who knows 100rel hear our early media.
func progressed(t *testing.T, x *exchange) (far *caller, near *call, progress string) {
	t.Helper()
	far = dialCaller(t, x, "udp")
	far.invite(offerPCM, supportReliable)
	near = x.nextCall()
	must(t, near.Progress(ours()))
	progress = far.expect("SIP/2.0 183")
	if header(progress, "Require") != tagReliable || header(progress, "RSeq") == "" || !strings.Contains(bodyOf(progress), "m=audio 20000 RTP/AVP 8 101") {
		t.Fatalf("progress:\n%s", progress)
	}
	return far, near, progress
}

func TestEarlyMediaIsReliableAndTheAnswerWaitsForItsPrack(t *testing.T) {
	x := startExchange(t, nil)
	far, near, progress := progressed(t, x)
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 183") // lost; and no 200 meanwhile
	far.expect("SIP/2.0 183")
	far.send("PRACK", 2, "", rackOf(progress))
	taken := map[string]string{}
	for len(taken) < 2 {
		message := far.expect("SIP/2.0 200", "SIP/2.0 183")
		taken[cseq(message)] = message
	}
	if answer := taken["1 INVITE"]; bodyOf(answer) != "" || header(answer, "Content-Type") != "" {
		t.Fatalf("answered a second time:\n%s", answer)
	}
	far.send("ACK", 1, "")
	if acked := near.expect(t, EventAcked); acked.Agreement.Format.Codec != media.PCMA {
		t.Fatalf("agreed on %+v", acked.Agreement)
	}
	far.send("BYE", 3, "")
	near.expectEnd(t, ByRemote)
	x.settled()
}

func TestEarlyMediaThatNobodyAcknowledgesEndsTheCall(t *testing.T) {
	x := startExchange(t, nil)
	far, near, _ := progressed(t, x)
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 504", "SIP/2.0 183")
	near.expectEnd(t, ByTimeout)
	x.settled()
}

func TestEarlyMediaIsPlainForACallerWithout100rel(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Progress(ours()))
	progress := far.expect("SIP/2.0 183")
	far.send("UPDATE", 2, offerPCM) // unreliable, so theirs counts as unanswered
	far.expect("SIP/2.0 500")
	must(t, near.Answer(ours()))
	if answer := far.expect("SIP/2.0 200"); header(progress, "RSeq") != "" || bodyOf(answer) != bodyOf(progress) {
		t.Fatalf("progress:\n%s\nanswer:\n%s", progress, answer)
	}
}

func TestTheCallerMovesItsEarlySession(t *testing.T) {
	x := startExchange(t, nil)
	far, near, progress := progressed(t, x)
	far.send("PRACK", 2, strings.Replace(offerPCM, "40000", "40002", 1), rackOf(progress))
	taken := far.expect("SIP/2.0 200", "SIP/2.0 183")
	if cseq(taken) != "2 PRACK" || !strings.Contains(bodyOf(taken), "m=audio 20000 RTP/AVP 8 101") {
		t.Fatalf("answered with\n%s", taken)
	}
	if moved := near.expect(t, EventRenegotiated); moved.Agreement.Remote.Address.Port() != 40002 {
		t.Fatalf("agreed on %+v", moved.Agreement)
	}
	far.send("UPDATE", 3, strings.Replace(answerWith("sendonly"), "40000", "40004", 1))
	taken = far.expect("SIP/2.0 200")
	_, first := versionOf(t, progress)
	if _, version := versionOf(t, taken); version != first+2 || !strings.Contains(bodyOf(taken), "a=recvonly") {
		t.Fatalf("answered with\n%s", taken)
	}
	if moved := near.expect(t, EventRenegotiated); moved.Agreement.Remote.Address.Port() != 40004 || near.State() != StateRinging {
		t.Fatalf("agreed on %+v in state %s", moved.Agreement, near.State())
	}
	for i, test := range []struct{ status, body, extra string }{
		{"488", strings.Replace(offerPCM, "AVP 8 0 101", "AVP 18", 1), "X-None: 1"},
		{"400", "hello", "X-None: 1"}, {"415", "hello", "Content-Type: text/plain"},
	} {
		far.send("UPDATE", 4+i, test.body, test.extra)
		far.expect("SIP/2.0 " + test.status)
	}
	must(t, near.Progress(ours())) // once more, and there is nothing to describe
	if again := far.expect("SIP/2.0 183"); bodyOf(again) != "" {
		t.Fatalf("described again:\n%s", again)
	}
	must(t, near.Answer(ours()))
	if answer := far.expect("SIP/2.0 200"); bodyOf(answer) != "" {
		t.Fatalf("answered again:\n%s", answer)
	}
	far.send("ACK", 1, "")
	if acked := near.expect(t, EventAcked); acked.Agreement.Remote.Address.Port() != 40004 {
		t.Fatalf("agreed on %+v", acked.Agreement)
	}
}

// What was said in the 183 is what a refresh by re-INVITE describes.
func TestRefreshAfterEarlyMedia(t *testing.T) {
	x := startExchange(t, shortTimers)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, "Supported: 100rel, timer", "Session-Expires: 2;refresher=uas")
	near := x.nextCall()
	must(t, near.Progress(ours()))
	progress := far.expect("SIP/2.0 183")
	far.send("PRACK", 2, "", rackOf(progress))
	far.expect("SIP/2.0 200")
	far.quiet(2500*time.Millisecond, "SIP/2.0 183") // no timer runs before the answer
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	if refresh := far.expect("INVITE "); bodyOf(refresh) != bodyOf(progress) {
		t.Fatalf("refreshed with\n%s", refresh)
	}
}

func TestTheFarSideOfOurCallMovesItsEarlySession(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "183 Session Progress", "one", offerPCM)
	near.expect(t, EventProgress)
	far.within(invite, "UPDATE", 1, "one", offerPCM) // our offer's answer is not sure yet
	far.expect("SIP/2.0 491")
	far.reply(invite, "183 Session Progress", "two", offerPCM, "Require: 100rel", "RSeq: 1")
	far.answerRequest(far.expect("PRACK "))
	near.expect(t, EventProgress)
	far.within(invite, "UPDATE", 1, "two", "") // each fork counts for itself
	far.expect("SIP/2.0 200")
	far.within(invite, "UPDATE", 2, "two", strings.Replace(offerPCM, "40000", "40002", 1))
	taken := far.expect("SIP/2.0 200")
	if !strings.Contains(bodyOf(taken), "m=audio 20000 RTP/AVP 8 101") {
		t.Fatalf("answered with\n%s", taken)
	}
	if moved := near.expect(t, EventProgress); moved.Agreement.Remote.Address.Port() != 40002 {
		t.Fatalf("agreed on %+v", moved.Agreement)
	}
	far.within(invite, "UPDATE", 2, "two", "")
	far.expect("SIP/2.0 500") // out of order
	far.within(invite, "UPDATE", 3, "two", "hello")
	far.expect("SIP/2.0 400")
	far.within(invite, "UPDATE", 1, "three", "")
	far.expect("SIP/2.0 481")
	far.reply(invite, "200 OK", "two", "")
	far.expect("ACK ")
	if answered := near.expect(t, EventAnswered); answered.Agreement.Remote.Address.Port() != 40002 {
		t.Fatalf("agreed on %+v", answered.Agreement)
	}
	far.within(invite, "UPDATE", 4, "two", answerWith("sendonly"))
	near.expect(t, EventReoffer)
}
