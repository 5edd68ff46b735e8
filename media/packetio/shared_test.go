package packetio

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// All browsers share one socket: who sends must not wait for another's sending.
func TestSendersOfOneSocketDoNotWaitForEachOther(t *testing.T) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	target := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	sending, release := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- raw.Write(func(uintptr) bool { // holds the socket's lock for writers
			close(sending)
			<-release
			return true
		})
	}()
	<-sending
	shared, err := newPlainShared(conn)
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := shared.WriteToAddrPort([]byte("sound"), target)
		sent <- err
	}()
	select {
	case err := <-sent:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("sending waits for another's")
	}
	close(release)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// sharedWays are all sockets that many may send on.
func sharedWays(t *testing.T, run func(t *testing.T, shared Shared)) {
	const buffer = 1 << 20
	for name, open := range map[string]func(netip.AddrPort, int) (Shared, error){"plain": ListenShared, "polled": PollShared} {
		for _, address := range []netip.Addr{loopback, netip.IPv6Loopback()} {
			shared, err := open(netip.AddrPortFrom(address, 0), buffer)
			if errors.Is(err, ErrUnsupported) {
				t.Logf("%s: %v", name, err)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Run(name+" "+address.String(), func(t *testing.T) {
				defer shared.Close()
				if _, err := open(addressOf(shared), buffer); !IsAddressInUse(err) {
					t.Errorf("a second one on the same port: %v", err)
				}
				run(t, shared)
			})
		}
	}
}

func addressOf(conn net.PacketConn) netip.AddrPort {
	return plainAddress(conn.LocalAddr().(*net.UDPAddr).AddrPort())
}

func TestManySendOnASharedSocketAndOneReads(t *testing.T) {
	sharedWays(t, func(t *testing.T, shared Shared) {
		const senders, each = 4, 50 // more than one batch
		far, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addressOf(shared).Addr(), 0)))
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		var group sync.WaitGroup
		defer group.Wait()
		for i := range senders {
			group.Go(func() {
				for n := range each {
					if _, err := shared.WriteToAddrPort([]byte{byte(i), byte(n)}, addressOf(far)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		raw := make([]byte, MaxPacket)
		for n := range senders * each { // sends each back
			if err := far.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			size, from, err := far.ReadFromUDPAddrPort(raw)
			if err != nil || plainAddress(from) != addressOf(shared) {
				t.Fatalf("datagram %d: from %v, %v", n, from, err)
			}
			if _, err := far.WriteToUDPAddrPort(raw[:size], from); err != nil {
				t.Fatal(err)
			}
		}
		var next [senders]byte
		for range senders * each {
			size, from, err := shared.ReadFromAddrPort(raw)
			if err != nil || size != 2 || plainAddress(from) != addressOf(far) {
				t.Fatalf("%d bytes from %v: %v", size, from, err)
			}
			if raw[1] != next[raw[0]] {
				t.Fatalf("sender %d: datagram %d comes instead of %d", raw[0], raw[1], next[raw[0]])
			}
			next[raw[0]]++
		}
	})
}

func TestClosingASharedSocketEndsItsReader(t *testing.T) {
	sharedWays(t, func(t *testing.T, shared Shared) {
		ended := make(chan error, 1)
		go func() {
			_, _, err := shared.ReadFromAddrPort(make([]byte, 100))
			ended <- err
		}()
		if err := shared.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("reading ends with %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("reading goes on")
		}
		if _, err := shared.WriteToAddrPort([]byte("late"), netip.AddrPortFrom(loopback, 9)); err == nil {
			t.Error("a closed socket sends")
		}
		if err := shared.Close(); err == nil {
			t.Error("it closes twice")
		}
	})
}

func TestASharedSocketAllocatesNothingForAPacket(t *testing.T) {
	shared, err := PollShared(netip.AddrPortFrom(loopback, 0), 1<<20)
	if err != nil {
		t.Skip(err)
	}
	defer shared.Close()
	packet, raw, to := make([]byte, 172), make([]byte, MaxPacket), addressOf(shared)
	allocated := testing.AllocsPerRun(100, func() {
		if _, err := shared.WriteToAddrPort(packet, to); err != nil {
			t.Fatal(err)
		}
		if n, _, err := shared.ReadFromAddrPort(raw); err != nil || n != len(packet) {
			t.Fatalf("%d bytes, %v", n, err)
		}
	})
	if allocated != 0 {
		t.Errorf("%v allocations a packet", allocated)
	}
}
