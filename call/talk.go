package call

import (
	"slices"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/phi"
)

const (
	// digitLength is how long a key from the agent's keypad sounds.
	digitLength = 160 * time.Millisecond
	// wrapUpExtension is what one press of "more time" gives.
	wrapUpExtension = 30 * time.Second
)

// onAccepted joins the caller with the agent who took the offer.
func (s *session) onAccepted(offer acd.OfferID) {
	if s.stage != stageQueue || s.offer == nil || s.offer.ID != offer {
		return
	}
	now := s.center.now()
	agent := s.offer.Agent
	leg := s.center.devices[agent].sound()
	if leg == nil {
		s.chronicle.ringEnded(now, "sound_lost")
		s.center.router.submit(acd.AgentDropped{Agent: agent})
		return
	}
	s.chronicle.ringEnded(now, "answered")
	s.chronicle.enter(now, "answered", ledger.Segment{Kind: ledger.SegmentTalk, Agent: string(agent), Queue: s.offer.Queue})
	s.agent, s.agentLeg, s.answered = agent, leg, now
	s.enter(stageTalk)
	s.timers.stop(timerAnnounce)
	s.stopPlaying()
	leg.Mute(false)
	s.center.sound.Join(s.leg, leg)
	s.center.router.submit(acd.TalkStarted{Offer: offer})
	s.log.Info("agent joined", zap.String("agent", string(agent)), zap.Duration("waited", now.Sub(s.arrived)))
	s.show()
}

// partFromAgent takes the two sounds apart; harmless if they are not joined.
func (s *session) partFromAgent() {
	if s.agentLeg != nil {
		s.center.sound.Part(s.leg, s.agentLeg)
		s.agentLeg.Mute(false)
	}
}

// onDevice: the agent's sound changed under the call: a reload, a new network,
// a browser that is gone. The caller hears music until it is back.
func (s *session) onDevice(m deviceMessage) {
	if !s.stage.withAgent() || m.agent != s.agent || m.leg == s.agentLeg {
		return
	}
	s.partFromAgent()
	s.agentLeg = m.leg
	switch {
	case m.leg == nil:
		s.log.Warn("agent's sound lost", zap.String("agent", string(s.agent)))
		s.playMusic()
	case s.stage == stageTalk:
		s.log.Info("agent's sound back", zap.String("agent", string(s.agent)))
		s.stopPlaying()
		m.leg.Mute(s.muted)
		s.center.sound.Join(s.leg, m.leg)
	}
	s.show()
}

// onAgent follows the state of the agent that this call is about.
func (s *session) onAgent(change acd.AgentChanged) {
	if s.stage != stageWrapUp {
		if change.Contact == s.contact {
			s.show()
		}
		return
	}
	if change.Agent != s.agent {
		return
	}
	switch change.State {
	case acd.WrapUp:
		s.show()
	case acd.Connecting, acd.Talking, acd.Holding:
	default:
		s.enter(stageOver)
	}
}

// onCommand does what the agent asked, or says why not.
func (s *session) onCommand(agent acd.AgentID, c Command) error {
	if agent != s.agent || !s.stage.withAgent() && s.stage != stageWrapUp {
		return ErrNoCall
	}
	switch c.Kind {
	case SetDisposition, FinishWrapUp:
		return s.setDisposition(c.Disposition)
	}
	if s.stage == stageWrapUp {
		return ErrNoCall
	}
	switch c.Kind {
	case HangUp:
		s.end(ledger.ByAgent, "the agent hung up", causeNormal)
	case Hold:
		s.hold(c.On)
	case Mute:
		s.muted = c.On
		if s.agentLeg != nil {
			s.agentLeg.Mute(c.On)
		}
		s.center.devices[s.agent].setMuted(c.On)
	case SendDigit:
		if len(c.Digit) != 1 {
			return ErrBadCommand
		}
		digit, ok := media.ParseDigit(c.Digit[0])
		if !ok {
			return ErrBadCommand
		}
		s.leg.SendDigit(digit, digitLength)
	default:
		return ErrBadCommand
	}
	return nil
}

func (s *session) setDisposition(disposition string) error {
	if disposition == "" {
		return nil
	}
	if !slices.Contains(s.content.Dispositions, disposition) {
		return ErrBadCommand
	}
	s.chronicle.record.Disposition = disposition
	s.show()
	return nil
}

func (s *session) hold(on bool) {
	if on == (s.stage == stageHold) {
		return
	}
	now := s.center.now()
	kind, next := ledger.SegmentTalk, stageTalk
	if on {
		kind, next = ledger.SegmentHold, stageHold
	}
	s.chronicle.enter(now, "", ledger.Segment{Kind: kind, Agent: string(s.agent), Queue: s.request.Queue})
	s.enter(next)
	switch {
	case on:
		if s.agentLeg != nil {
			s.center.sound.Part(s.leg, s.agentLeg)
		}
		s.playMusic()
	case s.agentLeg != nil:
		s.stopPlaying()
		s.center.sound.Join(s.leg, s.agentLeg)
	}
	s.center.router.submit(acd.HoldChanged{Agent: s.agent, On: on})
	s.show()
}

// show puts the call on the screen of the agent that it is about.
func (s *session) show() {
	agent := s.agent
	if agent == "" && s.offer != nil {
		agent = s.offer.Agent
	}
	device := s.center.devices[agent]
	if device == nil {
		return
	}
	device.show(s.contact, s.view())
}

// view is what the agent may know (minimum necessary, 45 CFR 164.502(b)): the
// name only of a verified caller.
func (s *session) view() CallView {
	record := &s.chronicle.record
	v := CallView{
		ID: s.id, Line: s.line.Name, Verification: record.Verification, Path: slices.Clone(s.labels),
		Arrived: s.arrived, Answered: s.answered, Disposition: record.Disposition,
		Held: s.stage == stageHold, CallerGone: s.stage == stageWrapUp,
		Reconnecting: s.stage.withAgent() && s.agentLeg == nil,
	}
	if s.request != nil {
		v.Queue, v.Language, v.Reason, v.State = s.request.Queue, s.request.Language, s.request.Reason, s.request.State
	}
	if s.offer != nil {
		v.Offer, v.Reasons = s.offer.ID, s.offer.Reasons
	}
	v.MemberName = phi.String{}
	if s.verification != nil && s.verification.Valid(s.id, s.center.now()) == nil {
		v.MemberName, v.MemberToken = s.verification.Name(), s.verification.Token()
	}
	return v
}
