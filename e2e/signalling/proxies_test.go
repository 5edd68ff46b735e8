package signalling

import (
	"testing"

	"careline/sip"
	"careline/sip/digest"
)

// TestTwoProxiesStandBetween plays the stories with two Kamailios in front of us
// that record their route, each twice, as its two sides differ in port and
// transport (RFC 3261 section 16.12.1, RFC 5658 section 3). The far side's
// Contact and ours mean nothing to each other's proxies, so that what goes past
// Route is answered 404 there.
func TestTwoProxiesStandBetween(t *testing.T) {
	t.Parallel()
	shared := open(t, nil)
	behindProxies(t, shared)
	for _, story := range []struct {
		name string
		play func(*testing.T, *stage)
	}{
		{"they call", theyCall},
		{"we call", weCall},
		{"cancelled while it rings", cancelWhileItRings},
		{"BYE before the answer", byeBeforeTheAnswer},
		{"we cancel", weGiveUp("our-cancel")},
		{"they hold", theyHold("hold-sendonly", "PCMA 192.0.2.7:40000 sendonly")},
		{"we hold", weHold},
		{"they move", theyMoveByReinvite},
		{"they move by UPDATE", theyMoveByUpdate},
		{"we move", weMove},
		{"our offer in the 200", ourOfferInThe200},
		{"their offer in the 200", theirOfferInThe200},
		{"early media to the caller", earlyMediaToTheCaller},
		{"early media from the callee", earlyMediaFromTheCallee},
		{"PRACK", prackOfTheCaller},
		{"they transfer", blindTransfer},
		{"they transfer, attended", attendedTransfer},
		{"we transfer", weTransfer("our-refer-blind", 100, 180, 200)},
		{"we transfer, attended", weTransferAttended},
	} {
		t.Run(story.name, func(t *testing.T) {
			story.play(t, shared.in(t))
			shared.settled()
		})
	}
}

func theyCall(_ *testing.T, s *stage) { s.plain("call-in", played{}) }

func weCall(t *testing.T, s *stage) {
	phone := s.callee("call-out", played{})
	near := s.place(phone.hop(), nil)
	near.answered("PCMA 192.0.2.7:40000 sendrecv")
	phone.acked()
	must(t, near.HangUp(sip.CauseNormal, ""))
	near.ended(sip.ByLocal)
	phone.done()
}

// TestPhoneBehindTwoProxiesIsRung registers a phone by way of the proxies and
// calls it by the Path that they left (RFC 3327 section 5).
func TestPhoneBehindTwoProxiesIsRung(t *testing.T) {
	t.Parallel()
	s := open(t, func(o *sip.Options) {
		// SIPp answers by MD5 alone.
		o.Registrar = &sip.RegistrarOptions{Algorithms: []digest.Algorithm{digest.MD5}, Secret: func(phone string) (digest.Secret, bool) {
			return digest.NewSecret("maria-desk", sip.DefaultRealm, "invented"), phone == "maria-desk"
		}}
	})
	behindProxies(t, s)
	s.calledBy("register-by-way-of-proxies", played{at: s.between.phone}).done()
	phone := s.callee("call-out", played{})
	near := newCall(t)
	devices := s.Devices("maria-desk")
	if len(devices) != 1 {
		t.Fatalf("%d devices are registered", len(devices))
	}
	dialog, err := s.Ring(devices[0], sip.Invitation{
		ID: "0198c2de-7a51-7cc3-98c4-dc0c0c07398f", From: sip.NewNumber("+13125550142"), Local: ours(), Notify: near.notify,
	})
	must(t, err)
	near.Dialog = dialog
	near.answered("PCMA 192.0.2.7:40000 sendrecv")
	phone.acked()
	must(t, near.HangUp(sip.CauseNormal, ""))
	near.ended(sip.ByLocal)
	phone.done()
	s.settled()
}
