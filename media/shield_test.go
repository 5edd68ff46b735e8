package media

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"careline/media/signal"
	"careline/media/tone"
)

// shielded is a leg whose far side speaks, and what a joined leg and an ear hear.
type shielded struct {
	leg    *Leg
	passed *recorder
}

func newShielded(t *testing.T, codec Codec) *shielded {
	t.Helper()
	s := &shielded{passed: &recorder{}}
	format := Format{codec, codec.PayloadType()}
	s.leg = &Leg{notify: func(Event) {}}
	s.leg.in.types = payloadTypesFor(format, DigitPayloadType)
	peer := &Leg{}
	peer.out.to, peer.out.open, peer.out.wanted = s.passed, true, true
	peer.out.agree(Description{}, format)
	s.leg.peer.Store(peer)
	peer.out.join(s.leg)
	return s
}

// says gives a keypad's packets to the leg, and returns what its ear hears.
func (s *shielded) says(pad *keypad) (heard []int16) {
	ear := s.leg.listen()
	defer s.leg.unlisten()
	begun := time.Now()
	for i, raw := range pad.packets {
		s.leg.receive(raw, netip.AddrPort{}, begun.Add(pad.times[i]))
		frame := make([]int16, FrameSamples)
		ear.frame(frame, SampleRate, begun.Add(pad.times[i]))
		heard = append(heard, frame...)
	}
	return heard
}

// keysIn finds keys in sound.
func keysIn(sound []int16) string {
	var detector tone.Detector
	var keys []byte
	detector.Listen(sound, func(key byte) { keys = append(keys, key) })
	return string(keys)
}

// decoded is the sound of what was passed on, in G.711.
func (s *shielded) decoded() (sound []int16) {
	for _, raw := range s.passed.packets {
		var p packet
		if p.parse(raw) == isRTP {
			samples := make([]int16, len(p.payload))
			PCMU.Decode(samples, p.payload)
			sound = append(sound, samples...)
		}
	}
	return sound
}

// TestShieldKeepsKeysAndLeavesTheVoice: keys of any length and beginning, with a
// voice before, between and after them.
func TestShieldKeepsKeysAndLeavesTheVoice(t *testing.T) {
	for _, on := range []bool{true, false} {
		pad := newKeypad(t, PCMU)
		var spoken []int16
		voice := signal.Tone(440, 1)
		for i, key := range []byte("0123456789*#") {
			spoken = append(spoken, voice[:2000+37*i]...) // keys begin anywhere within a packet
			generator := tone.New(key, time.Duration(50+20*i)*time.Millisecond)
			sound := make([]int16, 480+160*i)
			generator.Fill(sound)
			spoken = append(spoken, sound...)
		}
		pad.say(append(spoken, voice...))
		s := newShielded(t, PCMU)
		s.leg.Shield(on)
		heard := s.says(pad)
		for who, sound := range map[string][]int16{"the joined leg": s.decoded(), "an ear": heard} {
			keys := keysIn(sound)
			if !on {
				if keys != "0123456789*#" {
					t.Errorf("without a shield %s hears %q", who, keys)
				}
				continue
			}
			if keys != "" {
				t.Errorf("%s hears %q", who, keys)
			}
			// What is left of a key is too short for any ear: 10 ms of it at most.
			for at := 0; at+80 <= len(sound); at += 40 {
				piece := sound[at : at+80]
				low, high := signal.Goertzel(piece, 770), signal.Goertzel(piece, 1336)
				if low > 0.15 && high > 0.15 && signal.Goertzel(piece, 440) < 0.1 {
					t.Errorf("%s hears some of a key at %d ms", who, at/8)
					break
				}
			}
			if got := signal.Goertzel(sound[len(sound)-4000:], 440); got < 0.4 {
				t.Errorf("%s hears the voice at %.2f", who, got)
			}
		}
	}
}

// say says samples, whole packets of them.
func (s *keypad) say(samples []int16) {
	for ; len(samples) >= FrameSamples; samples = samples[FrameSamples:] {
		payload := make([]byte, maxPayload)
		n, err := s.encoder.encode(payload, samples[:FrameSamples])
		if err != nil {
			s.t.Fatal(err)
		}
		s.packet(s.codec.PayloadType(), s.timestamp, payload[:n])
	}
}

// TestShieldTellsItsOwner: keys are told as ever, by event and by tone.
func TestShieldTellsItsOwner(t *testing.T) {
	pad := newKeypad(t, PCMU)
	pad.key('4', 100*time.Millisecond, 100*time.Millisecond)
	var sender DigitSender
	two, _ := ParseDigit('2')
	sender.Send(two, 60*time.Millisecond)
	for frame, ok := sender.Next(pad.timestamp); ok; frame, ok = sender.Next(pad.timestamp) {
		pad.packet(DigitPayloadType, frame.Timestamp, frame.Payload[:])
	}
	pad.key(0, 0, 200*time.Millisecond)
	s := newShielded(t, PCMU)
	var keys strings.Builder
	s.leg.notify = func(e Event) {
		if e.Kind == EventDigit {
			keys.WriteByte(e.Digit.Key())
		}
	}
	s.leg.in.listenForTones(true)
	s.leg.Shield(true)
	s.says(pad)
	if keys.String() != "42" {
		t.Errorf("the owner is told %q", keys.String())
	}
	for _, raw := range s.passed.packets {
		var p packet
		if p.parse(raw) != isRTP || p.payloadType == DigitPayloadType {
			t.Error("an event is passed on")
		}
	}
}

func TestShieldAllocatesNothing(t *testing.T) {
	pad := newKeypad(t, PCMU)
	pad.key('7', 2*time.Second, 0)
	s := newShielded(t, PCMU)
	s.leg.Shield(true)
	s.passed.forget = true
	now := time.Now()
	s.leg.receive(pad.packets[0], netip.AddrPort{}, now)
	i := 1
	if got := testing.AllocsPerRun(80, func() {
		s.leg.receive(pad.packets[i], netip.AddrPort{}, now.Add(pad.times[i]))
		i++
	}); got != 0 {
		t.Errorf("%v allocations a packet", got)
	}
}
