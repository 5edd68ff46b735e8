package media

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careline/media/signal"
)

// freePorts finds a range of four ports, two of them even, that nobody holds.
func freePorts(t testing.TB) (low, high uint16) {
	t.Helper()
	for range 100 {
		low := uint16(30000 + 4*rand.IntN(5000))
		free := true
		for port := low; port < low+4; port++ {
			conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, port)))
			if err != nil {
				free = false
				continue
			}
			conn.Close()
		}
		if free {
			return low, low + 3
		}
	}
	t.Fatal("no free range of ports")
	return 0, 0
}

func TestPortsRunOutAndRest(t *testing.T) {
	low, high := freePorts(t)
	const rest = 300 * time.Millisecond
	engine := running(t, func(o *Options) { o.PortMin, o.PortMax, o.DrainFor = low, high, rest })
	first, err := engine.OpenRTP(LegOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := engine.OpenRTP(LegOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, leg := range []*Leg{first, second} {
		if port := leg.LocalAddress().Port(); port%2 != 0 || port < low || port > high {
			t.Errorf("port %d", port)
		}
	}
	if _, err := engine.OpenRTP(LegOptions{}); !errors.Is(err, ErrNoPorts) {
		t.Errorf("a third leg: %v", err)
	}
	first.Close()
	first.Close()
	closed := time.Now()
	if stats := engine.Stats(); stats.PortsInUse != 1 || stats.Legs != 1 {
		t.Errorf("after closing one: %+v", stats)
	}
	if _, err := engine.OpenRTP(LegOptions{}); !errors.Is(err, ErrNoPorts) {
		t.Errorf("a port is used again at once: %v", err)
	}
	eventually(t, "the port is free again", func() bool {
		leg, err := engine.OpenRTP(LegOptions{})
		if err == nil && leg.LocalAddress() != first.LocalAddress() {
			t.Errorf("another port: %v", leg.LocalAddress())
		}
		return err == nil
	})
	if rested := time.Since(closed); rested < rest-20*time.Millisecond {
		t.Errorf("the port rested %v only", rested)
	}
}

func TestPortsOfOtherProgramsAreLeftOut(t *testing.T) {
	low, high := freePorts(t)
	other, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, low)))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	engine := running(t, func(o *Options) { o.PortMin, o.PortMax = low, high })
	leg, err := engine.OpenRTP(LegOptions{})
	if err != nil || leg.LocalAddress().Port() != low+2 {
		t.Fatalf("got %v", err)
	}
	if _, err := engine.OpenRTP(LegOptions{}); !errors.Is(err, ErrNoPorts) {
		t.Errorf("got %v", err)
	}
}

