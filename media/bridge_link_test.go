package media

import (
	"net/netip"
	"testing"
	"time"

	"careline/media/link"
	"careline/media/resample"
	"careline/media/signal"
)

// bridged says sound in one codec over a link, to a leg that is joined with another of
// another codec, and returns what the other far side is sent, at 8 kHz.
func bridged(t *testing.T, from, to Codec, faults link.Faults, sound []int16) (heard []int16) {
	t.Helper()
	packets := spoken(t, from, sound)
	inHall(t, func(h *hall) {
		speaker, listener := h.party(from, 0), h.party(to, 0)
		Join(speaker.leg, listener.leg)
		wire := link.New(faults, 11)
		begun := time.Now()
		since := len(listener.tape.heard)
		for i := range len(packets) + framesPerSecond/4 {
			at := time.Duration(i) * FrameDuration
			if i < len(packets) {
				wire.Send(at, packets[i])
			}
			for raw, came, ok := wire.Receive(at); ok; raw, came, ok = wire.Receive(at) {
				speaker.leg.receive(raw, netip.AddrPort{}, begun.Add(came))
			}
			speaker.leg.frame(begun.Add(at))
			listener.leg.frame(begun.Add(at))
		}
		heard = listener.heard(since)
		Part(speaker.leg, listener.leg)
	})
	if to.SampleRate() == SampleRate {
		return heard
	}
	var down resample.Down
	narrow := make([]int16, 0, len(heard)/2)
	for i := 0; i+maxHeard <= len(heard); i += maxHeard {
		frame := make([]int16, FrameSamples)
		down.Frame(frame, heard[i:i+maxHeard])
		narrow = append(narrow, frame...)
	}
	return narrow
}

// Speech that comes over a good and a bad network and goes on in another codec.
func TestSpeechThroughEachBridge(t *testing.T) {
	sound := spokenPrompt(t, "en-US/main-menu")[:4*SampleRate]
	codecs := Codecs()
	if raceDetector {
		sound, codecs = sound[:2*SampleRate], []Codec{PCMU, Opus}
	}
	for _, from := range codecs {
		for _, to := range codecs {
			if from.passes(to) {
				continue
			}
			good := 1.0
			if !raceDetector {
				good = signal.Intelligibility(bridged(t, from, to, link.Faults{}, sound), sound, SampleRate/4)
			}
			bad := signal.Intelligibility(bridged(t, from, to, badNetworks[1].faults, sound), sound, SampleRate/4)
			t.Logf("%s to %s: intelligibility %.3f, over a bad network %.3f", from, to, good, bad)
			if good < 0.97 || bad < 0.93 {
				t.Errorf("%s to %s: intelligibility %.3f, over a bad network %.3f", from, to, good, bad)
			}
		}
	}
}
