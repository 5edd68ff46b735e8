package call

import (
	"strings"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// third is whom the agent has called beside the caller, from the page: a number outside
// (target), or another agent (asked). At first the agent speaks with the third alone,
// and the caller hears music; then with both, once they are brought together.
type third struct {
	target *target
	asked  *asked
	// together: caller, agent and third hear each other.
	together bool
}

// leg is the third's sound; nil while there is none.
func (t *third) leg() Leg {
	if t.asked != nil {
		return t.asked.leg
	}
	return t.target.leg
}

func (t *third) answered() bool {
	if t.asked != nil {
		return t.asked.agent != ""
	}
	return t.target.answered
}

// heard reports whether the agent hears the third; held: the caller is on hold.
func (t *third) heard(held bool) bool {
	if t == nil || !t.together && !held {
		return false
	}
	if t.asked != nil {
		return t.asked.leg != nil
	}
	return t.target.audible()
}

// takes reports whether the caller stays with the third if the agent is lost: with one
// who talks with her, or with a colleague who is asked about her.
func (t *third) takes() bool { return t != nil && (t.together || t.asked != nil && t.answered()) }

// progress is what the agent's page says of it.
func (t *third) progress() string {
	switch {
	case t == nil:
		return ""
	case t.together:
		return "together"
	case t.answered():
		return "answered"
	case t.asked != nil && t.asked.offer != nil, t.asked == nil && t.target.status > 100:
		return "ringing"
	}
	return "calling"
}

// consultByPage is the page's button: the agent asks somebody about the caller, who
// hears music.
func (s *session) consultByPage(number sip.Number, state string) error {
	switch {
	case !s.center.options.Transfers:
		return ErrNoTransfers
	case s.third != nil || s.consult != nil:
		return ErrBadCommand
	case s.agentLeg == nil:
		return ErrNoSound
	}
	if state != "" {
		if !isState(state) {
			return ErrBadCommand
		}
		s.request.State, s.chronicle.record.State = state, state
	}
	switch a, err := s.askable(strings.TrimSpace(number.Reveal())); {
	case err != nil:
		return err
	case a != nil:
		return s.askAgent(a)
	}
	t, status := s.callTarget(number)
	if status != 0 {
		return dialError(status)
	}
	s.beginThird(&third{target: t})
	return nil
}

// beginThird puts the caller on hold while the third is called.
func (s *session) beginThird(t *third) {
	s.third = t
	s.transfer.failed = ""
	s.log.Info("agent consults", zap.String("agent", string(s.agent)))
	s.chronicle.consultBegun(s.center.now(), string(s.agent))
	if t.target != nil || t.asked.colleague != "" { // a queue's agents may take their time
		s.timers.set(timerThird, s.center.options.TransferRing)
	}
	s.hold(true)
	s.show()
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
	if s.third == nil || s.third.together || !s.third.answered() {
		return ErrBadCommand
	}
	now := s.center.now()
	s.third.together = true
	who := s.agent
	if a := s.third.asked; a != nil {
		who = a.agent
	}
	if leg := s.third.leg(); leg != nil {
		leg.StopPlaying()
	}
	s.chronicle.consultEnded(now, "conference")
	s.chronicle.conferenceBegun(now, string(who))
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
	if a := s.third.asked; a != nil {
		if a.agent == "" {
			return ErrBadCommand // nobody is there yet to leave the caller with
		}
		return s.leaveToAsked(a)
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

// leaveToAsked lets the agent go, and whoever was asked has the caller.
func (s *session) leaveToAsked(a *asked) error {
	s.log.Info("agent leaves caller to colleague", zap.String("agent", string(s.agent)))
	s.stopAsidePlaying(a)
	s.endThird("transferred")
	s.agentDone()
	s.askedTakes(a, "colleague")
	return nil
}

// stopAsidePlaying ends the music of one who waits beside the caller.
func (s *session) stopAsidePlaying(a *asked) {
	if a.leg != nil {
		a.leg.StopPlaying()
	}
}

// thirdTakes lets caller and third talk on without the agent, who is lost.
func (s *session) thirdTakes(cause, why string) {
	if a := s.third.asked; a != nil {
		s.stopAsidePlaying(a)
		s.endThird("transferred")
		s.agentLost(why)
		s.inEngine = false
		s.askedTakes(a, cause)
		return
	}
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
		if t.asked != nil {
			s.stopAsidePlaying(t.asked)
			s.releaseAsked(t.asked)
			return
		}
		s.noteSound(ledger.SoundTarget, "", t.target.leg)
		t.target.drop(cause, s.log)
	}
}

// thirdRangOut: nobody picked up.
func (s *session) thirdRangOut() {
	if s.third != nil && !s.third.answered() {
		s.transfer.failed = "no_answer"
		s.dropThird(causeNoAnswer, "no_answer")
	}
}

// holdThird lets the third hear music while the agent is back with the caller
// alone.
func (s *session) holdThird() {
	t := s.third
	if t == nil || t.together || !t.answered() || t.leg() == nil {
		return
	}
	if s.stage == stageHold {
		t.leg().StopPlaying()
		return
	}
	if clip := s.content.Music[s.content.DefaultMusic]; clip != nil {
		t.leg().Play(media.Playback{Clips: []*media.Clip{clip}, Loop: true})
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
