package packetio

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = netip.MustParseAddr("127.0.0.1")

// ways are all ways to move packets, each polled until the test ends.
func ways(t *testing.T, run func(t *testing.T, io IO)) {
	poller, err := NewPoller()
	if err != nil {
		t.Logf("not polled: %v", err)
	}
	for name, io := range map[string]IO{"plain": NewPlain(), "polled": poller} {
		if name == "polled" && err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			stop := make(chan struct{})
			var group sync.WaitGroup
			group.Go(func() {
				tick := time.NewTicker(time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case now := <-tick.C:
						io.Poll(now.Add(time.Millisecond))
					case <-stop:
						return
					}
				}
			})
			t.Cleanup(func() {
				close(stop)
				group.Wait()
				if err := io.Close(); err != nil {
					t.Error(err)
				}
			})
			run(t, io)
		})
	}
}

// taken is what a socket took.
type taken struct {
	mu    sync.Mutex
	raw   [][]byte
	from  []netip.AddrPort
	heard chan struct{}
}

func newTaken() *taken { return &taken{heard: make(chan struct{}, 1000)} }

func (t *taken) take(raw []byte, from netip.AddrPort, _ time.Time) {
	t.mu.Lock()
	t.raw, t.from = append(t.raw, bytes.Clone(raw)), append(t.from, from)
	t.mu.Unlock()
	t.heard <- struct{}{}
}

// wait waits for so many more datagrams.
func (t *taken) wait(tt *testing.T, count int) {
	tt.Helper()
	for i := range count {
		select {
		case <-t.heard:
		case <-time.After(5 * time.Second):
			tt.Fatalf("%d datagrams of %d came", i, count)
		}
	}
}

