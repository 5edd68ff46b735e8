package media

import (
	"testing"
	"time"
)

// What RFC 3551 and RFC 7587 say of the codecs' clocks, and a frame of 20 ms of each.
func TestWhatCodecsDifferBy(t *testing.T) {
	for _, want := range []struct {
		codec               Codec
		rtpmap              string
		clock, rate, sample int
		ticks               uint32
		static              uint8
	}{
		{PCMU, "PCMU/8000", 8000, 8000, 160, 160, 0},
		{PCMA, "PCMA/8000", 8000, 8000, 160, 160, 8},
		{G722, "G722/8000", 8000, 16000, 320, 160, 9},
		{Opus, "opus/48000/2", 48000, 16000, 320, 960, 111},
		{L16, "L16/16000", 16000, 16000, 320, 320, 112},
	} {
		c := want.codec
		if c.RTPMap() != want.rtpmap || c.ClockRate() != want.clock || c.SampleRate() != want.rate ||
			c.FrameSamples() != want.sample || c.FrameTicks() != want.ticks || c.PayloadType() != want.static {
			t.Errorf("%s: %s, clock %d, rate %d, %d samples, %d ticks, type %d", c, c.RTPMap(), c.ClockRate(), c.SampleRate(),
				c.FrameSamples(), c.FrameTicks(), c.PayloadType())
		}
		if ParseRTPMap(want.rtpmap) != c || ParseCodec(c.String()) != c {
			t.Errorf("%s isn't found by its name", c)
		}
		frame := silence(c)
		if got := c.ticks(frame); got != want.ticks {
			t.Errorf("%s: a frame of silence lasts %d ticks, want %d", c, got, want.ticks)
		}
		if got := c.lasting(want.ticks); got != FrameDuration {
			t.Errorf("%s: a frame lasts %v", c, got)
		}
	}
	for _, unknown := range []string{"", "PCMU", "PCMU/16000", "opus/48000", "opus/48000/1", "G722/16000", "L16/8000", "L16/16000/2", "G729/8000"} {
		if codec := ParseRTPMap(unknown); codec != CodecNone {
			t.Errorf("%q is taken for %s", unknown, codec)
		}
	}
	if ParseRTPMap("pcmu/8000/1") != PCMU || ParseRTPMap("OPUS/48000/2") != Opus {
		t.Error("a channel that is said, or letters of another case, hide a codec")
	}
}

func TestPayloadsThatLastTooLongOrNotAtAll(t *testing.T) {
	for _, test := range []struct {
		codec Codec
		size  int
		ticks uint32
	}{
		{PCMU, 960, 960}, {PCMU, 961, 0}, {G722, 960, 960}, {L16, 640, 320}, {L16, 641, 0}, {L16, 1280, 640}, {CodecNone, 160, 0},
	} {
		if got := test.codec.ticks(make([]byte, test.size)); got != test.ticks {
			t.Errorf("%d bytes of %s last %d ticks, want %d", test.size, test.codec, got, test.ticks)
		}
	}
}

// A payload of each length that senders choose (ptime), muted, lasts as long as
// before, and decodes to silence.
func TestSilenceLastsAsLongAsWhatItReplaces(t *testing.T) {
	for _, codec := range Codecs() {
		decoder, err := newDecoder(codec)
		if err != nil {
			t.Fatal(err)
		}
		for _, length := range []time.Duration{10, 20, 40, 60, 80} {
			ticks := ticksOf(length*time.Millisecond, codec.ClockRate())
			if codec == L16 && length > 40 {
				continue // more than a packet carries
			}
			var payload [maxPayload]byte
			size := putSilence(payload[:], codec, ticks)
			if got := codec.ticks(payload[:size]); got != ticks {
				t.Errorf("%s: %d ms of silence are %d ticks, want %d", codec, length, got, ticks)
			}
			var sound [maxSamples]int16
			n, err := decoder.decode(sound[:], payload[:size])
			if want := int(length) * codec.SampleRate() / 1000; err != nil || n != want {
				t.Errorf("%s: %d ms of silence decode to %d samples, want %d: %v", codec, length, n, want, err)
			}
			for _, sample := range sound[:n] {
				if sample > 16 || sample < -16 {
					t.Fatalf("%s: silence has a sample of %d", codec, sample)
				}
			}
		}
	}
}
