package call

import (
	"time"

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

// phoneConnecting is how long the sound of a browser that was picked up may take to
// connect.
const phoneConnecting = 10 * time.Second

// phoneCall is the agent's side of a call on a desk phone: the devices that ring
// under its name, of which one is answered. The call's goroutine owns it.
type phoneCall struct {
	offer    acd.OfferID
	codecs   AgentCodecs
	devices  []phoneDevice
	answered int // the device that was answered; -1 before
	// up: that device's sound has come about, which accepts the offer. audible: it is
	// there now; a browser's may be away for a while.
	up, audible bool
	held        bool // by the phone's own hold key
}

type (
	// phoneMessage: a device of the agent's phone did something.
	phoneMessage struct {
		call   *phoneCall
		device int
		event  sip.Event
	}
	// phoneSoundMessage: a device's sound has something to tell.
	phoneSoundMessage struct {
		call   *phoneCall
		device int
		event  media.Event
	}
)

// ringPhone rings the agent's desk phone for an offer. The phone is told the
// line, and nothing of the caller: a display is no place for PHI.
func (s *session) ringPhone(offer acd.Offer) {
	p := &phoneCall{offer: offer.ID, codecs: s.content.Codecs[offer.Agent], answered: -1}
	s.phone = p
	for _, device := range s.center.phones.Devices(s.center.devices[offer.Agent].phone) {
		if err := s.ringDevice(p, device); err != nil {
			s.log.Warn("phone not called", zap.String("agent", string(offer.Agent)), zap.Error(err))
		}
	}
	if len(p.devices) > 0 {
		return
	}
	s.log.Warn("no device of the phone rings", zap.String("agent", string(offer.Agent)))
	s.phone = nil
	s.center.router.submit(acd.OfferRefused{Offer: offer.ID, Cause: acd.Unreachable})
}

// dropPhone hangs the phone up, whatever it does, and gives its sound back.
func (s *session) dropPhone(cause int) {
	p := s.phone
	if p == nil {
		return
	}
	s.timers.stop(timerPhone)
	s.phone = nil
	p.up = false
	for i := range p.devices {
		p.devices[i].drop(cause, s.log)
	}
}

// agentSound is the sound that the agent of this call has now, or nil.
func (s *session) agentSound(agent acd.AgentID) Leg {
	switch p := s.phone; {
	case p == nil:
		return s.center.devices[agent].sound()
	case p.up && p.audible:
		return p.devices[p.answered].leg
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
		s.phoneAgrees(m.device, m.event.Agreement)
	case sip.EventRenegotiated: // by an answer to an offer that it had asked us for
		s.phoneAgrees(m.device, m.event.Agreement)
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

// phoneAgrees takes what was agreed on with a device that has its place already. A
// browser has agreed by its offer.
func (s *session) phoneAgrees(device int, agreement sip.Agreement) {
	d := &s.phone.devices[device]
	if d.browser {
		return
	}
	if err := d.leg.Agree(agreement.Remote, agreement.Format); err != nil {
		s.log.Warn("phone's sound not agreed", zap.Error(err))
	}
}

// phoneAnswered: the agent picked up, which accepts the offer once there is sound.
// The others stop ringing; one that was picked up at the same moment hears a BYE.
func (s *session) phoneAnswered(device int, agreement sip.Agreement) {
	p := s.phone
	d := &p.devices[device]
	if p.answered >= 0 {
		d.drop(causeNotSelected, s.log)
		return
	}
	if err := d.agree(agreement); err != nil {
		s.log.Warn("phone's sound not agreed", zap.Error(unquoted(err)))
		s.phoneFailed(device, causeIncompatible)
		return
	}
	p.answered = device
	s.log.Info("phone answered", zap.Stringer("codec", agreement.Format.Codec), zap.String("encrypted_by", encryptedBy(agreement.Remote)))
	for other := range p.devices {
		if other != device {
			p.devices[other].drop(causeNotSelected, s.log)
		}
	}
	if d.browser {
		s.timers.set(timerPhone, phoneConnecting) // until media.EventConnected
		return
	}
	s.phoneHeard()
}

// phoneHeard: the sound of the phone that was answered is there, or back again.
func (s *session) phoneHeard() {
	p := s.phone
	s.timers.stop(timerPhone)
	p.audible = true
	if p.up {
		s.followSound()
		return
	}
	p.up = true
	s.center.router.submit(acd.OfferAccepted{Offer: p.offer})
}

// phoneFailed gives a device up of which no sound can come.
func (s *session) phoneFailed(device, cause int) {
	s.timers.stop(timerPhone)
	p := s.phone
	p.devices[device].drop(cause, s.log)
	p.devices[device].cause = acd.Unreachable
	s.refuseIfAllOver()
}

// phoneNotHeard: the phone was picked up, and its sound doesn't come.
func (s *session) phoneNotHeard() {
	if p := s.phone; p != nil && p.answered >= 0 && !p.up {
		s.log.Warn("the sound of the desk phone's browser doesn't connect")
		s.phoneFailed(p.answered, causeTimerExpiry)
	}
}

// phoneEnded: a device is out. If the agent talked on it, that was the agent
// hanging up, or the phone breaking down.
func (s *session) phoneEnded(device int, e sip.Event) {
	p := s.phone
	p.devices[device].ended()
	switch {
	case p.answered != device:
		p.devices[device].cause = refuseCause(e.Status, p.devices[device].rang)
		s.refuseIfAllOver()
		return
	case !p.up: // picked up and put down again before there was sound
		s.timers.stop(timerPhone)
		p.devices[device].cause = acd.Unreachable
		if e.By == sip.ByRemote {
			p.devices[device].cause = acd.Declined
		}
		s.refuseIfAllOver()
		return
	}
	p.up, p.audible = false, false
	switch {
	case s.stage == stageTransfer: // which goes on
		s.agentDone()
	case !s.stage.withAgent(): // before the two were joined: join finds nobody there
	case e.By == sip.ByRemote && s.phoneGaveUp():
	case e.By == sip.ByRemote && s.third != nil && s.third.answered():
		_ = s.leave() // there is a third to leave the caller with
	case e.By == sip.ByRemote && s.goesOnAfter():
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
	d := &p.devices[device]
	holds := func() {
		if held := !agreement.Remote.Direction.Receives(); s.phone == p && p.answered == device && held != p.held && s.withAgent() {
			p.held = held
			s.hold(held)
		}
	}
	if d.browser {
		s.renegotiate(d.dialog, d.leg, agreement.Remote.WebRTC, holds)
		return
	}
	status := 488
	err := d.leg.Agree(agreement.Remote, agreement.Format)
	if err == nil {
		status = 500
		err = d.dialog.AnswerReoffer(d.leg.Local())
	}
	if err != nil {
		s.log.Info("phone's new offer refused", zap.Error(err))
		s.refuseReoffer(d.dialog, status)
		return
	}
	holds()
}

// onPhoneSound: keys that the agent presses go on to the caller's side; silence
// beyond the time-out, or a browser that failed, means that the phone is gone.
func (s *session) onPhoneSound(m phoneSoundMessage) {
	p := s.phone
	if p == nil || p != m.call || p.answered != m.device || p.devices[m.device].over {
		return
	}
	switch m.event.Kind {
	case media.EventDigit:
		s.pass(m.event.Digit)
	case media.EventOneWay, media.EventHeardAgain:
		s.oneWay(ledger.SoundAgent, m.event)
	case media.EventConnected:
		s.phoneHeard()
	case media.EventDisconnected:
		p.audible = false
		s.followSound()
	case media.EventFailed:
		if !p.up {
			s.phoneNotHeard()
		} else if s.withAgent() {
			s.phoneLost("the desk phone's browser can't be reached any more")
		}
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
