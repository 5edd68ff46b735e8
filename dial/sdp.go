package dial

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"careline/media"

	"github.com/pion/sdp/v3"
)

// digitPayloadType is what we offer telephone-event under.
const digitPayloadType = 101

// directions are the attribute's names (RFC 8866), in the order of media.Direction.
func directions() []string { return []string{"sendrecv", "sendonly", "recvonly", "inactive"} }

// ourSide is what we say of ourselves in an offer: the codecs in our order.
func ourSide(local netip.AddrPort, codecs []media.Codec) media.Description {
	d := media.Description{Address: local, DigitPayloadType: digitPayloadType}
	for _, codec := range codecs {
		d.Formats = append(d.Formats, media.Format{Codec: codec, PayloadType: codec.PayloadType()})
	}
	return d
}

// writeSDP writes our side as SDP (RFC 8866): one audio stream. The version goes up
// with each description of a session (RFC 3264 section 8).
func writeSDP(d media.Description, session uint64, version int) []byte {
	var b strings.Builder
	ip := d.Address.Addr()
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n", session, version, ip, ip)
	fmt.Fprintf(&b, "m=audio %d RTP/AVP", d.Address.Port())
	var attributes strings.Builder
	for _, format := range d.Formats {
		fmt.Fprintf(&b, " %d", format.PayloadType)
		fmt.Fprintf(&attributes, "a=rtpmap:%d %s/8000\r\n", format.PayloadType, format.Codec)
	}
	if digits := d.DigitPayloadType; digits != 0 {
		fmt.Fprintf(&b, " %d", digits)
		fmt.Fprintf(&attributes, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", digits, digits)
	}
	fmt.Fprintf(&b, "\r\n%sa=ptime:20\r\na=%s\r\n", &attributes, directions()[d.Direction])
	return []byte(b.String())
}

// readAnswer takes the far side's part of the stream from its SDP.
func readAnswer(body []byte) (media.Description, error) {
	var session sdp.SessionDescription
	if err := session.UnmarshalString(string(body)); err != nil {
		return media.Description{}, fmt.Errorf("read the far side's SDP: %w", err)
	}
	for _, stream := range session.MediaDescriptions {
		if stream.MediaName.Media == "audio" && stream.MediaName.Port.Value != 0 {
			return readStream(&session, stream)
		}
	}
	return media.Description{}, errors.New("the far side's SDP has no audio")
}

func readStream(session *sdp.SessionDescription, stream *sdp.MediaDescription) (media.Description, error) {
	var d media.Description
	connection := stream.ConnectionInformation
	if connection == nil {
		connection = session.ConnectionInformation
	}
	if connection == nil || connection.Address == nil {
		return d, errors.New("the far side's SDP names no address")
	}
	address, err := netip.ParseAddr(connection.Address.Address)
	if err != nil {
		return d, fmt.Errorf("the far side's SDP: %w", err)
	}
	port := stream.MediaName.Port.Value
	if port < 0 || port > 0xFFFF {
		return d, fmt.Errorf("the far side's SDP: port %d", port)
	}
	d.Address = netip.AddrPortFrom(address, uint16(port))
	for _, text := range stream.MediaName.Formats {
		number, err := strconv.ParseUint(text, 10, 7)
		if err != nil {
			continue
		}
		name := formatName(stream, text)
		if codec := media.ParseCodec(name); slices.Contains(media.DefaultCodecs(), codec) {
			d.Formats = append(d.Formats, media.Format{Codec: codec, PayloadType: uint8(number)})
		} else if strings.EqualFold(name, "telephone-event") && d.DigitPayloadType == 0 {
			d.DigitPayloadType = uint8(number)
		}
	}
	for _, attributes := range [][]sdp.Attribute{session.Attributes, stream.Attributes} {
		for _, a := range attributes {
			if at := slices.Index(directions(), a.Key); at >= 0 {
				d.Direction = media.Direction(at)
			}
		}
	}
	if len(d.Formats) == 0 {
		return d, errors.New("the far side's SDP has neither PCMU nor PCMA")
	}
	return d, nil
}

// formatName is the rtpmap's encoding name, or the static one (RFC 3551).
func formatName(stream *sdp.MediaDescription, payloadType string) string {
	for _, a := range stream.Attributes {
		if number, rest, ok := strings.Cut(a.Value, " "); a.Key == "rtpmap" && ok && number == payloadType {
			name, rate, _ := strings.Cut(strings.TrimSpace(rest), "/")
			if rate == "8000" || strings.HasPrefix(rate, "8000/") {
				return name
			}
			return ""
		}
	}
	switch payloadType {
	case "0":
		return "PCMU"
	case "8":
		return "PCMA"
	}
	return ""
}
