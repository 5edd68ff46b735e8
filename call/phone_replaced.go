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
	if agreement, known := by.Agreement(); known {
		if err := p.leg.Agree(agreement.Remote, agreement.Format); err != nil {
			s.log.Warn("phone's sound not agreed", zap.Error(err))
			s.turnAway(by, 488)
			return
		}
	}
	by.Name(s.id)
	replaced := p.devices[device].dialog
	p.devices[device].over = true // its BYE goes out with the answer to the other
	p.devices = append(p.devices, phoneDevice{dialog: by})
	p.answered = len(p.devices) - 1
	place := p.answered
	by.Notify(func(e sip.Event) { s.post(phoneMessage{call: p, device: place, event: e}) })
	if err := by.Answer(p.leg.Local()); err != nil {
		s.log.Warn("phone not answered", zap.Error(err)) // its end comes as an event
		_ = replaced.HangUp(causeNormal, "")
	}
	s.log.Info("agent goes on at another device", zap.String("agent", string(s.agent)))
}
