package media

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"careline/media/link"
	"careline/media/resample"
	"careline/media/signal"
)

// spokenPrompt is speech of the demo, at 8 kHz.
func spokenPrompt(t testing.TB, names ...string) (sound []int16) {
	t.Helper()
	for _, name := range names {
		file, err := os.Open(filepath.Join("..", "config", "demo", "prompts", name+".wav"))
		if err != nil {
			t.Fatal(err)
		}
		samples, err := ReadWAV(file)
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
		sound = append(sound, samples...)
	}
	return sound[:len(sound)/FrameSamples*FrameSamples]
}

// speaker encodes a sound as a far side does.
type speaker struct {
	t       testing.TB
	codec   Codec
	encoder encoder
	up      resample.Up
	packet  packet
}

func newSpeaker(t testing.TB, codec Codec) *speaker {
	t.Helper()
	encoder, err := newTunedEncoder(codec, OpusParameters{FEC: true})
	if err != nil {
		t.Fatal(err)
	}
	return &speaker{t: t, codec: codec, encoder: encoder, packet: packet{
		sequence: 65400, timestamp: 4294900000, ssrc: 77, payloadType: codec.PayloadType(),
	}}
}

// say encodes one frame of 160 samples as an RTP packet.
func (s *speaker) say(frame []int16) []byte {
	s.t.Helper()
	if s.codec.SampleRate() == wideRate {
		wide := make([]int16, maxHeard)
		s.up.Frame(wide, frame)
		frame = wide
	}
	raw := make([]byte, headerSize+maxPayload)
	n, err := s.encoder.encode(raw[headerSize:], frame)
	if err != nil {
		s.t.Fatal(err)
	}
	s.packet.putHeader(raw)
	s.packet.sequence++
	s.packet.timestamp += s.codec.FrameTicks()
	return raw[:headerSize+n]
}

// listening is a leg that hears a codec, without an engine, in a time of its own.
func listening(codec Codec, begun time.Time) (*Leg, netip.AddrPort) {
	from := netip.MustParseAddrPort("192.0.2.1:4000")
	leg := &Leg{engine: &Engine{}}
	leg.in.begun = begun
	leg.in.types = payloadTypesFor(Format{codec, codec.PayloadType()}, 101)
	leg.in.latch = &latch{}
	leg.in.latch.reopen(from, true, begun)
	leg.ear.open(&leg.muted, begun)
	return leg, from
}

// overLink says sound through a link and returns what the ear makes of it.
func overLink(t testing.TB, codec Codec, faults link.Faults, sound []int16) (heard []int16, leg *Leg) {
	t.Helper()
	begun := time.Unix(1000, 0)
	leg, from := listening(codec, begun)
	wire := link.New(faults, 11)
	far := newSpeaker(t, codec)
	frame := make([]int16, FrameSamples)
	for at := time.Duration(0); len(heard) < len(sound)+SampleRate/4; at += FrameDuration {
		if i := int(at/FrameDuration) * FrameSamples; i < len(sound) {
			wire.Send(at, far.say(sound[i:i+FrameSamples]))
		}
		for raw, came, ok := wire.Receive(at); ok; raw, came, ok = wire.Receive(at) {
			leg.receive(raw, from, begun.Add(came))
		}
		leg.ear.frame(frame, SampleRate, begun.Add(at))
		heard = append(heard, frame...)
	}
	return heard, leg
}

// Speech over bad networks, in each codec: it stays as intelligible as the losses
// allow, and clicks nowhere.
func TestSpeechOverABadNetwork(t *testing.T) {
	sound := spokenPrompt(t, "en-US/main-menu", "es-US/verified")
	const longest = SampleRate / 4
	for _, codec := range Codecs() {
		clean, _ := overLink(t, codec, link.Faults{}, sound)
		best, most := signal.Intelligibility(clean, sound, longest), signal.LargestJump(clean)
		t.Logf("%s, a perfect network: intelligibility %.3f, largest jump %d", codec, best, most)
		if best < 0.9 {
			t.Errorf("%s: intelligibility %.3f even over a perfect network", codec, best)
		}
		for _, network := range []struct {
			name   string
			faults link.Faults
			least  float64 // of the intelligibility over a perfect network
		}{
			{"5 % loss", link.Faults{Loss: 0.05}, 0.93},
			{"5 % loss in bursts of 3", link.Faults{BurstLoss: 0.05, Burst: 3}, 0.88},
			{"80 ms jitter", link.Faults{Jitter: 80 * time.Millisecond, Overtake: true}, 0.93},
			{"disorder and duplicates", link.Faults{Reorder: 0.1, ReorderBy: 45 * time.Millisecond, Duplicate: 0.1}, 0.93},
			{"stalls of 150 ms", link.Faults{Spike: 0.005, SpikeFor: 150 * time.Millisecond}, 0.85},
			{"all of it", link.Faults{Loss: 0.02, BurstLoss: 0.02, Burst: 3, Jitter: 60 * time.Millisecond,
				Overtake: true, Duplicate: 0.05, Drift: 200}, 0.85},
		} {
			heard, leg := overLink(t, codec, network.faults, sound)
			score, jump := signal.Intelligibility(heard, sound, longest), signal.LargestJump(heard)
			stats := leg.ear.stats()
			t.Logf("%s, %s: intelligibility %.3f, largest jump %d, depth %v, %d late, %d lost, %v concealed, %v stretched, %v shrunk",
				codec, network.name, score, jump, stats.Depth, stats.Late, stats.Lost, stats.Concealed, stats.Stretched, stats.Shrunk)
			if score < best*network.least {
				t.Errorf("%s, %s: intelligibility %.3f, over a perfect network %.3f", codec, network.name, score, best)
			}
			if jump > most*21/20 {
				t.Errorf("%s, %s: a jump of %d, over a perfect network %d at most", codec, network.name, jump, most)
			}
		}
	}
}

// A tone has no edges behind which a click could hide: what is lost, late or played
// faster makes no step that the tone itself doesn't have.
func TestATonesJoinsDoNotClick(t *testing.T) {
	sound := signal.Tone(317, 8)
	settled := 2 * SampleRate / 5 // from where on the codecs no more overshoot its beginning
	for _, codec := range Codecs() {
		clean, _ := overLink(t, codec, link.Faults{}, sound)
		most := signal.LargestJump(clean[settled:])
		for _, faults := range []link.Faults{
			{Loss: 0.05}, {BurstLoss: 0.08, Burst: 4}, {Jitter: 80 * time.Millisecond, Overtake: true},
			{Spike: 0.01, SpikeFor: 150 * time.Millisecond},
		} {
			heard, _ := overLink(t, codec, faults, sound)
			jump := signal.LargestJump(heard[settled:])
			if jump > most*13/10 {
				t.Errorf("%s, %+v: a jump of %d, over a perfect network %d at most", codec, faults, jump, most)
			}
		}
	}
}
