package media

import (
	"strings"

	"github.com/pion/webrtc/v4"
)

const mimeDigits = "audio/telephone-event"

// browserCodecs are what browsers' connections may use; which of them a leg does is
// chosen as it answers. Without parameters they fit any that a browser gives.
func browserCodecs() []webrtc.RTPCodecParameters {
	var all []webrtc.RTPCodecParameters
	add := func(mimeType string, clockRate, channels int, payloadType uint8) {
		all = append(all, webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mimeType, ClockRate: uint32(clockRate), Channels: uint16(channels)},
			PayloadType:        webrtc.PayloadType(payloadType),
		})
	}
	for _, codec := range []Codec{PCMU, PCMA, G722, Opus} {
		channels := 0 // that is, one
		if codec == Opus {
			channels = codecTraits[Opus].channels
		}
		add("audio/"+codec.String(), codec.ClockRate(), channels, codec.PayloadType())
	}
	add(mimeDigits, SampleRate, 0, 126) // as browsers have it
	add(mimeDigits, Opus.ClockRate(), 0, WideDigitPayloadType)
	return all
}

// browserChoice is what a leg and its browser agree on.
type browserChoice struct {
	format Format
	remote Description                 // what the browser says of digits and of Opus
	codecs []webrtc.RTPCodecParameters // what the answer says
}

// choose picks, of what a browser offers, the first codec in the leg's order, and the
// digits that go with it (RFC 4733 section 2.1: under the same clock, if there are
// such); CodecNone if there is none.
func (l *Leg) choose(offered []webrtc.RTPCodecParameters) (choice browserChoice) {
	for _, codec := range l.codecs {
		for _, one := range offered {
			if codecOf(one) != codec {
				continue
			}
			choice.format = Format{codec, uint8(one.PayloadType)}
			choice.remote.Opus = ParseOpusParameters(one.SDPFmtpLine)
			one.SDPFmtpLine = ""
			if codec == Opus {
				one.SDPFmtpLine = l.engine.opus.String()
			}
			choice.codecs = append(choice.codecs, one)
			choice.addDigits(offered)
			return choice
		}
	}
	return choice
}

func (c *browserChoice) addDigits(offered []webrtc.RTPCodecParameters) {
	var best *webrtc.RTPCodecParameters
	for i, one := range offered {
		if !strings.EqualFold(one.MimeType, mimeDigits) {
			continue
		}
		if best == nil || int(one.ClockRate) == c.format.Codec.ClockRate() {
			best = &offered[i]
		}
	}
	if best != nil {
		c.remote.DigitPayloadType, c.remote.DigitClockRate = uint8(best.PayloadType), int(best.ClockRate)
		c.codecs = append(c.codecs, *best)
	}
}

// codecOf is the codec that a browser means; CodecNone if it is none of ours.
func codecOf(parameters webrtc.RTPCodecParameters) Codec {
	_, name, _ := strings.Cut(parameters.MimeType, "/")
	codec := ParseCodec(name)
	if int(parameters.ClockRate) != codec.ClockRate() {
		return CodecNone
	}
	return codec
}
