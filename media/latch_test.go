package media

import (
	"net/netip"
	"testing"
	"time"
)

func TestLatch(t *testing.T) {
	sdp := netip.MustParseAddrPort("192.0.2.1:4000")
	nat := netip.MustParseAddrPort("198.51.100.7:60001")
	thief := netip.MustParseAddrPort("203.0.113.9:7")
	start := time.Unix(1000, 0)
	type burst struct {
		from    netip.AddrPort
		packets int
		after   time.Duration // since Agree
		broken  bool          // sequence numbers jump
		heard   int           // how many are to be accepted
	}
	for _, test := range []struct {
		name   string
		bursts []burst
		target netip.AddrPort
		quiet  bool // the far side isn't to send
	}{
		{name: "the SDP's address is heard at once",
			bursts: []burst{{from: sdp, packets: 3, heard: 3}}, target: sdp},
		{name: "behind NAT it is learned",
			bursts: []burst{{from: nat, packets: 10, heard: 6}}, target: nat},
		{name: "the SDP's address wins while the window is open",
			bursts: []burst{{from: thief, packets: 10, heard: 6}, {from: sdp, packets: 3, after: time.Second, heard: 3}, {from: thief, packets: 10, after: 2 * time.Second}}, target: sdp},
		{name: "the SDP's address wins over a thief though it speaks late",
			bursts: []burst{{from: thief, packets: 10, heard: 6}, {from: sdp, packets: 3, after: time.Minute, heard: 3}, {from: thief, packets: 10, after: 2 * time.Minute}}, target: sdp},
		{name: "nobody moves a locked leg",
			bursts: []burst{{from: sdp, packets: 1, heard: 1}, {from: thief, packets: 100}}, target: sdp},
		{name: "nobody moves a learned leg",
			bursts: []burst{{from: nat, packets: 10, heard: 6}, {from: thief, packets: 100}, {from: nat, packets: 3, heard: 3}}, target: nat},
		{name: "a stranger without consistent numbers isn't learned",
			bursts: []burst{{from: thief, packets: 100, broken: true}}, target: sdp},
		{name: "after the window nobody is learned",
			bursts: []burst{{from: nat, packets: 100, after: LearnWindow}, {from: sdp, packets: 2, after: time.Minute, heard: 2}}, target: sdp},
		{name: "who is on hold isn't learned",
			bursts: []burst{{from: thief, packets: 100}}, target: sdp, quiet: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l latch
			var p packet
			if ok, _ := l.accept(sdp, &p, start); ok {
				t.Error("heard before Agree")
			}
			l.reopen(sdp, !test.quiet, start)
			for i, burst := range test.bursts {
				p = packet{ssrc: uint32(i)}
				heard := 0
				for range burst.packets {
					p.sequence++
					p.timestamp += FrameSamples
					if burst.broken {
						p.sequence += 500
					}
					if ok, _ := l.accept(burst.from, &p, start.Add(burst.after)); ok {
						heard++
					}
				}
				if heard != burst.heard {
					t.Errorf("burst %d: %d packets heard, want %d", i, heard, burst.heard)
				}
			}
			if l.target != test.target {
				t.Errorf("sends to %v, want %v", l.target, test.target)
			}
		})
	}
}

func TestWhoSpraysPacketsKeepsNobodyFromBeingLearned(t *testing.T) {
	sdp, nat := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("198.51.100.7:60001")
	now := time.Unix(1000, 0)
	var l latch
	l.reopen(sdp, true, now)
	for i := range uint16(20) {
		spray := packet{ssrc: uint32(i), sequence: i * 100}
		for port := range uint16(3) {
			thief := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), 1000+port+3*i)
			if ok, _ := l.accept(thief, &spray, now); ok {
				t.Fatal("the sprayer is heard")
			}
		}
		p := packet{ssrc: 1, sequence: i, timestamp: uint32(i) * FrameSamples}
		if ok, _ := l.accept(nat, &p, now); ok != (i+1 >= learnPackets) {
			t.Fatalf("packet %d: heard %v", i, ok)
		}
	}
}

