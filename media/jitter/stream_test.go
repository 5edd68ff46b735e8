package jitter

import (
	"testing"
	"time"

	"careline/media/link"
)

func TestAPauseIsSilenceAndNoLoss(t *testing.T) {
	l := newListener(t)
	s := newSender()
	wire := link.New(link.Faults{}, 1)
	for range 20 {
		talk(l, wire, s, time.Second)
		// The far side suppresses silence: nothing comes, its clock goes on.
		end := l.now + 700*time.Millisecond
		for l.now < end {
			l.frame()
			s.timestamp += 160
		}
	}
	stats := l.buffer.Stats()
	if stats.Late+stats.Lost+stats.Restarts+stats.Dropped != 0 || l.inOrder() < 990 {
		t.Errorf("%d packets of 1000 are heard, %+v", len(l.played), stats)
	}
	// The last sounds of each spurt fade out.
	if each := l.buffer.toTime(int64(l.concealed)) / 20; each > fade {
		t.Errorf("%v are concealed at each pause", each)
	}
}

func TestComfortNoiseIsAPauseAtOnce(t *testing.T) {
	l := newListener(t)
	s := newSender()
	wire := link.New(link.Faults{}, 1)
	for range 10 {
		talk(l, wire, s, time.Second)
		noise := s.next()
		noise.Kind, noise.Ticks, noise.Payload = Noise, 0, []byte{60}
		l.buffer.Put(noise, l.now)
		for range 30 {
			l.frame()
			s.timestamp += 160
		}
		if !l.noisy || l.lastLevel != 60 {
			t.Fatalf("the noise's level is %d", l.lastLevel)
		}
		s.timestamp -= 160
	}
	if stats := l.buffer.Stats(); l.concealed != 0 || stats.Lost+stats.Late != 0 {
		t.Errorf("%d ticks are concealed, %+v", l.concealed, stats)
	}
}

func TestADigitIsNoLoss(t *testing.T) {
	l := newListener(t)
	s := newSender()
	wire := link.New(link.Faults{}, 1)
	talk(l, wire, s, time.Second)
	event := s.timestamp
	for range 10 {
		p := s.next()
		p.Kind, p.Ticks, p.Timestamp = Other, 0, event
		l.buffer.Put(p, l.now)
		l.frame()
	}
	talk(l, wire, s, time.Second)
	if stats := l.buffer.Stats(); l.concealed != 0 || stats.Lost+stats.Late != 0 || l.inOrder() < 94 {
		t.Errorf("%d packets are heard, %d ticks concealed, %+v", len(l.played), l.concealed, stats)
	}
}

func TestTheSourceBeginsAnew(t *testing.T) {
	for name, jump := range map[string]func(*sender){
		"another source":               func(s *sender) { s.source, s.sequence, s.timestamp = 99, 12, 5_000_000 },
		"same numbers, another source": func(s *sender) { s.source = 99 },
		"sequence numbers":             func(s *sender) { s.sequence += 20000 },
		"timestamps ahead":             func(s *sender) { s.timestamp += 1 << 30 },
		"timestamps far back":          func(s *sender) { s.timestamp -= 1 << 30 },
		"timestamps a second back":     func(s *sender) { s.timestamp -= 9000 },
		"timestamps a little back":     func(s *sender) { s.timestamp -= 2000 },
		"both":                         func(s *sender) { s.sequence -= 20000; s.timestamp += 1 << 20 },
	} {
		l := newListener(t)
		s := newSender()
		wire := link.New(link.Faults{}, 1)
		talk(l, wire, s, 2*time.Second)
		jump(s)
		before := len(l.played)
		talk(l, wire, s, 2*time.Second)
		missed := 100 - (len(l.played) - before)
		if missed > 25 {
			t.Errorf("%s: %d of 100 packets aren't heard", name, missed)
		}
		before = len(l.played)
		talk(l, wire, s, 2*time.Second)
		if len(l.played)-before < 98 {
			t.Errorf("%s: later %d of 100 packets are heard", name, len(l.played)-before)
		}
		l.inOrder()
	}
}

func TestAStrayPacketChangesNothing(t *testing.T) {
	l := newListener(t)
	s := newSender()
	wire := link.New(link.Faults{}, 1)
	for i := range 50 {
		talk(l, wire, s, 100*time.Millisecond)
		stray := Packet{Kind: Sound, Source: uint32(1000 + i), Sequence: uint16(i * 7), Ticks: 160, Payload: []byte{9, 9}}
		l.buffer.Put(stray, l.now)
	}
	if stats := l.buffer.Stats(); stats.Restarts != 0 || stats.Refused != 50 || l.concealed != 0 || l.inOrder() < 245 {
		t.Errorf("%d packets are heard, %d ticks concealed, %+v", len(l.played), l.concealed, stats)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	b := New(clock)
	b.Put(Packet{Kind: Sound, Ticks: 160, Payload: make([]byte, MaxPayload+1)}, 0)
	b.Put(Packet{Kind: Sound, Ticks: 961, Payload: make([]byte, 961)}, 0)
	b.Put(Packet{Kind: Sound, Payload: make([]byte, 160)}, 0)
	if stats := b.Stats(); stats.Refused != 3 {
		t.Errorf("%+v", stats)
	}
	b.Put(Packet{Kind: Sound, Ticks: 960, Payload: make([]byte, MaxPayload)}, 0)
	for now := time.Duration(0); now < 200*time.Millisecond; now += Frame {
		if out := b.Get(now, 0); out.Kind == Decode {
			if len(out.Payload) != MaxPayload {
				t.Errorf("%d bytes come back", len(out.Payload))
			}
			return
		}
	}
	t.Error("the largest packet isn't heard")
}

func TestNothingIsAllocatedForAPacket(t *testing.T) {
	b := New(clock)
	p := Packet{Kind: Sound, Ticks: 480, Payload: make([]byte, MaxPayload)}
	now := time.Duration(0)
	step := func() {
		b.Put(p, now)
		p.Sequence++
		p.Timestamp += 480
		b.Get(now, 0)
		now += 60 * time.Millisecond
	}
	for range 10 {
		step()
	}
	if allocated := testing.AllocsPerRun(1000, step); allocated != 0 {
		t.Errorf("%v allocations a packet", allocated)
	}
}
