package media

import (
	"slices"
	"testing"

	"careline/media/resample"
	"careline/media/signal"
)

// through sends speech at 8 kHz through a codec, encoded as one and decoded as
// another. damage changes what is on the way; it may be nil.
func through(t *testing.T, as, by Codec, said []int16, damage func(frame int, payload []byte)) (heard []int16) {
	t.Helper()
	mouth := newMouth(t, as)
	ear, err := newDecoder(by)
	if err != nil {
		t.Fatal(err)
	}
	var down resample.Down
	for i := 0; i+FrameSamples <= len(said); i += FrameSamples {
		payload := slices.Clone(mouth.speak(said[i : i+FrameSamples]))
		if damage != nil {
			damage(i/FrameSamples, payload)
		}
		var frame [maxSamples]int16
		n, err := ear.decode(frame[:], payload)
		if err != nil {
			n = by.FrameSamples() // of silence
		}
		if by.SampleRate() != SampleRate {
			narrow := make([]int16, n/2)
			down.Frame(narrow, frame[:n])
			heard = append(heard, narrow...)
		} else {
			heard = append(heard, frame[:n]...)
		}
	}
	return heard
}

// delayOf is how many samples at 8 kHz sound is late after through.
func delayOf(codec Codec) int {
	if codec.isG711() {
		return 0
	}
	return resample.Delay + codecDelay(codec)/2
}

// Speech of the demo's prompts through each codec: how far what the codec changes is
// below the speech, and how much its spectrum differs, within thirds of an octave.
// What isn't a codec in working order misses each figure.
func TestSpeechThroughEachCodec(t *testing.T) {
	said := spokenPrompt(t, "es-US/main-menu")[:5*SampleRate/2/FrameSamples*FrameSamples]
	for i := range said {
		said[i] = said[i] / 4 * 3 // it was G.711 already, which would change nothing
	}
	for _, test := range []struct {
		codec    Codec
		ratio    float64 // least, in dB
		distance float64 // most, in dB
		wrong    Codec   // that a peer takes it for by mistake
	}{
		{PCMU, 33, 1, PCMA},
		{PCMA, 33, 1, PCMU},
		{G722, 31, 1, PCMU},
		{Opus, 9, 1.5, G722},
		{L16, 34, 0.2, PCMU},
	} {
		t.Run(test.codec.String(), func(t *testing.T) {
			reference := said
			if !test.codec.isG711() { // what is lost on the way to 16 kHz isn't the codec's
				reference = through(t, L16, L16, said, nil)[delayOf(L16):]
			}
			measure := func(heard []int16, delay int) (ratio, distance float64) {
				heard = heard[delay:]
				return signal.SegmentalSNR(heard, reference), signal.SpectralDistance(heard, reference)
			}
			ratio, distance := measure(through(t, test.codec, test.codec, said, nil), delayOf(test.codec))
			t.Logf("segmental SNR %.1f dB, spectral distance %.2f dB", ratio, distance)
			if ratio < test.ratio || distance > test.distance {
				t.Errorf("segmental SNR %.1f dB, want %v; spectral distance %.2f dB, want %v", ratio, test.ratio, distance, test.distance)
			}
			for name, broken := range map[string][]int16{
				"a frame in ten that is lost": through(t, test.codec, test.codec, said, func(frame int, payload []byte) {
					if frame%10 == 9 {
						copy(payload, silence(test.codec))
					}
				}),
				"bits in disorder": through(t, test.codec, test.codec, said, func(frame int, payload []byte) {
					for i := 1 + frame%8; i < len(payload); i += 8 {
						payload[i] ^= 0x20
					}
				}),
				"another codec": through(t, test.codec, test.wrong, said, nil),
			} {
				ratio, distance := measure(broken, delayOf(test.codec))
				t.Logf("%s: segmental SNR %.1f dB, spectral distance %.2f dB", name, ratio, distance)
				if ratio >= test.ratio && distance <= test.distance {
					t.Errorf("%s passes, with a segmental SNR of %.1f dB and a spectral distance of %.2f dB", name, ratio, distance)
				}
			}
		})
	}
}
