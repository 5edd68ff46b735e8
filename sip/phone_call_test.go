package sip

import (
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
