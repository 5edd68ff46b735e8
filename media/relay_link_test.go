package media

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"careline/media/link"
	"careline/media/signal"
)

// timedTape is a sender that notes when each packet went out.
type timedTape struct {
	now     time.Duration
	packets [][]byte
	at      []time.Duration
}

func (s *timedTape) send(raw []byte) error {
	s.packets = append(s.packets, append([]byte(nil), raw...))
	s.at = append(s.at, s.now)
	return nil
}

func (s *timedTape) aim(netip.AddrPort) bool { return true }

// relayed passes packets, nil where the far side says nothing, over a link, through
// two joined legs, and lets the other far side listen with an ear like ours.
func relayed(codec Codec, faults link.Faults, packets [][]byte) (heard []int16, peer, ear *Leg) {
	begun := time.Unix(1000, 0)
	leg, from := listening(codec, begun)
	sent := &timedTape{}
	peer = &Leg{engine: &Engine{}}
	peer.out.to, peer.out.open, peer.out.fill = sent, true, true
	peer.out.format = Format{codec, codec.PayloadType()}
	peer.out.ssrc, peer.out.sequence, peer.out.timestamp = 5, 65530, 4294960000
	leg.peer.Store(peer)
	peer.out.join(leg)
	ear, there := listening(codec, begun)
	wire := link.New(faults, 11)
	frame := make([]int16, FrameSamples)
	next := 0
	for i := range len(packets) + framesPerSecond/4 {
		at := time.Duration(i) * FrameDuration
		for ; next < len(packets) && wire.Time(time.Duration(next)*FrameDuration) <= at+FrameDuration; next++ {
			if packets[next] != nil {
				wire.Send(time.Duration(next)*FrameDuration, packets[next])
			}
		}
		// What came since the last visit went on as it came; the pacer's visit lies
		// anywhere within the 20 ms.
		visit := at + 7*time.Millisecond
		for raw, came, ok := wire.Receive(visit); ok; raw, came, ok = wire.Receive(visit) {
			sent.now = came
			leg.receive(raw, from, begun.Add(came))
		}
		sent.now = visit
		peer.out.frame(begun.Add(visit))
		for j := range sent.packets {
			ear.receive(sent.packets[j], there, begun.Add(sent.at[j]))
		}
		sent.packets, sent.at = sent.packets[:0], sent.at[:0]
		ear.ear.frame(frame, SampleRate, begun.Add(visit))
		heard = append(heard, frame...)
	}
	return heard, peer, ear
}

// suppressed leaves out of a sound's packets the frames in which nobody speaks, but
// for two after each word, as a far side that suppresses silence does.
func suppressed(packets [][]byte, sound []int16) (left [][]byte, sent int) {
	sequence := binary.BigEndian.Uint16(packets[0][2:])
	quiet := 0
	for i, raw := range packets {
		if signal.Level(sound[i*FrameSamples:(i+1)*FrameSamples]) < -45 {
			quiet++
		} else {
			quiet = 0
		}
		if quiet > 2 {
			raw = nil
		} else {
			binary.BigEndian.PutUint16(raw[2:], sequence+uint16(sent))
			sent++
		}
		left = append(left, raw)
	}
	return left, sent
}

func TestAFarSideThatSuppressesSilenceIsHeardWhole(t *testing.T) {
	sound := spokenPrompt(t, "en-US/main-menu", "es-US/verified")
	codecs := []Codec{PCMU, G722}
	if raceDetector {
		sound, codecs = sound[:5*SampleRate], codecs[:1]
	}
	for _, codec := range codecs {
		packets, sent := suppressed(spoken(t, codec, sound), sound)
		if sent > len(packets)*8/10 {
			t.Fatalf("%d of %d packets are sent: nothing is suppressed", sent, len(packets))
		}
		for name, faults := range map[string]link.Faults{
			"a perfect network": {},
			"40 ms of jitter":   {Jitter: 40 * time.Millisecond},
		} {
			direct, leg := overLink(codec, faults, packets)
			heard, peer, ear := relayed(codec, faults, packets)
			decoded, passed := signal.Intelligibility(direct, sound, 2400), signal.Intelligibility(heard, sound, 3200)
			t.Logf("%s, %s: intelligibility decoded %.3f, passed on %.3f", codec, name, decoded, passed)
			if decoded < 0.94 || passed < 0.94 {
				t.Errorf("%s, %s: intelligibility decoded %.3f, passed on %.3f", codec, name, decoded, passed)
			}
			if stats := leg.ear.stats(); stats.Lost+stats.Restarts+stats.Dropped != 0 {
				t.Errorf("%s, %s: %+v", codec, name, stats)
			}
			if stats := ear.ear.stats(); peer.out.late != 0 || stats.Lost+stats.Restarts+stats.Dropped != 0 {
				t.Errorf("%s, %s: %d packets aren't passed on; the far side has %+v", codec, name, peer.out.late, stats)
			}
		}
	}
}