func TestPortIsNotSpentWhenTheAddressIsAtFault(t *testing.T) {
	low, high := freePorts(t)
	engine := running(t, func(o *Options) { o.PortMin, o.PortMax = low, high })
	engine.ports.address = netip.MustParseAddr("192.0.2.1") // not of this machine
	for range 5 {
		if _, err := engine.OpenRTP(LegOptions{}); err == nil || errors.Is(err, ErrNoPorts) {
			t.Fatalf("got %v", err)
		}
	}
	engine.ports.address = loopback
	if leg, err := engine.OpenRTP(LegOptions{}); err != nil || leg.LocalAddress().Port() != low+low%2 {
		t.Errorf("the first port isn't free: %v", err)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	webrtc := netip.AddrPortFrom(loopback, 0)
	for name, options := range map[string]Options{
		"no address":          {WebRTC: webrtc},
		"unspecified":         {Address: netip.IPv4Unspecified(), WebRTC: webrtc},
		"range the other way": {Address: loopback, WebRTC: webrtc, PortMin: 3000, PortMax: 2000},
		"no even port":        {Address: loopback, WebRTC: webrtc, PortMin: 3001, PortMax: 3001},
		"no WebRTC address":   {Address: loopback},
	} {
		if _, err := New(options); err == nil || !strings.Contains(err.Error(), "media.") {
			t.Errorf("%s: %v", name, err)
		}
	}
	engine, err := New(Options{Address: loopback, WebRTC: webrtc})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Run(context.Background()); err == nil {
		t.Error("Run before Listen")
	}
}

func TestSilentCallerIsToldOnce(t *testing.T) {
	engine := running(t, func(o *Options) { o.Timeout = 300 * time.Millisecond })
	caller := newPhone(t, PCMU)
	var told events
	leg := caller.call(engine, told.notify)
	eventually(t, "EventTimeout", func() bool { return told.count(EventTimeout) == 1 })
	pause(700 * time.Millisecond)
	if got := told.count(EventTimeout); got != 1 {
		t.Errorf("told %d times", got)
	}
	caller.say(make([]int16, 3*FrameSamples))
	eventually(t, "EventTimeout again", func() bool { return told.count(EventTimeout) == 2 })
	if got := told.count(EventFirstPacket); got != 1 {
		t.Errorf("EventFirstPacket is told %d times", got)
	}
	onHold := caller.description()
	onHold.Direction = Inactive
	if err := leg.Agree(onHold, caller.format()); err != nil {
		t.Fatal(err)
	}
	sent := leg.Stats().PacketsSent
	pause(700 * time.Millisecond)
	if told.count(EventTimeout) != 2 {
		t.Error("a caller on hold is told of")
	}
	if got := leg.Stats().PacketsSent; got > sent+1 {
		t.Errorf("%d packets are sent to a caller on hold", got-sent)
	}
	if err := leg.Agree(caller.description(), caller.format()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "EventTimeout after hold", func() bool { return told.count(EventTimeout) == 3 })
	checkOneStream(t, caller.packets())
}

func TestGarbageOnThePortDisturbsNothing(t *testing.T) {
	engine := running(t, nil)
	caller := newPhone(t, PCMU)
	leg := caller.call(engine, nil)
	other := newPhone(t, PCMU)
	otherLeg := other.call(engine, nil)
	Join(leg, otherLeg)
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		random := rand.NewChaCha8([32]byte{1})
		junk := make([]byte, 300)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			random.Read(junk)
			other.conn.WriteToUDPAddrPort(junk, leg.LocalAddress())
		}
	})
	said := uint64(0)
	hears(t, "the joined leg", other.packets, 440, 1000, func() { caller.say(signal.Tone(440, 0.5)); said += 25 })
	close(stop)
	group.Wait()
	if stats := leg.Stats(); stats.Malformed+stats.Ignored == 0 || stats.PacketsReceived != said {
		t.Errorf("stats: %+v", stats)
	}
}

func TestNoEventAfterClose(t *testing.T) {
	engine := running(t, nil)
	for range 20 {
		caller := newPhone(t, PCMU)
		var closed, late atomic.Bool
		leg := caller.call(engine, func(Event) {
			if closed.Load() {
				late.Store(true)
			}
		})
		leg.Play(Playback{Clips: []*Clip{NewClip(make([]int16, 160))}})
		caller.press('1')
		leg.Close()
		closed.Store(true)
		caller.press('2')
		leg.frame(time.Now()) // a pacer's visit that was under way
		leg.tell(Event{Kind: EventTimeout})
		if late.Load() {
			t.Fatal("an event comes after Close")
		}
		if err := leg.Agree(caller.description(), caller.format()); !errors.Is(err, ErrClosed) {
			t.Errorf("Agree after Close: %v", err)
		}
	}
}

// Everything at once, for the race detector; afterwards nothing is left.
func TestLegsComeAndGoUnderLoad(t *testing.T) {
	engine := running(t, func(o *Options) { o.Timeout = 50 * time.Millisecond })
	clip := NewClip(signal.Tone(500, 0.1))
	var group sync.WaitGroup
	for worker := range 6 {
		a, b := newPhone(t, PCMU), newPhone(t, PCMA)
		group.Go(func() {
			five, _ := ParseDigit('5')
			for round := range 8 {
				var told events
				legA, legB := a.call(engine, told.notify), b.call(engine, told.notify)
				legA.Play(Playback{Clips: []*Clip{clip}, Loop: round%2 == 0})
				Join(legA, legB)
				legB.SendDigit(five, 0)
				together(func() { a.say(make([]int16, 800)) }, func() { b.press('3') })
				legA.StopPlaying()
				legA.Mute(worker%2 == 0)
				engine.Stats()
				together(func() { Part(legA, legB) }, func() { Join(legB, legA) })
				together(legA.Close, legB.Close)
			}
		})
	}
	group.Wait()
	if stats := engine.Stats(); stats.Legs != 0 || stats.PortsInUse != 0 || stats.PacketsSent == 0 {
		t.Errorf("left: %+v", stats)
	}
}

