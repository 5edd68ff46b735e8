package dial

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"careline/media"

	"github.com/pion/sdp/v3"
)

// digitPayloadType is what we offer telephone-event under.
const digitPayloadType = 101

// offer writes our SDP (RFC 8866): one audio stream.
func offer(local netip.AddrPort, session uint64, codecs []media.Codec) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- %d 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n", session, local.Addr(), local.Addr())
	fmt.Fprintf(&b, "m=audio %d RTP/AVP", local.Port())
	for _, codec := range codecs {
		fmt.Fprintf(&b, " %d", codec.PayloadType())
	}
	fmt.Fprintf(&b, " %d\r\n", digitPayloadType)
	for _, codec := range codecs {
		fmt.Fprintf(&b, "a=rtpmap:%d %s/8000\r\n", codec.PayloadType(), codec)
	}
	fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\na=ptime:20\r\na=sendrecv\r\n", digitPayloadType, digitPayloadType)
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
		if codec := media.ParseCodec(name); codec != media.CodecNone {
			d.Formats = append(d.Formats, media.Format{Codec: codec, PayloadType: uint8(number)})
		} else if strings.EqualFold(name, "telephone-event") && d.DigitPayloadType == 0 {
			d.DigitPayloadType = uint8(number)
		}
	}
	for _, attributes := range [][]sdp.Attribute{session.Attributes, stream.Attributes} {
		for _, a := range attributes {
			switch a.Key {
			case "sendrecv":
				d.Direction = media.SendRecv
			case "sendonly":
				d.Direction = media.SendOnly
			case "recvonly":
				d.Direction = media.RecvOnly
			case "inactive":
				d.Direction = media.Inactive
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
