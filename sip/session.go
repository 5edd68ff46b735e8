package sip

import (
	"errors"
	"net/netip"

	"github.com/pion/sdp/v3"

	"careline/media"
)

const (
	maxSessionBytes = 8 << 10 // an SDP longer than this isn't read
	maxStreams      = 8       // media lines in one SDP
)

// remoteSession is what the far side's SDP says, and what an answer must mirror.
type remoteSession struct {
	description media.Description
	streams     []streamLine
	chosen      int   // the stream that we take; -1 for none
	unfit       error // why there is none, where security is at fault
}

// streamLine is one media line; an answer has the same ones in the same order
// (RFC 3264 section 6).
type streamLine struct {
	kind      string
	protocols []string
	formats   []string
}

// parseSession reads SDP (RFC 8866). The audio stream that it describes is the
// first in a codec of ours that the terms allow; an encrypted one goes before one
// in the clear.
func parseSession(body []byte, t terms) (remoteSession, error) {
	if len(body) > maxSessionBytes {
		return remoteSession{}, badOffer("it has more than %d bytes", maxSessionBytes)
	}
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(string(body)); err != nil {
		return remoteSession{}, badOffer("it isn't SDP") // the parser's text quotes the peer
	}
	if len(parsed.MediaDescriptions) == 0 {
		return remoteSession{}, badOffer("it has no media line")
	}
	if len(parsed.MediaDescriptions) > maxStreams {
		return remoteSession{}, badOffer("it has more than %d media lines", maxStreams)
	}
	session := remoteSession{chosen: -1}
	best := 0
	for i, stream := range parsed.MediaDescriptions {
		session.streams = append(session.streams, streamLine{
			kind: stream.MediaName.Media, protocols: stream.MediaName.Protos, formats: stream.MediaName.Formats,
		})
		if stream.MediaName.Media != "audio" {
			continue
		}
		how, why := t.protection(&parsed, stream)
		session.unfit = errors.Join(session.unfit, why)
		rank := 2 * int(how)
		if how != unusable && stream.MediaName.Port.Value <= 0 {
			rank = 1 // refused or ended; any other goes before it
		}
		if rank <= best {
			continue
		}
		description := t.describe(&parsed, stream, how)
		if len(description.Formats) > 0 {
			best, session.chosen, session.description = rank, i, description
			if how == byDTLS {
				session.description.WebRTC = media.SDP(body)
			}
		}
	}
	return session, nil
}

// describe describes a stream. Port 0 refuses it in an answer and ends it in a
// reoffer; it is still described, as inactive.
func (t terms) describe(session *sdp.SessionDescription, stream *sdp.MediaDescription, how protection) media.Description {
	description := media.Description{Direction: readDirection(session, stream)}
	if best, ok := bestCrypto(readCryptos(stream)); ok && how == byKeys {
		description.Crypto = []media.Crypto{best}
	}
	if how == byHandshake {
		description.DTLS = readDTLS(session, stream)
	}
	connection := stream.ConnectionInformation
	if connection == nil {
		connection = session.ConnectionInformation
	}
	address := readAddress(connection)
	port := stream.MediaName.Port.Value
	switch {
	case port <= 0 || port > 65535:
		description.Direction = media.Inactive
	case how == byDTLS: // ICE finds the way
	case address.IsUnspecified(): // hold as RFC 2543 had it: "send me nothing"
		description.Direction = directionOf(description.Direction, media.RecvOnly)
	default:
		description.Address = netip.AddrPortFrom(address, uint16(port))
	}
	t.readFormats(stream, &description)
	readReports(stream, address, &description)
	return description
}

// readAddress reads c=; a host name stays the zero address, and the media latch
// finds the far side by its first packets.
func readAddress(connection *sdp.ConnectionInformation) netip.Addr {
	if connection == nil || connection.Address == nil {
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(connection.Address.Address)
	if err != nil || address.IsMulticast() {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}

func readDirection(session *sdp.SessionDescription, stream *sdp.MediaDescription) media.Direction {
	for _, attributes := range [][]sdp.Attribute{stream.Attributes, session.Attributes} {
		for _, attribute := range attributes {
			switch attribute.Key {
			case "sendrecv":
				return media.SendRecv
			case "sendonly":
				return media.SendOnly
			case "recvonly":
				return media.RecvOnly
			case "inactive":
				return media.Inactive
			}
		}
	}
	return media.SendRecv
}
