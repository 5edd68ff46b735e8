package sip

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/pion/sdp/v3"

	"careline/media"
	"careline/sip/srtp"
)

var (
	// ErrKeysInClear: the offer wants SRTP, and signalling that carries its keys
	// isn't encrypted (RFC 4568 section 8). Refuse it with 488.
	ErrKeysInClear = errors.New("sip: SRTP keys over signalling in the clear are worth nothing; use tls or wss, or offer RTP/AVP")
	// ErrSoundInClear: the sound wouldn't be encrypted, and must be. Refuse it
	// with 488.
	ErrSoundInClear = errors.New("sip: media.srtp, or the trunk's srtp, requires encrypted sound; use tls and offer RTP/SAVP with a=crypto")
	errForeignKeys  = errors.New("sip: the SRTP key in the answer belongs to none of our offer")
)

// terms are what a dialog may agree to.
type terms struct {
	encrypted bool // the signalling
	srtp      srtp.Policy
	codecs    []media.Codec // that we speak, in our order; empty: media.DefaultCodecs
	current   media.Codec   // what is spoken already
	answered  bool          // an answer to our offer: its order counts
}

// terms are those of the trunk that the call is on, over the network that its
// signalling takes now, for an offer that the far side makes.
func (d *Dialog) terms() terms {
	t := terms{encrypted: secure(d.network), srtp: d.srtp, codecs: d.server.options.Codecs}
	if agreement, agreed := d.Agreement(); agreed {
		t.current = agreement.Format.Codec
	}
	return t
}

// srtpWith is the policy for calls from an address: its trunk's, if it is one's.
func (s *Server) srtpWith(source netip.Addr) srtp.Policy {
	if one := s.trunkAt(source); one != nil {
		return one.Options().SRTP.Or(s.options.SRTP)
	}
	return s.options.SRTP
}

// keys reports whether SDES is of use.
func (t terms) keys() bool { return t.encrypted && t.srtp != srtp.Off }

// protection is how a stream's sound is protected; a higher one is preferred.
type protection uint8

const (
	unusable    protection = iota
	inClear                // RTP/AVP
	byKeys                 // SRTP with SDES
	byHandshake            // SRTP with DTLS
	byDTLS                 // WebRTC
)

// protection says how we can take a stream of audio. The error says why not,
// where that isn't simply another protocol.
func (t terms) protection(session *sdp.SessionDescription, stream *sdp.MediaDescription) (protection, error) {
	switch protocol := strings.ToUpper(strings.Join(stream.MediaName.Protos, "/")); protocol {
	case "RTP/AVP", "RTP/AVPF":
		if t.keys() && len(readCryptos(stream)) > 0 { // what many telephones call optional encryption
			return byKeys, nil
		}
		if t.srtp == srtp.Required {
			return unusable, ErrSoundInClear
		}
		return inClear, nil
	case "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF":
		if isWebRTC(session, stream) {
			if t.srtp == srtp.Required && !t.encrypted { // who changes the fingerprint hears the call
				return unusable, ErrSoundInClear
			}
			return byDTLS, nil
		}
		if strings.HasPrefix(protocol, "UDP/TLS/") {
			return t.handshake(session, stream)
		}
		if t.srtp == srtp.Off {
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

// handshake says whether a stream whose keys DTLS brings can be taken as a telephone's
// (RFC 5763): without ICE, and by a fingerprint that means something.
func (t terms) handshake(session *sdp.SessionDescription, stream *sdp.MediaDescription) (protection, error) {
	switch {
	case t.srtp == srtp.Off || hasAttribute(session, stream, "ice-ufrag") || !readDTLS(session, stream).Used():
		return unusable, nil
	case t.srtp == srtp.Required && !t.encrypted: // who changes the fingerprint hears the call
		return unusable, ErrSoundInClear
	}
	return byHandshake, nil
}

// isWebRTC reports an offer as browsers make it: one stream, DTLS and ICE (RFC
// 8829). What has more streams can't be taken in part.
func isWebRTC(session *sdp.SessionDescription, stream *sdp.MediaDescription) bool {
	return len(session.MediaDescriptions) == 1 && hasAttribute(session, stream, "fingerprint") && hasAttribute(session, stream, "ice-ufrag")
}

// hasAttribute reports an attribute of a stream, or of its session.
func hasAttribute(session *sdp.SessionDescription, stream *sdp.MediaDescription, key string) bool {
	_, inStream := stream.Attribute(key)
	_, inSession := session.Attribute(key)
	return inStream || inSession
}

// secureOffer is what we offer of our keys, and the protocol to offer it under:
// where encryption is optional, one that telephones without it take, too.
func (t terms) secureOffer(local media.Description) ([]media.Crypto, string, error) {
	switch {
	case t.srtp == srtp.Required && (!t.encrypted || len(local.Crypto) == 0):
		return nil, "", ErrSoundInClear
	case t.srtp == srtp.Required:
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
