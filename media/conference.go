package media

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"careline/media/mix"
)

// MaxConference is how many legs a conference takes.
const MaxConference = mix.MaxMembers

// ErrConferenceFull says that a conference has MaxConference members.
var ErrConferenceFull = fmt.Errorf("media: a conference takes %d legs at most", MaxConference)

// Role is how a member takes part in a conference: whom it hears, and who hears it.
// A supervisor who barges in is Talking as well.
type Role uint8

const (
	// Talking hears all who are Talking, and is heard by everybody.
	Talking Role = iota
	// Listening hears all who are Talking, and is heard by nobody.
	Listening
	// Whispering hears all who are Talking, and is heard by one member alone.
	Whispering
)

// String names the role, for logs.
func (r Role) String() string {
	return [...]string{"talking", "listening", "whispering"}[r]
}

// Conference lets several legs hear each other, each as its Role says, through
// jitter buffer, mix and encoder. What a member plays wins over what it hears of
// the others; digits are told as events and not heard by anybody. Changes take
// effect within 20 ms and fade, so that nothing clicks. All methods may be called
// by any goroutine.
//
// One pacer visits all members, one after the other: the first visit of a round
// mixes for all of them.
type Conference struct {
	engine *Engine

	// mu comes after Engine.mu and before a leg's locks. Nobody but the members'
	// pacer and those who change the conference takes it.
	mu      sync.Mutex
	seats   []*seat // by place; nil where nobody sits
	mixers  [2]*mix.Mixer
	rounds  [2]mix.Round
	shares  [2][]share
	shared  [2]int    // of shares, how many this round has made
	mixedAt time.Time // when the latest round was due
	closed  bool
}

// seat is a member's place.
type seat struct {
	conference *Conference
	leg        *Leg
	place      int
	role       Role
	to         *Leg // who hears a whisper
	hears      mix.Set
	voice      voice
	encoder    encoder
	codec      Codec
	// gone: the leg has left, and what it said last fades out.
	gone bool
	// said is the member's frame at each rate that somebody hears, if it is voiced.
	said   [2][mix.MaxSamples]int16
	voiced bool
}

// NewConference makes a conference without members. It is garbage once it has none.
func (e *Engine) NewConference() *Conference { return &Conference{engine: e} }

// Add lets a leg take part, or changes how a member does. It leaves whom it was
// joined with, or the conference that it was in. to is who hears a Whispering
// member, and nil for the other roles. The error is ErrConferenceFull or ErrClosed.
func (c *Conference) Add(leg *Leg, role Role, to *Leg) error {
	if leg.engine != c.engine || (role == Whispering) != (to != nil) {
		return errors.New("media: conference: a leg of another engine, or a whisper to nobody")
	}
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	if leg.conference.Load() != c {
		leg.part()
	}
	return c.add(leg, role, to)
}

// Remove lets a member leave. When it returns, the leg hears nothing of the
// others, and is heard for a fading frame at most.
func (c *Conference) Remove(leg *Leg) {
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	c.remove(leg)
}

// Close lets all members leave.
func (c *Conference) Close() {
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	c.mu.Lock()
	c.closed = true
	seats := append([]*seat(nil), c.seats...)
	c.mu.Unlock()
	for _, s := range seats {
		if s != nil && !s.gone {
			c.remove(s.leg)
		}
	}
}

// add is Add with Engine.mu held, of a leg that is in no other conference.
func (c *Conference) add(leg *Leg, role Role, to *Leg) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || leg.closed.Load() {
		return ErrClosed
	}
	s := c.seatOf(leg)
	if s == nil {
		place := c.freePlace()
		if place < 0 {
			return ErrConferenceFull
		}
		s = &seat{conference: c, leg: leg, place: place, voice: leg.listen()}
		c.gather(leg)
		c.seats[place] = s
		leg.conference.Store(c)
		leg.hurry()
	}
	s.role, s.to = role, to
	c.recode(s)
	c.arrange()
	return nil
}

// remove is Remove with Engine.mu held.
func (c *Conference) remove(leg *Leg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.seatOf(leg)
	if s == nil {
		return
	}
	leg.conference.Store(nil)
	leg.hurry()
	// What it says in this moment fades out in the next round; the leg is free.
	c.take(s, c.mixedAt.Add(FrameDuration))
	leg.unlisten()
	s.gone, s.voice, s.leg, s.encoder = true, nil, nil, nil
	c.arrange()
}

// seatOf is the seat of a member, or nil.
func (c *Conference) seatOf(leg *Leg) *seat {
	for _, s := range c.seats {
		if s != nil && s.leg == leg {
			return s
		}
	}
	return nil
}

// freePlace is an empty one, -1 for none. There are as many as were ever needed.
func (c *Conference) freePlace() int {
	for i, s := range c.seats {
		if s == nil {
			return i
		}
	}
	if len(c.seats) == MaxConference {
		return -1
	}
	c.seats = append(c.seats, nil)
	return len(c.seats) - 1
}

// gather brings the leg to where the pacer visits the other members; Engine.mu is
// held.
func (c *Conference) gather(leg *Leg) {
	for _, s := range c.seats {
		if s != nil && !s.gone {
			leg.place.pacer.remove(leg)
			s.leg.place.pacer.addAt(leg, s.leg.place.slot)
			return
		}
	}
}

// mayHear reports whether s hears other: the matrix.
func (s *seat) mayHear(other *seat) bool {
	switch {
	case s == other, s.gone, other.gone:
		return false
	case other.role == Whispering:
		return other.to == s.leg
	}
	return other.role == Talking
}

// arrange puts the matrix into the rounds that follow, and makes room for what they
// need. A member hears, and is mixed, at its own codec's rate.
func (c *Conference) arrange() {
	for rate := range c.rounds {
		c.rounds[rate].Samples = FrameSamples << rate
		c.rounds[rate].Listeners = 0
	}
	for _, s := range c.seats {
		if s == nil {
			continue
		}
		s.hears = 0
		for _, other := range c.seats {
			if other != nil && s.mayHear(other) {
				s.hears |= mix.SetOf(other.place)
			}
		}
		if !s.gone {
			c.rounds[s.rate()].Listeners |= mix.SetOf(s.place)
		}
	}
	for rate := range c.rounds {
		if c.rounds[rate].Listeners == 0 {
			continue
		}
		if c.mixers[rate] == nil {
			c.mixers[rate] = mix.New(len(c.seats))
		}
		c.mixers[rate].Reserve(len(c.seats))
		for len(c.shares[rate]) < len(c.seats) {
			c.shares[rate] = append(c.shares[rate], share{})
		}
	}
}
