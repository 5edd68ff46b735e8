package noise

import (
	"math"
	"testing"
)

// level is that of a second of noise, in dB below full scale, and whether more of it
// is below a quarter of the rate than above.
func level(payload ...byte) (dB float64, low bool) {
	var g Generator
	g.Describe(payload)
	sound := make([]int16, 8000)
	g.Frame(sound)
	var power, slow, fast float64
	for i := 1; i < len(sound); i++ {
		a, b := float64(sound[i-1]), float64(sound[i])
		power += b * b / float64(len(sound)-1)
		slow += (a + b) * (a + b)
		fast += (a - b) * (a - b)
	}
	return -20 * math.Log10(math.Sqrt(power)/32767+1e-9), slow > fast
}

func TestNoiseIsAsLoudAsItIsDescribed(t *testing.T) {
	for _, want := range []byte{40, 50, 60, 70} {
		if got, _ := level(want); math.Abs(got-float64(want)) > 1 {
			t.Errorf("white noise at -%d dB is heard at %.1f", want, -got)
		}
		if got, _ := level(want, 20, 200, 100); math.Abs(got-float64(want)) > 2 {
			t.Errorf("coloured noise at -%d dB is heard at %.1f", want, -got)
		}
	}
}

func TestSpectrumIsFollowed(t *testing.T) {
	if _, low := level(50, 0); !low {
		t.Error("a negative first coefficient is heard as high noise")
	}
	if _, low := level(50, 254); low {
		t.Error("a positive first coefficient is heard as low noise")
	}
}

// Nobody's silence is loud, whatever a packet says, and nothing is heard before one.
func TestNoiseIsNeverLoudAndNoneIsSilence(t *testing.T) {
	if got, _ := level(0); got < 39 {
		t.Errorf("noise at -%.0f dB", got)
	}
	extreme := make([]byte, 200)
	for i := range extreme {
		extreme[i] = 255
	}
	if got, _ := level(extreme...); got < 30 {
		t.Errorf("noise of an extreme spectrum at -%.0f dB", got)
	}
	for _, payload := range [][]byte{nil, {127}, {127, 255, 255}} {
		if got, _ := level(payload...); got < 100 {
			t.Errorf("% x: silence is heard at -%.0f dB", payload, got)
		}
	}
}

func TestNoiseAllocatesNothing(t *testing.T) {
	var g Generator
	g.Describe([]byte{50, 100, 150})
	sound := make([]int16, 320)
	if n := testing.AllocsPerRun(100, func() { g.Frame(sound) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add([]byte{50, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var g Generator
		g.Describe(payload)
		sound := make([]int16, 3200)
		g.Frame(sound)
		for i, sample := range sound {
			if sample > 20000 || sample < -20000 {
				t.Fatalf("sample %d of quiet noise is %d", i, sample)
			}
		}
	})
}
