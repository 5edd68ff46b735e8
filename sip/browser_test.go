package sip

import (
	"fmt"
	"strings"
	"testing"

	"careline/media"
)

// A browser's phone (RFC 7118) is reached by its connection alone: the name in its
// Contact leads nowhere. Its offer and our answer pass through as they are.
func TestBrowserCallsOverWebSocket(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	for _, network := range []string{"ws", "wss"} {
		far := dialCaller(t, x, network)
		offer := sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls))
		send := func(method string, sequence int, body string) {
			request := far.request(method, sequence, fmt.Sprint(method, sequence), body)
			far.write(strings.Replace(request, "trunk@"+far.conn.LocalAddr().String(), "maria@df7jal23ls0d.invalid", 1))
		}
		send("INVITE", 1, offer)
		near := x.nextCall()
		agreement, agreed := near.Agreement()
		if !agreed || string(agreement.Remote.WebRTC) != offer {
			t.Fatalf("%s: agreed on %+v", network, agreement)
		}
		must(t, near.Answer(media.Description{WebRTC: "the answer"}))
		if answer := far.expect("SIP/2.0 200"); !strings.HasSuffix(answer, "\r\n\r\nthe answer") || header(answer, "Content-Type") != "application/sdp" {
			t.Fatalf("%s: answered\n%s", network, answer)
		}
		send("ACK", 1, "")
		near.expect(t, EventAcked)

		hold := strings.Replace(offer, "a=setup", "a=sendonly\r\na=setup", 1)
		send("INVITE", 2, hold)
		if asked := near.expect(t, EventReoffer); string(asked.Agreement.Remote.WebRTC) != hold || asked.Agreement.Remote.Direction != media.SendOnly {
			t.Fatalf("%s: asked for %+v", network, asked.Agreement)
		}
		must(t, near.AnswerReoffer(media.Description{WebRTC: "another"}))
		if answer := far.expect("SIP/2.0 200"); !strings.HasSuffix(answer, "\r\n\r\nanother") {
			t.Fatalf("%s: answered\n%s", network, answer)
		}
		send("ACK", 2, "")
		eventually(t, "the ACK is in", func() bool { return near.State() == StateConfirmed })

		send("INVITE", 3, "") // we would have to offer
		far.expect("SIP/2.0 488")
		send("ACK", 3, "")
		send("INVITE", 4, hold)
		near.expect(t, EventReoffer)
		must(t, near.AnswerReoffer(ours())) // a telephone's
		far.expect("SIP/2.0 500")
		send("ACK", 4, "")
		must(t, near.HangUp(CauseNormal, ""))
		far.answer(far.expect("BYE "), "200 OK", "")
		near.expectEnd(t, ByLocal)
	}
}
