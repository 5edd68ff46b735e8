package media

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"careline/media/packetio"
)

const (
	// slots is how many groups a pacer visits one after the other within 20 ms,
	// so that packets don't leave in one burst.
	slots      = 10
	slotLength = FrameDuration / slots
	// calmSlots is how many are visited at once while nothing has to be passed on
	// from leg to leg.
	calmSlots = 2
	// maxBehind is how much a pacer that was held up catches up; what is beyond
	// is given up and counted.
	maxBehind = 5 * FrameDuration
	// lookEvery is how many visits of a leg lie between two looks at what has come to
	// it, where nobody else hears it. Two packets taken together cost a third less than
	// one at a time.
	lookEvery = 2
	// timedTogether is how many visits one look at the clock is for: they take some 50 µs.
	timedTogether = 8
)

// latenessBounds are the upper bounds of EngineStats.Lateness; the last class,
// above them all, has none.
var latenessBounds = [...]time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
}

// place is where a leg is with the pacers.
type place struct {
	pacer *pacer
	slot  int
}

// pacer visits its legs every 20 ms, at absolute deadlines. A leg that nobody else
// hears takes at every other visit what has come to its socket; the sockets of the
// others do so every 2 ms, so that what is passed on waits no longer. The lists of legs
// are replaced, never changed, so that the visiting goroutine takes no lock.
type pacer struct {
	// From Listen on:
	io       packetio.IO     // the sockets of legs
	browsers packetio.Shared // the socket of all browsers

	mu    sync.Mutex // for those who replace the lists
	legs  [slots]atomic.Pointer[[]*Leg]
	count atomic.Int64 // legs
	work  atomic.Int64 // legs, and sockets to poll: those of a leg may be another pacer's
	wake  chan struct{}

	behind   bool // of run's goroutine
	lateness [len(latenessBounds) + 1]atomic.Uint64
	catchUps atomic.Uint64
	skipped  atomic.Uint64
}

func newPacer() *pacer {
	p := &pacer{wake: make(chan struct{}, 1)}
	for i := range p.legs {
		p.legs[i].Store(new([]*Leg))
	}
	return p
}

// add puts the leg into the emptiest slot.
func (p *pacer) add(leg *Leg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := 0
	for i := range p.legs {
		if len(*p.legs[i].Load()) < len(*p.legs[slot].Load()) {
			slot = i
		}
	}
	p.insert(leg, slot)
}

// addAt puts the leg into a slot, so that it is visited right after who is there.
func (p *pacer) addAt(leg *Leg, slot int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.insert(leg, slot)
}

// insert puts the leg into a slot, with mu held.
func (p *pacer) insert(leg *Leg, slot int) {
	legs := *p.legs[slot].Load()
	grown := append(make([]*Leg, 0, len(legs)+1), legs...)
	grown = append(grown, leg)
	p.legs[slot].Store(&grown)
	leg.place = place{p, slot}
	leg.looks.Store(int32(len(legs) % lookEvery)) // so that not all of a slot look at once
	p.count.Add(1)
	p.begin()
}

// begin says that there is one leg or one socket more to look after.
func (p *pacer) begin() {
	if p.work.Add(1) == 1 {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

// end says that there is one less.
func (p *pacer) end() { p.work.Add(-1) }

func (p *pacer) remove(leg *Leg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	legs := *p.legs[leg.place.slot].Load()
	left := make([]*Leg, 0, len(legs))
	for _, other := range legs {
		if other != leg {
			left = append(left, other)
		}
	}
	p.legs[leg.place.slot].Store(&left)
	p.count.Add(-1)
	p.end()
}

// run paces until ctx is done. Without legs and sockets it sleeps.
func (p *pacer) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	metronome := newMetronome()
	defer metronome.close()
	due := time.Now()
	for slot := 0; ; {
		if p.work.Load() == 0 {
			select {
			case <-ctx.Done():
				return
			case <-p.wake:
			}
			due = time.Now()
		}
		visits := 1
		if slot%calmSlots == 0 && p.calm() {
			visits = calmSlots
		}
		if wait := time.Until(due); wait > 0 {
			metronome.beat(wait)
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		} else if ctx.Err() != nil {
			return
		}
		due = p.keepUp(due, time.Now())
		for range visits {
			p.visit(slot, due)
			slot = (slot + 1) % slots
		}
		due = due.Add(time.Duration(visits) * slotLength)
		p.io.Poll(due)
		p.browsers.Poll()
	}
}

// calm reports whether nothing has to be passed on.
func (p *pacer) calm() bool { return !p.io.Hurried() && !p.browsers.Heeds() }

// visit visits the legs of a slot.
func (p *pacer) visit(slot int, due time.Time) {
	var now time.Time
	for i, leg := range *p.legs[slot].Load() {
		if i%timedTogether == 0 {
			now = time.Now()
		}
		p.measure(now.Sub(due))
		leg.frame(due)
		if leg.rtp.Socket != nil && leg.looks.Load()%lookEvery == 0 {
			p.io.Look(leg.rtp.Socket, now)
		}
	}
}

// keepUp returns the deadline to go on with: due, or a later one, whole frames
// on, if the pacer is too far behind.
func (p *pacer) keepUp(due, now time.Time) time.Time {
	behind := now.Sub(due)
	if late := behind >= FrameDuration; late != p.behind {
		p.behind = late
		if late {
			p.catchUps.Add(1)
		}
	}
	if behind <= maxBehind {
		return due
	}
	skip := (behind - maxBehind + FrameDuration - 1) / FrameDuration
	p.skipped.Add(uint64(skip))
	return due.Add(skip * FrameDuration)
}

func (p *pacer) measure(late time.Duration) {
	for i, bound := range latenessBounds {
		if late <= bound {
			p.lateness[i].Add(1)
			return
		}
	}
	p.lateness[len(latenessBounds)].Add(1)
}
