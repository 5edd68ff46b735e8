package sip

import (
	"strings"
	"testing"

	"careline/media"
	"careline/sip/srtp"
)

// browserAnswer is how a browser answers our offer; telephoneAnswer isn't.
func browserAnswer() string {
	return strings.Replace(sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls)), "actpass", "active", 1)
}

// registeredBrowser is maria's phone in a browser (RFC 7118).
func registeredBrowser(t *testing.T, x *exchange, network string) *phone {
	t.Helper()
	p := newPhone(t, x, network)
	p.wants(p.signedIn(maria, 1, "Contact: <sip:maria-desk@df7jal23ls0d.invalid;transport=ws>"), "SIP/2.0 200")
	return p
}

// withBrowsers lets phones register by every network.
func withBrowsers(t *testing.T) func(*Options) {
	every := everyNetwork(t, newAuthority(t))
	return func(o *Options) {
		every(o)
		withPhones(o)
	}
}

const browserContact = "Contact: <sip:maria-desk@df7jal23ls0d.invalid;transport=ws>"

func TestABrowserThatRegisteredIsOfferedWebRTC(t *testing.T) {
	for _, network := range []string{"ws", "wss"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, withBrowsers(t))
			p := registeredBrowser(t, x, network)
			dialogs, events := ring(t, x)
			invite := p.expect("INVITE sip:maria-desk@df7jal23ls0d.invalid;transport=ws SIP/2.0")
			if !strings.HasSuffix(invite, "\r\n\r\nour offer") || header(invite, "Content-Type") != "application/sdp" {
				t.Fatalf("it was offered\n%s", invite)
			}
			p.reply(invite, "180 Ringing", browserContact, "")
			p.reply(invite, "200 OK", browserContact, browserAnswer())
			answered := awaits(t, events, EventAnswered)
			if string(answered.Agreement.Remote.WebRTC) != browserAnswer() || answered.Agreement.Format.Codec != media.PCMU {
				t.Errorf("agreed on %+v", answered.Agreement)
			}
			p.expect("ACK sip:maria-desk@df7jal23ls0d.invalid;transport=ws")

			hold := strings.Replace(sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls)), "a=setup", "a=sendonly\r\na=setup", 1)
			p.within(invite, "INVITE", 1, "phone", hold)
			if asked := awaits(t, events, EventReoffer); string(asked.Agreement.Remote.WebRTC) != hold || asked.Agreement.Remote.Direction != media.SendOnly {
				t.Errorf("asked for %+v", asked.Agreement)
			}
			must(t, dialogs[0].AnswerReoffer(media.Description{WebRTC: "our answer"}))
			if answer := p.expect("SIP/2.0 200"); !strings.HasSuffix(answer, "\r\n\r\nour answer") {
				t.Errorf("answered\n%s", answer)
			}
			p.within(invite, "ACK", 1, "phone", "")
			eventually(t, "the ACK is in", func() bool { return dialogs[0].State() == StateConfirmed })

			p.within(invite, "INVITE", 2, "phone", answerPCM) // the session of a telephone
			p.expect("SIP/2.0 488")
			p.within(invite, "ACK", 2, "phone", "")
			must(t, dialogs[0].HangUp(CauseNormal, ""))
			p.answerRequest(p.expect("BYE "))
			awaits(t, events, EventEnded)
			x.settled()
		})
	}
}

// An answer of another kind than our offer ends the call: nobody would hear anybody.
func TestAnswersOfAnotherKindThanOurOffer(t *testing.T) {
	certificate, _ := certificateOf("AB")
	for name, c := range map[string]struct {
		browser bool
		answer  string
	}{
		"a telephone's to a browser's": {true, answerPCM},
		"a browser's to a telephone's": {false, browserAnswer()},
		"DTLS without ICE":             {true, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", certificate, "a=setup:active\r\n"))},
		"DTLS that wasn't offered":     {false, sessionOf(audio(4000, "UDP/TLS/RTP/SAVP", certificate, "a=setup:active\r\n"))},
		"two streams":                  {true, browserAnswer() + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" + dtls},
	} {
		t.Run(name, func(t *testing.T) {
			x := startExchange(t, withBrowsers(t))
			var p *phone
			if c.browser {
				p = registeredBrowser(t, x, "wss")
			} else {
				p = newPhone(t, x, "tls")
				p.wants(p.signedIn(maria, 0, p.contact()), "SIP/2.0 200")
			}
			_, events := ring(t, x)
			invite := p.expect("INVITE ")
			p.reply(invite, "183 Session Progress", p.contact(), c.answer) // brings no sound
			progress := awaits(t, events, EventProgress)
			if progress.Agreement.Format.Codec != media.CodecNone {
				t.Errorf("early sound is agreed on: %+v", progress.Agreement)
			}
			p.reply(invite, "200 OK", p.contact(), c.answer)
			p.expect("ACK ")
			bye := p.expect("BYE ")
			if !strings.Contains(header(bye, "Reason"), "cause=88") {
				t.Errorf("hung up with %q", header(bye, "Reason"))
			}
			p.answerRequest(bye)
			awaits(t, events, EventEnded)
			x.settled()
		})
	}
}

// A telephone whose session is up asks for a browser's, by an offer, and by its
// answer to ours.
func TestASessionKeepsItsKind(t *testing.T) {
	x := startExchange(t, withBrowsers(t))
	p := newPhone(t, x, "tls")
	p.wants(p.signedIn(maria, 0, p.contact()), "SIP/2.0 200")
	dialogs, events := ring(t, x)
	invite := p.expect("INVITE ")
	p.accept(invite)
	awaits(t, events, EventAnswered)
	p.expect("ACK ")
	p.within(invite, "INVITE", 1, "phone", sessionOf(audio(9, "UDP/TLS/RTP/SAVPF", dtls)))
	p.expect("SIP/2.0 488")
	p.within(invite, "ACK", 1, "phone", "")
	p.within(invite, "INVITE", 2, "phone", "")
	awaits(t, events, EventReoffer)
	must(t, dialogs[0].AnswerReoffer(ours()))
	p.expect("SIP/2.0 200")
	p.within(invite, "ACK", 2, "phone", browserAnswer())
	p.answerRequest(p.expect("BYE "))
	awaits(t, events, EventEnded)
	x.settled()
}

// Whoever can change what an unencrypted WebSocket carries hears the call.
func TestNoWebRTCInTheClearWhereSoundMustBeEncrypted(t *testing.T) {
	every := withBrowsers(t)
	x := startExchange(t, func(o *Options) {
		every(o)
		o.SRTP = srtp.Required
	})
	registeredBrowser(t, x, "ws")
	_, events := ring(t, x)
	if ended := awaits(t, events, EventEnded); ended.Status != 500 || ended.By != ByLocal {
		t.Errorf("ended %+v", ended)
	}
	x.settled()
}
