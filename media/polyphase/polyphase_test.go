package polyphase

import (
	"math"
	"testing"
)

func tone(hz float64, rate int, seconds float64) []float32 {
	sound := make([]float32, int(seconds*float64(rate)))
	for i := range sound {
		sound[i] = float32(0.5 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return sound
}

// decibels is the level of what is left of want in got, relative to a tone of 0.5.
func decibels(got, want []float32) float64 {
	sum := 0.0
	edge := len(got) / 10
	for i := edge; i < len(got)-edge; i++ {
		difference := float64(got[i] - want[i])
		sum += difference * difference
	}
	return 10 * math.Log10(sum/float64(len(got)-2*edge)/0.125)
}

func TestTonesOfTheBandStayAsTheyWere(t *testing.T) {
	for _, rates := range [][2]int{{48000, 8000}, {44100, 8000}, {16000, 8000}, {22050, 8000}, {11025, 8000}, {8000, 16000}, {48000, 16000}, {44100, 16000}, {8000, 48000}} {
		from, to := rates[0], rates[1]
		for _, part := range []float64{0.02, 0.1, 0.25, 0.4, 0.42} {
			hz := part * float64(min(from, to))
			got := Resample(tone(hz, from, 0.1), from, to)
			want := tone(hz, to, 0.1)
			if len(got) < len(want) || len(got) > len(want)+1 {
				t.Fatalf("%d to %d: %d samples, want %d", from, to, len(got), len(want))
			}
			if left := decibels(got[:len(want)], want); left > -65 {
				t.Errorf("%d to %d at %.0f Hz: differs by %.0f dB", from, to, hz, left)
			}
		}
	}
}

func TestWhatWouldAliasIsGone(t *testing.T) {
	for _, from := range []int{16000, 22050, 44100, 48000} {
		for hz := 4050.0; hz < float64(from)/2; hz += 1231 {
			got := Resample(tone(hz, from, 0.1), from, 8000)
			if left := decibels(got, make([]float32, len(got))); left > -65 {
				t.Errorf("%.0f Hz at %d: %.0f dB of it are left", hz, from, left)
			}
		}
	}
}

func TestAClickStaysAtItsTime(t *testing.T) {
	sound := make([]float32, 48000)
	sound[24000] = 1
	got := Resample(sound, 48000, 8000)
	loudest := 0
	for i := range got {
		if got[i] > got[loudest] {
			loudest = i
		}
	}
	if loudest != 4000 {
		t.Errorf("the click lies at sample %d, want 4000", loudest)
	}
}

func TestALoopHasNoSeam(t *testing.T) {
	for _, rates := range [][2]int{{48000, 8000}, {44100, 8000}, {8000, 16000}} {
		loop, want := tone(500, rates[0], 0.1), tone(500, rates[1], 0.1)
		for i, sample := range Resample(loop, rates[0], rates[1]) {
			if math.Abs(float64(sample-want[i])) > 1e-3 {
				t.Fatalf("%v: sample %d of %d is %.4f, want %.4f", rates, i, len(want), sample, want[i])
			}
		}
	}
	if got := Resample([]float32{0.5}, 48000, 8000); len(got) != 1 || math.Abs(float64(got[0])-0.5) > 1e-5 {
		t.Errorf("one sample became %v", got)
	}
}

func TestSilenceAndConstantsAndNothing(t *testing.T) {
	if got := Resample(nil, 44100, 8000); len(got) != 0 {
		t.Errorf("nothing became %d samples", len(got))
	}
	constant := make([]float32, 4410)
	for i := range constant {
		constant[i] = 0.25
	}
	got := Resample(constant, 44100, 8000)
	for i := range got {
		if math.Abs(float64(got[i])-0.25) > 1e-5 {
			t.Fatalf("sample %d of a constant is %v", i, got[i])
		}
	}
	same := Resample(constant, 8000, 8000)
	same[0] = 1
	if constant[0] != 0.25 {
		t.Error("equal rates give no copy")
	}
}

func BenchmarkResample(b *testing.B) {
	sound := tone(440, 48000, 1)
	b.SetBytes(int64(len(sound)))
	for b.Loop() {
		Resample(sound, 48000, 8000)
	}
}
