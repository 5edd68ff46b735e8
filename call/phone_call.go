package call

import (
	"go.uber.org/zap"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// Q.850 causes that a desk phone is told (ITU-T Q.850, table 1).
const (
	causeNotSelected  = 26 // non-selected user clearing: another device was answered
	causeIncompatible = 88 // incompatible destination
)

// phoneCall is the agent's side of a call on a desk phone: the devices that ring
// under its name, of which one is answered. The call's goroutine owns it.
type phoneCall struct {
	offer    acd.OfferID
	leg      Leg
	devices  []phoneDevice
	answered int // the device that was answered; -1 before
	up       bool
	held     bool // by the phone's own hold key
}

// phoneDevice is one device that rings, or rang.
type phoneDevice struct {
	dialog PhoneDialog
	rang   bool
	over   bool
	cause  acd.RefuseCause // why it didn't answer, once over
}

type (
	// phoneMessage: a device of the agent's phone did something.
	phoneMessage struct {
		call   *phoneCall
		device int
		event  sip.Event
	}
	// phoneSoundMessage: the phone's sound has something to tell.
	phoneSoundMessage struct {
		call  *phoneCall
		event media.Event
	}
)

// ringPhone rings the agent's desk phone for an offer. The phone is told the
// line, and nothing of the caller: a display is no place for PHI.
func (s *session) ringPhone(offer acd.Offer) {
	p := &phoneCall{offer: offer.ID, answered: -1}
	leg, err := s.center.sound.OpenRTP(media.LegOptions{
		ID: "phone/" + s.id, Notify: func(e media.Event) { s.post(phoneSoundMessage{call: p, event: e}) },
	})
	if err != nil {
		s.log.Warn("phone not called", zap.String("agent", string(offer.Agent)), zap.Error(err))
		s.center.router.submit(acd.OfferRefused{Offer: offer.ID, Cause: acd.Unreachable})
		return
	}
	p.leg = leg
	s.phone = p
	dialogs, err := s.center.phones.Ring(s.center.devices[offer.Agent].phone, sip.Invitation{
		ID: s.id, From: sip.NewNumber(s.number), Display: s.line.Name, Local: leg.Local(),
		Forwards: s.dialog.Forwards(), // a phone that forwards its calls to us would go round for ever
	}, func(device int, event sip.Event) { s.post(phoneMessage{call: p, device: device, event: event}) })
	if err != nil {
		s.log.Warn("phone not called", zap.String("agent", string(offer.Agent)), zap.Error(err))
		s.dropPhone(causeNormal)
		s.center.router.submit(acd.OfferRefused{Offer: offer.ID, Cause: acd.Unreachable})
		return
	}
	for _, dialog := range dialogs {
		p.devices = append(p.devices, phoneDevice{dialog: dialog})
	}
}

// dropPhone hangs the phone up, whatever it does, and gives its sound back.
func (s *session) dropPhone(cause int) {
	p := s.phone
	if p == nil {
		return
	}
	s.phone = nil
	p.up = false
	for i := range p.devices {
		p.hangUp(i, cause, s.log)
	}
	p.leg.Close()
}

func (p *phoneCall) hangUp(device, cause int, log *zap.Logger) {
	if p.devices[device].over {
		return
	}
	p.devices[device].over = true
	if err := p.devices[device].dialog.HangUp(cause, ""); err != nil {
		log.Debug("phone not hung up", zap.Error(err))
	}
}

// agentSound is the sound that the agent of this call has now, or nil.
func (s *session) agentSound(agent acd.AgentID) Leg {
	switch p := s.phone; {
	case p == nil:
		return s.center.devices[agent].sound()
	case p.up:
		return p.leg
	}
	return nil
}

// onPhone takes what a device did; of an earlier ring nothing counts any more.
func (s *session) onPhone(m phoneMessage) {
	p := s.phone
	if p == nil || p != m.call || p.devices[m.device].over {
		return
	}
	switch m.event.Kind {
	case sip.EventProgress:
		p.devices[m.device].rang = true
	case sip.EventAnswered:
		s.phoneAnswered(m.device, m.event.Agreement)
	case sip.EventAcked: // of a device that took another's place
		if err := p.leg.Agree(m.event.Agreement.Remote, m.event.Agreement.Format); err != nil {
			s.log.Warn("phone's sound not agreed", zap.Error(err))
		}
	case sip.EventReoffer:
		s.phoneReoffered(m.device, m.event.Agreement)
	case sip.EventDigit:
		s.pass(m.event.Digit)
	case sip.EventRefer:
		s.onRefer(p.devices[m.device].dialog, m.event.Refer)
	case sip.EventReplaced:
		s.phoneReplaced(replacedMessage{call: p, device: m.device, by: m.event.Dialog})
	case sip.EventEnded:
		s.phoneEnded(m.device, m.event)
	}
}

// phoneAnswered: the agent picked up, which accepts the offer. The others stop
// ringing; one that was picked up at the same moment hears a BYE.
func (s *session) phoneAnswered(device int, agreement sip.Agreement) {
	p := s.phone
	if p.answered >= 0 {
		p.hangUp(device, causeNotSelected, s.log)
		return
	}
	if err := p.leg.Agree(agreement.Remote, agreement.Format); err != nil {
		s.log.Warn("phone's sound not agreed", zap.Error(err))
		p.hangUp(device, causeIncompatible, s.log)
		p.devices[device].cause = acd.Unreachable
		s.refuseIfAllOver()
		return
	}
	p.answered, p.up = device, true
	s.log.Info("phone answered", zap.Stringer("codec", agreement.Format.Codec), zap.String("encrypted_by", encryptedBy(agreement.Remote)))
	for other := range p.devices {
		if other != device {
			p.hangUp(other, causeNotSelected, s.log)
		}
	}
	s.center.router.submit(acd.OfferAccepted{Offer: p.offer})
}

// phoneEnded: a device is out. If the agent talked on it, that was the agent
// hanging up, or the phone breaking down.
func (s *session) phoneEnded(device int, e sip.Event) {
	p := s.phone
	p.devices[device].over = true
	if p.answered != device {
		p.devices[device].cause = refuseCause(e.Status, p.devices[device].rang)
		s.refuseIfAllOver()
		return
	}
	p.up = false
	switch {
	case s.stage == stageTransfer: // which goes on
		s.agentDone()
	case !s.stage.withAgent(): // before the two were joined: join finds nobody there
	case e.By == sip.ByRemote && s.phoneGaveUp():
	case e.By == sip.ByRemote:
		s.end(ledger.ByAgent, "the agent hung up", causeNormal)
	default:
		s.phoneLost("the desk phone's call broke")
	}
}

// phoneLost gives the caller back: the agent can't be heard and didn't hang up.
func (s *session) phoneLost(why string) {
	s.log.Warn("desk phone lost", zap.String("agent", string(s.agent)), zap.String("why", why))
	s.center.router.submit(acd.AgentDropped{Agent: s.agent})
}

// refuseIfAllOver tells the engine why nobody answered, once no device rings any
// more: what a person did counts more than what a line did.
func (s *session) refuseIfAllOver() {
	p := s.phone
	cause := acd.Unreachable
	for _, device := range p.devices {
		if !device.over {
			return
		}
		if weight(device.cause) > weight(cause) {
			cause = device.cause
		}
	}
	s.center.router.submit(acd.OfferRefused{Offer: p.offer, Cause: cause})
}

func weight(cause acd.RefuseCause) int {
	switch cause {
	case acd.Declined:
		return 3
	case acd.Busy:
		return 2
	case acd.NoAnswer:
		return 1
	}
	return 0
}

// refuseCause is what a phone's final status says of its agent (RFC 3261
// section 21). A phone that gives up by itself after ringing wasn't answered;
// one that never rang isn't there.
func refuseCause(status int, rang bool) acd.RefuseCause {
	switch status {
	case 603, 403, 607: // declined, by a person or by what the person set; 607 is RFC 8197's "unwanted"
		return acd.Declined
	case 486, 600:
		return acd.Busy
	case 408, 480, 487:
		if rang {
			return acd.NoAnswer
		}
	}
	return acd.Unreachable
}

// phoneReoffered: the phone asks for a changed session. Its hold key holds the
// caller as the page's does, with our music.
func (s *session) phoneReoffered(device int, agreement sip.Agreement) {
	p := s.phone
	dialog := p.devices[device].dialog
	status := 488
	err := p.leg.Agree(agreement.Remote, agreement.Format)
	if err == nil {
		status = 500
		err = dialog.AnswerReoffer(p.leg.Local())
	}
	if err != nil {
		s.log.Info("phone's new offer refused", zap.Error(err))
		if err := dialog.RefuseReoffer(status); err != nil {
			s.log.Info("phone's new offer not refused", zap.Error(err))
		}
		return
	}
	if held := !agreement.Remote.Direction.Receives(); held != p.held && s.withAgent() {
		p.held = held
		s.hold(held)
	}
}

// onPhoneSound: keys that the agent presses go on to the caller's side; silence
// beyond the time-out means that the phone is gone.
func (s *session) onPhoneSound(m phoneSoundMessage) {
	if s.phone == nil || s.phone != m.call {
		return
	}
	switch m.event.Kind {
	case media.EventDigit:
		s.pass(m.event.Digit)
	case media.EventTimeout:
		if s.withAgent() {
			s.phoneLost("no sound came from the desk phone (RTP time-out)")
		}
	}
}

// pass sends a key of the agent's to the caller's side.
func (s *session) pass(digit media.Digit) {
	if s.stage == stageTalk {
		s.leg.SendDigit(digit, digitLength)
	}
}
