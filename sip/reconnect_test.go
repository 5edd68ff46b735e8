package sip

import (
	"strings"
	"testing"
)

func TestConnectionThatBrokeUnnoticedIsMadeAnew(t *testing.T) {
	x := startExchange(t, nil)
	phone, hop := listenStream(t)
	near := place(t, x, nil, hop)
	far := phone.accept()
	invite := far.expect("INVITE ")
	far.reply(invite, "200 OK", "far", offerPCM)
	near.expect(t, EventAnswered)
	far.expect("ACK ")
	must(t, far.conn.Close()) // we hear of it as we send, or just before
	must(t, near.HangUp(CauseNormal, ""))
	again := phone.accept()
	again.answerRequest(again.expect("BYE "))
	near.expectEnd(t, ByLocal)
	x.settled()
}

func TestCallerComesBackByAnotherConnection(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "tcp")
	must(t, far.conn.Close())
	back := dialCaller(t, x, "tcp")
	back.id, back.toTag = far.id, far.toTag
	// A Contact that means something to the connection alone, as phones in
	// browsers have it (RFC 7118 section 5.2.1).
	back.write(strings.Replace(back.request("INVITE", 2, "again", offerPCM), "Contact: <sip:trunk@"+back.conn.LocalAddr().String(), "Contact: <sip:trunk@phone.invalid", 1))
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	back.expect("SIP/2.0 200")
	back.send("ACK", 2, "")
	must(t, near.HangUp(CauseNormal, ""))
	back.answerRequest(back.expect("BYE sip:trunk@phone.invalid", "SIP/2.0 200"))
	near.expectEnd(t, ByLocal)
	x.settled()
}
