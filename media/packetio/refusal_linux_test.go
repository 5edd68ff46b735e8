package packetio

import (
	"net/netip"
	"testing"
	"time"
)

// nobody is an address at which no socket is bound.
func nobody(t *testing.T, io IO, address netip.Addr) netip.AddrPort {
	t.Helper()
	socket, _ := open(t, io, address)
	if err := socket.Close(); err != nil {
		t.Fatal(err)
	}
	return socket.Local()
}

// Answers by ICMP are counted while the socket is aimed where nobody is, they keep no
// poll busy, and what comes is taken as before.
func TestRefusalsAreCounted(t *testing.T) {
	poller, err := NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := poller.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, address := range []netip.Addr{loopback, netip.IPv6Loopback()} {
		a, heardByA := open(t, poller, address)
		b, heardByB := open(t, poller, address)
		poll := func() {
			t.Helper()
			began := time.Now()
			if poller.Poll(began.Add(10 * time.Second)); time.Since(began) > 5*time.Second {
				t.Fatal("the answers keep the poll busy")
			}
		}
		a.Aim(nobody(t, poller, address))
		for range 20 {
			_ = a.Send([]byte("is anybody there"))
			poll()
		}
		if n := a.Refused(); n < 10 {
			t.Errorf("%s: %d of 20 refused", address, n)
		}
		_ = a.Send([]byte("once more")) // whose answer waits
		a.Aim(b.Local())
		b.Aim(a.Local())
		before := a.Refused()
		for range 20 {
			_ = a.Send([]byte("to b"))
			if err := b.Send([]byte("to a")); err != nil {
				t.Error(err)
			}
			poll()
		}
		heardByA.wait(t, 20)
		heardByB.wait(t, 19) // an answer may cost one
		if n := a.Refused() - before; n > 0 {
			t.Errorf("%s: %d count that aren't about b", address, n)
		}
		for _, socket := range []Socket{a, b} {
			if err := socket.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
