package call

import (
	"go.uber.org/zap"

	"careline/sip"
)

// replacedMessage: another dialog wants the place of a device of the phone.
type replacedMessage struct {
	call   *phoneCall
	device int
	by     Dialog
}

// phoneReplaced: a device of the agent's phone wants the place of the one that
// talks (RFC 3891): the agent goes on elsewhere. Nobody else may take a caller over.
func (s *session) phoneReplaced(m replacedMessage) {
	p, device, by := s.phone, m.device, m.by
	switch {
	case p == nil || p != m.call || !s.center.options.Transfers || p.answered != device || !s.withAgent():
		s.turnAway(by, 403)
		return
	case by.Phone() == "" || by.Phone() != s.center.devices[s.agent].phone || by.Check() != nil:
		s.turnAway(by, 403)
		return
	}
	place := len(p.devices)
	leg, browser, status := s.takeOffer(by, p.codecs, s.ofDevice(p, place))
	if status != 0 {
		s.turnAway(by, status)
		return
	}
	by.Name(s.id)
	old := &p.devices[device]
	old.ended() // its BYE goes out with the answer to the other
	replaced := old.dialog
	p.devices = append(p.devices, phoneDevice{dialog: by, leg: leg, browser: browser})
	p.answered, p.audible = place, !browser // a browser's sound is there once it is connected
	by.Notify(func(e sip.Event) { s.post(phoneMessage{call: p, device: place, event: e}) })
	if err := by.Answer(leg.Local()); err != nil {
		s.log.Warn("phone not answered", zap.Error(err)) // its end comes as an event
		_ = replaced.HangUp(causeNormal, "")
	}
	s.followSound()
	s.log.Info("agent goes on at another device", zap.String("agent", string(s.agent)))
}
