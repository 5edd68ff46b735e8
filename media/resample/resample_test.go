package resample

import (
	"math"
	"testing"
)

// tone is a sine at half of full scale.
func tone(hz float64, rate, length int) []int16 {
	samples := make([]int16, length)
	for i := range samples {
		samples[i] = int16(math.Round(16384 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return samples
}

// level is the amplitude of one frequency, in dB relative to that of tone, over the
// second half, when the filter has settled.
func level(samples []int16, hz float64, rate int) float64 {
	samples = samples[len(samples)/2:]
	var re, im float64
	for i, sample := range samples {
		window := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(samples)))
		angle := 2 * math.Pi * hz * float64(i) / float64(rate)
		re += window * float64(sample) * math.Cos(angle)
		im += window * float64(sample) * math.Sin(angle)
	}
	return 20 * math.Log10(4*math.Hypot(re, im)/float64(len(samples))/16384+1e-9)
}

func up(in []int16) []int16 {
	var u Up
	out := make([]int16, 2*len(in))
	for i := 0; i < len(in); i += 160 {
		u.Frame(out[2*i:2*i+320], in[i:i+160])
	}
	return out
}

func down(in []int16) []int16 {
	var d Down
	out := make([]int16, len(in)/2)
	for i := 0; i < len(out); i += 160 {
		d.Frame(out[i:i+160], in[2*i:2*i+320])
	}
	return out
}

func TestWhatIsBelow3400HzPassesBothWays(t *testing.T) {
	for hz := 100.0; hz <= 3400; hz += 100 {
		if got := level(up(tone(hz, 8000, 8000)), hz, 16000); math.Abs(got) > 0.1 {
			t.Errorf("up: %v Hz comes out at %+.2f dB", hz, got)
		}
		if got := level(down(tone(hz, 16000, 16000)), hz, 8000); math.Abs(got) > 0.1 {
			t.Errorf("down: %v Hz comes out at %+.2f dB", hz, got)
		}
	}
}

func TestNothingIsHeardAtTheWrongFrequency(t *testing.T) {
	for hz := 100.0; hz <= 3400; hz += 100 {
		image := 8000 - hz
		if got := level(up(tone(hz, 8000, 8000)), image, 16000); got > -60 {
			t.Errorf("up: %v Hz is heard at %v Hz, too, at %.1f dB", hz, image, got)
		}
		if got := level(down(tone(image, 16000, 16000)), hz, 8000); got > -60 {
			t.Errorf("down: %v Hz is heard at %v Hz at %.1f dB", image, hz, got)
		}
	}
}

// However a stream is cut into frames, the sound is the same, so that no frame
// begins with a click.
func TestFramesJoin(t *testing.T) {
	in := tone(1234, 8000, 1600)
	whole := up(in)
	var u Up
	var pieces []int16
	for at := 0; at < len(in); at += 80 {
		out := make([]int16, 160)
		u.Frame(out, in[at:at+80])
		pieces = append(pieces, out...)
	}
	for i := range whole {
		if whole[i] != pieces[i] {
			t.Fatalf("sample %d is %d in frames of 20 ms, %d in frames of 10", i, whole[i], pieces[i])
		}
	}
	steepest := int16(0)
	for i := 64; i < len(whole); i++ {
		steepest = max(steepest, whole[i]-whole[i-1])
	}
	// A sine's steepest step is its amplitude times its angle a sample.
	if most := 16384 * 2 * math.Pi * 1234 / 16000; float64(steepest) > most+2 {
		t.Errorf("a step of %d, where the tone has at most %.0f", steepest, most)
	}
}

func TestUpAndDownGiveTheSoundBack(t *testing.T) {
	in := tone(700, 8000, 1600)
	out := down(up(in))
	for i := 400; i < 1600; i++ {
		if step := int(out[i]) - int(in[i-Delay]); step > 20 || step < -20 {
			t.Fatalf("sample %d is %d instead of %d", i, out[i], in[i-Delay])
		}
	}
}

func TestLoudSoundIsClippedNotWrapped(t *testing.T) {
	square := make([]int16, 1600)
	for i := range square {
		square[i] = 32767
		if i/5%2 == 1 {
			square[i] = -32768
		}
	}
	wide := up(square)
	for i := 64; i < len(wide); i++ {
		if step := int(wide[i]) - int(wide[i-1]); step > 60000 || step < -60000 {
			t.Fatalf("sample %d wraps: %d after %d", i, wide[i], wide[i-1])
		}
	}
}

func TestResamplingAllocatesNothing(t *testing.T) {
	var u Up
	var d Down
	narrow, wide := make([]int16, 160), make([]int16, 320)
	if n := testing.AllocsPerRun(100, func() {
		u.Frame(wide, narrow)
		d.Frame(narrow, wide)
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkUp(b *testing.B) {
	var u Up
	in, out := tone(440, 8000, 160), make([]int16, 320)
	for b.Loop() {
		u.Frame(out, in)
	}
}

func BenchmarkDown(b *testing.B) {
	var d Down
	in, out := tone(440, 16000, 320), make([]int16, 160)
	for b.Loop() {
		d.Frame(out, in)
	}
}
