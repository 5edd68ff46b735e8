package media

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"
)

// One frame is 20 ms of sound: 160 samples at 8 kHz, 160 payload bytes of G.711.
const (
	FrameDuration = 20 * time.Millisecond
	SampleRate    = 8000
	FrameSamples  = SampleRate / 50
)

// Codec is an audio codec.
type Codec uint8

const (
	// CodecNone is the zero value: nothing agreed yet.
	CodecNone Codec = iota
	// PCMU is G.711 µ-law, 8 kHz, static payload type 0 (RFC 3551 section 6).
	PCMU
	// PCMA is G.711 A-law, 8 kHz, static payload type 8 (RFC 3551 section 6).
	PCMA
)

// Codecs lists what Careline speaks, in the order of preference.
func Codecs() []Codec { return []Codec{PCMU, PCMA} }

// String gives the encoding name as SDP's rtpmap has it.
func (c Codec) String() string {
	switch c {
	case PCMU:
		return "PCMU"
	case PCMA:
		return "PCMA"
	}
	return "none"
}

// PayloadType is the codec's static RTP payload type.
func (c Codec) PayloadType() uint8 {
	if c == PCMA {
		return 8
	}
	return 0
}

// Silence is the payload byte that sounds like nothing.
func (c Codec) Silence() byte {
	if c == PCMA {
		return 0xD5
	}
	return 0xFF
}

// ParseCodec finds a codec by its rtpmap name, in any case; CodecNone if unknown.
func ParseCodec(name string) Codec {
	for _, codec := range Codecs() {
		if strings.EqualFold(name, codec.String()) {
			return codec
		}
	}
	return CodecNone
}

// Direction says which way sound flows, seen from the side that states it
// (RFC 3264 section 5.1).
type Direction uint8

const (
	SendRecv Direction = iota
	SendOnly
	RecvOnly
	Inactive
)

// Sends reports whether the stating side sends.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly }

// Receives reports whether the stating side receives.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly }

// Answer is the direction that answers an offered one (RFC 3264 section 6.1).
func (d Direction) Answer() Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	}
	return d
}

// Format is a codec under the payload type that one session gives it.
type Format struct {
	Codec       Codec
	PayloadType uint8
}

// Description is what one side says of its end of an audio stream: what an
// SDP offer or answer carries, without the SDP.
type Description struct {
	// Address is where the side wants its RTP. Invalid or port 0: nowhere.
	Address netip.AddrPort
	// Formats are the codecs in the side's order of preference; those that
	// Careline doesn't speak are left out.
	Formats []Format
	// DigitPayloadType is the payload type of telephone-event/8000 (RFC 4733);
	// 0 if the side doesn't offer it.
	DigitPayloadType uint8
	Direction        Direction
	// Crypto are the keys that the side encrypts with, in its order of preference
	// (SDES, RFC 4568); once agreed on, the one in force. Empty: plain RTP.
	Crypto []Crypto
	// WebRTC is the whole session description of a side that is a browser; what
	// else stands here then follows from it.
	WebRTC SDP
}

// Digit is one key of a telephone: 0-9, *, #, A-D. What a caller keys in is PHI
// from the packet on, so it prints as •; Key takes the value out.
type Digit struct{ key byte }

const digitKeys = "0123456789*#ABCD"

// DigitFromEvent makes a Digit of an RFC 4733 event code 0-15.
func DigitFromEvent(code uint8) (Digit, bool) {
	if int(code) >= len(digitKeys) {
		return Digit{}, false
	}
	return Digit{digitKeys[code]}, true
}

// ParseDigit makes a Digit of its key, in upper or lower case.
func ParseDigit(key byte) (Digit, bool) {
	i := strings.IndexByte(digitKeys, strings.ToUpper(string(rune(key)))[0])
	if i < 0 {
		return Digit{}, false
	}
	return Digit{digitKeys[i]}, true
}

// Key returns the key, one of "0123456789*#ABCD".
func (d Digit) Key() byte { return d.key }

// Event returns the RFC 4733 event code, 0-15.
func (d Digit) Event() uint8 { return uint8(strings.IndexByte(digitKeys, d.key)) }

// String hides the key.
func (Digit) String() string { return "•" }

// Format hides the key from every verb.
func (d Digit) Format(state fmt.State, _ rune) { io.WriteString(state, d.String()) }
