package call

import (
	"slices"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/media"
)

const (
	// digitLength is how long a key from the agent's keypad sounds.
	digitLength = 160 * time.Millisecond
	// wrapUpExtension is what one press of "more time" gives.
	wrapUpExtension = 30 * time.Second
)

// join lets caller and agent hear each other: the agent took the offer.
func (s *session) join() {
	now := s.center.now()
	agent := s.offer.Agent
	leg := s.agentSound(agent)
	if leg == nil {
		s.chronicle.ringEnded(now, string(acd.ConnectionLost))
		s.center.router.submit(acd.AgentDropped{Agent: agent})
		return
	}
	s.chronicle.ringEnded(now, "answered")
	s.chronicle.enter(now, "answered", ledger.Segment{Kind: ledger.SegmentTalk, Agent: string(agent), Queue: s.offer.Queue})
	s.taken()
	s.agent, s.agentLeg, s.answered = agent, leg, now
	s.lastAgent = string(agent)
	beginSound(leg)
	s.transfer = transfer{}
	s.enter(stageTalk)
	s.timers.stop(timerAnnounce)
	s.timers.stop(timerOffer)
	s.hearEachOther()
	if s.callback == nil || s.callback.agent != agent { // else the engine knows
		s.center.router.submit(acd.TalkStarted{Offer: s.offer.ID})
	}
	if !s.reached {
		s.reached = true
		s.countAnswered()
	}
	s.log.Info("agent joined", zap.String("agent", string(agent)), zap.Duration("waited", now.Sub(s.arrived)))
	s.show()
}

// hearEachOther joins the two sounds, muted if the agent's page says so.
func (s *session) hearEachOther() {
	s.stopPlaying()
	s.agentLeg.Mute(s.muted)
	s.holdThird()
	s.arrange()
}

// partFromAgent takes the two sounds apart, once, and hangs a desk phone up.
func (s *session) partFromAgent() {
	s.partSounds()
	s.dropPhone(causeNormal)
}

// partSounds takes the two sounds apart: the agent's may be in another call soon.
func (s *session) partSounds() {
	if leg := s.agentLeg; leg != nil {
		s.noteSound(ledger.SoundAgent, s.agent, leg)
		s.agentLeg = nil
		s.arrange()
		leg.Mute(false)
	}
}

// onDevice: something changed at the agent's desk, perhaps under this call.
func (s *session) onDevice(agent acd.AgentID) {
	s.supervisorSound(agent)
	s.askedSound(agent)
	if agent == s.agent {
		s.followSound()
	}
}

// followSound: the agent's sound changed under the call: a reload, a new network,
// a browser that is gone, another device. The caller hears music until it is back.
func (s *session) followSound() {
	if !s.withAgent() {
		return
	}
	leg := s.agentSound(s.agent)
	if leg == s.agentLeg {
		return
	}
	s.partSounds()
	s.agentLeg = leg
	beginSound(leg)
	switch {
	case leg == nil:
		s.log.Warn("agent's sound lost", zap.String("agent", string(s.agent)))
		if s.stage != stageTransfer { // where the caller hears music, or the target
			s.playMusic()
		}
	case s.stage == stageTalk:
		s.log.Info("agent's sound back", zap.String("agent", string(s.agent)))
		s.hearEachOther()
	default: // the third, or a supervisor, may be there
		s.agentLeg.Mute(s.muted)
		s.arrange()
	}
	s.show()
}

// onAgent follows the state of the agent who rings for this call or has it.
func (s *session) onAgent(change acd.AgentChanged) {
	switch {
	case s.isAsked(change.Contact):
		s.askedChanged(change)
	case s.pending() && change.State == acd.Connecting && s.offer != nil && s.offer.Agent == change.Agent:
		s.agentAwaits()
	case (s.stage == stageQueue || s.keeps) && change.State == acd.Connecting && s.offer != nil && s.offer.Agent == change.Agent:
		s.join()
	case change.Contact != "" && change.Contact == s.contactOf(change.Agent):
		s.showTo(change.Agent)
	default:
		s.wrapUpOver(change.Agent)
	}
}

