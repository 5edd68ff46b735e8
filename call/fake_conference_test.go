package call

import (
	"slices"
	"strings"

	"careline/media"
)

func (s *fakeSound) NewConference() Conference { return &fakeConference{sound: s} }

// fakeConference knows who hears whom in it.
type fakeConference struct {
	sound *fakeSound
	sides []side
}

func (c *fakeConference) Add(leg Leg, role media.Role, to Leg) error {
	c.sound.mu.Lock()
	defer c.sound.mu.Unlock()
	l := leg.(*fakeLeg)
	if l.with != nil {
		l.with.with, l.with = nil, nil
	}
	if l.room != nil {
		l.room.remove(l)
	}
	l.room = c
	c.sides = append(c.sides, side{leg, role, to})
	return nil
}

func (c *fakeConference) Remove(leg Leg) {
	c.sound.mu.Lock()
	defer c.sound.mu.Unlock()
	c.remove(leg.(*fakeLeg))
}

func (c *fakeConference) remove(leg *fakeLeg) {
	if leg.room == c {
		leg.room = nil
		c.sides = slices.DeleteFunc(c.sides, func(one side) bool { return one.leg == leg })
	}
}

func (c *fakeConference) Close() {
	c.sound.mu.Lock()
	defer c.sound.mu.Unlock()
	for len(c.sides) > 0 {
		c.remove(c.sides[0].leg.(*fakeLeg))
	}
}

// heardBy names whom a leg hears in the conference, as its roles say.
func (c *fakeConference) heardBy(leg *fakeLeg) string {
	var names []string
	for _, other := range c.sides {
		if other.leg == leg || other.leg.(*fakeLeg).muted {
			continue
		}
		if other.role == media.Talking || other.role == media.Whispering && other.to == leg {
			names = append(names, other.leg.(*fakeLeg).id)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
