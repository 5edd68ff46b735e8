package sip

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestResponsesSayWhereTheRequestCameFrom(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	_, port, err := net.SplitHostPort(far.conn.LocalAddr().String())
	must(t, err)
	for i, test := range []struct{ name, sentBy, parameters, want string }{
		{"honest", "127.0.0.1:" + port, "", ""},
		{"honest, with rport", "127.0.0.1:" + port, ";rport", ";rport=" + port + ";received=127.0.0.1"},
		{"behind a NAT", "192.0.2.9:5060", ";rport", ";rport=" + port + ";received=127.0.0.1"},
		{"by name, the port as in sent-by", "phone.invalid:" + port, "", ";received=127.0.0.1"},
		{"another's address, the port as in sent-by", "192.0.2.9:" + port, "", ";received=127.0.0.1"},
		{"claims a source itself", "127.0.0.1:" + port, ";received=203.0.113.5", ";received=127.0.0.1"},
		{"IPv6 sent-by", "[2001:db8::9]:" + port, "", ";received=127.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			branch := fmt.Sprintf("z9hG4bK-via-%d", i)
			far.write("OPTIONS sip:5550100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP " + test.sentBy + ";branch=" + branch + test.parameters +
				"\r\nMax-Forwards: 70\r\nFrom: <sip:a@x.example>;tag=1\r\nTo: <sip:b@x.example>\r\nCall-ID: " + branch + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
			if got := header(far.expect("SIP/2.0 200"), "Via"); got != "SIP/2.0/UDP "+test.sentBy+";branch="+branch+test.want {
				t.Fatalf("Via %q", got)
			}
		})
	}
}

// A call all in compact forms (RFC 3261 section 7.3.3 and the extensions' own).
func TestCompactForms(t *testing.T) {
	compact := strings.NewReplacer("\r\nVia:", "\r\nv:", "\r\nFrom:", "\r\nf:", "\r\nTo:", "\r\nt:", "\r\nCall-ID:", "\r\ni:", "\r\nContact:", "\r\nm:",
		"\r\nContent-Type:", "\r\nc:", "\r\nContent-Length:", "\r\nl:", "\r\nSupported:", "\r\nk:", "\r\nSession-Expires:", "\r\nx:")
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	far.write(compact.Replace(far.request("INVITE", 1, "first", offerPCM, "Supported: timer, 100rel", "Session-Expires: 600;refresher=uas")))
	near := x.nextCall()
	must(t, near.Check())
	must(t, near.Progress(ours()))
	progress := far.expect("SIP/2.0 183")
	far.write(compact.Replace(far.request("PRACK", 2, "prack", "", rackOf(progress))))
	far.expect("SIP/2.0 200", "SIP/2.0 183")
	must(t, near.Answer(ours()))
	if answer := far.expect("SIP/2.0 200"); header(answer, "Session-Expires") != "600;refresher=uas" {
		t.Fatalf("answer:\n%s", answer)
	}
	far.write(compact.Replace(far.request("ACK", 1, "ack", "")))
	near.expect(t, EventAcked)
	far.write(compact.Replace(far.request("UPDATE", 3, "update", answerWith("inactive"))))
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	if answer := far.expect("SIP/2.0 200"); !strings.Contains(bodyOf(answer), "a=inactive") {
		t.Fatalf("answer:\n%s", answer)
	}
	far.write(compact.Replace(far.request("BYE", 4, "bye", "")))
	near.expectEnd(t, ByRemote)
	x.settled()
}
