package sip

import (
	"net"
	"strings"
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

// lines are all values of a header, in their order.
func lines(message, name string) []string {
	var all []string
	for _, line := range strings.Split(message, "\r\n") {
		if value, found := strings.CutPrefix(line, name+": "); found {
			all = append(all, value)
		}
	}
	return all
}

func TestByeGoesTheWayThatTwoProxiesRecorded(t *testing.T) {
	for name, recorded := range map[string][]string{
		"two headers": {"Record-Route: <sip:PROXY;lr>", "Record-Route: <sip:second.example;lr;ftag=x>"},
		"one header":  {"Record-Route: <sip:PROXY;lr>, <sip:second.example;lr;ftag=x>"},
	} {
		t.Run(name, func(t *testing.T) {
			x := startExchange(t, nil)
			far := dialCaller(t, x, "udp")
			proxy := far.conn.LocalAddr().String()
			for i := range recorded {
				recorded[i] = strings.Replace(recorded[i], "PROXY", proxy, 1)
			}
			far.invite(offerPCM, recorded...)
			near := x.nextCall()
			must(t, near.Ringing())
			ringing := far.expect("SIP/2.0 180")
			must(t, near.Answer(ours()))
			answer := far.expect("SIP/2.0 200")
			for _, response := range []string{ringing, answer} {
				if got := strings.Join(lines(response, "Record-Route"), ", "); got != "<sip:"+proxy+";lr>, <sip:second.example;lr;ftag=x>" {
					t.Fatalf("Record-Route came back as %q", got)
				}
			}
			far.send("ACK", 1, "")
			near.expect(t, EventAcked)
			must(t, near.HangUp(CauseNormal, ""))
			bye := far.expect("BYE sip:trunk@")
			if got := strings.Join(lines(bye, "Route"), ", "); got != "<sip:"+proxy+";lr>, <sip:second.example;lr;ftag=x>" {
				t.Fatalf("Route %q", got)
			}
			far.answerRequest(bye)
			x.settled()
		})
	}
}

func TestByeThroughAStrictRouter(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	proxy := far.conn.LocalAddr().String()
	far.invite(offerPCM, "Record-Route: <sip:"+proxy+">, <sip:second.example;lr>")
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	must(t, near.HangUp(CauseNormal, ""))
	bye := far.expect("BYE sip:" + proxy + " SIP/2.0")
	if got := strings.Join(lines(bye, "Route"), ", "); !strings.HasPrefix(got, "<sip:second.example;lr>, <sip:trunk@"+proxy) {
		t.Fatalf("Route %q", got)
	}
	far.answerRequest(bye)
	x.settled()
}

func TestReofferMovesTheContact(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	far.send("INVITE", 2, offerPCM)
	near.expect(t, EventReoffer)
	must(t, near.RefuseReoffer(488))
	far.expect("SIP/2.0 488")
	elsewhere, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = elsewhere.Close() }()
	moved := strings.Replace(far.request("INVITE", 3, "moved", offerPCM), "<sip:trunk@"+far.conn.LocalAddr().String(), "<sip:trunk@"+elsewhere.LocalAddr().String(), 1)
	far.write(moved)
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	far.expect("SIP/2.0 200")
	far.send("ACK", 3, "")
	eventually(t, "the ACK is in", func() bool { return near.State() == StateConfirmed })
	must(t, near.HangUp(CauseNormal, ""))
	buffer := make([]byte, 2048)
	n, from, err := elsewhere.ReadFrom(buffer)
	must(t, err)
	if !strings.HasPrefix(string(buffer[:n]), "BYE ") || from.String() != x.address("udp") {
		t.Fatalf("%s from %s, not from our port", firstLine(string(buffer[:n])), from)
	}
}

func TestWhereABye(t *testing.T) {
	uri := func(text string) gosip.Uri {
		var parsed gosip.Uri
		must(t, gosip.ParseUri(text, &parsed))
		return parsed
	}
	cases := []struct{ name, source, target, want string }{
		{"contact", "198.51.100.7:5060", "sip:a@198.51.100.9:5080", "198.51.100.9:5080"},
		{"default port", "198.51.100.7:5060", "sip:a@198.51.100.9", "198.51.100.9:5060"},
		{"name", "198.51.100.7:5060", "sip:a@sbc.example", "sbc.example:5060"},
		{"behind a NAT", "198.51.100.7:61000", "sip:a@10.1.2.3:5060", "198.51.100.7:61000"},
		{"both inside", "10.1.1.1:5060", "sip:a@10.1.2.3:5060", "10.1.2.3:5060"},
		{"unspecified", "10.1.1.1:5060", "sip:a@0.0.0.0:5060", "10.1.1.1:5060"},
		{"IPv6", "[2001:db8::1]:5060", "sip:a@[2001:db8::2]:5070", "[2001:db8::2]:5070"},
	}
	for _, test := range cases {
		p := peer{network: "udp", source: mustAddrPort(t, test.source)}
		if got := p.destination(uri(test.target), nil); got != test.want {
			t.Errorf("%s: %s, expected %s", test.name, got, test.want)
		}
	}
}

func TestConnectionOfTheCallIsLost(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "tcp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Ringing())
	far.expect("SIP/2.0 180")
	must(t, far.conn.Close())
	near.expectEnd(t, ByTransport)
	x.settled()
}

func TestByeFindsTheContactWhereTheConnectionIsGone(t *testing.T) {
	x := startExchange(t, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = listener.Close() }()
	far := dialCaller(t, x, "tcp")
	far.write(strings.Replace(far.request("INVITE", 1, "first", offerPCM), "<sip:trunk@"+far.conn.LocalAddr().String(), "<sip:trunk@"+listener.Addr().String(), 1))
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	must(t, far.conn.Close())
	eventually(t, "the lost connection is noticed", func() bool {
		x.guard.mu.Lock()
		defer x.guard.mu.Unlock()
		return len(x.guard.open) == 0
	})
	must(t, near.HangUp(CauseNormal, ""))
	connection, err := listener.Accept()
	must(t, err)
	again := &caller{t: t, network: "tcp", conn: connection, got: make(chan string, 8)}
	done := make(chan struct{})
	go func() { defer close(done); again.read() }()
	again.answerRequest(again.expect("BYE "))
	x.settled()
	must(t, connection.Close())
	<-done
}
