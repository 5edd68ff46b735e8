package signal

import (
	"testing"
	"time"
)

func TestToneIsHeardAtItsFrequencyOnly(t *testing.T) {
	tone := Tone(440, 1)
	if got := Goertzel(tone, 440); got < 0.49 || got > 0.51 {
		t.Errorf("amplitude at 440 Hz is %.3f, want 0.5", got)
	}
	for _, hz := range []float64{300, 697, 1000, 1900} {
		if got := Goertzel(tone, hz); got > 0.01 {
			t.Errorf("amplitude at %v Hz is %.3f, want none", hz, got)
		}
	}
}

func TestLevel(t *testing.T) {
	for _, test := range []struct {
		name      string
		samples   []int16
		low, high float64
	}{
		{"nothing", nil, Floor, Floor},
		{"silence", make([]int16, 800), Floor, Floor},
		{"tone at half scale", Tone(1000, 1), -9.1, -8.9},
		{"noise", Noise(1, 1), -21, -19},
	} {
		if got := Level(test.samples); got < test.low || got > test.high {
			t.Errorf("%s: %.2f dB, want %v to %v", test.name, got, test.low, test.high)
		}
	}
}

func TestCorrelateFindsSoundAndItsDelay(t *testing.T) {
	played := Noise(1, 7)
	heard := append(make([]int16, 1234), played...)
	for i := range heard {
		heard[i] /= 3
	}
	score, lag := Correlate(heard, played)
	if score < 0.99 || lag != 1234*time.Second/SampleRate {
		t.Errorf("score %.3f lag %v, want 1 and %v", score, lag, 1234*time.Second/SampleRate)
	}
	if score, _ := Correlate(Noise(1, 8), played); score > 0.2 {
		t.Errorf("another sound scores %.3f", score)
	}
	if score, lag := Correlate(nil, played); score != 0 || lag != 0 {
		t.Errorf("nothing heard: score %v lag %v", score, lag)
	}
	if score, _ := Correlate(make([]int16, 8000), played); score != 0 {
		t.Errorf("silence heard: score %v", score)
	}
}

func TestDistortionIsMeasured(t *testing.T) {
	said := Noise(1, 5)
	louder, quieter, dull := make([]int16, len(said)), make([]int16, len(said)), make([]int16, len(said))
	for i := range said {
		louder[i] = said[i] + said[i]/10 // which is 20 dB below
		quieter[i] = said[i] / 2
		if i > 0 {
			dull[i] = said[i]/2 + said[i-1]/2
		}
	}
	if got := SegmentalSNR(said, said); got != 35 {
		t.Errorf("the same sound has a ratio of %.1f dB", got)
	}
	if got := SegmentalSNR(louder, said); got < 19.5 || got > 20.5 {
		t.Errorf("a tenth more has a ratio of %.1f dB, want 20", got)
	}
	if got := SegmentalSNR(Noise(1, 6), said); got > -2 {
		t.Errorf("another sound has a ratio of %.1f dB", got)
	}
	if got := SegmentalSNR(nil, nil); got != -10 {
		t.Errorf("nothing has a ratio of %.1f dB", got)
	}
	if got := SpectralDistance(said, said); got != 0 {
		t.Errorf("the same sound is %.1f dB away", got)
	}
	if got := SpectralDistance(quieter, said); got < 5.5 || got > 6.5 {
		t.Errorf("half the amplitude is %.1f dB away, want 6", got)
	}
	if got := SpectralDistance(dull, said); got < 2.5 {
		t.Errorf("a dull sound is %.1f dB away", got)
	}
	if got := SpectralDistance(make([]int16, 8000), said); got < 30 {
		t.Errorf("silence is %.1f dB away", got)
	}
}
