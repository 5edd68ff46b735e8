package sip

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"careline/media"
)

// offering is an SDP of one stream of audio with the payload types and attributes.
func offering(types string, attributes ...string) []byte {
	text := "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP " + types + "\r\n"
	for _, attribute := range attributes {
		text += "a=" + attribute + "\r\n"
	}
	return []byte(text)
}

const everything = "111 9 0 8 96 110 101 13"

// everythingAttributes describe it, as a softphone does that has all of ours.
func everythingAttributes() []string {
	return []string{
		"rtpmap:111 opus/48000/2", "fmtp:111 useinbandfec=1;maxaveragebitrate=20000", "rtpmap:96 L16/16000",
		"rtpmap:110 telephone-event/48000", "rtpmap:101 telephone-event/8000", "fmtp:101 0-16",
	}
}

func TestTheCodecIsChosenByOurOrder(t *testing.T) {
	all := everythingAttributes()
	for _, test := range []struct {
		name   string
		terms  terms
		offer  []byte
		format media.Format
		digits digitFormat
	}{
		{"by default, G.711", terms{}, offering(everything, all...), media.Format{Codec: media.PCMU}, digitFormat{101, 8000}},
		{"of G.711, the far side's first", terms{}, offering("111 8 0 101", all...), media.Format{Codec: media.PCMA, PayloadType: 8}, digitFormat{101, 8000}},
		{"Opus, with its digits", terms{codecs: []media.Codec{media.Opus, media.PCMU}}, offering(everything, all...),
			media.Format{Codec: media.Opus, PayloadType: 111}, digitFormat{110, 48000}},
		{"Opus under another number, digits at 8 kHz alone", terms{codecs: []media.Codec{media.Opus}},
			offering("96 101", "rtpmap:96 OPUS/48000/2", "rtpmap:101 telephone-event/8000/1"), media.Format{Codec: media.Opus, PayloadType: 96}, digitFormat{101, 8000}},
		{"G.722 by its static type", terms{codecs: []media.Codec{media.G722, media.PCMU}}, offering("0 9"), media.Format{Codec: media.G722, PayloadType: 9}, digitFormat{}},
		{"L16", terms{codecs: []media.Codec{media.L16}}, offering(everything, all...), media.Format{Codec: media.L16, PayloadType: 96}, digitFormat{101, 8000}},
		{"what is spoken already", terms{codecs: []media.Codec{media.PCMU, media.Opus}, current: media.Opus}, offering(everything, all...),
			media.Format{Codec: media.Opus, PayloadType: 111}, digitFormat{110, 48000}},
		{"what is spoken already, though newly forbidden", terms{current: media.G722}, offering("0 9"), media.Format{Codec: media.G722, PayloadType: 9}, digitFormat{}},
		{"PCMA that is spoken already", terms{current: media.PCMA}, offering("0 8"), media.Format{Codec: media.PCMA, PayloadType: 8}, digitFormat{}},
		{"an answer's first", terms{codecs: []media.Codec{media.PCMU, media.G722}, answered: true}, offering("9 0"), media.Format{Codec: media.G722, PayloadType: 9}, digitFormat{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			session, err := parseSession(test.offer, test.terms)
			must(t, err)
			agreement, err := agree(session)
			must(t, err)
			if agreement.Format != test.format {
				t.Errorf("agreed on %v under %d", agreement.Format.Codec, agreement.Format.PayloadType)
			}
			if got := (digitFormat{agreement.Remote.DigitPayloadType, agreement.Remote.DigitClockRate}); got != test.digits {
				t.Errorf("digits are %+v", got)
			}
		})
	}
}

func TestWhatIsNoCodecOfOursIsPassedOver(t *testing.T) {
	strange := offering("111 96 97 98 99 4000 -1 x", "rtpmap:111 opus/48000", "rtpmap:96 L16/44100/2", "rtpmap:97 PCMU/16000",
		"rtpmap:98 G722/16000", "rtpmap:99 telephone-event/0")
	session, err := parseSession(strange, terms{codecs: media.Codecs()})
	must(t, err)
	if _, err := agree(session); err != ErrNoCommonCodec {
		t.Errorf("%v; formats %+v", err, session.description.Formats)
	}
}

