package sip

import (
	"errors"
	"fmt"
	"slices"

	gosip "github.com/emiago/sipgo/sip"

	"careline/media"
)

// Agreement is what both sides settled on for the sound.
type Agreement struct {
	// Remote is the far side's description, as it says it: Direction is seen
	// from there, DigitPayloadType is the far side's telephone-event, Crypto is
	// the one line that we take.
	Remote media.Description
	// Format is the codec that both will send.
	Format media.Format
}

// same reports whether two agreements ask the same of the media.
func (a Agreement) same(b Agreement) bool {
	return a.Format == b.Format && a.Remote.Address == b.Remote.Address && a.Remote.Direction == b.Remote.Direction &&
		a.Remote.Reports == b.Remote.Reports && a.Remote.ReportsMuxed == b.Remote.ReportsMuxed &&
		a.Remote.DigitPayloadType == b.Remote.DigitPayloadType && a.Remote.Opus == b.Remote.Opus && slices.Equal(a.Remote.Crypto, b.Remote.Crypto) &&
		a.Remote.DTLS == b.Remote.DTLS
}

var (
	// ErrNoCommonCodec: the offer has no audio stream in a codec of ours.
	// Refuse it with 488 (RFC 3261 section 21.4.26).
	ErrNoCommonCodec = errors.New("sip: no codec in common; offer one of media.codecs over RTP/AVP")
	// ErrOtherKind: the description is WebRTC in a telephone's session, or the other
	// way round. Refuse it with 488.
	ErrOtherKind = errors.New("sip: a session is WebRTC or it isn't, for as long as it lasts")
	// ErrBadOffer: the offer can't be read. Refuse it with 400.
	ErrBadOffer = errors.New("sip: the session description can't be read")
)

// RefusalStatus is the SIP status that refuses a dialog whose Check failed
// with err, or that can't be carried on for it.
func RefusalStatus(err error) int {
	switch {
	case errors.Is(err, ErrBadOffer):
		return gosip.StatusBadRequest
	case errors.Is(err, ErrTooManyHops):
		return gosip.StatusTooManyHops
	}
	return gosip.StatusNotAcceptableHere
}

// agree takes the format of an offer or an answer that terms.prefer has put first.
func agree(session remoteSession) (Agreement, error) {
	if session.chosen < 0 && session.unfit != nil {
		return Agreement{}, session.unfit
	}
	if session.chosen < 0 || len(session.description.Formats) == 0 {
		return Agreement{}, ErrNoCommonCodec
	}
	return Agreement{Remote: session.description, Format: session.description.Formats[0]}, nil
}

// readAgreement parses SDP and agrees on it by the terms. Once a session is agreed
// on, it stays of its kind.
func (d *Dialog) readAgreement(body []byte, t terms) (remoteSession, Agreement, error) {
	session, err := parseSession(body, t)
	if err != nil {
		return remoteSession{}, Agreement{}, err
	}
	agreement, err := agree(session)
	if before, agreed := d.Agreement(); err == nil && agreed && !sameKind(before.Remote, agreement.Remote) {
		err = ErrOtherKind
	}
	return session, agreement, err
}

// sameKind reports whether two descriptions are both WebRTC, or both aren't.
func sameKind(a, b media.Description) bool { return (a.WebRTC != "") == (b.WebRTC != "") }

// directionOf narrows the direction that we want to what the far side's allows
// (RFC 3264 section 6.1).
func directionOf(ours, theirs media.Direction) media.Direction {
	sends := ours.Sends() && theirs.Receives()
	receives := ours.Receives() && theirs.Sends()
	switch {
	case sends && receives:
		return media.SendRecv
	case sends:
		return media.SendOnly
	case receives:
		return media.RecvOnly
	}
	return media.Inactive
}

func badOffer(format string, arguments ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBadOffer}, arguments...)...)
}
