package jitter

import (
	"testing"
	"time"

	"careline/media/link"
)

func TestACalmNetworkIsHeardWhole(t *testing.T) {
	l := newListener(t)
	talk(l, link.New(link.Faults{Delay: 30 * time.Millisecond}, 1), newSender(), 10*time.Second)
	if heard := l.inOrder(); heard < 494 {
		t.Errorf("%d packets of 500 are heard", heard)
	}
	stats := l.buffer.Stats()
	if l.concealed != 0 || stats.Late+stats.Lost+stats.Duplicates+stats.Refused+stats.Dropped != 0 {
		t.Errorf("%d ticks are concealed, %+v", l.concealed, stats)
	}
	if stats.Depth < MinDepth-10*time.Millisecond || stats.Depth > StartDepth+20*time.Millisecond {
		t.Errorf("depth %v", stats.Depth)
	}
}

func TestInAHurryTheFirstPacketIsHeardAtOnce(t *testing.T) {
	l, s := newListener(t), newSender()
	l.buffer.Hurry()
	wire := link.New(link.Faults{Jitter: 10 * time.Millisecond}, 1)
	talk(l, wire, s, 200*time.Millisecond)
	if heard := l.inOrder(); heard < 8 || l.silent > 160 {
		t.Errorf("%d packets of 10 are heard, after %d ms", heard, l.silent/8)
	}
	l.pause = conversation
	talk(l, wire, s, 10*time.Second)
	if depth := l.buffer.Stats().Depth; depth < MinDepth-5*time.Millisecond || l.concealed > 160 {
		t.Errorf("10 s later it is %v deep, %d ms were concealed", depth, l.concealed/8)
	}
}

func TestPacketsOfAnyLength(t *testing.T) {
	for _, ms := range []uint32{10, 20, 30, 40, 60, 120} {
		l := newListener(t)
		s := newSender()
		s.ticks = ms * clock / 1000
		talk(l, link.New(link.Faults{Jitter: 10 * time.Millisecond}, 2), s, 10*time.Second)
		heard := l.inOrder()
		missed := 10*time.Second - time.Duration(heard)*l.buffer.toTime(int64(s.ticks))
		if l.concealed != 0 || missed > 300*time.Millisecond {
			t.Errorf("%d ms a packet: %d ticks are concealed, %v aren't heard", ms, l.concealed, missed)
		}
	}
}

func TestDisorderAndDuplicatesAreNotHeard(t *testing.T) {
	l := newListener(t)
	wire := link.New(link.Faults{Reorder: 0.1, ReorderBy: 35 * time.Millisecond, Duplicate: 0.2}, 4)
	talk(l, wire, newSender(), 20*time.Second)
	stats := l.buffer.Stats()
	if heard := l.inOrder(); heard < 985 || stats.Late > 10 || stats.Duplicates < 100 {
		t.Errorf("%d packets of 1000 are heard, %+v", heard, stats)
	}
}

func TestALossIsFilledAndTheNextPacketIsAtHand(t *testing.T) {
	l := newListener(t)
	wire := link.New(link.Faults{Loss: 0.05}, 5)
	talk(l, wire, newSender(), 60*time.Second)
	stats := l.buffer.Stats()
	if lost := wire.Lost(); l.concealed != lost*160 || int(stats.Lost) != lost || stats.Late != 0 {
		t.Errorf("%d packets are lost, %d ticks concealed, %+v", lost, l.concealed, stats)
	}
	if heard := l.inOrder() + wire.Lost(); heard < 2995 {
		t.Errorf("%d packets are heard or concealed", heard)
	}
	if singles := l.withNext * 160 * 100 / l.concealed; singles < 90 {
		t.Errorf("for %d %% of the losses the next packet was there", singles)
	}
}

