package media

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
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

// spoken is a sound as a far side's packets, a frame each.
func spoken(t testing.TB, codec Codec, sound []int16) (packets [][]byte) {
	t.Helper()
	far := newSpeaker(t, codec)
	for frame := range slices.Chunk(sound, FrameSamples) {
		packets = append(packets, far.say(frame))
	}
	return packets
}

// overLink sends packets through a link and returns what the ear makes of them.
func overLink(codec Codec, faults link.Faults, packets [][]byte) (heard []int16, leg *Leg) {
	begun := time.Unix(1000, 0)
	leg, from := listening(codec, begun)
	wire := link.New(faults, 11)
	frame := make([]int16, FrameSamples)
	for i := range len(packets) + framesPerSecond/4 {
		at := time.Duration(i) * FrameDuration
		if i < len(packets) && packets[i] != nil {
			wire.Send(at, packets[i])
		}
		for raw, came, ok := wire.Receive(at); ok; raw, came, ok = wire.Receive(at) {
			leg.receive(raw, from, begun.Add(came))
		}
		leg.ear.frame(frame, SampleRate, begun.Add(at))
		heard = append(heard, frame...)
	}
	return heard, leg
}

// badNetworks are what speech has to get over, and what share of the intelligibility
// over a perfect network is to be left.
var badNetworks = []struct {
	name   string
	faults link.Faults
	least  float64
}{
	{"5 % loss", link.Faults{Loss: 0.05}, 0.93},
	{"all of it", link.Faults{Loss: 0.02, BurstLoss: 0.02, Burst: 3, Jitter: 60 * time.Millisecond,
		Overtake: true, Duplicate: 0.05, Drift: 200}, 0.9},
	{"80 ms jitter", link.Faults{Jitter: 80 * time.Millisecond, Overtake: true}, 0.95},
	{"5 % loss in bursts of 3", link.Faults{BurstLoss: 0.05, Burst: 3}, 0.9},
	{"disorder and duplicates", link.Faults{Reorder: 0.1, ReorderBy: 45 * time.Millisecond, Duplicate: 0.1}, 0.95},
	{"stalls of 150 ms", link.Faults{Spike: 0.005, SpikeFor: 150 * time.Millisecond}, 0.9},
}

// Speech over bad networks, in each codec: it stays as intelligible as the losses
// allow, and clicks nowhere.
func TestSpeechOverABadNetwork(t *testing.T) {
	sound := spokenPrompt(t, "en-US/main-menu", "es-US/verified")
	networks := badNetworks
	if raceDetector { // which is slow at arithmetic
		sound, networks = sound[:5*SampleRate/2], networks[:2]
	}
	const longest = SampleRate / 4
	for _, codec := range Codecs() {
		packets := spoken(t, codec, sound)
		clean, _ := overLink(codec, link.Faults{}, packets)
		best, most := signal.Intelligibility(clean, sound, longest), signal.LargestJump(clean)
		t.Logf("%s, a perfect network: intelligibility %.3f, largest jump %d", codec, best, most)
		if best < 0.95 {
			t.Errorf("%s: intelligibility %.3f even over a perfect network", codec, best)
		}
		for _, network := range networks {
			heard, leg := overLink(codec, network.faults, packets)
			score, jump := signal.Intelligibility(heard, sound, longest), signal.LargestJump(heard)
			stats := leg.ear.stats()
			t.Logf("%s, %s: intelligibility %.3f, largest jump %d, %d late, %d lost, %v concealed, %v stretched, %v shrunk",
				codec, network.name, score, jump, stats.Late, stats.Lost, stats.Concealed, stats.Stretched, stats.Shrunk)
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
	sound := signal.Tone(317, 4)
	if raceDetector {
		sound = sound[:SampleRate*3/2]
	}
	settled := 2 * SampleRate / 5 // from where on the codecs no more overshoot its beginning
	for _, codec := range Codecs() {
		packets := spoken(t, codec, sound)
		clean, _ := overLink(codec, link.Faults{}, packets)
		most := signal.LargestJump(clean[settled:])
		for _, faults := range []link.Faults{
			{Loss: 0.08}, {BurstLoss: 0.1, Burst: 4}, {Jitter: 80 * time.Millisecond, Overtake: true},
			{Spike: 0.02, SpikeFor: 150 * time.Millisecond},
		} {
			heard, _ := overLink(codec, faults, packets)
			if jump := signal.LargestJump(heard[settled:]); jump > most*13/10 {
				t.Errorf("%s, %+v: a jump of %d, over a perfect network %d at most", codec, faults, jump, most)
			}
		}
	}
}

// A measure that says the same of anything would prove nothing.
func TestIntelligibilityFallsWithWhatIsMissing(t *testing.T) {
	sound := spokenPrompt(t, "en-US/main-menu")[:3*SampleRate]
	other := spokenPrompt(t, "es-US/main-menu")[:3*SampleRate]
	before := 1.01
	for _, each := range []int{0, 20, 5, 2} { // each so manieth frame is silent
		heard := slices.Clone(sound)
		for i := 0; each > 0 && i < len(heard)/FrameSamples; i += each {
			clear(heard[i*FrameSamples : (i+1)*FrameSamples])
		}
		score := signal.Intelligibility(heard, sound, 400)
		t.Logf("each %dth frame silent: %.3f", each, score)
		if score > before-0.01 {
			t.Errorf("each %dth frame silent: %.3f, better than before", each, score)
		}
		before = score
	}
	if score := signal.Intelligibility(other, sound, 2000); score > 0.7 {
		t.Errorf("quite another sentence: %.3f", score)
	}
}

// Opus that sends next to nothing while nobody speaks (DTX) makes its own comfort noise,
// which goes on while nothing comes, and each word after it is whole.
func TestOpusThatSuppressesSilenceIsHeardWhole(t *testing.T) {
	said := spokenPrompt(t, "es-US/verified")
	pause := signal.Noise(1.5, 3)
	for i := range pause { // the quietest of rooms
		pause[i] /= 4096
	}
	sound := slices.Concat(said, pause, said)
	sound = sound[:len(sound)/FrameSamples*FrameSamples]
	far := newSpeaker(t, Opus)
	far.encoder, _ = newTunedEncoder(Opus, OpusParameters{DTX: true})
	var packets [][]byte
	sent := 0
	for frame := range slices.Chunk(sound, FrameSamples) {
		raw := far.say(frame)
		if len(raw) == headerSize {
			far.packet.sequence--
			raw = nil
		} else {
			sent++
		}
		packets = append(packets, raw)
	}
	heard, leg := overLink(Opus, link.Faults{Jitter: 20 * time.Millisecond}, packets)
	score := signal.Intelligibility(heard, sound, 2400)
	stats := leg.ear.stats()
	t.Logf("%d of %d packets are sent; intelligibility %.3f, %+v", sent, len(packets), score, stats)
	if sent > len(packets)-40 {
		t.Fatalf("%d of %d packets are sent: nothing is suppressed", sent, len(packets))
	}
	if score < 0.9 || stats.Lost+stats.Restarts+stats.Dropped != 0 {
		t.Errorf("intelligibility %.3f, %+v", score, stats)
	}
}
