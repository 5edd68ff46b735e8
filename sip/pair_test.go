package sip

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// serverHop is where a server of ours listens.
func serverHop(t *testing.T, x *exchange) Hop {
	t.Helper()
	return Hop{Network: "udp", Address: mustAddrPort(t, x.address("udp"))}
}

// join calls one server of ours from another.
func join(t *testing.T, from, to *exchange) (near, far *call) {
	t.Helper()
	near = place(t, from, nil, serverHop(t, to))
	far = to.nextCall()
	must(t, far.Answer(ours()))
	near.expect(t, EventAnswered)
	far.expect(t, EventAcked)
	return near, far
}

// Both sides want to change the session at the same moment, over and over: each
// change is made in the end, one after the other.
func TestGlareOnBothSides(t *testing.T) {
	a, b := startExchange(t, nil), startExchange(t, nil)
	near, far := join(t, a, b)
	for range 5 {
		must(t, near.Reoffer(held()))
		must(t, far.Reoffer(ours()))
		for left := 2; left > 0; {
			var side *call
			var event Event
			select {
			case event = <-near.events:
				side = near
			case event = <-far.events:
				side = far
			case <-time.After(patience):
				t.Fatalf("%s and %s: nothing happens any more", near.State(), far.State())
			}
			switch event.Kind {
			case EventReoffer:
				must(t, side.AnswerReoffer(ours()))
			case EventReofferAnswered:
				left--
			default:
				t.Fatalf("event %s, status %d", event.Kind, event.Status)
			}
		}
	}
	must(t, far.HangUp(CauseNormal, ""))
	far.expectEnd(t, ByLocal)
	near.expectEnd(t, ByRemote)
	a.settled()
	b.settled()
}

// The whole of an attended transfer, each role played by a server of ours: the
// center talks with a caller and with a nurse, and leaves the two to each other.
func TestAttendedTransferFromEndToEnd(t *testing.T) {
	center, caller, nurse := startExchange(t, nil), startExchange(t, transferring), startExchange(t, transferring)
	toCaller, callersCall := join(t, center, caller)
	toNurse, nursesCall := join(t, center, nurse)

	must(t, toCaller.ReferTo(toNurse.Dialog))
	asked := callersCall.expect(t, EventRefer).Refer
	if !asked.Attended() || asked.With != nil {
		t.Fatalf("asked for %+v", asked)
	}
	must(t, callersCall.AcceptRefer())
	if trying := toCaller.expect(t, EventReferProgress); trying.Status != 100 {
		t.Fatalf("progress %d", trying.Status)
	}
	direct := place(t, caller, func(i *Invitation) { i.Target, i.Headers = asked.Target, asked.Headers }, serverHop(t, nurse))

	by := nursesCall.expect(t, EventReplaced).Dialog
	taken := &call{Dialog: by, events: make(chan Event, 16)}
	by.Notify(func(e Event) { taken.events <- e })
	must(t, by.Answer(ours()))
	direct.expect(t, EventAnswered)
	taken.expect(t, EventAcked)
	nursesCall.expectEnd(t, ByLocal)
	toNurse.expectEnd(t, ByRemote)

	must(t, callersCall.ReferProgress(200))
	if done := toCaller.expect(t, EventReferProgress); done.Status != 200 {
		t.Fatalf("progress %d", done.Status)
	}
	must(t, toCaller.HangUp(CauseNormal, "transferred"))
	toCaller.expectEnd(t, ByLocal)
	callersCall.expectEnd(t, ByRemote)
	center.settled()

	must(t, direct.HangUp(CauseNormal, ""))
	taken.expectEnd(t, ByRemote)
	caller.settled()
	nurse.settled()
}

// weather is a network between two servers that loses, doubles and delays.
type weather struct {
	socket net.PacketConn // both sides talk to this one
	a, b   netip.AddrPort
	lost   atomic.Int64
	passed atomic.Int64
	late   sync.WaitGroup
}

const (
	lossRate   = 0.15
	doubleRate = 0.10
	lateRate   = 0.30
	latest     = 30 * time.Millisecond
)

// startWeather relays between a and whoever answers at b.
func startWeather(t *testing.T, a, b netip.AddrPort, seed uint64) *weather {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	w := &weather{socket: socket, a: a, b: b}
	var reader sync.WaitGroup
	reader.Go(func() { w.relay(rand.New(rand.NewPCG(seed, 1))) })
	t.Cleanup(func() { _ = socket.Close(); reader.Wait(); w.late.Wait() })
	return w
}