func TestFarSidesWishesForOpusAreRead(t *testing.T) {
	session, err := parseSession(offering(everything, everythingAttributes()...), terms{codecs: []media.Codec{media.Opus}})
	must(t, err)
	if got := session.description.Opus; got != (media.OpusParameters{FEC: true, Bitrate: 20000}) {
		t.Errorf("read as %+v", got)
	}
}

func TestOfferOfAllCodecsSaysAll(t *testing.T) {
	local := ours()
	local.Formats, local.Opus = nil, media.OpusParameters{FEC: true, DTX: true, Bitrate: 24000}
	var o origin
	body, err := o.offerSDP(local, terms{codecs: []media.Codec{media.Opus, media.G722, media.L16, media.PCMU, media.PCMA}})
	must(t, err)
	for _, want := range []string{
		"m=audio 20000 RTP/AVP 111 9 112 0 8 101 110\r\n", "a=rtpmap:111 opus/48000/2\r\n",
		"a=fmtp:111 stereo=0;useinbandfec=1;usedtx=1;maxaveragebitrate=24000\r\n", "a=rtpmap:9 G722/8000\r\n", "a=rtpmap:112 L16/16000\r\n",
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n", "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n", "a=ptime:20\r\n",
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the offer has no %q:\n%s", want, body)
		}
	}
}

func TestOfferOfOpusAloneHasItsDigitsAndNumbersThatMeanOneThing(t *testing.T) {
	local := media.Description{
		Address: netip.MustParseAddrPort("127.0.0.1:20000"), Formats: []media.Format{{Codec: media.Opus, PayloadType: 110}},
		DigitPayloadType: 101,
	}
	if got := offeredDigits(local); len(got) != 2 || got[1] != (digitFormat{111, 48000}) {
		t.Errorf("digits %+v", got)
	}
	local.DigitPayloadType, local.DigitClockRate = 120, 48000 // as agreed before
	if got := offeredDigits(local); len(got) != 1 || got[0] != (digitFormat{120, 48000}) {
		t.Errorf("later: digits %+v", got)
	}
}

// Whatever two sides of ours speak, they agree on the same codec under the same
// numbers, or both find that there is none.
func TestTwoSidesOfOursAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codecs := rapid.SliceOfNDistinct(rapid.SampledFrom(media.Codecs()), 1, 5, rapid.ID)
		offerer, answerer := codecs.Draw(t, "offered"), codecs.Draw(t, "answered")
		local := media.Description{Address: netip.MustParseAddrPort("127.0.0.1:20000"), DigitPayloadType: 101}
		for _, codec := range offerer {
			local.Formats = append(local.Formats, media.Format{Codec: codec, PayloadType: codec.PayloadType()})
		}
		var there, here origin
		offer, err := there.offerSDP(local, terms{})
		if err != nil {
			t.Fatal(err)
		}
		session, err := parseSession(offer, terms{codecs: answerer})
		if err != nil {
			t.Fatal(err)
		}
		agreement, err := agree(session)
		common := false
		for _, codec := range offerer {
			for _, other := range answerer {
				common = common || codec == other
			}
		}
		if (err == nil) != common {
			t.Fatalf("%v and %v: %v", offerer, answerer, err)
		}
		if err != nil {
			return
		}
		answer, err := here.answerSDP(session, agreement, local)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseSession(answer, terms{codecs: offerer, answered: true})
		if err != nil {
			t.Fatal(err)
		}
		found, err := agree(back)
		if err != nil || found.Format != agreement.Format || found.Remote.DigitPayloadType != agreement.Remote.DigitPayloadType ||
			found.Remote.DigitClockRate != agreement.Remote.DigitClockRate || agreement.Remote.DigitPayloadType == 0 {
			t.Fatalf("agreed on %+v there, %+v here: %v\n%s", found, agreement, err, answer)
		}
	})
}
