package call

import (
	"slices"

	"go.uber.org/zap"

	"careline/media"
)

// side is one party's sound, and how it takes part.
type side struct {
	leg  Leg
	role media.Role
	to   Leg // who hears a whisper
}

// hearing is how a call's sounds are brought together: two are joined, more meet in
// a room. Two alone need no mixing.
type hearing struct {
	pair [2]Leg
	room Conference
	in   []side // the room
}

// arrange brings together those who are to hear each other as things stand. Whoever
// isn't among them is alone, with what is played there.
func (s *session) arrange() {
	sides := s.sides()
	if len(sides) > 2 || slices.ContainsFunc(sides, func(one side) bool { return one.role != media.Talking }) {
		s.meet(sides)
		return
	}
	s.leaveRoom()
	var pair [2]Leg
	if len(sides) == 2 {
		pair = [2]Leg{sides[0].leg, sides[1].leg}
	}
	if pair == s.hearing.pair {
		return
	}
	s.separate()
	if pair[0] != nil {
		s.center.sound.Join(pair[0], pair[1])
	}
	s.hearing.pair = pair
}

// separate parts the pair, if they are still joined: the agent's sound may be in
// another call by now, and stays there.
func (s *session) separate() {
	if pair := s.hearing.pair; pair[0] != nil {
		s.center.sound.Part(pair[0], pair[1])
	}
	s.hearing.pair = [2]Leg{}
}

// meet brings the sides into the room. Those who are there already stay without a
// break.
func (s *session) meet(sides []side) {
	h := &s.hearing
	h.pair = [2]Leg{} // coming into the room parts them
	if h.room == nil {
		h.room = s.center.sound.NewConference()
	}
	for _, one := range h.in {
		if !slices.ContainsFunc(sides, func(other side) bool { return other.leg == one.leg }) {
			h.room.Remove(one.leg)
		}
	}
	for _, one := range sides {
		if slices.Contains(h.in, one) {
			continue
		}
		if err := h.room.Add(one.leg, one.role, one.to); err != nil {
			s.log.Warn("one side isn't in the conference", zap.Stringer("role", one.role), zap.Error(err))
		}
	}
	h.in = sides
}

func (s *session) leaveRoom() {
	if s.hearing.room != nil {
		s.hearing.room.Close()
		s.hearing.room, s.hearing.in = nil, nil
	}
}

// sides are those who take part now. Who is on hold doesn't.
func (s *session) sides() []side {
	var sides []side
	talks := func(leg Leg) {
		if leg != nil {
			sides = append(sides, side{leg: leg, role: media.Talking})
		}
	}
	if s.stage == stageTalk || s.outsideAudible() {
		talks(s.leg)
	}
	if s.outsideAudible() {
		talks(s.outsideTarget().leg)
	}
	if s.stage.withAgent() {
		talks(s.agentLeg)
		if s.third.heard(s.stage == stageHold) {
			talks(s.third.leg())
		}
	}
	if len(sides) == 0 {
		return nil
	}
	return append(sides, s.supervisorSides()...)
}

// outsideTarget is whom outside the caller is with, or hears ringing; nil for nobody.
func (s *session) outsideTarget() *target {
	if s.summons != nil && s.summons.early {
		return s.summons.target
	}
	return s.transfer.target
}

// outsideAudible: the caller is with, or hears the ringing of, a number outside.
func (s *session) outsideAudible() bool {
	switch s.stage {
	case stageTransfer:
		t := s.outsideTarget()
		return t != nil && t.audible()
	case stageExternal:
		return s.transfer.target != nil
	}
	return false
}
