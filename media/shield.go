package media

import (
	"sync/atomic"
	"time"
)

// shieldDelay is how long a shielded leg's sound is held back: a key's tone is
// noticed within 40 ms of its beginning.
const shieldDelay = 40 * time.Millisecond

// shieldSlots is how many packets that may be: they last 10 ms at least, and one
// more is on its way in.
const shieldSlots = int(shieldDelay/(10*time.Millisecond)) + 1

// Shield keeps the keys that the far side presses from everybody who hears it: the
// joined leg, a conference, a tap. While it is on, the tones of keys are silence
// there, and all else comes 40 ms later; events of keys (RFC 4733) never reach them
// anyway. The owner is told of keys as ever. Where nobody hears the far side it costs
// nothing.
func (l *Leg) Shield(on bool) { l.shield.on.Store(on) }

// shield holds the latest packets of a far side back. All but on belongs to the
// goroutine that receives.
type shield struct {
	on      atomic.Bool
	holding *held // nil while nothing is held
}

// held are the packets that wait, the oldest first.
type held struct {
	listener toneListener
	slots    [shieldSlots]heldPacket
	first    int
	count    int
	length   time.Duration // of their sound
}

type heldPacket struct {
	arrival arrival
	length  time.Duration
	payload [maxPayload]byte
	key     bool // a key sounds in it
}

// wanted reports whether packets are to go through; if not, what was held is
// forgotten.
func (s *shield) wanted(heard bool) bool {
	if s.on.Load() && heard {
		return true
	}
	s.holding = nil
	return false
}

// pass takes a packet in, and gives out with each that has waited for long enough.
func (s *shield) pass(a *arrival, out func(a *arrival, key bool)) {
	if s.holding == nil {
		s.holding = new(held)
	}
	h := s.holding
	if h.count == shieldSlots {
		h.pop(out)
	}
	h.push(a)
	for h.length > shieldDelay {
		h.pop(out)
	}
}

// push holds a packet, and marks all that are held if a key sounds by now.
func (h *held) push(a *arrival) {
	slot := &h.slots[(h.first+h.count)%shieldSlots]
	slot.arrival, slot.key = *a, false
	slot.arrival.packet.payload = slot.payload[:copy(slot.payload[:], a.packet.payload)]
	codec := a.use.codec()
	slot.length = codec.lasting(codec.ticks(slot.arrival.packet.payload))
	h.count++
	h.length += slot.length
	if codec != CodecNone {
		h.listener.packet(&slot.arrival.packet, codec)
	}
	if a.use == useDigits || h.listener.detector.Sounding() {
		for i := range h.count {
			h.slots[(h.first+i)%shieldSlots].key = true
		}
	}
}

func (h *held) pop(out func(a *arrival, key bool)) {
	slot := &h.slots[h.first]
	h.first = (h.first + 1) % shieldSlots
	h.count--
	h.length -= slot.length
	out(&slot.arrival, slot.key)
}

// pass gives a packet to all who hear the far side; key: as silence, since one sounds
// in it.
func (l *Leg) pass(a *arrival, key bool, now time.Time) {
	if l.ear.needed() {
		heard := *a
		if key {
			heard.use = useDigits // which is silence to the ear
		}
		l.ear.put(&heard, now)
	}
	if l.out.taps.any() && a.use.codec() != CodecNone && !l.muted.Load() {
		at := now
		if l.shield.holding != nil {
			at = now.Add(-shieldDelay) // when it came
		}
		l.out.taps.putSaid(a, key, at)
	}
	switch peer := l.peer.Load(); {
	case peer == nil:
	case a.use == useDigits:
		peer.out.omit(l)
	case a.use == useNoise:
		peer.out.describe(l, a.packet.payload)
	default:
		peer.out.forward(l, &a.packet, a.use.codec(), key || l.muted.Load(), now)
	}
}
