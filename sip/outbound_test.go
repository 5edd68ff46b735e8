package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"careline/media"
	"careline/sip/digest"
)

func TestWeCallItRingsIsAnsweredAndWeHangUp(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, func(i *Invitation) {
		i.Headers = []Header{{"P-Asserted-Identity", "<sip:+13125550100@careline.example>"}}
	}, hopOf(t, far))
	invite := far.expect("INVITE sip:+13125550177@trunk.example SIP/2.0")
	for _, line := range []string{
		"\r\nFrom: \"Member Services\" <sip:+13125550100@127.0.0.1>;tag=", "\r\nTo: <sip:+13125550177@trunk.example>\r\n",
		"\r\nMax-Forwards: 70\r\n", "\r\nCSeq: 1 INVITE\r\n", "\r\nP-Asserted-Identity: <sip:+13125550100@careline.example>\r\n",
		"\r\nContact: <sip:" + x.address("udp") + ">\r\n", "\r\nCall-ID: 0198c2de-", "m=audio 20000 RTP/AVP 0 8 101\r\n", "a=sendrecv\r\n",
	} {
		if !strings.Contains(invite, line) {
			t.Fatalf("our INVITE lacks %q:\n%s", line, invite)
		}
	}
	far.answer(invite, "100 Trying", "")
	far.reply(invite, "180 Ringing", "far", "")
	if ringing := near.expect(t, EventProgress); ringing.Status != 180 || ringing.Agreement.Format.Codec != media.CodecNone {
		t.Fatalf("progress %+v", ringing)
	}
	far.reply(invite, "200 OK", "far", offerPCM)
	answered := near.expect(t, EventAnswered)
	if answered.Agreement.Format.Codec != media.PCMA || near.State() != StateConfirmed || !near.Outbound() {
		t.Fatalf("agreed on %+v in state %s", answered.Agreement, near.State())
	}
	ack := far.expect("ACK sip:far@" + far.conn.LocalAddr().String() + " SIP/2.0")
	if cseq(ack) != "1 ACK" || toTag(ack) != "far" || header(ack, "Via") == header(invite, "Via") {
		t.Fatalf("acknowledged with\n%s", ack)
	}
	must(t, near.HangUp(CauseNormal, ""))
	bye := far.expect("BYE sip:far@")
	if cseq(bye) != "2 BYE" {
		t.Fatalf("CSeq %s", cseq(bye))
	}
	far.answerRequest(bye)
	near.expectEnd(t, ByLocal)
	x.settled()
	if stats := x.Stats(); stats.Placed != 1 || stats.Connected != 1 {
		t.Fatalf("stats %+v", stats)
	}
}

func TestWeCallOverTCP(t *testing.T) {
	x := startExchange(t, nil)
	phone, hop := listenStream(t)
	near := place(t, x, nil, hop)
	far := phone.accept()
	invite := far.expect("INVITE ")
	if !strings.Contains(invite, "Via: SIP/2.0/TCP "+x.address("tcp")) || !strings.Contains(invite, "Contact: <sip:"+x.address("tcp")+";transport=tcp>") {
		t.Fatalf("our INVITE:\n%s", invite)
	}
	far.reply(invite, "200 OK", "far", offerPCM)
	near.expect(t, EventAnswered)
	far.expect("ACK ")
	far.within(invite, "BYE", 1, "far", "")
	far.expect("SIP/2.0 200")
	near.expectEnd(t, ByRemote)
	x.settled()
}

func TestEarlyMedia(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "183 Session Progress", "far", offerPCM)
	progress := near.expect(t, EventProgress)
	if progress.Status != 183 || progress.Agreement.Remote.Address.String() != "192.0.2.7:40000" {
		t.Fatalf("progress %+v", progress)
	}
	far.reply(invite, "200 OK", "far", "") // its answer was said in the 183
	if answered := near.expect(t, EventAnswered); answered.Agreement.Remote.Address.String() != "192.0.2.7:40000" {
		t.Fatalf("agreed on %+v", answered.Agreement)
	}
	far.expect("ACK ")
}

