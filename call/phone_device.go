package call

import (
	"context"

	"go.uber.org/zap"

	"careline/acd"
	"careline/media"
	"careline/sip"
)

// phoneDevice is one device of the agent's phone, which rings, or rang, with sound of
// its own: a telephone's RTP or a browser's WebRTC.
type phoneDevice struct {
	dialog  PhoneDialog
	leg     Leg
	browser bool
	rang    bool
	over    bool
	cause   acd.RefuseCause // why it didn't answer, once over
}

// ringDevice rings one device, with an offer of the kind of sound that it has.
func (s *session) ringDevice(p *phoneCall, device sip.Device) error {
	place := len(p.devices)
	leg, err := s.offerDevice(device.Browser, p.codecs, s.ofDevice(p, place))
	if err != nil {
		return err
	}
	dialog, err := s.center.phones.Ring(device, sip.Invitation{
		ID: s.id, From: sip.NewNumber(s.number), Display: s.line.Name, Local: leg.Local(),
		Forwards: s.dialog.Forwards(), // a phone that forwards its calls to us would go round for ever
		Notify:   func(e sip.Event) { s.post(phoneMessage{call: p, device: place, event: e}) },
	})
	if err != nil {
		leg.Close()
		return err
	}
	p.devices = append(p.devices, phoneDevice{dialog: dialog, leg: leg, browser: device.Browser})
	return nil
}

// ofDevice are the options of the leg of a device.
func (s *session) ofDevice(p *phoneCall, place int) media.LegOptions {
	return media.LegOptions{
		ID: "phone/" + s.id, Notify: func(e media.Event) { s.post(phoneSoundMessage{call: p, device: place, event: e}) },
	}
}

// offerDevice makes the sound to offer to a device. A browser's takes some
// milliseconds of work and asks no network.
func (s *session) offerDevice(browser bool, codecs AgentCodecs, options media.LegOptions) (Leg, error) {
	options.Codecs = codecs.of(browser)
	if !browser {
		return s.center.sound.OpenRTP(options)
	}
	ctx, cancel := context.WithTimeout(s.ctx, browserTimeout)
	defer cancel()
	leg, _, err := s.center.sound.OfferWebRTC(ctx, options)
	return leg, err
}

// takeOffer makes the sound that answers a phone's own offer, if it made one. The
// status says why it can't; 0 if it did.
func (s *session) takeOffer(dialog Dialog, codecs AgentCodecs, options media.LegOptions) (leg Leg, browser bool, status int) {
	agreement, known := dialog.Agreement()
	browser, status = known && agreement.Remote.WebRTC != "", 488
	options.Codecs = codecs.of(browser)
	var err error
	if browser {
		ctx, cancel := context.WithTimeout(s.ctx, browserTimeout)
		defer cancel()
		leg, _, err = s.center.sound.OpenWebRTC(ctx, options, string(agreement.Remote.WebRTC))
	} else if leg, err = s.center.sound.OpenRTP(options); err != nil {
		status = 503
	} else if known {
		if err = leg.Agree(agreement.Remote, agreement.Format); err != nil {
			leg.Close()
		}
	}
	if err != nil {
		s.log.Warn("phone's sound not agreed", zap.Error(unquoted(err)))
		return nil, browser, status
	}
	return leg, browser, 0
}

// agree takes a device's answer to what it was offered.
func (d *phoneDevice) agree(agreement sip.Agreement) error {
	if d.browser {
		return d.leg.AnswerWebRTC(string(agreement.Remote.WebRTC))
	}
	return d.leg.Agree(agreement.Remote, agreement.Format)
}

// drop hangs a device up, whatever it does, and gives its sound back.
func (d *phoneDevice) drop(cause int, log *zap.Logger) {
	d.leg.Close()
	if d.over {
		return
	}
	d.over = true
	if err := d.dialog.HangUp(cause, ""); err != nil {
		log.Debug("phone not hung up", zap.Error(err))
	}
}

// ended: the device is out by itself.
func (d *phoneDevice) ended() {
	d.over = true
	d.leg.Close()
}
