package media

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"careline/media/tone"
)

// keypad makes a stream of RTP packets out of tones and silence, in a codec.
type keypad struct {
	t         *testing.T
	codec     Codec
	encoder   encoder
	ssrc      uint32
	sequence  uint16
	timestamp uint32
	at        time.Duration
	packets   [][]byte
	times     []time.Duration
}

func newKeypad(t *testing.T, codec Codec) *keypad {
	t.Helper()
	encoder, err := newEncoder(codec)
	if err != nil {
		t.Fatal(err)
	}
	return &keypad{t: t, codec: codec, encoder: encoder, sequence: 65500, timestamp: 4294960000}
}

// key says a key's tone, and a pause; a key of 0 is silence all along.
func (s *keypad) key(key byte, length, pause time.Duration) {
	generator := tone.NewAt(s.codec.SampleRate(), key, length)
	for range int((length + pause) / FrameDuration) {
		sound := make([]int16, s.codec.FrameSamples())
		generator.Fill(sound)
		payload := make([]byte, maxPayload)
		n, err := s.encoder.encode(payload, sound)
		if err != nil {
			s.t.Fatal(err)
		}
		s.packet(s.codec.PayloadType(), s.timestamp, payload[:n])
	}
}

func (s *keypad) packet(payloadType uint8, timestamp uint32, payload []byte) {
	p := packet{payloadType: payloadType, sequence: s.sequence, timestamp: timestamp, ssrc: s.ssrc}
	raw := make([]byte, headerSize, headerSize+len(payload))
	p.putHeader(raw)
	s.packets = append(s.packets, append(raw, payload...))
	s.times = append(s.times, s.at)
	s.sequence++
	s.timestamp += s.codec.FrameTicks()
	s.at += FrameDuration
}

// listen gives the packets to a leg's incoming side; drop says which are lost.
func (s *keypad) listen(in *incoming, drop func(i int) bool) string {
	var keys []byte
	for i, raw := range s.packets {
		if drop != nil && drop(i) {
			continue
		}
		a, ok := in.take(raw, netip.AddrPort{}, in.begun.Add(s.times[i]))
		if ok && a.digit != (Digit{}) {
			keys = append(keys, a.digit.Key())
		}
	}
	return string(keys)
}

func listeningFor(codec Codec, digits uint8, inband InbandDigits) *incoming {
	in := &incoming{types: payloadTypesFor(Format{codec, codec.PayloadType()}, digits)}
	in.listenForTones(inband.listens(digits))
	return in
}

func TestKeysAreHeardInTheSoundOfEachCodec(t *testing.T) {
	for _, codec := range Codecs() {
		pad := newKeypad(t, codec)
		pad.key(0, 0, 200*time.Millisecond)
		for _, key := range []byte(tone.Keys) {
			pad.key(key, 80*time.Millisecond, 80*time.Millisecond)
		}
		if got := pad.listen(listeningFor(codec, 0, InbandAuto), nil); got != tone.Keys {
			t.Errorf("%s: heard %q", codec, got)
		}
		if got := pad.listen(listeningFor(codec, 0, InbandOff), nil); got != "" {
			t.Errorf("%s: heard %q, though nobody listens", codec, got)
		}
		if got := pad.listen(listeningFor(codec, 101, InbandAuto), nil); got != "" {
			t.Errorf("%s: heard %q of a telephone that sends events", codec, got)
		}
	}
}

// TestLostPacketsSplitNoKey: keys of 200 ms, one packet in ten lost and a few
// twice, are a digit each.
func TestLostPacketsSplitNoKey(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	pad := newKeypad(t, PCMU)
	var pressed []byte
	for range 500 {
		key := tone.Keys[random.IntN(len(tone.Keys))]
		pressed = append(pressed, key)
		pad.key(key, 200*time.Millisecond, 160*time.Millisecond)
	}
	for i := len(pad.packets) - 1; i > 0; i -= 7 { // the network doubles some
		pad.packets[i-1] = pad.packets[i]
	}
	if got := pad.listen(listeningFor(PCMU, 0, InbandAuto), func(int) bool { return random.IntN(10) == 0 }); got != string(pressed) {
		t.Errorf("%d presses are heard as %d digits", len(pressed), len(got))
	}
}