func TestJoinReplacesAnEarlierJoin(t *testing.T) {
	engine := running(t, nil)
	var legs []*Leg
	for range 3 {
		legs = append(legs, newPhone(t, PCMU).call(engine, nil))
	}
	Join(legs[0], legs[1])
	Join(legs[1], legs[2])
	Join(legs[2], legs[2])
	if legs[0].peer.Load() != nil || legs[0].out.source != nil || legs[1].peer.Load() != legs[2] || legs[2].out.source != legs[1] {
		t.Error("the first isn't parted, or the second not joined")
	}
	Part(legs[0], legs[1]) // not joined: nothing happens
	if legs[1].peer.Load() != legs[2] {
		t.Error("an unrelated Part parts")
	}
	legs[2].Close()
	if legs[1].peer.Load() != nil || legs[1].out.source != nil {
		t.Error("closing doesn't part")
	}
}

func TestLateBurstsOfThePacerAreCapped(t *testing.T) {
	start := time.Unix(1000, 0)
	for _, test := range []struct {
		behind, moved     time.Duration
		catchUps, skipped uint64
	}{
		{0, 0, 0, 0},
		{19 * time.Millisecond, 0, 0, 0},
		{20 * time.Millisecond, 0, 1, 0},
		{100 * time.Millisecond, 0, 1, 0},
		{101 * time.Millisecond, 20 * time.Millisecond, 1, 1},
		{time.Second, 900 * time.Millisecond, 1, 45},
	} {
		p := newPacer()
		if got := p.keepUp(start, start.Add(test.behind)).Sub(start); got != test.moved {
			t.Errorf("%v behind: goes on %v later, want %v", test.behind, got, test.moved)
		}
		if p.catchUps.Load() != test.catchUps || p.skipped.Load() != test.skipped {
			t.Errorf("%v behind: %d catch-ups, %d skipped", test.behind, p.catchUps.Load(), p.skipped.Load())
		}
	}
}

func TestOneDelayIsOneCatchUp(t *testing.T) {
	p, due := newPacer(), time.Unix(1000, 0)
	for _, behind := range []time.Duration{0, 60, 56, 40, 24, 8, 0, 30} {
		p.keepUp(due, due.Add(behind*time.Millisecond))
	}
	if got := p.catchUps.Load(); got != 2 {
		t.Errorf("two delays are counted as %d", got)
	}
}

func TestPacedFramesComeEvery20Milliseconds(t *testing.T) {
	engine := running(t, nil)
	caller := newPhone(t, PCMU)
	leg := caller.call(engine, nil)
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	eventually(t, "a second of packets", func() bool { return len(caller.packets()) > 60 })
	packets := caller.packets()
	took := packets[len(packets)-1].at.Sub(packets[0].at)
	if want := time.Duration(len(packets)-1) * FrameDuration; took < want-60*time.Millisecond || took > want+2*time.Second {
		t.Errorf("%d packets in %v", len(packets), took)
	}
	var frames uint64
	for _, class := range engine.Stats().Lateness {
		frames += class.Frames
	}
	if frames < 60 {
		t.Errorf("the lateness of %d frames was noted", frames)
	}
}

// TestPacketPathAllocatesNothing holds contract 4: no allocation per packet.
func TestPacketPathAllocatesNothing(t *testing.T) {
	engine := running(t, nil)
	for _, test := range packetPaths(t, engine) {
		if got := testing.AllocsPerRun(500, test.run); got != 0 && (pooled || !test.pools) {
			t.Errorf("%s: %v allocations a packet", test.name, got)
		}
	}
}
