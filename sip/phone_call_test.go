package sip

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

func TestOurCallGoesByEachNetworkOfAPhone(t *testing.T) {
	a := newAuthority(t)
	x := startExchange(t, everyNetwork(t, a))
	for _, network := range []string{"tcp", "tls", "ws", "wss"} {
		t.Run(network, func(t *testing.T) {
			connection := dialNetwork(t, x, network)
			far := &caller{t: t, network: network, conn: connection, got: make(chan string, 64), id: "phone-" + network}
			var reader sync.WaitGroup
			reader.Go(far.read)
			t.Cleanup(func() { _ = connection.Close(); reader.Wait() })
			far.send("OPTIONS", 1, "") // the phone has connected; we call it by that connection
			far.expect("SIP/2.0 200")
			var source string
			eventually(t, "the connection is known", func() bool {
				x.guard.mu.Lock()
				defer x.guard.mu.Unlock()
				for open := range x.guard.open {
					if open.LocalAddr().String() == x.address(network) {
						source = open.RemoteAddr().String()
					}
				}
				return source != ""
			})
			near := place(t, x, nil, Hop{Network: network, Address: mustAddrPort(t, source)})
			invite := far.expect("INVITE ")
			far.reply(invite, "200 OK", "far", offerPCM)
			near.expect(t, EventAnswered)
			far.expect("ACK ")
			must(t, near.HangUp(CauseNormal, ""))
			far.answerRequest(far.expect("BYE "))
			x.settled()
		})
	}
}

func TestWeCallOverIPv6(t *testing.T) {
	probe, err := net.ListenPacket("udp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6:", err)
	}
	must(t, probe.Close())
	x := startExchange(t, func(o *Options) {
		o.Listen = []Listen{{"udp", netip.MustParseAddrPort("[::1]:0")}}
	})
	far := listenFar(t, x)
	near := place(t, x, func(i *Invitation) { i.Domain, i.Local.Address = "", netip.MustParseAddrPort("[::1]:20000") }, hopOf(t, far))
	invite := far.expect("INVITE sip:+13125550177@" + far.conn.LocalAddr().String() + " SIP/2.0")
	for _, line := range []string{"Via: SIP/2.0/UDP " + x.address("udp"), "Contact: <sip:" + x.address("udp") + ">", "@[::1]>;tag=", "c=IN IP6 ::1\r\n"} {
		if !strings.Contains(invite, line) {
			t.Fatalf("our INVITE lacks %q:\n%s", line, invite)
		}
	}
	far.reply(invite, "200 OK", "far", offerPCM, "Record-Route: <sip:"+far.conn.LocalAddr().String()+";lr>")
	near.expect(t, EventAnswered)
	far.expect("ACK sip:far@" + far.conn.LocalAddr().String())
	must(t, near.HangUp(CauseNormal, ""))
	far.answerRequest(far.expect("BYE sip:far@" + far.conn.LocalAddr().String()))
	x.settled()
}