// TestKeyThatComesBothWaysIsOneDigit: a gateway that sends the event and leaves
// the tone in the sound; and one that sends tones only, though it promised events.
func TestKeyThatComesBothWaysIsOneDigit(t *testing.T) {
	five, _ := ParseDigit('5')
	both := newKeypad(t, PCMU)
	for range 3 {
		both.key('5', 40*time.Millisecond, 0)
		var sender DigitSender
		sender.Send(five, 80*time.Millisecond)
		for {
			frame, ok := sender.Next(both.timestamp)
			if !ok {
				break
			}
			both.packet(101, frame.Timestamp, frame.Payload[:])
		}
		both.key(0, 0, 100*time.Millisecond)
	}
	tones := newKeypad(t, PCMU)
	for range 3 {
		tones.key('5', 100*time.Millisecond, 60*time.Millisecond)
	}
	for name, c := range map[string]struct {
		pad    *keypad
		inband InbandDigits
		want   string
	}{
		"both ways":                     {both, InbandAlways, "555"},
		"both ways, events count alone": {both, InbandAuto, "555"},
		"tones only":                    {tones, InbandAlways, "555"},
	} {
		if got := c.pad.listen(listeningFor(PCMU, 101, c.inband), nil); got != c.want {
			t.Errorf("%s: heard %q, want %q", name, got, c.want)
		}
	}
}

// recorder is a sender that keeps what is sent.
type recorder struct {
	packets [][]byte
	forget  bool
}

func (r *recorder) send(raw []byte) error {
	if r.forget {
		return nil
	}
	r.packets = append(r.packets, append([]byte(nil), raw...))
	return nil
}

func (*recorder) aim(netip.AddrPort) bool { return true }

// TestDigitsGoAsTonesWhereNoEventIsTaken: what is sent is heard again as the same
// keys, in one stream without gaps.
func TestDigitsGoAsTonesWhereNoEventIsTaken(t *testing.T) {
	for _, codec := range Codecs() {
		sent := &recorder{}
		out := outgoing{to: sent, wanted: true, open: true, fill: true}
		out.agree(Description{}, Format{codec, codec.PayloadType()})
		for _, key := range []byte("159#") {
			digit, _ := ParseDigit(key)
			if !out.saysDigits() || !out.digits.Send(digit, 100*time.Millisecond) {
				t.Fatalf("%s: digit not taken", codec)
			}
		}
		at := time.Unix(0, 0)
		for range 60 {
			out.frame(at)
			at = at.Add(FrameDuration)
		}
		in := listeningFor(codec, 0, InbandAuto)
		var keys []byte
		var before packet
		for i, raw := range sent.packets {
			var p packet
			if p.parse(raw) != isRTP || p.payloadType != codec.PayloadType() {
				t.Fatalf("%s: packet %d is of type %d", codec, i, p.payloadType)
			}
			if i > 0 && (p.sequence != before.sequence+1 || p.timestamp != before.timestamp+codec.FrameTicks()) {
				t.Errorf("%s: packet %d doesn't follow on", codec, i)
			}
			before = p
			if a, ok := in.take(raw, netip.AddrPort{}, in.begun); ok && a.digit != (Digit{}) {
				keys = append(keys, a.digit.Key())
			}
		}
		if len(sent.packets) != 60 || string(keys) != "159#" {
			t.Errorf("%s: %d packets, heard as %q", codec, len(sent.packets), keys)
		}
	}
}

// TestDigitBegunAnotherWayIsDropped: the far side changes, while digits wait, from
// events to none, and its codec.
func TestDigitBegunAnotherWayIsDropped(t *testing.T) {
	out := outgoing{to: &recorder{}, wanted: true, open: true}
	out.agree(Description{DigitPayloadType: 101}, Format{PCMU, 0})
	digit, _ := ParseDigit('5')
	now := time.Unix(0, 0)
	for _, next := range []struct {
		digits uint8
		codec  Codec
	}{{0, PCMU}, {0, G722}, {101, G722}} {
		if !out.saysDigits() || !out.digits.Send(digit, time.Second) {
			t.Fatal("not taken")
		}
		out.frame(now)
		out.agree(Description{DigitPayloadType: next.digits}, Format{next.codec, next.codec.PayloadType()})
		out.frame(now.Add(FrameDuration))
		if out.digits.Sounding() {
			t.Errorf("goes on after a change to %v", next)
		}
		now = now.Add(time.Second)
	}
	if out.digitsLost != 3 {
		t.Errorf("%d are counted as lost", out.digitsLost)
	}
}

