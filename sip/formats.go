package sip

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"careline/media"
)

const (
	maxStreamFormats = 32 // formats in one media line that are looked at
	maxPayloadType   = 127
	firstDynamicType = 96 // RFC 3551 section 6
)

// digitFormat is telephone-event (RFC 4733) as a media line has it.
type digitFormat struct {
	payloadType uint8
	clockRate   int
}

// digitClock is the clock that digits beside a codec should have (RFC 4733 section
// 2.1); G.722's and L16's go at 8 kHz, as phones have it.
func digitClock(codec media.Codec) int {
	if codec == media.Opus {
		return codec.ClockRate()
	}
	return media.SampleRate
}

// staticTypes are the payload types that need no rtpmap (RFC 3551 table 4).
var staticTypes = map[string]string{
	strconv.Itoa(int(media.PCMU.PayloadType())): media.PCMU.RTPMap(),
	strconv.Itoa(int(media.PCMA.PayloadType())): media.PCMA.RTPMap(),
	strconv.Itoa(int(media.G722.PayloadType())): media.G722.RTPMap(),
}

// readFormats takes the codecs that the terms allow, and telephone-event, out of a
// media line.
func (t terms) readFormats(stream *sdp.MediaDescription, description *media.Description) {
	names, parameters := attributesByType(stream, "rtpmap"), attributesByType(stream, "fmtp")
	var digits []digitFormat
	var taken [maxPayloadType + 1]bool
	for i, payload := range stream.MediaName.Formats {
		number, err := strconv.ParseUint(payload, 10, 8)
		if err != nil || number > maxPayloadType || i >= maxStreamFormats || taken[number] {
			continue
		}
		taken[number] = true
		name := cmp.Or(names[payload], staticTypes[payload])
		if codec := media.ParseRTPMap(name); t.allows(codec) {
			if codec == media.Opus && !slices.ContainsFunc(description.Formats, isOpus) {
				description.Opus = media.ParseOpusParameters(parameters[payload])
			}
			description.Formats = append(description.Formats, media.Format{Codec: codec, PayloadType: uint8(number)})
			continue
		}
		encoding, rate, _ := strings.Cut(name, "/")
		if clock, err := strconv.Atoi(strings.TrimSuffix(rate, "/1")); err == nil && clock > 0 && strings.EqualFold(encoding, "telephone-event") {
			digits = append(digits, digitFormat{uint8(number), clock})
		}
	}
	description.Formats = t.prefer(description.Formats)
	if len(description.Formats) > 0 {
		chosen := digitsFor(description.Formats[0].Codec, digits)
		description.DigitPayloadType, description.DigitClockRate = chosen.payloadType, chosen.clockRate
	}
}

func isOpus(format media.Format) bool { return format.Codec == media.Opus }

// attributesByType are the values of rtpmap or fmtp, by the payload type before them.
func attributesByType(stream *sdp.MediaDescription, key string) map[string]string {
	values := map[string]string{}
	for _, attribute := range stream.Attributes {
		if attribute.Key != key {
			continue
		}
		if payload, value, found := strings.Cut(attribute.Value, " "); found {
			values[strings.TrimSpace(payload)] = strings.TrimSpace(value)
		}
	}
	return values
}

// digitsFor are the digits that go with a codec: those under the clock that they
// should have, else the first; zero if there are none.
func digitsFor(codec media.Codec, digits []digitFormat) digitFormat {
	for _, one := range digits {
		if one.clockRate == digitClock(codec) {
			return one
		}
	}
	if len(digits) > 0 {
		return digits[0]
	}
	return digitFormat{}
}

// answerTerms are those of an answer to what our side offered.
func (d *Dialog) answerTerms(local media.Description) terms {
	t := d.terms()
	t.answered = true
	if len(local.Formats) > 0 {
		t.codecs, t.current = nil, media.CodecNone
		for _, format := range local.Formats {
			t.codecs = append(t.codecs, format.Codec)
		}
	}
	return t
}

