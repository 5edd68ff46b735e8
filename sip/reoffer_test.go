package sip

import (
	"fmt"
	"strings"
	"testing"

	"careline/media"
)

// changed is the offer with a direction, or with anything else put in its place.
func changed(old, new string) string { return strings.Replace(offerPCM, old, new, 1) }

func versionOf(t *testing.T, message string) (id, version uint64) {
	t.Helper()
	_, rest, _ := strings.Cut(message, "\r\no=- ")
	if _, err := fmt.Sscan(rest, &id, &version); err != nil {
		t.Fatalf("no origin in\n%s", message)
	}
	return id, version
}

func TestCallerHoldsAndResumes(t *testing.T) {
	holds := []struct {
		name, offer, answer string
		direction           media.Direction
	}{
		{"sendonly", changed("sendrecv", "sendonly"), "recvonly", media.SendOnly},
		{"inactive", changed("sendrecv", "inactive"), "inactive", media.Inactive},
		{"recvonly", changed("sendrecv", "recvonly"), "sendonly", media.RecvOnly},
		{"c=0.0.0.0", changed("c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0"), "recvonly", media.SendOnly},
		{"c=0.0.0.0 and inactive", strings.Replace(changed("sendrecv", "inactive"), "c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0", 1), "inactive", media.Inactive},
	}
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	sequence, version, id := 1, uint64(1), uint64(0)
	offer := func(body, answer string, direction media.Direction) {
		t.Helper()
		sequence++
		far.send("INVITE", sequence, body)
		asked := near.expect(t, EventReoffer)
		if asked.Agreement.Remote.Direction != direction {
			t.Fatalf("asked for direction %d, expected %d", asked.Agreement.Remote.Direction, direction)
		}
		must(t, near.AnswerReoffer(ours()))
		ok := far.expect("SIP/2.0 200")
		if !strings.Contains(ok, "a="+answer+"\r\n") {
			t.Fatalf("expected a=%s in\n%s", answer, ok)
		}
		gotID, got := versionOf(t, ok)
		if got != version+1 || (id != 0 && gotID != id) {
			t.Fatalf("origin %d %d after version %d of %d", gotID, got, version, id)
		}
		version, id = got, gotID
		far.send("ACK", sequence, "")
		eventually(t, "the ACK is in", func() bool { return near.State() == StateConfirmed })
		if agreement, _ := near.Agreement(); agreement.Remote.Direction != direction {
			t.Fatalf("in force: direction %d", agreement.Remote.Direction)
		}
	}
	for _, hold := range holds {
		offer(hold.offer, hold.answer, hold.direction)
		offer(offerPCM, "sendrecv", media.SendRecv)
	}
	far.send("BYE", sequence+1, "")
	near.expectEnd(t, ByRemote)
}

func TestReofferThatIsRefusedLeavesTheCall(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	before, _ := near.Agreement()

	far.send("INVITE", 2, changed("AVP 8 0 101", "AVP 18"))
	far.expect("SIP/2.0 488")
	far.send("INVITE", 3, "nonsense")
	far.expect("SIP/2.0 400")
	far.send("INVITE", 4, "x", "Content-Type: text/plain")
	far.expect("SIP/2.0 415")
	far.send("INVITE", 5, changed("sendrecv", "inactive"))
	near.expect(t, EventReoffer)
	must(t, near.RefuseReoffer(488))
	far.expect("SIP/2.0 488")
	eventually(t, "the call goes on", func() bool { return near.State() == StateConfirmed })
	if after, _ := near.Agreement(); after.Remote.Address != before.Remote.Address || after.Remote.Direction != before.Remote.Direction {
		t.Fatalf("agreement %+v became %+v", before, after)
	}
	if err := near.AnswerReoffer(ours()); err == nil {
		t.Fatal("answered what was refused")
	}
	far.send("BYE", 6, "")
	near.expectEnd(t, ByRemote)
}