// A far side that says what its pauses sound like is heard so, by whom it is joined
// with, and is silent while it is muted.
func TestComfortNoiseIsHeardBehindUs(t *testing.T) {
	for _, muted := range []bool{false, true} {
		s := newStream()
		s.join(s.source)
		s.talk(10)
		s.describe(s.source, []byte{50})
		s.source.muted.Store(muted)
		s.tick(30)
		s.timestamp += 30 * FrameSamples
		sound := make([]int16, FrameSamples)
		PCMU.Decode(sound, s.tape.last().payload)
		if level := signal.Level(sound); muted && level != signal.Floor || !muted && (level < -53 || level > -47) {
			t.Errorf("muted %v: a pause of -50 dB is sent at %.1f", muted, level)
		}
		s.source.muted.Store(false)
		s.talk(10)
		checkOneStream(t, s.tape.heard)
		if s.late != 0 {
			t.Errorf("%d packets of the next word are dropped", s.late)
		}
		s.join(&Leg{})
		s.tick(10)
		if last := s.tape.last(); !bytes.Equal(last.payload, silence(PCMU)) {
			t.Error("the noise of one leg is heard behind another")
		}
	}
}

// Each word after a pause is passed on whole, wherever it begins between two visits of
// the pacer, and however many there are the stream keeps to the clock on the wall.
func TestWordsAfterPausesArePassedOnWhole(t *testing.T) {
	s := newStream()
	s.join(s.source)
	begun, first := s.now, s.timestamp
	const words = 300
	visit := s.now
	for word := range words {
		// The source's clock is the wall's; 5 to 8 frames, then 200 to 600 ms of pause.
		start := s.now.Add(200*time.Millisecond + time.Duration(word*37%400)*time.Millisecond + time.Duration(word%20)*time.Millisecond)
		for frame := range 5 + word%4 {
			at := start.Add(time.Duration(frame) * FrameDuration)
			for visit.Before(at) {
				s.frame(visit)
				visit = visit.Add(FrameDuration)
			}
			s.now = at
			s.timestamp = first + ticksOf(at.Sub(begun), SampleRate)
			s.relayed(1)
		}
	}
	relayed := 0
	for _, heard := range s.tape.heard {
		if heard.payload[len(heard.payload)-1] == 1 { // the first 5 ms are a seam
			relayed++
		}
	}
	if want := words*5 + words/4*6; s.late != 0 || relayed != want {
		t.Errorf("%d of %d packets are passed on, %d are dropped", relayed, want, s.late)
	}
	wall := ticksOf(s.now.Sub(begun), SampleRate)
	if off := int32(s.tape.last().timestamp-s.tape.heard[0].timestamp) - int32(wall); off < -3*FrameSamples || off > 3*FrameSamples {
		t.Errorf("after %d words the stream is %d ms off the clock on the wall", words, off/8)
	}
	checkOneStream(t, s.tape.heard)
}

