package sip

import (
	"fmt"
	"strings"
	"testing"
)

func portOf(body, port string) string { return strings.Replace(body, "audio 40000", "audio "+port, 1) }

// Two phones ring with early media of their own; one answers, and its session
// counts.
func TestEarlyDialogsAreKeptApart(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "183 Session Progress", "one", portOf(offerPCM, "40010"))
	if first := near.expect(t, EventProgress); first.Agreement.Remote.Address.Port() != 40010 {
		t.Fatalf("progress %+v", first)
	}
	far.reply(invite, "183 Session Progress", "two", portOf(offerPCM, "40020"))
	if second := near.expect(t, EventProgress); second.Agreement.Remote.Address.Port() != 40020 {
		t.Fatalf("progress %+v", second)
	}
	far.reply(invite, "180 Ringing", "one", "")
	if third := near.expect(t, EventProgress); third.Agreement.Format.Codec != 0 {
		t.Fatalf("progress %+v", third)
	}
	far.reply(invite, "200 OK", "one", "")
	if answered := near.expect(t, EventAnswered); answered.Agreement.Remote.Address.Port() != 40010 {
		t.Fatalf("agreed on %+v", answered.Agreement)
	}
	if ack := far.expect("ACK sip:one@"); toTag(ack) != "one" {
		t.Fatalf("acknowledged with\n%s", ack)
	}
	must(t, near.HangUp(CauseNormal, ""))
	far.answerRequest(far.expect("BYE sip:one@"))
	x.settled()
}

// Two phones answer: the first is the call, the other hears ACK and BYE; both 200s
// come again, and are acknowledged again.
func TestTwoAnswers(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "200 OK", "one", offerPCM)
	near.expect(t, EventAnswered)
	far.expect("ACK sip:one@")
	far.reply(invite, "200 OK", "two", offerPCM)
	if ack := far.expect("ACK sip:two@"); toTag(ack) != "two" || cseq(ack) != "1 ACK" {
		t.Fatalf("acknowledged with\n%s", ack)
	}
	bye := far.expect("BYE sip:two@")
	if toTag(bye) != "two" || cseq(bye) != "102 BYE" { // above whatever PRACKs it may have seen
		t.Fatalf("ended with\n%s", bye)
	}
	far.answerRequest(bye)
	far.reply(invite, "200 OK", "two", offerPCM)
	far.expect("ACK sip:two@")
	far.reply(invite, "200 OK", "one", offerPCM)
	far.expect("ACK sip:one@")
	if near.State() != StateConfirmed || len(near.events) != 0 {
		t.Fatalf("the call is %s", near.State())
	}
	far.within(invite, "BYE", 1, "one", "")
	far.expect("SIP/2.0 200")
	near.expectEnd(t, ByRemote)
	x.settled()
}

// Both 200s right behind each other, as sipgo may hand them over in any order.
func TestTwoAnswersAtTheSameMoment(t *testing.T) {
	x := startExchange(t, nil)
	for range 40 {
		far := listenFar(t, x)
		near := place(t, x, nil, hopOf(t, far))
		invite := far.expect("INVITE ")
		far.reply(invite, "200 OK", "one", offerPCM)
		far.reply(invite, "200 OK", "two", offerPCM)
		near.expect(t, EventAnswered)
		acked, ended := map[string]bool{}, ""
		for len(acked) < 2 || ended == "" {
			message := far.heard()
			switch {
			case strings.HasPrefix(message, "ACK "):
				acked[toTag(message)] = true
			case strings.HasPrefix(message, "BYE "):
				ended = toTag(message)
				far.answerRequest(message)
			}
		}
		winner := "one"
		if ended == "one" {
			winner = "two"
		}
		far.within(invite, "BYE", 1, winner, "")
		far.expect("SIP/2.0 200")
		near.expectEnd(t, ByRemote)
	}
	x.settled()
}

func TestMoreForksThanWeKeep(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	for i := range 2 * maxForks {
		far.reply(invite, "180 Ringing", fmt.Sprintf("phone%d", i), "")
		near.expect(t, EventProgress)
	}
	if len(near.calling.early) > maxForks {
		t.Fatalf("%d early dialogs", len(near.calling.early))
	}
	far.reply(invite, "200 OK", "last", offerPCM)
	near.expect(t, EventAnswered)
	far.expect("ACK sip:last@")
}