// A packet of Opus may hold 120 ms, which is 5,760 ticks of its clock.
func TestLongPacketsAtAFastClockAreLearned(t *testing.T) {
	now := time.Unix(1000, 0)
	var l latch
	l.reopen(netip.MustParseAddrPort("192.0.2.1:4000"), true, now)
	nat := netip.MustParseAddrPort("198.51.100.7:60001")
	p := packet{ssrc: 1}
	heard := 0
	for range learnPackets {
		p.sequence++
		p.timestamp += Opus.FrameTicks() * 6
		if ok, _ := l.accept(nat, &p, now); ok {
			heard++
		}
	}
	if heard != 1 || l.target != nat {
		t.Errorf("%d packets are heard, and sound goes to %v", heard, l.target)
	}
}

func TestSignallingReopensTheLatch(t *testing.T) {
	sdp := netip.MustParseAddrPort("192.0.2.1:4000")
	nat, moved := netip.MustParseAddrPort("198.51.100.7:60001"), netip.MustParseAddrPort("198.51.100.7:60002")
	now := time.Unix(1000, 0)
	var l latch
	var p packet
	learn := func(from netip.AddrPort) {
		for range learnPackets {
			p.sequence++
			l.accept(from, &p, now)
		}
	}
	l.reopen(sdp, true, now)
	learn(nat)
	l.reopen(sdp, true, now) // a session refresh
	if l.target != nat {
		t.Errorf("a refresh forgets what was learned: %v", l.target)
	}
	learn(moved)
	if l.target != moved {
		t.Errorf("a new binding isn't learned: %v", l.target)
	}
	other := netip.MustParseAddrPort("192.0.2.2:5000")
	l.reopen(other, true, now)
	if l.target != other {
		t.Errorf("a new SDP address isn't taken: %v", l.target)
	}
	l.reopen(netip.MustParseAddrPort("0.0.0.0:5000"), true, now)
	if l.target.IsValid() {
		t.Errorf("sends to %v", l.target)
	}
}

func TestStrangerIsIgnoredAndCounted(t *testing.T) {
	engine := running(t, nil)
	caller, stranger := newPhone(t, PCMU), newPhone(t, PCMU)
	var told events
	leg := caller.call(engine, told.notify)
	caller.say(make([]int16, 5*FrameSamples))
	eventually(t, "the caller", func() bool { return leg.Stats().PacketsReceived == 5 })
	stranger.to = leg.LocalAddress()
	for range 20 {
		stranger.press('9')
	}
	eventually(t, "100 ignored packets", func() bool { return leg.Stats().Ignored == 100 })
	if keys := told.keys(); keys != "" || leg.Stats().Remote != caller.address().String() {
		t.Errorf("a stranger keyed in %q; sound goes to %s", keys, leg.Stats().Remote)
	}
}

func TestCallerWhoseSDPNamesAnotherAddressIsLearnedAndHears(t *testing.T) {
	engine := running(t, nil)
	for name, address := range map[string]string{"behind NAT": "127.0.0.1:9", "of two stacks": "[2001:db8::7]:40000"} {
		t.Run(name, func(t *testing.T) {
			caller := newPhone(t, PCMU)
			leg := caller.call(engine, nil)
			wrong := caller.description()
			wrong.Address = netip.MustParseAddrPort(address) // what the phone believes of itself
			if err := leg.Agree(wrong, caller.format()); err != nil {
				t.Fatal(err)
			}
			caller.say(make([]int16, 10*FrameSamples))
			eventually(t, "sound at the caller's", func() bool { return len(caller.packets()) > 10 })
			if got := leg.Stats().Remote; got != caller.address().String() {
				t.Errorf("sound goes to %s", got)
			}
		})
	}
}
