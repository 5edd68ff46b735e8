package call

import (
	"go.uber.org/zap"

	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// third is whom the agent has called beside the caller, from the page or by a
// colleague's queue. At first the agent speaks with the third alone, and the caller
// hears music; then with both, once they are brought together.
type third struct {
	target *target
	// together: caller, agent and third hear each other.
	together bool
}

// heard reports whether the agent hears the third; held: the caller is on hold.
func (t *third) heard(held bool) bool {
	return t != nil && t.target.audible() && (t.together || held)
}

// talks reports whether the third talks with the caller too.
func (t *third) talks() bool { return t != nil && t.together }

// progress is what the agent's page says of it.
func (t *third) progress() string {
	switch {
	case t == nil:
		return ""
	case t.together:
		return "together"
	case t.target.answered:
		return "answered"
	case t.target.status > 100:
		return "ringing"
	}
	return "calling"
}

// consultByPage is the page's button: the agent asks somebody about the caller, who
// hears music.
func (s *session) consultByPage(number sip.Number) error {
	switch {
	case !s.center.options.Transfers:
		return ErrNoTransfers
	case s.third != nil || s.consult != nil:
		return ErrBadCommand
	case s.agentLeg == nil:
		return ErrNoSound
	}
	t, status := s.callTarget(number)
	if status != 0 {
		return dialError(status)
	}
	s.third = &third{target: t}
	s.transfer.failed = ""
	s.log.Info("agent consults", zap.String("agent", string(s.agent)))
	s.chronicle.consultBegun(s.center.now(), string(s.agent))
	s.timers.set(timerThird, s.center.options.TransferRing)
	s.hold(true)
	s.show()
	return nil
}

// onThird takes what the third does.
func (s *session) onThird(e sip.Event) {
	switch e.Kind {
	case sip.EventProgress:
		s.arrange()
		s.show()
	case sip.EventAnswered:
		s.timers.stop(timerThird)
		s.log.Info("third answered")
		s.arrange()
		s.show()
	case sip.EventEnded:
		outcome := "ended"
		if !s.third.target.answered {
			outcome = failure(refusalOf(e))
			s.transfer.failed = outcome
		}
		s.dropThird(causeNormal, outcome)
	}
}

// bringTogether lets caller, agent and third hear each other: a conference.
func (s *session) bringTogether() error {
	if s.third == nil || s.third.together || !s.third.target.answered {
		return ErrBadCommand
	}
	now := s.center.now()
	s.third.together = true
	s.third.target.leg.StopPlaying()
	s.chronicle.consultEnded(now, "conference")
	s.chronicle.conferenceBegun(now, string(s.agent))
	s.log.Info("conference begun", zap.String("agent", string(s.agent)))
	if s.stage == stageHold {
		s.hold(false)
	} else {
		s.hearEachOther()
		s.show()
	}
	return nil
}

// leave lets the agent go, and caller and third talk on: a warm transfer. One who
// still rings is rung on for the caller.
func (s *session) leave() error {
	if s.third == nil {
		return ErrBadCommand
	}
	t := s.third.target
	s.timers.stop(timerThird)
	s.endThird("transferred")
	if !t.answered {
		s.handOver(t, nil)
		return nil
	}
	t.leg.StopPlaying()
	s.log.Info("agent leaves caller and third", zap.String("agent", string(s.agent)))
	s.transfer = transfer{target: t, before: s.stage}
	s.chronicle.enter(s.center.now(), "transfer", ledger.Segment{Kind: ledger.SegmentTransfer, Agent: string(s.agent)})
	s.enter(stageTransfer)
	s.targetTakes()
	return nil
}

// thirdTakes lets caller and third talk on without the agent, who is lost.
func (s *session) thirdTakes(cause, why string) {
	t, agent := s.third.target, string(s.agent)
	s.endThird("transferred")
	s.transfer = transfer{target: t}
	s.chronicle.enter(s.center.now(), cause, ledger.Segment{Kind: ledger.SegmentTransfer, Agent: agent})
	s.enter(stageTransfer)
	s.agentLost(why)
	s.inEngine = false
	s.targetTakes()
}

// endThird closes what the record says of the third.
func (s *session) endThird(outcome string) {
	now := s.center.now()
	s.chronicle.consultEnded(now, outcome)
	s.chronicle.conferenceEnded(now, outcome)
	s.third = nil
}

// dropThird hangs the third up. A caller who was on hold only because of the third
// is back with the agent.
func (s *session) dropThird(cause int, outcome string) {
	t := s.third
	if t == nil {
		return
	}
	s.hangUpThird(cause, outcome)
	if s.stage == stageHold && !t.together {
		s.hold(false)
		return
	}
	s.arrange()
	s.show()
}

// hangUpThird gives the third up, and nothing else.
func (s *session) hangUpThird(cause int, outcome string) {
	if t := s.third; t != nil {
		s.timers.stop(timerThird)
		s.endThird(outcome)
		s.noteSound(ledger.SoundTarget, "", t.target.leg)
		t.target.drop(cause, s.log)
	}
}

// thirdRangOut: nobody picked up.
func (s *session) thirdRangOut() {
	if s.third != nil && !s.third.target.answered {
		s.transfer.failed = "no_answer"
		s.dropThird(causeNoAnswer, "no_answer")
	}
}

// holdThird lets the third hear music while the agent is back with the caller
// alone.
func (s *session) holdThird() {
	t := s.third
	if t == nil || t.together || !t.target.answered {
		return
	}
	if s.stage == stageHold {
		t.target.leg.StopPlaying()
		return
	}
	if clip := s.content.Music[s.content.DefaultMusic]; clip != nil {
		t.target.leg.Play(media.Playback{Clips: []*media.Clip{clip}, Loop: true})
	}
}

// dialError is what the page is told of a number that isn't dialed.
func dialError(status int) error {
	switch status {
	case 403:
		return ErrNotAllowed
	case 404:
		return ErrNoNumber
	}
	return ErrNoTrunk
}