func TestInbandDigitsHaveWords(t *testing.T) {
	for _, want := range []InbandDigits{InbandAuto, InbandAlways, InbandOff} {
		if got, err := ParseInbandDigits(want.String()); err != nil || got != want {
			t.Errorf("%s: %v, %v", want, got, err)
		}
	}
	if _, err := ParseInbandDigits("sometimes"); err == nil {
		t.Error("sometimes is taken")
	}
}

func TestListeningForTonesAllocatesNothing(t *testing.T) {
	for _, codec := range []Codec{PCMU, G722} {
		pad := newKeypad(t, codec)
		pad.key('7', time.Second, 0)
		in := listeningFor(codec, 0, InbandAuto)
		i := 0
		if got := testing.AllocsPerRun(40, func() {
			in.take(pad.packets[i], netip.AddrPort{}, in.begun)
			i++
		}); got != 0 {
			t.Errorf("%s: %v allocations a packet", codec, got)
		}
	}
}

// BenchmarkInbandDigits is what listening adds to each packet of G.711.
func BenchmarkInbandDigits(b *testing.B) {
	for _, inband := range []InbandDigits{InbandOff, InbandAlways} {
		b.Run(inband.String(), func(b *testing.B) {
			in := listeningFor(PCMU, 0, inband)
			p := packet{ssrc: 1}
			raw := make([]byte, headerSize+FrameSamples)
			var generator = tone.New('5', time.Hour)
			sound := make([]int16, FrameSamples)
			generator.Fill(sound)
			PCMU.Encode(raw[headerSize:], sound)
			b.ReportAllocs()
			for b.Loop() {
				p.sequence++
				p.timestamp += FrameSamples
				p.putHeader(raw)
				in.take(raw, netip.AddrPort{}, in.begun)
			}
		})
	}
}

// TestOneOfTwoSourcesIsListenedTo: a far side that sends two streams at once, and
// one that goes on under another source.
func TestOneOfTwoSourcesIsListenedTo(t *testing.T) {
	first, other := newKeypad(t, PCMU), newKeypad(t, PCMU)
	first.ssrc, other.ssrc = 1, 2
	first.key('1', 100*time.Millisecond, 200*time.Millisecond)
	other.key('2', 100*time.Millisecond, 200*time.Millisecond)
	both := newKeypad(t, PCMU)
	for i := range first.packets {
		both.packets = append(both.packets, first.packets[i], other.packets[i])
		both.times = append(both.times, first.times[i], other.times[i])
	}
	other.key('3', 80*time.Millisecond, 0)
	both.packets = append(both.packets, other.packets[len(first.packets):]...)
	both.times = append(both.times, other.times[len(first.packets):]...)
	other.packets, other.times = nil, nil
	other.key(0, 0, 100*time.Millisecond)
	other.key('4', 100*time.Millisecond, 0)
	both.packets, both.times = append(both.packets, other.packets...), append(both.times, other.times...)
	if got := both.listen(listeningFor(PCMU, 0, InbandAuto), nil); got != "14" {
		t.Errorf("heard %q", got)
	}
}

// TestWhatWasAgreedSaysWhetherTonesCount: a leg listens where its far side offers no
// telephone-event, and stops where a re-INVITE brings one.
func TestWhatWasAgreedSaysWhetherTonesCount(t *testing.T) {
	engine := running(t, func(o *Options) { o.InbandDigits = InbandAuto })
	caller := newPhone(t, PCMU)
	var told events
	leg, err := engine.OpenRTP(LegOptions{Notify: told.notify})
	if err != nil {
		t.Fatal(err)
	}
	defer leg.Close()
	caller.to = leg.LocalAddress()
	for _, c := range []struct {
		digits uint8
		want   string
	}{{0, "5"}, {DigitPayloadType, "5"}, {0, "55"}} {
		far := caller.description()
		far.DigitPayloadType = c.digits
		if err := leg.Agree(far, caller.format()); err != nil {
			t.Fatal(err)
		}
		before := leg.Stats().PacketsReceived
		sound := make([]int16, 10*FrameSamples)
		generator := tone.New('5', 100*time.Millisecond)
		generator.Fill(sound)
		caller.say(sound)
		eventually(t, "the sound", func() bool { return leg.Stats().PacketsReceived >= before+10 })
		if got := told.keys(); got != c.want {
			t.Errorf("with telephone-event %d the keys so far are %q, want %q", c.digits, got, c.want)
		}
	}
}
