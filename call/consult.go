package call

import (
	"go.uber.org/zap"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// consult is the agent's call from the desk phone to somebody outside about the
// caller, who may be transferred there. It belongs to the caller's call: without a
// caller no phone can dial out.
type consult struct {
	agent   acd.AgentID
	dialog  Dialog // the phone's
	leg     Leg
	browser bool // the phone's sound is WebRTC
	target  *target
	up      bool // the phone's sound is agreed, and a browser's is connected
	held    bool // by the phone
}

type (
	// consultMessage: the phone did something in its call to somebody outside; begins,
	// if this is that call.
	consultMessage struct {
		dialog Dialog
		begins bool
		event  sip.Event
	}
	// consultSoundMessage: the sound of that call has something to tell.
	consultSoundMessage struct {
		consult *consult
		event   media.Event
	}
)

// inviteElsewhere takes a call to a number that is no line of ours: an agent's
// phone, which has shown its password, may call whom the dial plan allows, about a
// caller whom the agent has.
// Everyone else hears that there is no such line.
func (c *Center) inviteElsewhere(id string, dialog Dialog) {
	unknown := refusal{status: 404, reason: "Not Found", log: "no such line"}
	switch device := c.byPhone[dialog.Phone()]; {
	case !c.options.Transfers || device == nil:
		c.refuse(id, dialog, unknown)
	default:
		device.mu.Lock()
		contact := device.state.Contact
		device.mu.Unlock()
		s := c.session(contact)
		if s == nil || s.crowded() {
			c.refuse(id, dialog, refusal{status: 403, reason: "Forbidden", log: "a phone calls out without a caller to call about"})
			return
		}
		dialog.Name(s.id)
		dialog.Notify(func(e sip.Event) { s.post(consultMessage{dialog: dialog, event: e}) })
		s.post(consultMessage{dialog: dialog, begins: true})
	}
}

// refuseLate refuses the calls of phones that came while this one ended.
func (s *session) refuseLate() {
	for {
		select {
		case m := <-s.inbox:
			if late, ok := m.(consultMessage); ok && late.begins {
				_ = late.dialog.Refuse(403, "", 0)
			}
		default:
			return
		}
	}
}

func (s *session) onConsult(m consultMessage) {
	if m.begins {
		if status := s.beginConsult(m.dialog); status != 0 {
			s.log.Info("consultation refused", zap.Int("status", status))
			_ = m.dialog.Refuse(status, "", 0) // it may have been given up meanwhile
		}
		return
	}
	c := s.consult
	if c == nil || c.dialog != m.dialog {
		if m.event.Kind == sip.EventReplaced {
			s.turnAway(m.event.Dialog, 403)
		}
		return
	}
	switch e := m.event; e.Kind {
	case sip.EventAcked:
		if err := c.agree(e.Agreement); err != nil {
			s.log.Warn("phone's sound not agreed", zap.Error(err))
			s.dropConsult("failed")
			return
		}
		c.join(s)
	case sip.EventReoffer:
		c.reoffered(s, e.Agreement)
	case sip.EventRenegotiated:
		if err := c.agree(e.Agreement); err != nil {
			s.log.Warn("phone's sound not agreed anew", zap.Error(err))
		}
	case sip.EventDigit:
		c.target.leg.SendDigit(e.Digit, digitLength)
	case sip.EventRefer:
		s.onRefer(c.dialog, e.Refer)
	case sip.EventReplaced:
		s.turnAway(e.Dialog, 403)
	case sip.EventCancelled, sip.EventEnded:
		s.dropConsult("ended")
	}
}

// beginConsult calls whom the agent's phone wants to; the status says why not.
func (s *session) beginConsult(dialog Dialog) int {
	switch {
	case !s.stage.withAgent() || s.phone == nil || !s.phone.up:
		return 403
	case s.consult != nil:
		return 486
	case dialog.Check() != nil:
		return sip.RefusalStatus(dialog.Check())
	}
	c := &consult{agent: s.agent, dialog: dialog}
	leg, browser, status := s.takeOffer(dialog, s.content.Codecs[s.agent], media.LegOptions{
		ID: "consult/" + s.id, Notify: func(e media.Event) { s.post(consultSoundMessage{consult: c, event: e}) },
	})
	if status != 0 {
		return status
	}
	c.leg, c.browser = leg, browser
	_, known := dialog.Agreement()
	c.up = known && !browser
	t, status := s.callTarget(sip.NewNumber(dialog.Dialed()))
	if status != 0 {
		leg.Close()
		return status
	}
	c.target = t
	s.consult = c
	s.chronicle.consultBegun(s.center.now(), string(s.agent))
	s.log.Info("agent consults", zap.String("agent", string(s.agent)))
	return 0
}

// agree takes what was agreed on with the phone; a browser has agreed by its offer.
func (c *consult) agree(agreement sip.Agreement) error {
	if c.browser {
		return nil
	}
	err := c.leg.Agree(agreement.Remote, agreement.Format)
	c.up = c.up || err == nil
	return err
}

// join lets agent and target hear each other; while the phone holds the target,
// that one hears music.
func (c *consult) join(s *session) {
	t := c.target
	switch {
	case !c.up || !t.audible():
	case c.held:
		s.center.sound.Part(c.leg, t.leg)
		if clip := s.content.Music[s.content.DefaultMusic]; clip != nil {
			t.leg.Play(media.Playback{Clips: []*media.Clip{clip}, Loop: true})
		}
	default:
		t.leg.StopPlaying()
		s.center.sound.Join(c.leg, t.leg)
	}
}

func (c *consult) reoffered(s *session, agreement sip.Agreement) {
	holds := func() {
		if s.consult == c {
			c.held = !agreement.Remote.Direction.Receives()
			c.join(s)
		}
	}
	if c.browser {
		s.renegotiate(c.dialog, c.leg, agreement.Remote.WebRTC, holds)
		return
	}
	status := 488
	err := c.agree(agreement)
	if err == nil {
		status = 500
		err = c.dialog.AnswerReoffer(c.leg.Local())
	}
	if err != nil {
		s.log.Info("phone's new offer refused", zap.Error(err))
		s.refuseReoffer(c.dialog, status)
		return
	}
	holds()
}

// onConsultTarget passes on to the phone what the target does.
func (s *session) onConsultTarget(e sip.Event) {
	c := s.consult
	var err error
	switch e.Kind {
	case sip.EventProgress:
		if !c.target.early || c.dialog.Progress(c.leg.Local()) != nil {
			err = c.dialog.Ringing()
		}
		c.join(s)
	case sip.EventAnswered:
		err = c.dialog.Answer(c.leg.Local())
		c.join(s)
	case sip.EventDigit:
		c.leg.SendDigit(e.Digit, digitLength)
	case sip.EventEnded:
		if !c.target.answered {
			status := refusalOf(e)
			err = c.dialog.Refuse(status, "", 0)
			s.dropConsult(failure(status))
			break
		}
		s.dropConsult("ended")
	}
	if err != nil {
		s.log.Debug("consultation not passed on", zap.Error(err))
	}
}

func (s *session) onConsultSound(m consultSoundMessage) {
	c := s.consult
	if c == nil || c != m.consult {
		return
	}
	switch m.event.Kind {
	case media.EventDigit:
		c.target.leg.SendDigit(m.event.Digit, digitLength)
	case media.EventConnected:
		c.up = true
		c.join(s)
	case media.EventFailed:
		s.log.Warn("the desk phone's browser can't be reached in a consultation")
		s.dropConsult("failed")
	case media.EventTimeout:
		s.log.Warn("no sound came from the desk phone in a consultation (RTP time-out)")
		s.dropConsult("failed")
	}
}

// dropConsult hangs both sides of the consultation up.
func (s *session) dropConsult(outcome string) {
	c := s.consult
	if c == nil {
		return
	}
	s.consult = nil
	s.chronicle.consultEnded(s.center.now(), outcome)
	s.noteSound(ledger.SoundTarget, "", c.target.leg)
	c.target.drop(causeNormal, s.log)
	c.hangUp(s.log)
}

func (c *consult) hangUp(log *zap.Logger) {
	if err := c.dialog.HangUp(causeNormal, ""); err != nil {
		log.Debug("consultation over already", zap.Error(err))
	}
	c.leg.Close()
}

// transferConsulted gives the caller to whom the agent has called: an attended
// transfer (RFC 3891). Both dialogs are the phone's with us, so their other ends
// are joined here; which of the two the REFER comes in doesn't matter.
func (s *session) transferConsulted(by Referrer, with *sip.Dialog) int {
	c, p := s.consult, s.phone
	if c == nil || with == nil || p == nil || !p.up {
		return 404
	}
	talked := p.devices[p.answered].dialog
	if !(c.dialog.Is(with) && Referrer(talked) == by) && !(talked.Is(with) && Referrer(c.dialog) == by) {
		return 404
	}
	s.consult = nil
	s.chronicle.consultEnded(s.center.now(), "transferred")
	s.center.sound.Part(c.leg, c.target.leg)
	c.target.leg.StopPlaying()
	s.handOver(c.target, by)
	if c.target.answered {
		s.targetTakes()
	}
	c.hangUp(s.log)
	return 0
}