// What a bad network leaves of a word reaches the other far side as it would have
// without us between.
func TestABadNetworkIsNoWorseForBeingPassedOn(t *testing.T) {
	sound := spokenPrompt(t, "en-US/main-menu")
	packets := spoken(t, PCMU, sound)
	networks := badNetworks
	if raceDetector {
		sound, packets, networks = sound[:4*SampleRate], packets[:4*framesPerSecond], networks[:3]
	}
	for _, network := range networks {
		direct, _ := overLink(PCMU, network.faults, packets)
		heard, peer, ear := relayed(PCMU, network.faults, packets)
		straight, passed := signal.Intelligibility(direct, sound, 2400), signal.Intelligibility(heard, sound, 3200)
		stats := ear.ear.stats()
		t.Logf("%s: intelligibility %.3f, passed on %.3f; %d dropped, far side %+v", network.name, straight, passed, peer.out.late, stats)
		if passed < straight-0.03 {
			t.Errorf("%s: intelligibility %.3f, passed on %.3f", network.name, straight, passed)
		}
		if jump, most := signal.LargestJump(heard), signal.LargestJump(sound); jump > most*11/10 {
			t.Errorf("%s: a jump of %d, in the sound %d at most", network.name, jump, most)
		}
		if stats.Restarts != 0 {
			t.Errorf("%s: the far side sees %d restarts", network.name, stats.Restarts)
		}
	}
}

// A far side may begin anew in mid-call, as after a re-INVITE or with another
// microphone behind it: who listens behind us hears one stream.
func TestASourceThatBeginsAnewIsPassedOnAsOneStream(t *testing.T) {
	sound := signal.Tone(440, 3)
	for name, change := range map[string]func(raw []byte){
		"another SSRC":               func(raw []byte) { raw[11]++ },
		"another SSRC and numbers":   func(raw []byte) { raw[11]++; raw[2] += 77; raw[4] += 99 },
		"sequence numbers":           func(raw []byte) { raw[2] += 100 },
		"timestamps far ahead":       func(raw []byte) { raw[4] += 32 },
		"timestamps far back":        func(raw []byte) { raw[4] -= 32 },
		"timestamps a little ahead":  func(raw []byte) { raw[6] += 16 },
		"timestamps a little behind": func(raw []byte) { raw[6] -= 16 },
	} {
		packets := spoken(t, PCMU, sound)
		for _, raw := range packets[len(packets)/2:] {
			change(raw)
		}
		heard, peer, ear := relayed(PCMU, link.Faults{Jitter: 10 * time.Millisecond}, packets)
		tones := 0
		for i := 10; i < len(packets); i++ {
			if signal.Goertzel(heard[i*FrameSamples:(i+1)*FrameSamples], 440) > 0.3 {
				tones++
			}
		}
		stats := ear.ear.stats()
		if tones < len(packets)-10-16 || stats.Restarts != 0 || peer.out.late > 11 {
			t.Errorf("%s: the tone is in %d of %d frames, %d dropped, far side %+v", name, tones, len(packets)-10, peer.out.late, stats)
		}
	}
}

// A source whose clock is fast or slow is passed on for half an hour without a gap and
// without growing delay.
func TestAClockThatDriftsIsPassedOn(t *testing.T) {
	minutes := 30
	if raceDetector {
		minutes = 3
	}
	frame := spoken(t, PCMU, signal.Tone(440, 0.02))[0]
	for _, drift := range []float64{200, -200} {
		packets := make([][]byte, minutes*60*framesPerSecond)
		sequence, timestamp := uint16(0), uint32(0)
		for i := range packets {
			packets[i] = append([]byte(nil), frame...)
			binary.BigEndian.PutUint16(packets[i][2:], sequence)
			binary.BigEndian.PutUint32(packets[i][4:], timestamp)
			sequence, timestamp = sequence+1, timestamp+FrameSamples
		}
		_, peer, ear := relayed(PCMU, link.Faults{Jitter: 4 * time.Millisecond, Drift: drift}, packets)
		stats := ear.ear.stats()
		t.Logf("%+.0f ppm: %+v", drift, stats)
		drifted := time.Duration(float64(minutes) * float64(time.Minute) * 200e-6)
		if peer.out.late != 0 || stats.Lost+stats.Late+stats.Dropped+stats.Restarts != 0 || stats.Concealed > 100*time.Millisecond {
			t.Errorf("%+.0f ppm: %d dropped, far side %+v", drift, peer.out.late, stats)
		}
		if corrected := stats.Stretched + stats.Shrunk; corrected > drifted+120*time.Millisecond || corrected < drifted/2 {
			t.Errorf("%+.0f ppm: %v corrected of %v", drift, corrected, drifted)
		}
	}
}
