package call

import (
	"go.uber.org/zap"

	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// target is our call to a number outside, for whom an agent consults about the
// caller or transfers the caller to. The call's goroutine owns it.
type target struct {
	dialog TargetDialog
	leg    Leg
	status int // the latest that it answered with: 180 rings, 183 and such bring sound
	// early: its sound before the answer is agreed; heard: some of it has come.
	early, heard bool
	answered     bool
	over         bool
}

type (
	// targetMessage: somebody whom we called did something.
	targetMessage struct {
		target *target
		event  sip.Event
	}
	// targetSoundMessage: that one's sound has something to tell.
	targetSoundMessage struct {
		target *target
		event  media.Event
	}
)

// callTarget begins a call to a number, by the dial plan alone. The status says
// why it doesn't; 0 if it does.
func (s *session) callTarget(number sip.Number) (*target, int) {
	if s.center.trunks == nil {
		return nil, 503
	}
	t := &target{}
	leg, err := s.center.sound.OpenRTP(media.LegOptions{
		ID: "target/" + s.id, Notify: func(e media.Event) { s.post(targetSoundMessage{target: t, event: e}) },
	})
	if err != nil {
		s.log.Warn("number not called", zap.Error(err))
		return nil, 503
	}
	t.leg = leg
	t.dialog, err = s.center.trunks.Place(sip.Placement{
		ID: s.id, Number: number, Local: leg.Local(),
		Notify: func(e sip.Event) { s.post(targetMessage{target: t, event: e}) },
	})
	if err != nil {
		leg.Close()
		status := placeStatus(err)
		s.log.Warn("number not called", zap.Int("status", status), zap.Error(err))
		return nil, status
	}
	return t, 0
}

// drop gives a target up, whatever it does.
func (t *target) drop(cause int, log *zap.Logger) {
	if !t.over {
		t.over = true
		if err := t.dialog.HangUp(cause, ""); err != nil {
			log.Debug("number not hung up", zap.Error(err))
		}
	}
	t.leg.Close()
}

// agree takes what was agreed on with the target.
func (t *target) agree(agreement sip.Agreement) error {
	return t.leg.Agree(agreement.Remote, agreement.Format)
}

// progressed notes a provisional response.
func (t *target) progressed(e sip.Event, log *zap.Logger) {
	t.status = e.Status
	if e.Agreement.Format.Codec == media.CodecNone {
		return
	}
	if err := t.agree(e.Agreement); err != nil {
		log.Info("early sound not agreed", zap.Error(err))
		return
	}
	t.early = true
}

// audible reports whether the target's sound is there, so that whoever is joined
// with it doesn't hear silence.
func (t *target) audible() bool { return t.answered || t.early && t.heard }

// onTarget takes what somebody whom we called did; of one given up nothing counts.
func (s *session) onTarget(m targetMessage) {
	t, e := m.target, m.event
	switch {
	case t.over || !s.calls(t):
		if e.Dialog != nil {
			s.turnAway(e.Dialog, 403)
		}
		return
	case e.Kind == sip.EventProgress:
		t.progressed(e, s.log)
	case e.Kind == sip.EventAnswered:
		if err := t.agree(e.Agreement); err != nil {
			s.log.Warn("number's sound not agreed", zap.Error(err))
			t.drop(causeIncompatible, s.log)
			e = sip.Event{Kind: sip.EventEnded, By: sip.ByLocal, Status: 488}
		} else {
			t.answered = true
		}
	case e.Kind == sip.EventEnded:
		t.over = true
	case e.Kind == sip.EventReoffer:
		s.targetReoffered(t, e.Agreement)
		return
	case e.Kind == sip.EventRenegotiated:
		if err := t.agree(e.Agreement); err != nil {
			s.log.Warn("number's sound not agreed anew", zap.Error(err))
		}
		return
	case e.Kind == sip.EventRefer: // whoever is called doesn't dial at our expense
		s.refuseRefer(t.dialog, 403)
		return
	case e.Kind == sip.EventReplaced:
		s.turnAway(e.Dialog, 403)
		return
	}
	s.targetDid(t, e)
}

// calls reports whether somebody whom we called isn't given up.
func (s *session) calls(t *target) bool {
	return t == s.transfer.target || s.isSummoned(t) || s.consult != nil && t == s.consult.target || s.isThird(t)
}

func (s *session) isThird(t *target) bool {
	return s.third != nil && s.third.target != nil && t == s.third.target
}

// targetDid hands what a target did to what it was called for.
func (s *session) targetDid(t *target, e sip.Event) {
	switch {
	case t == s.transfer.target:
		s.onTransferTarget(e)
	case s.isSummoned(t):
		s.onSummons(e)
	case s.isThird(t):
		s.onThird(e)
	default:
		s.onConsultTarget(e)
	}
}

func (s *session) targetReoffered(t *target, agreement sip.Agreement) {
	status := 488
	err := t.agree(agreement)
	if err == nil {
		status = 500
		err = t.dialog.AnswerReoffer(t.leg.Local())
	}
	if err != nil {
		s.log.Info("number's new offer refused", zap.Error(err))
		if err := t.dialog.RefuseReoffer(status); err != nil {
			s.log.Info("number's new offer not refused", zap.Error(err))
		}
	}
}

func (s *session) onTargetSound(m targetSoundMessage) {
	t := m.target
	if t.over || !s.calls(t) {
		return
	}
	transferred, consulted := t == s.transfer.target, s.consult != nil && t == s.consult.target
	switch {
	case m.event.Kind == media.EventOneWay:
		s.oneWay(ledger.SoundTarget, m.event)
	case m.event.Kind == media.EventFirstPacket:
		t.heard = true
		switch {
		case transferred:
			s.hearTarget()
		case s.isSummoned(t):
			s.hearSummoned()
		case consulted:
			s.consult.join(s)
		default:
			s.arrange()
		}
	case m.event.Kind == media.EventDigit && transferred && s.stage == stageExternal:
		s.leg.SendDigit(m.event.Digit, digitLength)
	case m.event.Kind == media.EventDigit && s.isSummoned(t):
		s.summonsKeyed(m.event.Digit)
	case m.event.Kind == media.EventDigit && consulted:
		s.consult.leg.SendDigit(m.event.Digit, digitLength)
	case m.event.Kind == media.EventTimeout && t.answered:
		s.log.Warn("no sound came from the number that was called (RTP time-out)")
		t.drop(causeTimerExpiry, s.log)
		s.targetDid(t, sip.Event{Kind: sip.EventEnded, By: sip.ByTimeout, Cause: causeTimerExpiry})
	}
}

// failure is why nobody took a call, for the record and the agent's page.
func failure(status int) string {
	switch status {
	case 486, 600:
		return "busy"
	case 603, 403, 607:
		return "declined"
	case 408, 480, 487:
		return "no_answer"
	}
	return "unreachable"
}

// refusalOf is a final status to pass on; 480 where the far side gave none.
func refusalOf(e sip.Event) int {
	if e.Status < 300 {
		return 480
	}
	return e.Status
}

func (s *session) refuseRefer(dialog interface{ RefuseRefer(int) error }, status int) {
	s.log.Info("transfer refused", zap.Int("status", status))
	if err := dialog.RefuseRefer(status); err != nil {
		s.log.Debug("transfer not refused", zap.Error(err))
	}
}

// turnAway refuses a call that wants another's place.
func (s *session) turnAway(dialog Dialog, status int) {
	dialog.Name(s.id)
	dialog.Notify(func(sip.Event) {})
	if err := dialog.Refuse(status, "", 0); err != nil {
		s.log.Debug("call in place of another not refused", zap.Error(err))
	}
}
