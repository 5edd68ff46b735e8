package media

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// iceDefault is where a session description of WebRTC says that sound goes: nowhere,
// ICE finds the way (RFC 8839 section 4.2.5).
var iceDefault = netip.AddrPortFrom(netip.IPv4Unspecified(), 9)

// browserSDP is what a browser's session description says, as far as the one stream of
// sound needs it (RFC 8829).
type browserSDP struct {
	mid       string // the name of the section
	bundled   bool
	ufrag     string // of ICE
	password  string
	dtls      DTLS
	direction Direction
	codecs    []browserCodec // in the browser's order
}

// browserCodec is a codec, or the digits, under the number that a description gives it.
type browserCodec struct {
	name        string
	clock       int
	channels    int
	payloadType uint8
	parameters  string // fmtp
}

// readBrowserSDP reads a description of one stream. Its errors are wrapped in wrong.
func readBrowserSDP(text string, wrong error) (*browserSDP, error) {
	if err := checkSections(text, wrong); err != nil {
		return nil, err
	}
	var session sdp.SessionDescription
	if err := session.UnmarshalString(text); err != nil {
		return nil, fmt.Errorf("%w: %v", wrong, err)
	}
	if len(session.MediaDescriptions) != 1 {
		return nil, fmt.Errorf("%w: wanted is one section", wrong)
	}
	sound := session.MediaDescriptions[0]
	value := func(key string) string {
		if found, ok := sound.Attribute(key); ok {
			return found
		}
		found, _ := session.Attribute(key)
		return found
	}
	read := &browserSDP{ufrag: value("ice-ufrag"), password: value("ice-pwd"), direction: offeredDirection(text)}
	read.mid, _ = sound.Attribute("mid")
	group, _ := session.Attribute("group")
	read.bundled = slices.Contains(strings.Fields(group), "BUNDLE")
	read.dtls.Setup = ParseSetup(value("setup"))
	for _, all := range [][]sdp.Attribute{sound.Attributes, session.Attributes} {
		for _, one := range all {
			if found, ok := ParseFingerprint(one.Value); one.Key == "fingerprint" && ok && !read.dtls.Used() {
				read.dtls.Fingerprint = found
			}
		}
	}
	read.readCodecs(sound)
	_, lite := session.Attribute("ice-lite")
	switch {
	case !slices.Contains(sound.MediaName.Protos, "SAVPF") && !slices.Contains(sound.MediaName.Protos, "SAVP"):
		return nil, fmt.Errorf("%w: its sound isn't encrypted", wrong)
	case !read.dtls.Used():
		return nil, fmt.Errorf("%w: it has no fingerprint of a certificate by SHA-256, -384 or -512", wrong)
	case len(read.ufrag) < 4 || len(read.password) < 22: // RFC 8839 section 5.4
		return nil, fmt.Errorf("%w: it has no name and password of ICE", wrong)
	case lite:
		return nil, fmt.Errorf("%w: it is an ICE-lite host, as we are, so that neither would look for the way", wrong)
	}
	return read, nil
}

// readCodecs reads the payload types; G.711 and G.722 have numbers of their own (RFC
// 3551).
func (b *browserSDP) readCodecs(sound *sdp.MediaDescription) {
	known := map[string]browserCodec{}
	for _, codec := range []Codec{PCMU, PCMA, G722} {
		known[strconv.Itoa(int(codec.PayloadType()))] = browserCodec{name: codec.String(), clock: codec.ClockRate(), channels: 1}
	}
	for _, one := range sound.Attributes {
		number, rest, _ := strings.Cut(one.Value, " ")
		codec := known[number]
		switch one.Key {
		case "rtpmap":
			parts := strings.Split(strings.TrimSpace(rest), "/")
			codec.name, codec.clock, codec.channels = parts[0], 0, 1
			if len(parts) > 1 {
				codec.clock, _ = strconv.Atoi(parts[1])
			}
			if len(parts) > 2 {
				codec.channels, _ = strconv.Atoi(parts[2])
			}
		case "fmtp":
			codec.parameters = strings.TrimSpace(rest)
		default:
			continue
		}
		known[number] = codec
	}
	for _, number := range sound.MediaName.Formats {
		codec := known[number]
		if payloadType, err := strconv.ParseUint(number, 10, 7); err == nil && codec.name != "" {
			codec.payloadType = uint8(payloadType)
			b.codecs = append(b.codecs, codec)
		}
	}
}

// ownSDP is what our side of a browser's connection says.
type ownSDP struct {
	session     uint64 // the connection's number
	version     uint64 // of the description
	mid         string
	bundled     bool
	setup       Setup
	fingerprint string
	direction   Direction
	codecs      []browserCodec
	ssrc        uint32
	name        string // of our reports (CNAME)
	ufrag       string
	password    string
	candidates  []string
}

// marshal writes it (RFC 8829 section 5.3.1): all candidates are there.
func (o *ownSDP) marshal() (string, error) {
	sound := &sdp.MediaDescription{
		MediaName:             sdp.MediaName{Media: "audio", Port: sdp.RangedPort{Value: int(iceDefault.Port())}, Protos: []string{"UDP", "TLS", "RTP", "SAVPF"}},
		ConnectionInformation: &sdp.ConnectionInformation{NetworkType: "IN", AddressType: "IP4", Address: &sdp.Address{Address: iceDefault.Addr().String()}},
	}
	kind, hash, _ := strings.Cut(o.fingerprint, " ")
	sound.WithValueAttribute("mid", o.mid).WithPropertyAttribute(o.direction.attribute()).WithPropertyAttribute("rtcp-mux").
		WithICECredentials(o.ufrag, o.password).WithFingerprint(kind, hash).WithValueAttribute("setup", o.setup.String())
	for _, codec := range o.codecs {
		channels := uint16(codec.channels)
		if channels == 1 {
			channels = 0 // isn't written
		}
		sound.WithCodec(codec.payloadType, codec.name, uint32(codec.clock), channels, codec.parameters)
	}
	sound.WithValueAttribute("msid", "careline careline").WithValueAttribute("ssrc", fmt.Sprintf("%d cname:%s", o.ssrc, o.name))
	for _, candidate := range o.candidates {
		sound.WithValueAttribute("candidate", candidate)
	}
	sound.WithPropertyAttribute("end-of-candidates")
	session := &sdp.SessionDescription{
		Origin: sdp.Origin{
			Username: "-", SessionID: o.session, SessionVersion: o.version,
			NetworkType: "IN", AddressType: "IP4", UnicastAddress: iceDefault.Addr().String(),
		},
		SessionName: "-", TimeDescriptions: []sdp.TimeDescription{{}},
	}
	if o.bundled {
		session.WithValueAttribute("group", "BUNDLE "+o.mid)
	}
	session.WithPropertyAttribute("ice-lite").WithMedia(sound)
	text, err := session.Marshal()
	if err != nil {
		return "", fmt.Errorf("media: session description: %w", err)
	}
	return string(text), nil
}
