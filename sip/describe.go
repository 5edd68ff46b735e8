package sip

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/pion/sdp/v3"

	"careline/media"
	"careline/sip/srtp"
)

// origin identifies our SDP over a dialog's life: the same id throughout, the
// version counts up with each one sent (RFC 3264 section 8).
type origin struct {
	id      uint64
	version uint64
}

// errNoAnswer says that the handler's description doesn't go with the offer.
var errNoAnswer = errors.New("sip: our side can't answer this offer")

// answerSDP answers an offer: each of its streams, all but the chosen one
// refused by port 0. A browser's offer is answered with what WebRTC made of it.
func (o *origin) answerSDP(remote remoteSession, agreement Agreement, local media.Description) ([]byte, error) {
	if agreement.Remote.WebRTC != "" {
		if local.WebRTC == "" {
			return nil, fmt.Errorf("%w: it is a browser's, and ours is a telephone's leg", errNoAnswer)
		}
		return []byte(local.WebRTC), nil
	}
	if local.WebRTC != "" {
		return nil, fmt.Errorf("%w: it is a telephone's, and ours is a browser's leg", errNoAnswer)
	}
	session, err := o.session(local)
	if err != nil {
		return nil, err
	}
	for i, stream := range remote.streams {
		if i != remote.chosen {
			session.MediaDescriptions = append(session.MediaDescriptions, refusedStream(stream))
			continue
		}
		mine := local
		mine.Formats = []media.Format{agreement.Format}
		mine.DigitPayloadType, mine.DigitClockRate = agreement.Remote.DigitPayloadType, agreement.Remote.DigitClockRate
		mine.ReportsMuxed = agreement.Remote.ReportsMuxed
		mine.Direction = directionOf(local.Direction, agreement.Remote.Direction)
		ours := audioStream(mine, agreedDigits(mine))
		ours.MediaName.Protos = stream.protocols
		for _, theirs := range agreement.Remote.Crypto {
			own, ok := cryptoOf(local.Crypto, theirs.Suite)
			if !ok {
				return nil, fmt.Errorf("%w: it has no key for %s", errNoAnswer, theirs.Suite)
			}
			own.Tag = theirs.Tag
			ours.Attributes = append(ours.Attributes, cryptoLine(own))
		}
		if theirs := agreement.Remote.DTLS; theirs.Used() {
			if !local.DTLS.Used() {
				return nil, fmt.Errorf("%w: it has no certificate", errNoAnswer)
			}
			ours.Attributes = append(ours.Attributes, dtlsLines(local.DTLS.Fingerprint, cmp.Or(local.DTLS.Setup, theirs.Setup.Answer()))...)
		}
		session.MediaDescriptions = append(session.MediaDescriptions, ours)
	}
	return marshal(session)
}

// offerSDP offers what the local side has, where the far side made no offer.
func (o *origin) offerSDP(local media.Description, t terms) ([]byte, error) {
	if local.WebRTC != "" {
		if t.srtp == srtp.Required && !t.encrypted { // who changes the fingerprint hears the call
			return nil, ErrSoundInClear
		}
		return []byte(local.WebRTC), nil
	}
	cryptos, profile, err := t.secureOffer(local)
	if err != nil {
		return nil, err
	}
	session, err := o.session(local)
	if err != nil {
		return nil, err
	}
	if len(local.Formats) == 0 {
		for _, codec := range t.ours() {
			local.Formats = append(local.Formats, media.Format{Codec: codec, PayloadType: codec.PayloadType()})
		}
	}
	stream := audioStream(local, offeredDigits(local))
	stream.MediaName.Protos = []string{"RTP", profile}
	for _, own := range cryptos {
		stream.Attributes = append(stream.Attributes, cryptoLine(own))
	}
	session.MediaDescriptions = []*sdp.MediaDescription{stream}
	return marshal(session)
}

// session is the part above the media lines, kept short so that a 200 fits a
// UDP packet whatever Via and Record-Route it carries.
func (o *origin) session(local media.Description) (*sdp.SessionDescription, error) {
	if !local.Address.IsValid() || local.Address.Port() == 0 {
		return nil, fmt.Errorf("sip: an SDP needs the address where we want RTP; have %q", local.Address)
	}
	o.version++
	family, address := "IP4", local.Address.Addr().Unmap().String()
	if !local.Address.Addr().Unmap().Is4() {
		family = "IP6"
	}
	return &sdp.SessionDescription{
		Origin: sdp.Origin{
			Username: "-", SessionID: o.id, SessionVersion: o.version,
			NetworkType: "IN", AddressType: family, UnicastAddress: address,
		},
		SessionName:           "-",
		ConnectionInformation: &sdp.ConnectionInformation{NetworkType: "IN", AddressType: family, Address: &sdp.Address{Address: address}},
		TimeDescriptions:      []sdp.TimeDescription{{}},
	}, nil
}

func audioStream(local media.Description, digits []digitFormat) *sdp.MediaDescription {
	stream := &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media: "audio", Port: sdp.RangedPort{Value: int(local.Address.Port())}, Protos: []string{"RTP", "AVP"},
	}}
	addFormats(stream, local.Formats, digits, local.Opus)
	stream.Attributes = append(stream.Attributes,
		sdp.NewAttribute("ptime", "20"), sdp.NewPropertyAttribute(directionName(local.Direction)))
	if local.ReportsMuxed {
		stream.Attributes = append(stream.Attributes, sdp.NewPropertyAttribute(muxAttribute))
	}
	return stream
}

func refusedStream(stream streamLine) *sdp.MediaDescription {
	formats := stream.formats
	if len(formats) > 1 {
		formats = formats[:1]
	}
	return &sdp.MediaDescription{MediaName: sdp.MediaName{Media: stream.kind, Protos: stream.protocols, Formats: formats}}
}

func directionName(direction media.Direction) string {
	switch direction {
	case media.SendOnly:
		return "sendonly"
	case media.RecvOnly:
		return "recvonly"
	case media.Inactive:
		return "inactive"
	}
	return "sendrecv"
}

func marshal(session *sdp.SessionDescription) ([]byte, error) {
	body, err := session.Marshal()
	if err != nil {
		return nil, fmt.Errorf("sip: SDP: %w", err)
	}
	return body, nil
}