// open opens a socket that takes into the second result.
func open(t *testing.T, io IO, address netip.Addr) (Socket, *taken) {
	t.Helper()
	socket, err := io.Open(netip.AddrPortFrom(address, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	into := newTaken()
	if err := socket.Receive(into.take, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	if err := socket.Hurry(true); err != nil {
		t.Fatal(err)
	}
	return socket, into
}

func TestPacketsGoBothWays(t *testing.T) {
	ways(t, func(t *testing.T, io IO) {
		for _, address := range []netip.Addr{loopback, netip.IPv6Loopback()} {
			a, heardByA := open(t, io, address)
			b, heardByB := open(t, io, address)
			if !a.Aim(b.Local()) || !b.Aim(a.Local()) {
				t.Fatal("can't aim")
			}
			for i := range 100 { // more than one poll reads at once
				if err := a.Send([]byte{byte(i), 1}); err != nil {
					t.Fatal(err)
				}
				if err := b.Send([]byte{byte(i), 2}); err != nil {
					t.Fatal(err)
				}
			}
			heardByA.wait(t, 100)
			heardByB.wait(t, 100)
			for i := range 100 {
				if !bytes.Equal(heardByA.raw[i], []byte{byte(i), 2}) || heardByA.from[i] != b.Local() {
					t.Fatalf("datagram %d is %v from %v", i, heardByA.raw[i], heardByA.from[i])
				}
				if !bytes.Equal(heardByB.raw[i], []byte{byte(i), 1}) || heardByB.from[i] != a.Local() {
					t.Fatalf("datagram %d is %v from %v", i, heardByB.raw[i], heardByB.from[i])
				}
			}
		}
	})
}

func TestLongDatagramsAreCut(t *testing.T) {
	ways(t, func(t *testing.T, io IO) {
		a, _ := open(t, io, loopback)
		b, heard := open(t, io, loopback)
		a.Aim(b.Local())
		if err := a.Send(make([]byte, MaxPacket+100)); err != nil {
			t.Fatal(err)
		}
		if err := a.Send([]byte("next")); err != nil {
			t.Fatal(err)
		}
		heard.wait(t, 2)
		if len(heard.raw[0]) != MaxPacket || string(heard.raw[1]) != "next" {
			t.Errorf("got %d bytes, then %q", len(heard.raw[0]), heard.raw[1])
		}
	})
}

func TestOnlyASendableTargetIsAimedAt(t *testing.T) {
	ways(t, func(t *testing.T, io IO) {
		a, _ := open(t, io, loopback)
		for _, target := range []netip.AddrPort{{}, netip.AddrPortFrom(loopback, 0)} {
			if a.Aim(target) {
				t.Errorf("%v is aimed at", target)
			}
			if err := a.Send([]byte("to nobody")); err == nil {
				t.Error("and sent to")
			}
		}
		b, heard := open(t, io, loopback)
		if !a.Aim(netip.AddrPortFrom(netip.AddrFrom16(b.Local().Addr().As16()), b.Local().Port())) {
			t.Fatal("IPv4 in IPv6 form isn't aimed at")
		}
		if err := a.Send([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		heard.wait(t, 1)
	})
}

func TestAPortInUseIsSaidToBe(t *testing.T) {
	ways(t, func(t *testing.T, io IO) {
		a, _ := open(t, io, loopback)
		if _, err := io.Open(a.Local()); !IsAddressInUse(err) {
			t.Errorf("got %v", err)
		}
		if _, err := io.Open(netip.MustParseAddrPort("192.0.2.1:4000")); err == nil || IsAddressInUse(err) {
			t.Errorf("an address of another machine: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := io.Open(a.Local())
		if err != nil {
			t.Fatalf("a closed socket's port isn't free: %v", err)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAClosedSocketSendsAndTakesNothing(t *testing.T) {
	ways(t, func(t *testing.T, io IO) {
		a, heard := open(t, io, loopback)
		b, _ := open(t, io, loopback)
		a.Aim(b.Local())
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		// What gets its descriptor now must not be taken for it.
		other, heardByOther := open(t, io, loopback)
		if err := a.Send([]byte("late")); err == nil {
			t.Error("a closed socket sends")
		}
		if err := a.Close(); err == nil {
			t.Error("it closes twice")
		}
		b.Aim(other.Local())
		if err := b.Send([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		heardByOther.wait(t, 1)
		heard.mu.Lock()
		defer heard.mu.Unlock()
		if len(heard.raw) != 0 {
			t.Errorf("it takes %q", heard.raw)
		}
	})
}

// One flooded socket keeps neither the others nor its caller waiting.
func TestAFloodedSocketDoesNotHoldUpTheOthers(t *testing.T) {
	ways(t, func(t *testing.T, io IO) {
		flooded, _ := io.Open(netip.AddrPortFrom(loopback, 0))
		if err := flooded.Receive(func([]byte, netip.AddrPort, time.Time) {}, func(err error) { t.Error(err) }); err != nil {
			t.Fatal(err)
		}
		defer flooded.Close()
		stop := make(chan struct{})
		var group sync.WaitGroup
		defer group.Wait()
		defer close(stop)
		flood, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(flooded.Local()))
		if err != nil {
			t.Fatal(err)
		}
		defer flood.Close()
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = flood.Write(make([]byte, 100))
				}
			}
		})
		a, _ := open(t, io, loopback)
		b, heard := open(t, io, loopback)
		a.Aim(b.Local())
		for range 20 {
			if err := a.Send([]byte("sound")); err != nil {
				t.Fatal(err)
			}
			heard.wait(t, 1)
		}
	})
}

// Sockets come and go while others are read, for the race detector.
func TestSocketsComeAndGoUnderLoad(t *testing.T) {
	ways(t, func(t *testing.T, io IO) {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 100 {
					a, _ := open(t, io, loopback)
					b, heard := open(t, io, loopback)
					a.Aim(b.Local())
					for range 3 {
						if err := a.Send([]byte("sound")); err != nil {
							t.Error(err)
						}
					}
					heard.wait(t, 1)
					if err := errors.Join(a.Close(), b.Close()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
	})
}

func TestNothingIsAllocatedForAPacket(t *testing.T) {
	poller, err := NewPoller()
	if err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := poller.Close(); err != nil {
			t.Error(err)
		}
	}()
	a, err := poller.Open(netip.AddrPortFrom(loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	took := 0
	if err := a.Receive(func([]byte, netip.AddrPort, time.Time) { took++ }, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 172)
	sent := 0
	allocated := testing.AllocsPerRun(100, func() {
		if !a.Aim(a.Local()) {
			t.Fatal("can't aim")
		}
		if err := a.Send(packet); err != nil {
			t.Fatal(err)
		}
		sent++
		if err := a.Hurry(sent%2 == 0); err != nil {
			t.Fatal(err)
		}
		poller.Look(a, time.Now())
		poller.Poll(time.Now().Add(time.Second))
	})
	if allocated != 0 || took != sent {
		t.Errorf("%v allocations a packet; %d of %d were taken", allocated, took, sent)
	}
}
