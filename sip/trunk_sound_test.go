package sip

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"careline/media"
	"careline/sip/srtp"
	"careline/sip/trunk"
)

// TestSoundOfATrunksCallsIsOnItsTerms: calls from a trunk, under its policy and the
// server's.
func TestSoundOfATrunksCallsIsOnItsTerms(t *testing.T) {
	plain := sessionOf(audio(40000, "RTP/AVP"))
	keyed := sessionOf(audio(40000, "RTP/SAVP", line(1, media.AESCM128SHA80, 'a', "")))
	a := newAuthority(t)
	for _, test := range []struct {
		name          string
		trunk, server srtp.Policy
		network       string
		offer         string
		want          error
		keys          int // in the answer
	}{
		{"required of the trunk alone", srtp.Required, srtp.Optional, "tls", plain, ErrSoundInClear, 0},
		{"required and there", srtp.Required, srtp.Optional, "tls", keyed, nil, 1},
		{"required, its keys in the clear", srtp.Required, srtp.Off, "udp", keyed, ErrKeysInClear, 0},
		{"required, and nothing of the kind", srtp.Required, srtp.Off, "udp", plain, ErrSoundInClear, 0},
		{"eased for the trunk", srtp.Optional, srtp.Required, "udp", plain, nil, 0},
		{"eased, and its keys in the clear", srtp.Optional, srtp.Required, "udp", keyed, ErrKeysInClear, 0},
		{"off for the trunk", srtp.Off, srtp.Required, "tls", keyed, ErrNoCommonCodec, 0},
		{"as the server says", srtp.Unset, srtp.Required, "tls", plain, ErrSoundInClear, 0},
		{"as the server says by default", srtp.Unset, srtp.Unset, "tls", keyed, nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			into := carriers(t, func(o *trunk.Options) {
				o.SRTP, o.Sources = test.trunk, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
			}, carrier(t))
			x := startExchange(t, func(o *Options) {
				everyNetwork(t, a)(o)
				into(o)
				o.SRTP = test.server
			})
			far := dialCaller(t, x, test.network)
			far.invite(test.offer)
			near := x.nextCall()
			err := near.Check()
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if err != nil {
				must(t, near.Refuse(RefusalStatus(err), "", 0))
				far.expect("SIP/2.0 488")
				near.expectEnd(t, ByLocal)
				return
			}
			must(t, near.Answer(secureOurs(t)))
			answer := far.expect("SIP/2.0 200")
			if strings.Count(answer, "a=crypto:") != test.keys {
				t.Errorf("answered\n%s", answer)
			}
			far.send("ACK", 1, "")
			near.expect(t, EventAcked)

			// A later offer is on the same terms.
			far.send("INVITE", 2, keyed)
			if test.keys == 0 {
				far.expect("SIP/2.0 488")
			} else {
				near.expect(t, EventReoffer)
				must(t, near.AnswerReoffer(secureOurs(t)))
				far.expect("SIP/2.0 200")
			}
			far.send("ACK", 2, "")
			must(t, near.HangUp(CauseNormal, ""))
			far.answer(far.expect("BYE "), "200 OK", "")
		})
	}
}

// TestEachHopIsOfferedWhatItsTrunkWants: keys go to the carrier that is reached by
// TLS, and not to the next one, which isn't.
func TestEachHopIsOfferedWhatItsTrunkWants(t *testing.T) {
	a := newAuthority(t)
	dir := t.TempDir()
	pair := a.issue(t, filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key"), "sip.carrier.example")
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	must(t, err)
	defer listener.Close()
	secure := Hop{Network: "tls", Address: mustAddrPort(t, listener.Addr().String()), ServerName: "sip.carrier.example"}
	x := startExchange(t, everyNetwork(t, a))
	clear := listenFar(t, x)
	var far *caller
	for _, test := range []struct {
		policy  srtp.Policy
		profile string
		keys    int
	}{{srtp.Unset, "RTP/AVP", 3}, {srtp.Optional, "RTP/AVP", 3}, {srtp.Required, "RTP/SAVP", 3}, {srtp.Off, "RTP/AVP", 0}} {
		secure.SRTP = test.policy
		near := place(t, x, func(i *Invitation) { i.Local = secureOurs(t) }, secure, hopOf(t, clear))
		if far == nil {
			far = (&streamFar{t, listener}).accept()
		}
		invite := far.expect("INVITE ")
		if !strings.Contains(invite, " "+test.profile+" ") || strings.Count(invite, "a=crypto:") != test.keys {
			t.Errorf("%s offers\n%s", test.policy, invite)
		}
		far.reply(invite, "503 Service Unavailable", "first", "")
		far.expect("ACK ")
		near.expect(t, EventHopFailed)
		again := clear.expect("INVITE ")
		if !strings.Contains(again, " RTP/AVP ") || strings.Contains(again, "a=crypto:") {
			t.Errorf("keys in the clear after %s\n%s", test.policy, again)
		}
		clear.reply(again, "200 OK", "second", offerPCM)
		near.expect(t, EventAnswered)
		clear.expect("ACK ")
		must(t, near.HangUp(CauseNormal, ""))
		clear.answerRequest(clear.expect("BYE "))
		near.expectEnd(t, ByLocal)
	}
}

// TestATrunkThatCannotKeepItsTermsIsPassedOver: no sound goes out in the clear for
// want of a better way.
func TestATrunkThatCannotKeepItsTermsIsPassedOver(t *testing.T) {
	first, second := carrier(t), carrier(t)
	policies := []srtp.Policy{srtp.Required, srtp.Off}
	x := startExchange(t, carriers(t, func(o *trunk.Options) { o.SRTP, policies = policies[0], policies[1:] }, first, second))
	near := dial(t, x, "+13125550177")
	second.reply(second.expect("INVITE "), "200 OK", "second", offerPCM)
	near.expect(t, EventAnswered)
	second.expect("ACK ")
	first.quiet(2 * testT1)
	must(t, near.HangUp(CauseNormal, ""))
	second.answerRequest(second.expect("BYE "))
	near.expectEnd(t, ByLocal)

	alone := carrier(t)
	x = startExchange(t, carriers(t, func(o *trunk.Options) { o.SRTP = srtp.Required }, alone))
	if end := dial(t, x, "+13125550177").expectEnd(t, ByLocal); end.Status != 500 {
		t.Errorf("ended with %+v", end)
	}
	alone.quiet(2 * testT1)
}

// TestAnAnswerInTheClearEndsACallThatMustBeEncrypted: the carrier's answer is held
// against the terms of the hop that gave it.
func TestAnAnswerInTheClearEndsACallThatMustBeEncrypted(t *testing.T) {
	a := newAuthority(t)
	dir := t.TempDir()
	pair := a.issue(t, filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key"), "sip.carrier.example")
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	must(t, err)
	defer listener.Close()
	x := startExchange(t, everyNetwork(t, a))
	hop := Hop{Network: "tls", Address: mustAddrPort(t, listener.Addr().String()), ServerName: "sip.carrier.example", SRTP: srtp.Required}
	near := place(t, x, func(i *Invitation) { i.Local = secureOurs(t) }, hop)
	far := (&streamFar{t, listener}).accept()
	far.reply(far.expect("INVITE "), "200 OK", "far", offerPCM)
	far.expect("ACK ")
	far.answerRequest(far.expect("BYE "))
	if end := near.expectEnd(t, ByLocal); end.Cause != CauseIncompatible {
		t.Errorf("ended with %+v", end)
	}
}