func TestWeCallWithoutAnOffer(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, func(i *Invitation) { i.DelayedOffer = true }, hopOf(t, far))
	invite := far.expect("INVITE ")
	if strings.Contains(invite, "m=audio") {
		t.Fatalf("we offered:\n%s", invite)
	}
	far.reply(invite, "200 OK", "far", offerPCM)
	ack := far.expect("ACK ")
	if !strings.Contains(ack, "m=audio 20000 RTP/AVP 8 101\r\n") || !strings.Contains(ack, "Content-Type: application/sdp\r\n") {
		t.Fatalf("our answer:\n%s", ack)
	}
	if answered := near.expect(t, EventAnswered); answered.Agreement.Format.Codec != media.PCMA {
		t.Fatalf("agreed on %+v", answered.Agreement)
	}
}

func TestOurCallIsRefused(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	invite := far.expect("INVITE ")
	far.reply(invite, "486 Busy Here", "far", "", `Reason: Q.850;cause=17;text="User busy"`, "Retry-After: 30 (lunch)")
	ack := far.expect("ACK ")
	if header(ack, "Via") != header(invite, "Via") {
		t.Fatalf("acknowledged with\n%s", ack)
	}
	end := near.expectEnd(t, ByRemote)
	if end.Status != 486 || end.Cause != CauseBusy || end.Reason != "User busy" || end.RetryAfter.Seconds() != 30 {
		t.Fatalf("ended %+v", end)
	}
	x.settled()
}

func TestAnswerOfNoUseIsAcknowledgedAndEnded(t *testing.T) {
	for name, body := range map[string]string{"nothing": "", "no common codec": changed("AVP 8 0 101", "AVP 18"), "not SDP": "hello"} {
		t.Run(name, func(t *testing.T) {
			x := startExchange(t, nil)
			far := listenFar(t, x)
			near := place(t, x, nil, hopOf(t, far))
			far.reply(far.expect("INVITE "), "200 OK", "far", body)
			far.expect("ACK ")
			bye := far.expect("BYE ")
			if !strings.Contains(header(bye, "Reason"), "cause=88") {
				t.Fatalf("Reason %q", header(bye, "Reason"))
			}
			far.answerRequest(bye)
			if end := near.expectEnd(t, ByLocal); end.Cause != CauseIncompatible {
				t.Fatalf("cause %d", end.Cause)
			}
			x.settled()
		})
	}
}

func TestRepeatedAnswerIsAcknowledgedAgain(t *testing.T) {
	x := startExchange(t, nil)
	far, near, invite := reach(t, x)
	far.reply(invite, "200 OK", "far", offerPCM)
	far.reply(invite, "200 OK", "far", offerPCM)
	far.expect("ACK ")
	far.expect("ACK ")
	must(t, near.HangUp(CauseNormal, ""))
	far.answerRequest(far.expect("BYE "))
	x.settled()
	far.reply(invite, "200 OK", "far", offerPCM) // after the end
	far.expect("ACK ")
	far.quiet(2 * testT1)
}

func TestTheyHoldUsAndChangeTheCall(t *testing.T) {
	x := startExchange(t, nil)
	far, near, invite := reach(t, x)
	far.within(invite, "INVITE", 1, "far", changed("sendrecv", "sendonly"))
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	ok := far.expect("SIP/2.0 200")
	if !strings.Contains(ok, "a=recvonly\r\n") {
		t.Fatalf("our answer:\n%s", ok)
	}
	_, first := versionOf(t, invite)
	if _, second := versionOf(t, ok); second != first+1 {
		t.Fatalf("version %d after %d", second, first)
	}
	far.within(invite, "ACK", 1, "far", "")
	eventually(t, "the ACK is in", func() bool { return near.State() == StateConfirmed })
	must(t, near.Reoffer(held()))
	offer := far.expect("INVITE sip:far@", "SIP/2.0 200")
	if cseq(offer) != "2 INVITE" {
		t.Fatalf("CSeq %s", cseq(offer))
	}
	far.answer(offer, "200 OK", answerWith("recvonly"))
	near.expect(t, EventReofferAnswered)
	far.expect("ACK ")
	far.within(invite, "BYE", 2, "other", "") // of another dialog
	far.expect("SIP/2.0 481")
	far.within(invite, "BYE", 2, "far", "")
	far.expect("SIP/2.0 200")
	near.expectEnd(t, ByRemote)
	x.settled()
}

// The role decides how long a reoffer waits: the Call-ID is ours here.
func TestGlareInACallOfOurs(t *testing.T) {
	x := startExchange(t, nil)
	far, near, _ := reach(t, x)
	must(t, near.Reoffer(held()))
	offer := far.expect("INVITE ")
	far.answer(offer, "491 Request Pending", "")
	far.expect("ACK ")
	far.quiet(3 * testT1) // the far side has 0 to 4 T1, we have 4.2 to 8
	far.answer(far.expect("INVITE "), "200 OK", answerWith("recvonly"))
	near.expect(t, EventReofferAnswered)
}