func TestJitterIsEvenedOut(t *testing.T) {
	for _, jitter := range []time.Duration{20, 40, 80} {
		l := newListener(t)
		wire := link.New(link.Faults{Jitter: jitter * time.Millisecond, Overtake: true}, 6)
		s := newSender()
		talk(l, wire, s, 5*time.Second)
		before, concealed := l.buffer.Stats(), l.concealed
		talk(l, wire, s, 60*time.Second)
		stats := l.buffer.Stats()
		late := stats.Late - before.Late
		t.Logf("%d ms: depth %v, %d late, %d ms concealed, %d times stretched, %d shrunk",
			jitter, stats.Depth, late, (l.concealed-concealed)/8, l.stretched, l.shrunk)
		l.inOrder()
		if late > 45 || l.deepest > MaxDepth+20*time.Millisecond {
			t.Errorf("%d ms of jitter: %d of 3000 packets are late, the buffer gets %v deep", jitter, late, l.deepest)
		}
	}
}

func TestTheBufferDeepensAtOnceAndGetsShallowSlowly(t *testing.T) {
	l := newListener(t)
	s := newSender()
	talk(l, link.New(link.Faults{}, 1), s, 15*time.Second)
	calm := l.buffer.Stats()
	rough := link.New(link.Faults{Jitter: 80 * time.Millisecond, Overtake: true}, 1)
	talk(l, rough, s, time.Second)
	deep := l.buffer.Stats()
	if deep.Depth < 70*time.Millisecond || deep.Depth-calm.Depth < 25*time.Millisecond {
		t.Errorf("after a second of jitter the depth went from %v to %v", calm.Depth, deep.Depth)
	}
	if late := deep.Late - calm.Late; late > 8 {
		t.Errorf("%d packets were late meanwhile", late)
	}
	// What is under way of the rough link comes no more; the calm one goes on.
	talk(l, link.New(link.Faults{}, 1), s, 4*time.Second)
	if depth := l.buffer.Stats().Depth; depth < deep.Depth-15*time.Millisecond {
		t.Errorf("after 4 s of calm it is %v deep already", depth)
	}
	talk(l, link.New(link.Faults{}, 1), s, 20*time.Second)
	if depth := l.buffer.Stats().Depth; depth > 75*time.Millisecond {
		t.Errorf("after 24 s of calm it is still %v deep", depth)
	}
}

func TestALongerWayCostsAMomentOnly(t *testing.T) {
	l := newListener(t)
	s := newSender()
	talk(l, link.New(link.Faults{Delay: 20 * time.Millisecond}, 1), s, 10*time.Second)
	for _, delay := range []time.Duration{100, 400, 20} {
		before := l.concealed + l.silent
		wire := link.New(link.Faults{Delay: delay * time.Millisecond}, 1)
		talk(l, wire, s, 5*time.Second)
		missed := time.Duration(l.concealed+l.silent-before) * time.Second / clock
		if missed > 500*time.Millisecond {
			t.Errorf("with a delay of %d ms, %v were missed", delay, missed)
		}
		concealed := l.concealed
		talk(l, wire, s, 10*time.Second)
		if depth := l.buffer.Stats().Depth; l.concealed != concealed || depth > 90*time.Millisecond {
			t.Errorf("a delay of %d ms leaves the buffer %v deep, %d ticks concealed", delay, depth, l.concealed-concealed)
		}
	}
	l.inOrder()
}

func TestAStallDoesNotAddItsDelayForLong(t *testing.T) {
	for _, stall := range []time.Duration{100, 200, 500, 2000} {
		l := newListener(t)
		s := newSender()
		wire := link.New(link.Faults{}, 1)
		talk(l, wire, s, 10*time.Second)
		first := s.next()
		held := []Packet{first}
		end := l.now + stall*time.Millisecond
		for l.now < end {
			held = append(held, s.next())
			l.frame()
		}
		for _, p := range held {
			l.buffer.Put(p, l.now)
		}
		talk(l, wire, s, 15*time.Second)
		if depth := l.buffer.Stats().Depth; depth > 90*time.Millisecond {
			t.Errorf("15 s after a stall of %d ms the buffer is %v deep", stall, depth)
		}
		l.inOrder()
	}
}
