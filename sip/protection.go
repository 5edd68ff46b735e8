package sip

import (
	"errors"
	"strings"

	"github.com/pion/sdp/v3"

	"careline/media"
)

// SRTP says whether telephones' sound is encrypted.
type SRTP uint8

const (
	// SRTPOptional encrypts where the signalling is encrypted and the far side
	// wants it.
	SRTPOptional SRTP = iota
	// SRTPOff never does. Browsers' sound is encrypted all the same.
	SRTPOff
	// SRTPRequired takes and makes no call without.
	SRTPRequired
)

// SRTPPolicies are the policies by their names in the configuration.
func SRTPPolicies() []SRTP { return []SRTP{SRTPOff, SRTPOptional, SRTPRequired} }

// String is the policy's name in the configuration.
func (s SRTP) String() string {
	switch s {
	case SRTPOff:
		return "off"
	case SRTPRequired:
		return "required"
	}
	return "optional"
}

var (
	// ErrKeysInClear: the offer wants SRTP, and signalling that carries its keys
	// isn't encrypted (RFC 4568 section 8). Refuse it with 488.
	ErrKeysInClear = errors.New("sip: SRTP keys over signalling in the clear are worth nothing; use tls or wss, or offer RTP/AVP")
	// ErrSoundInClear: the sound wouldn't be encrypted, and must be. Refuse it
	// with 488.
	ErrSoundInClear = errors.New("sip: media.srtp requires encrypted sound; use tls and offer RTP/SAVP with a=crypto")
	errForeignKeys  = errors.New("sip: the SRTP key in the answer belongs to none of our offer")
)

// terms are what a dialog may agree to.
type terms struct {
	encrypted bool // the signalling
	srtp      SRTP
}

func (d *Dialog) terms() terms {
	return terms{encrypted: secure(d.network), srtp: d.server.options.SRTP}
}

// offerTerms are the terms of an offer that goes to each of a call's hops as it is:
// with our keys in it if all of them are reached by encrypted signalling.
func (d *Dialog) offerTerms() terms {
	t := terms{encrypted: true, srtp: d.server.options.SRTP}
	for _, hop := range d.calling.invitation.Hops {
		t.encrypted = t.encrypted && secure(hop.Network)
	}
	return t
}

// keys reports whether SDES is of use.
func (t terms) keys() bool { return t.encrypted && t.srtp != SRTPOff }

// protection is how a stream's sound is protected; a higher one is preferred.
type protection uint8

const (
	unusable protection = iota
	inClear             // RTP/AVP
	byKeys              // SRTP with SDES
	byDTLS              // WebRTC
)

// protection says how we can take a stream of audio. The error says why not,
// where that isn't simply another protocol.
func (t terms) protection(session *sdp.SessionDescription, stream *sdp.MediaDescription) (protection, error) {
	switch protocol := strings.ToUpper(strings.Join(stream.MediaName.Protos, "/")); protocol {
	case "RTP/AVP", "RTP/AVPF":
		if t.keys() && len(readCryptos(stream)) > 0 { // what many telephones call optional encryption
			return byKeys, nil
		}
		if t.srtp == SRTPRequired {
			return unusable, ErrSoundInClear
		}
		return inClear, nil
	case "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF":
		if isWebRTC(session, stream) {
			if t.srtp == SRTPRequired && !t.encrypted { // who changes the fingerprint hears the call
				return unusable, ErrSoundInClear
			}
			return byDTLS, nil
		}
		if strings.HasPrefix(protocol, "UDP/TLS/") || t.srtp == SRTPOff {
			return unusable, nil
		}
		if !t.encrypted {
			return unusable, ErrKeysInClear
		}
		if len(readCryptos(stream)) > 0 {
			return byKeys, nil
		}
	}
	return unusable, nil
}

// isWebRTC reports an offer as browsers make it: one stream, DTLS and ICE (RFC
// 8829). What has more streams can't be taken in part.
func isWebRTC(session *sdp.SessionDescription, stream *sdp.MediaDescription) bool {
	has := func(key string) bool {
		_, inStream := stream.Attribute(key)
		_, inSession := session.Attribute(key)
		return inStream || inSession
	}
	return len(session.MediaDescriptions) == 1 && has("fingerprint") && has("ice-ufrag")
}

// secureOffer is what we offer of our keys, and the protocol to offer it under:
// where encryption is optional, one that telephones without it take, too.
func (t terms) secureOffer(local media.Description) ([]media.Crypto, string, error) {
	switch {
	case t.srtp == SRTPRequired && (!t.encrypted || len(local.Crypto) == 0):
		return nil, "", ErrSoundInClear
	case t.srtp == SRTPRequired:
		return local.Crypto, "SAVP", nil
	case t.keys():
		return local.Crypto, "AVP", nil
	}
	return nil, "AVP", nil
}

// answersKeys reports whether the keys in an answer belong to our offer (RFC 4568
// section 5.1.3). An answer without any is plain RTP, if terms allow it.
func answersKeys(offered []media.Crypto, agreement Agreement) bool {
	for _, taken := range agreement.Remote.Crypto {
		mine, ok := cryptoOf(offered, taken.Suite)
		if !ok || mine.Tag != taken.Tag {
			return false
		}
	}
	return true
}
