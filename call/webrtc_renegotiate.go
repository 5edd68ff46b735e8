package call

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"careline/media"
)

// browserMessage: the answer to a new offer of a browser is made, or can't be.
type browserMessage struct {
	dialog Reoffered
	leg    Leg
	err    error
	then   func() // what follows once it is answered
}

// renegotiate answers a new offer of a browser, such as hold or another network,
// beside the call. One that isn't WebRTC is refused.
func (s *session) renegotiate(dialog Reoffered, leg Leg, offer media.SDP, then func()) {
	if offer == "" {
		s.refuseReoffer(dialog, 488)
		return
	}
	s.beside.Go(func() {
		defer s.survive(nil)
		ctx, cancel := context.WithTimeout(s.ctx, browserTimeout)
		defer cancel()
		s.post(browserMessage{dialog: dialog, leg: leg, err: leg.Renegotiate(ctx, string(offer)), then: then})
	})
}

// onBrowser sends the answer that was made.
func (s *session) onBrowser(m browserMessage) {
	if m.err != nil {
		s.log.Info("new offer refused", zap.Error(unquoted(m.err)))
		s.refuseReoffer(m.dialog, 488)
		return
	}
	if err := m.dialog.AnswerReoffer(m.leg.Local()); err != nil {
		s.log.Info("new offer not answered", zap.Error(err))
		s.refuseReoffer(m.dialog, 500)
		return
	}
	m.then()
}

// unquoted is the kind of an error about an offer or an answer, without what it
// quotes of it.
func unquoted(err error) error {
	for _, kind := range []error{media.ErrBadOffer, media.ErrBadAnswer} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return err
}

func (s *session) refuseReoffer(dialog Reoffered, status int) {
	if err := dialog.RefuseReoffer(status); err != nil {
		s.log.Info("new offer not refused", zap.Error(err))
	}
}