func TestChallengesAreAnsweredOnce(t *testing.T) {
	credentials := digest.Credentials{Username: "careline", Password: "hush"}
	for _, kind := range []struct{ status, asks, answers string }{
		{"401 Unauthorized", "WWW-Authenticate", "Authorization"},
		{"407 Proxy Authentication Required", "Proxy-Authenticate", "Proxy-Authorization"},
	} {
		t.Run(kind.status, func(t *testing.T) {
			x := startExchange(t, nil)
			far := listenFar(t, x)
			near := place(t, x, func(i *Invitation) { i.Credentials = credentials }, hopOf(t, far))
			challenge := func(nonce string) string {
				return fmt.Sprintf(`%s: Digest realm="trunk.example", nonce="%s", algorithm=SHA-256, qop="auth"`, kind.asks, nonce)
			}
			first := far.expect("INVITE ")
			far.reply(first, kind.status, "far", "", challenge("one"))
			far.expect("ACK ")
			second := far.expect("INVITE ")
			answer := header(second, kind.answers)
			if !strings.Contains(answer, `nonce="one"`) || !strings.Contains(answer, `uri="sip:+13125550177@trunk.example"`) || strings.Contains(answer, "hush") {
				t.Fatalf("answered with %q", answer)
			}
			if cseq(second) != "2 INVITE" || header(second, "Call-ID") != header(first, "Call-ID") || header(second, "From") != header(first, "From") || header(second, "Via") == header(first, "Via") {
				t.Fatalf("the second INVITE:\n%s", second)
			}
			far.reply(second, "200 OK", "far", offerPCM)
			ack := far.expect("ACK ")
			if header(ack, kind.answers) != answer || cseq(ack) != "2 ACK" {
				t.Fatalf("acknowledged with\n%s", ack)
			}
			near.expect(t, EventAnswered)
			must(t, near.HangUp(CauseNormal, ""))
			bye := far.expect("BYE ")
			if cseq(bye) != "3 BYE" {
				t.Fatalf("CSeq %s", cseq(bye))
			}
			far.answer(bye, kind.status, "", challenge("two")) // so are those within the dialog
			again := far.expect("BYE ")
			if cseq(again) != "4 BYE" || !strings.Contains(header(again, kind.answers), `nonce="two"`) {
				t.Fatalf("said again as\n%s", again)
			}
			far.answerRequest(again)
			x.settled()
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		x := startExchange(t, nil)
		far := listenFar(t, x)
		near := place(t, x, func(i *Invitation) { i.Credentials = credentials }, hopOf(t, far))
		for range 2 {
			far.reply(far.expect("INVITE "), "401 Unauthorized", "far", "", `WWW-Authenticate: Digest realm="x", nonce="y", qop="auth"`)
			far.expect("ACK ")
		}
		if end := near.expectEnd(t, ByRemote); end.Status != 401 {
			t.Fatalf("ended with %d", end.Status)
		}
		far.quiet(2 * testT1)
	})
	t.Run("no credentials", func(t *testing.T) {
		x := startExchange(t, nil)
		far := listenFar(t, x)
		near := place(t, x, nil, hopOf(t, far))
		far.reply(far.expect("INVITE "), "407 Proxy Authentication Required", "far", "", `Proxy-Authenticate: Digest realm="x", nonce="y"`)
		if end := near.expectEnd(t, ByRemote); end.Status != 407 {
			t.Fatalf("ended with %d", end.Status)
		}
	})
}

func TestInvitationsThatCannotBe(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	good := func() Invitation {
		return Invitation{ID: "call", To: NewNumber("5550177"), Hops: []Hop{hopOf(t, far)}, Local: ours(), Notify: func(Event) {}}
	}
	cases := map[string]func(*Invitation){
		"no ID":             func(i *Invitation) { i.ID = "" },
		"ID with a space":   func(i *Invitation) { i.ID = "a b" },
		"nobody to call":    func(i *Invitation) { i.To = Number{} },
		"no hop":            func(i *Invitation) { i.Hops = nil },
		"no such network":   func(i *Invitation) { i.Hops[0].Network = "sctp" },
		"no such family":    func(i *Invitation) { i.Hops[0].Address = mustAddrPort(t, "[2001:db8::1]:5060") },
		"port 0":            func(i *Invitation) { i.Hops[0].Address = mustAddrPort(t, "192.0.2.1:0") },
		"name without TLS":  func(i *Invitation) { i.Hops[0].ServerName = "trunk.example" },
		"no sound":          func(i *Invitation) { i.Local = media.Description{} },
		"no Notify":         func(i *Invitation) { i.Notify = nil },
		"domain":            func(i *Invitation) { i.Domain = "a>b" },
		"header of ours":    func(i *Invitation) { i.Headers = []Header{{"via", "x"}} },
		"header, two lines": func(i *Invitation) { i.Headers = []Header{{"X-A", "x\r\nX-B: y"}} },
		"header, no name":   func(i *Invitation) { i.Headers = []Header{{"X A", "x"}} },
	}
	for name, spoil := range cases {
		invitation := good()
		spoil(&invitation)
		if _, err := x.Server.Invite(invitation); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	far.quiet(2 * testT1)
	deaf := startExchange(t, func(o *Options) { o.Sources = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	if _, err := deaf.Server.Invite(good()); err == nil || !strings.Contains(err.Error(), "sip.sources") {
		t.Errorf("answers that we wouldn't read: %v", err)
	}
	x.stop()
	if _, err := x.Server.Invite(good()); !errors.Is(err, errShutting) {
		t.Errorf("after the end: %v", err)
	}
}

func TestInviteTooLongForDatagramsGoesByTCP(t *testing.T) {
	x := startExchange(t, nil)
	phone, hop := listenStream(t)
	udp := hop
	udp.Network = "udp"
	near := place(t, x, func(i *Invitation) {
		i.Headers = []Header{{"Identity", strings.Repeat("x", 1200) + ";info=<https://certificates.example/careline.pem>"}}
	}, udp)
	far := phone.accept()
	invite := far.expect("INVITE ")
	if !strings.Contains(invite, "Via: SIP/2.0/TCP ") {
		t.Fatalf("our INVITE:\n%s", invite)
	}
	far.reply(invite, "200 OK", "far", offerPCM)
	near.expect(t, EventAnswered)
}

func TestWeCallARegisteredPhone(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	contact, err := ParseTarget("<sip:desk%2012@192.0.2.44:5062;transport=udp;ob>")
	must(t, err)
	path, err := ParseTarget("<sip:edge.example;lr>")
	must(t, err)
	near := place(t, x, func(i *Invitation) { i.Target, i.Route, i.From = contact, []Target{path}, Number{} }, hopOf(t, far))
	invite := far.expect("INVITE sip:desk%2012@192.0.2.44:5062;transport=udp;ob SIP/2.0")
	if header(invite, "Route") != "<sip:edge.example;lr>" || !strings.HasPrefix(header(invite, "From"), `"Anonymous" <sip:anonymous@anonymous.invalid>;tag=`) {
		t.Fatalf("our INVITE:\n%s", invite)
	}
	far.reply(invite, "200 OK", "far", offerPCM, "Record-Route: <sip:"+far.conn.LocalAddr().String()+";lr;hop=near>", "Record-Route: <sip:"+far.conn.LocalAddr().String()+";lr;hop=us>")
	ack := far.expect("ACK sip:far@")
	routes := lines(ack, "Route")
	if len(routes) != 2 || !strings.Contains(routes[0], "hop=us") || !strings.Contains(routes[1], "hop=near") {
		t.Fatalf("Route %q", routes)
	}
	near.expect(t, EventAnswered)
}

func TestWeCallThroughAStrictRouter(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	proxy := far.conn.LocalAddr().String()
	far.reply(far.expect("INVITE "), "200 OK", "far", offerPCM, "Record-Route: <sip:second.example;lr>, <sip:"+proxy+">")
	near.expect(t, EventAnswered)
	ack := far.expect("ACK sip:" + proxy + " SIP/2.0")
	if got := strings.Join(lines(ack, "Route"), ", "); !strings.HasPrefix(got, "<sip:second.example;lr>, <sip:far@"+proxy) {
		t.Fatalf("Route %q", got)
	}
	must(t, near.HangUp(CauseNormal, ""))
	far.answerRequest(far.expect("BYE sip:" + proxy + " SIP/2.0"))
	x.settled()
}