func TestSecondReofferDuringTheFirst(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	far.send("INVITE", 2, offerPCM)
	near.expect(t, EventReoffer)
	far.send("INVITE", 3, offerPCM)
	far.expect("SIP/2.0 491")
	must(t, near.AnswerReoffer(ours()))
	far.expect("SIP/2.0 200")
	far.send("INVITE", 4, offerPCM) // before the ACK
	far.expect("SIP/2.0 491", "SIP/2.0 200")
	far.send("ACK", 2, "")
	eventually(t, "the call goes on", func() bool { return near.State() == StateConfirmed })
}

func TestReofferIsCancelled(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	far.write(far.request("INVITE", 2, "again", offerPCM))
	near.expect(t, EventReoffer)
	far.write(far.request("CANCEL", 2, "again", ""))
	heard := far.expect("SIP/2.0") + far.expect("SIP/2.0")
	if !strings.Contains(heard, "SIP/2.0 487") || !strings.Contains(heard, "SIP/2.0 200") {
		t.Fatalf("heard\n%s", heard)
	}
	eventually(t, "the call goes on", func() bool { return near.State() == StateConfirmed })
	if len(near.events) != 0 {
		t.Fatal("the handler heard of it")
	}
}

func TestReofferWhoseAnswerIsNeverAcknowledgedEndsTheCall(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	far.send("INVITE", 2, offerPCM)
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	far.answerRequest(far.expect("BYE ", "SIP/2.0 200"))
	near.expectEnd(t, ByTimeout)
	x.settled()
}

func TestReofferWithoutAnOfferGetsOurs(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	far.send("INVITE", 2, "")
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	if offer := far.expect("SIP/2.0 200"); !strings.Contains(offer, "RTP/AVP 0 8 101\r\n") {
		t.Fatalf("our offer:\n%s", offer)
	}
	far.send("ACK", 2, changed("audio 40000 RTP/AVP 8 0", "audio 41000 RTP/AVP 0"))
	renewed := near.expect(t, EventRenegotiated)
	if renewed.Agreement.Format.Codec != media.PCMU || renewed.Agreement.Remote.Address.Port() != 41000 {
		t.Fatalf("agreed on %+v", renewed.Agreement)
	}
}

// A re-INVITE may overtake the ACK on its way through sipgo's goroutines; it
// waits for it.
func TestReofferOvertakesTheAck(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("INVITE", 2, changed("sendrecv", "sendonly"))
	far.quiet(2*testT1, "SIP/2.0 200", "SIP/2.0 100")
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	for !strings.Contains(far.expect("SIP/2.0 200"), "CSeq: 2 INVITE") {
	}
	far.send("ACK", 2, "")
	eventually(t, "the call goes on", func() bool { return near.State() == StateConfirmed })
}

func TestWeHangUpDuringAReoffer(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	far.send("INVITE", 2, offerPCM)
	near.expect(t, EventReoffer)
	must(t, near.HangUp(CauseNormal, ""))
	near.expectEnd(t, ByLocal)
	far.expect("SIP/2.0 487")
	far.answerRequest(far.expect("BYE "))
	x.settled()
}

func TestKeysByInfo(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	keys := []struct {
		contentType, body, status string
		key                       byte
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "200", '5'},
		{"application/dtmf-relay", "Signal= 10\r\nDuration=160", "200", '*'},
		{"Application/DTMF-Relay;x=y", "Duration=160\nsignal=#\n", "200", '#'},
		{"application/dtmf", "9", "200", '9'},
		{"application/dtmf", "nine", "400", 0},
		{"application/dtmf-relay", "Duration=160", "400", 0},
		{"text/plain", "5", "415", 0},
	}
	for i, test := range keys {
		far.send("INFO", 2+i, test.body, "Content-Type: "+test.contentType)
		far.expect("SIP/2.0 " + test.status)
		if test.key == 0 {
			continue
		}
		if event := near.expect(t, EventDigit); event.Digit.Key() != test.key {
			t.Fatalf("%q: another key came", test.body)
		}
	}
	far.send("INFO", 2+len(keys), "")
	far.expect("SIP/2.0 200")
	if len(near.events) != 0 {
		t.Fatal("an event without a key")
	}
}