func (w *weather) relay(random *rand.Rand) {
	buffer := make([]byte, 4096)
	for {
		n, from, err := w.socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		to := w.a
		if addrPortOf(from) == w.a {
			to = w.b
		}
		copies := 1
		switch draw := random.Float64(); {
		case draw < lossRate:
			w.lost.Add(1)
			continue
		case draw < lossRate+doubleRate:
			copies = 2
		}
		packet := []byte(w.recorded(string(buffer[:n])))
		for range copies {
			w.passed.Add(1)
			if random.Float64() >= lateRate {
				_, _ = w.socket.WriteTo(packet, net.UDPAddrFromAddrPort(to)) // lost, at worst
				continue
			}
			w.late.Add(1)
			time.AfterFunc(time.Duration(random.Int64N(int64(latest))), func() {
				defer w.late.Done()
				_, _ = w.socket.WriteTo(packet, net.UDPAddrFromAddrPort(to))
			})
		}
	}
}

// recorded puts the relay into the route set of the calls that it sees begin, so
// that all that follows comes by it too.
func (w *weather) recorded(message string) string {
	if strings.HasPrefix(message, "INVITE ") && !strings.Contains(message, "\r\nRoute: ") {
		return strings.Replace(message, "\r\n", "\r\nRecord-Route: <sip:"+w.socket.LocalAddr().String()+";lr>\r\n", 1)
	}
	return message
}

// Whatever the network does, each call ends once on each side, and nothing is
// left behind. Calls are answered, held and ended by either side, or given up.
func TestCallsThroughBadWeather(t *testing.T) {
	slow := func(o *Options) { o.T1, o.T2 = 100*time.Millisecond, 400*time.Millisecond }
	a, b := startExchange(t, slow), startExchange(t, slow)
	w := startWeather(t, mustAddrPort(t, a.address("udp")), mustAddrPort(t, b.address("udp")), uint64(time.Now().UnixNano()))
	hop := Hop{Network: "udp", Address: addrPortOf(w.socket.LocalAddr())}

	const calls = 24
	var followers sync.WaitGroup
	var answered, wrong atomic.Int64
	done := make(chan struct{})
	follow := func(c *call, script func(Event)) {
		followers.Go(func() {
			ends, last := 0, EventKind(0)
			note := func(event Event) {
				if last = event.Kind; last == EventEnded {
					ends++
				}
				script(event)
			}
			for up := true; up || len(c.events) > 0; {
				select {
				case event := <-c.events:
					note(event)
				case <-done:
					up = false
				}
			}
			if ends != 1 || last != EventEnded {
				wrong.Add(1)
			}
		})
	}
	for i := range calls {
		near := place(t, a, nil, hop)
		follow(near, func(event Event) {
			switch {
			case event.Kind == EventProgress && i%6 == 0:
				_ = near.HangUp(CauseNormal, "given up") // too late is as good
			case event.Kind == EventAnswered:
				answered.Add(1)
				_ = near.Reoffer(held())
			case event.Kind == EventReoffer:
				_ = near.AnswerReoffer(ours())
			case event.Kind == EventReofferAnswered || event.Kind == EventReofferRefused:
				_ = near.HangUp(CauseNormal, "")
			}
		})
	}
	arrived := 0
	deadline := time.After(30 * time.Second)
	for a.ActiveDialogs() > 0 || b.ActiveDialogs() > 0 || len(b.calls) > 0 {
		select {
		case far := <-b.calls:
			arrived++
			_ = far.Ringing()
			_ = far.Answer(ours())
			follow(far, func(event Event) {
				switch event.Kind {
				case EventAcked:
					_ = far.Reoffer(ours()) // crosses theirs, as often as not
				case EventReoffer:
					_ = far.AnswerReoffer(ours())
				}
			})
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%d and %d dialogs are left", a.ActiveDialogs(), b.ActiveDialogs())
		}
	}
	close(done)
	followers.Wait()
	t.Logf("%d packets passed, %d lost; %d calls arrived, %d answered", w.passed.Load(), w.lost.Load(), arrived, answered.Load())
	if wrong.Load() > 0 || answered.Load() < calls/2 || w.lost.Load() == 0 {
		t.Fatalf("%d sides didn't end once and last", wrong.Load())
	}
}
