package media

import "strings"

// digitsName is that of digits among codecs (RFC 4733).
const digitsName = "telephone-event"

// browserDigits is the payload type of digits at 8 kHz as browsers have it.
const browserDigits = 126

// browserChoice is what a leg and its browser agree on.
type browserChoice struct {
	format Format
	remote Description    // what the browser says of digits and of Opus
	codecs []browserCodec // what the answer says
}

// choose picks, of what a browser offers, the first codec in the leg's order, and the
// digits that go with it (RFC 4733 section 2.1: under the same clock, if there are
// such); CodecNone if there is none.
func (l *Leg) choose(offered []browserCodec) (choice browserChoice) {
	for _, codec := range l.codecs {
		for _, one := range offered {
			if one.codec() != codec {
				continue
			}
			choice.format = Format{codec, one.payloadType}
			choice.remote.Opus = ParseOpusParameters(one.parameters)
			one.parameters = ""
			if codec == Opus {
				one.parameters = l.engine.opus.String()
			}
			choice.codecs = append(choice.codecs, one)
			choice.addDigits(offered)
			return choice
		}
	}
	return choice
}

func (c *browserChoice) addDigits(offered []browserCodec) {
	var best *browserCodec
	for i, one := range offered {
		if !strings.EqualFold(one.name, digitsName) {
			continue
		}
		if best == nil || one.clock == c.format.Codec.ClockRate() {
			best = &offered[i]
		}
	}
	if best != nil {
		c.remote.DigitPayloadType, c.remote.DigitClockRate = best.payloadType, best.clock
		c.codecs = append(c.codecs, *best)
	}
}

// codec is the one that is meant; CodecNone if it is none of those that browsers and
// we have.
func (b browserCodec) codec() Codec {
	codec := ParseCodec(b.name)
	switch codec {
	case PCMU, PCMA, G722, Opus:
		if b.clock == codec.ClockRate() {
			return codec
		}
	}
	return CodecNone
}

// offeredCodecs are those that the leg may speak, in its order, and the digits that go
// with them.
func (l *Leg) offeredCodecs() []browserCodec {
	var offered []browserCodec
	clocks := map[int]bool{}
	for _, codec := range l.codecs {
		one := browserCodec{name: codec.String(), clock: codec.ClockRate(), channels: 1, payloadType: codec.PayloadType()}
		if one.codec() == CodecNone {
			continue
		}
		if codec == Opus {
			one.channels, one.parameters = codecTraits[Opus].channels, l.engine.opus.String()
		}
		offered = append(offered, one)
		clocks[one.clock] = true
	}
	for _, digits := range []browserCodec{
		{name: digitsName, clock: SampleRate, channels: 1, payloadType: browserDigits},
		{name: digitsName, clock: Opus.ClockRate(), channels: 1, payloadType: WideDigitPayloadType},
	} {
		if clocks[digits.clock] {
			offered = append(offered, digits)
		}
	}
	return offered
}