// ours are the codecs that the terms allow, in our order.
func (t terms) ours() []media.Codec {
	if len(t.codecs) == 0 {
		return media.DefaultCodecs()
	}
	return t.codecs
}

func (t terms) allows(codec media.Codec) bool {
	return codec != media.CodecNone && (codec == t.current || slices.Contains(t.ours(), codec))
}

// prefer puts the format to agree on first, and leaves the others as they are. Of an
// answer that is its first; of an offer what is spoken already, else the first of our
// order: who converts between codecs for every call should have chosen to. PCMU and
// PCMA cost the same, so between them the far side's order decides.
func (t terms) prefer(formats []media.Format) []media.Format {
	if t.answered || len(formats) == 0 {
		return formats
	}
	find := func(codec media.Codec) int {
		return slices.IndexFunc(formats, func(f media.Format) bool { return f.Codec == codec })
	}
	best := -1
	for _, codec := range append([]media.Codec{t.current}, t.ours()...) {
		if best = find(codec); best >= 0 {
			break
		}
	}
	if best < 0 {
		return formats
	}
	if formats[best].Codec != t.current && isG711(formats[best].Codec) {
		best = slices.IndexFunc(formats, func(f media.Format) bool { return isG711(f.Codec) })
	}
	chosen := formats[best]
	return slices.Insert(slices.Delete(formats, best, best+1), 0, chosen)
}

func isG711(codec media.Codec) bool { return codec == media.PCMU || codec == media.PCMA }

// addFormats says in a media line what a side speaks.
func addFormats(stream *sdp.MediaDescription, formats []media.Format, digits []digitFormat, opus media.OpusParameters) {
	add := func(payloadType uint8, rtpmap, fmtp string) {
		payload := strconv.Itoa(int(payloadType))
		stream.MediaName.Formats = append(stream.MediaName.Formats, payload)
		stream.Attributes = append(stream.Attributes, sdp.NewAttribute("rtpmap", payload+" "+rtpmap))
		if fmtp != "" {
			stream.Attributes = append(stream.Attributes, sdp.NewAttribute("fmtp", payload+" "+fmtp))
		}
	}
	for _, format := range formats {
		fmtp := ""
		if format.Codec == media.Opus {
			fmtp = opus.String()
		}
		add(format.PayloadType, format.Codec.RTPMap(), fmtp)
	}
	for _, one := range digits {
		add(one.payloadType, "telephone-event/"+strconv.Itoa(one.clockRate), "0-15")
	}
}

// agreedDigits are those of an answer.
func agreedDigits(d media.Description) []digitFormat {
	if d.DigitPayloadType == 0 {
		return nil
	}
	return []digitFormat{{d.DigitPayloadType, cmp.Or(d.DigitClockRate, media.SampleRate)}}
}

// offeredDigits are those of an offer: one for each clock that its codecs want, under
// numbers that mean nothing else. What was agreed before keeps its number (RFC 3264
// section 8.3.2).
func offeredDigits(local media.Description) []digitFormat {
	all := agreedDigits(local)
	var taken [maxPayloadType + 1]bool
	for _, format := range local.Formats {
		taken[format.PayloadType&maxPayloadType] = true
	}
	for _, one := range all {
		taken[one.payloadType&maxPayloadType] = true
	}
	for _, format := range local.Formats {
		clock := digitClock(format.Codec)
		if slices.ContainsFunc(all, func(d digitFormat) bool { return d.clockRate == clock }) {
			continue
		}
		number := media.DigitPayloadType
		if clock != media.SampleRate {
			number = media.WideDigitPayloadType
		}
		for taken[number] {
			if number++; number > maxPayloadType {
				number = firstDynamicType
			}
		}
		taken[number] = true
		all = append(all, digitFormat{uint8(number), clock})
	}
	return all
}
