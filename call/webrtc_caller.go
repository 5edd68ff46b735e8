package call

import (
	"context"
	"time"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// browserTimeout bounds the answer to a caller's WebRTC offer, which no network
// is asked for.
const browserTimeout = 5 * time.Second

// isBrowser reports a caller whose telephone is a browser (SIP over WebSocket,
// RFC 7118): its sound is WebRTC.
func (s *session) isBrowser() bool {
	agreement, ok := s.dialog.Agreement()
	return ok && agreement.Remote.WebRTC != ""
}

// openBrowser makes the sound of a browser's call, on the call's own goroutine
// and before anything else of it: keys and candidates take milliseconds that the
// dialog hasn't got. It refuses the call where that fails.
func (s *session) openBrowser() bool {
	ctx, cancel := context.WithTimeout(s.ctx, browserTimeout)
	defer cancel()
	agreement, _ := s.dialog.Agreement()
	leg, _, err := s.center.sound.OpenWebRTC(ctx, media.LegOptions{
		ID: s.id, Notify: func(e media.Event) { s.post(soundMessage(e)) },
	}, string(agreement.Remote.WebRTC))
	if err == nil {
		s.leg, s.browser = leg, true
		return true
	}
	s.log.Info("call refused", zap.Int("status", 488), zap.Error(unquoted(err)))
	if s.trial == "" {
		s.center.counters.refused.Add(1)
	}
	s.hungUp = true
	s.chronicle.record.SIPStatus = 488
	if err := s.dialog.Refuse(488, "Not Acceptable Here", 0); err != nil {
		s.log.Info("not refused", zap.Error(err))
	}
	s.end(ledger.BySystem, "refused: the browser's sound could not be made", causeIncompatible)
	return false
}

// encryptedBy says how a caller's sound is encrypted, for the log.
func encryptedBy(remote media.Description) string {
	switch {
	case remote.WebRTC != "" || remote.DTLS.Used():
		return "DTLS-SRTP"
	case len(remote.Crypto) > 0:
		return remote.Crypto[0].Suite.String()
	}
	return "nothing"
}

// agreeSound sets what signalling agreed on; false ends the call. A browser has
// agreed by its offer.
func (s *session) agreeSound(agreement sip.Agreement) bool {
	if s.browser {
		return true
	}
	if err := s.leg.Agree(agreement.Remote, agreement.Format); err != nil {
		s.log.Warn("sound not agreed", zap.Error(err))
		s.end(ledger.BySystem, "the sound could not be agreed", causeTemporary)
		return false
	}
	return true
}

// onConnection follows the connection with the caller's browser. The script
// begins with it, so that its first words aren't lost.
func (s *session) onConnection(kind media.EventKind) {
	if !s.browser {
		return
	}
	switch kind {
	case media.EventConnected:
		s.connected = true
		s.beginFlow()
	case media.EventFailed:
		s.end(ledger.ByCarrier, "the caller's browser can't be reached any more", causeTimerExpiry)
	}
}
