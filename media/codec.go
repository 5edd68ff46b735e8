package media

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"careline/media/opus"
)

// One frame is 20 ms of sound: 160 samples at 8 kHz, the rate of G.711, of clips
// and of telephone-event.
const (
	FrameDuration = 20 * time.Millisecond
	SampleRate    = 8000
	FrameSamples  = SampleRate / framesPerSecond

	framesPerSecond = 50
	// maxSoundLength is the most sound taken from one packet.
	maxSoundLength = 6 * FrameDuration
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
	// G722 is G.722 at 64 kbit/s: 16 kHz of sound under an RTP clock of 8 kHz, static
	// payload type 9 (RFC 3551 section 4.5.2).
	G722
	// Opus is Opus (RFC 6716, RFC 7587), spoken and heard at 16 kHz, mono, under an
	// RTP clock of 48 kHz.
	Opus
	// L16 is uncompressed sound at 16 kHz, mono (RFC 3551 section 4.5.11).
	L16

	codecCount = int(L16) + 1
)

// codecTraits are what the codecs differ by.
var codecTraits = [codecCount]struct {
	name        string // of SDP's rtpmap
	clockRate   int
	sampleRate  int
	channels    int // as rtpmap has it, which for Opus is always 2 (RFC 7587 section 7)
	payloadType uint8
}{
	CodecNone: {name: "none", clockRate: SampleRate, sampleRate: SampleRate, channels: 1},
	PCMU:      {"PCMU", 8000, 8000, 1, 0},
	PCMA:      {"PCMA", 8000, 8000, 1, 8},
	G722:      {"G722", 8000, 16000, 1, 9},
	Opus:      {"opus", 48000, 16000, 2, 111},
	L16:       {"L16", 16000, 16000, 1, 112},
}

// Codecs lists what Careline can speak, in no order of preference.
func Codecs() []Codec { return []Codec{PCMU, PCMA, G722, Opus, L16} }

// DefaultCodecs lists what Careline speaks unless told otherwise, in the order of
// preference: what every telephone has, and what costs nothing to pass on.
func DefaultCodecs() []Codec { return []Codec{PCMU, PCMA} }

// String gives the encoding name as SDP's rtpmap has it.
func (c Codec) String() string { return codecTraits[c.known()].name }

// known is the codec itself, or CodecNone for a number that is none.
func (c Codec) known() Codec {
	if int(c) < codecCount {
		return c
	}
	return CodecNone
}

// RTPMap gives what stands in SDP's rtpmap behind the payload type, such as
// opus/48000/2 (RFC 8866 section 6.6).
func (c Codec) RTPMap() string {
	traits := codecTraits[c.known()]
	if traits.channels > 1 {
		return fmt.Sprintf("%s/%d/%d", traits.name, traits.clockRate, traits.channels)
	}
	return fmt.Sprintf("%s/%d", traits.name, traits.clockRate)
}

// PayloadType is the codec's RTP payload type in our offers: the static one where
// there is one, else a dynamic one.
func (c Codec) PayloadType() uint8 { return codecTraits[c.known()].payloadType }

// ClockRate is the rate of its RTP timestamps, in Hz.
func (c Codec) ClockRate() int { return codecTraits[c.known()].clockRate }

// SampleRate is the rate of the sound that it is encoded from and decoded to,
// 8,000 or 16,000 samples a second.
func (c Codec) SampleRate() int { return codecTraits[c.known()].sampleRate }

// FrameSamples is how many samples a frame of 20 ms has at SampleRate.
func (c Codec) FrameSamples() int { return c.SampleRate() / framesPerSecond }

// FrameTicks is how far RTP timestamps go on in a frame of 20 ms.
func (c Codec) FrameTicks() uint32 { return uint32(c.ClockRate() / framesPerSecond) }

// isG711 reports one of the two that are a byte a sample.
func (c Codec) isG711() bool { return c == PCMU || c == PCMA }

// passes reports whether sound of the codec can be sent in another one without
// decoding: as it is, or by table.
func (c Codec) passes(to Codec) bool { return c == to || c.isG711() && to.isG711() }

// ParseCodec finds a codec by its rtpmap name, in any case; CodecNone if unknown.
func ParseCodec(name string) Codec {
	for _, codec := range Codecs() {
		if strings.EqualFold(name, codec.String()) {
			return codec
		}
	}
	return CodecNone
}

// ParseRTPMap finds a codec by what stands in SDP's rtpmap behind the payload type,
// in any case, clock and channels included; CodecNone if Careline doesn't speak it.
func ParseRTPMap(text string) Codec {
	for _, codec := range Codecs() {
		want := codec.RTPMap()
		if strings.EqualFold(text, want) || codec != Opus && strings.EqualFold(text, want+"/1") {
			return codec
		}
	}
	return CodecNone
}

// ticks is how far the timestamps go on over a payload; 0 if it isn't one of the
// codec, or longer than maxSoundLength.
func (c Codec) ticks(payload []byte) uint32 {
	ticks := 0
	switch c {
	case PCMU, PCMA, G722: // a byte a tick
		ticks = len(payload)
	case L16:
		if len(payload)%2 == 0 {
			ticks = len(payload) / 2
		}
	case Opus:
		ticks = opus.Samples(payload, c.ClockRate())
	}
	if ticks > c.ClockRate()*int(maxSoundLength/time.Millisecond)/1000 {
		return 0
	}
	return uint32(ticks)
}

// lasting is how long so many ticks of the timestamps are.
func (c Codec) lasting(ticks uint32) time.Duration {
	return time.Duration(ticks) * time.Second / time.Duration(c.ClockRate())
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
	// DigitPayloadType is the payload type of telephone-event (RFC 4733); 0 if the
	// side doesn't offer it. Where a side offers several codecs, it is the one that
	// goes with the first.
	DigitPayloadType uint8
	// DigitClockRate is that of telephone-event, in Hz; 0 is 8,000.
	DigitClockRate int
	// Opus is how the side wants to be sent Opus (fmtp, RFC 7587 section 6.1).
	Opus      OpusParameters
	Direction Direction
	// Reports is where the side wants RTCP, if that isn't the port above Address
	// (RFC 3605). ReportsMuxed: it takes, or offers to take, RTCP at Address itself
	// (RFC 5761).
	Reports      netip.AddrPort
	ReportsMuxed bool
	// Crypto are the keys that the side encrypts with, in its order of preference
	// (SDES, RFC 4568); once agreed on, the one in force. Empty: plain RTP.
	Crypto []Crypto
	// DTLS brings the keys instead, to a side that isn't a browser.
	DTLS DTLS
	// WebRTC is the whole session description of a side that is a browser; what
	// else stands here then follows from it.
	WebRTC SDP
}

// agree is what our side then says of an agreement with a far side.
func (d *Description) agree(remote Description, format Format) {
	d.Formats = []Format{format}
	d.DigitPayloadType, d.DigitClockRate = remote.DigitPayloadType, remote.DigitClockRate
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