// onCommand does what the agent asked, or says why not.
func (s *session) onCommand(agent acd.AgentID, c Command) error {
	if a := s.third; a != nil && a.asked != nil && a.asked.agent == agent && c.Kind != SetDisposition {
		return s.askedCommand(c)
	}
	if s.pending() && s.callback.agent == agent {
		return s.awaitingCommand(c)
	}
	has := agent == s.agent && s.withAgent()
	if _, wraps := s.wrapping[agent]; !has && !wraps {
		return ErrNoCall
	}
	switch c.Kind {
	case SetDisposition, FinishWrapUp:
		return s.setDisposition(agent, c.Disposition)
	}
	if !has {
		return ErrNoCall
	}
	if s.stage == stageTransfer {
		return s.onTransferCommand(c)
	}
	switch c.Kind {
	case HangUp:
		return s.agentHangsUp()
	case Transfer:
		return s.transferByPage(c.Number)
	case Consult:
		return s.consultByPage(c.Number, c.CallerState)
	case BringTogether:
		return s.bringTogether()
	case Leave:
		return s.leave()
	case DropThird:
		if s.third == nil {
			return ErrBadCommand
		}
		s.dropThird(causeNormal, "dropped")
	case Hold:
		s.hold(c.On)
	case Mute:
		s.mute(c.On)
	case PauseRecording:
		return s.pauseRecording(c.On)
	case SendDigit:
		if len(c.Digit) != 1 {
			return ErrBadCommand
		}
		digit, ok := media.ParseDigit(c.Digit[0])
		if !ok {
			return ErrBadCommand
		}
		s.keyed(digit)
	default:
		return ErrBadCommand
	}
	return nil
}

// agentHangsUp ends the call, unless a third is there: then the agent leaves the two
// who talk together, or hangs up on the third alone, whom the caller has nothing to
// do with yet.
func (s *session) agentHangsUp() error {
	switch {
	case s.third == nil && s.goesOnAfter():
	case s.third == nil:
		s.end(ledger.ByAgent, "the agent hung up", causeNormal)
	case s.third.together:
		return s.leave()
	default:
		s.dropThird(causeNormal, "ended")
	}
	return nil
}

// keyed sends a key of the page's keypad to whom the agent talks with: a third is
// often a menu.
func (s *session) keyed(digit media.Digit) {
	if t := s.third; t != nil && t.target != nil && t.target.answered && (t.together || s.stage == stageHold) {
		t.target.leg.SendDigit(digit, digitLength)
		return
	}
	s.leg.SendDigit(digit, digitLength)
}

func (s *session) mute(on bool) {
	s.muted = on
	if s.agentLeg != nil {
		s.agentLeg.Mute(on)
	}
	s.center.devices[s.agent].setMuted(on)
}

func (s *session) setDisposition(agent acd.AgentID, disposition string) error {
	if disposition == "" {
		return nil
	}
	if !slices.Contains(s.content.Dispositions, disposition) {
		return ErrBadCommand
	}
	s.chronicle.record.Disposition = disposition
	s.showTo(agent)
	return nil
}

func (s *session) hold(on bool) {
	if s.stage == stageTransfer {
		s.transfer.holds(s, on)
		return
	}
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
		s.holdThird()
		s.arrange()
		s.playMusic()
	case s.agentLeg != nil:
		s.hearEachOther()
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
	s.showTo(agent)
}

func (s *session) showTo(agent acd.AgentID) {
	if device := s.center.devices[agent]; device != nil {
		device.show(s.contactOf(agent), s.view(agent))
	}
}

// view is what the agent may know (minimum necessary, 45 CFR 164.502(b)): the
// name only of a verified caller.
func (s *session) view(agent acd.AgentID) CallView {
	record := &s.chronicle.record
	answered, wraps := s.wrapping[agent]
	if !wraps {
		answered = s.answered
	}
	v := CallView{
		ID: s.id, Line: s.line.Name, Verification: record.Verification, Path: slices.Clone(s.labels),
		Arrived: s.arrived, Answered: answered, Disposition: record.Disposition,
		Held: s.stage == stageHold && !wraps, CallerGone: wraps, Transferred: wraps && s.stage != stageWrapUp,
		Reconnecting: s.withAgent() && !wraps && s.agentLeg == nil,
	}
	if agent == s.agent && !wraps {
		v.talk = s.talkSound(agent)
		v.Transfer, v.TransferFailed = s.transfer.progress(), s.transfer.failed
		v.Third, v.Supervisors = s.third.progress(), s.shownSupervision()
		v.Recording = s.recordingView()
	}
	if s.request != nil {
		v.Queue, v.Language, v.Reason, v.State = s.request.Queue, s.request.Language, s.request.Reason, s.request.State
	}
	if s.offer != nil && s.offer.Agent == agent {
		v.Offer, v.Reasons = s.offer.ID, s.offer.Reasons
	}
	s.viewAsked(&v, agent)
	if s.callback != nil {
		v.Callback, v.CallbackAsked = s.callbackProgress(), s.callback.kept.Asked
	}
	if s.verification == nil {
		return v
	}
	if s.verification.Valid(s.id, s.center.now()) != nil {
		v.Verification = string(ivr.NotVerified) // it has expired
		return v
	}
	v.MemberName, v.MemberToken = s.verification.Name(), s.verification.Token()
	authority := s.verification.Authority()
	v.Role, v.Basis, v.Scope, v.Until = string(authority.Role), string(authority.Basis), authority.Scope, authority.Until
	return v
}
