package loudness

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sine appends so many seconds of hz at a peak level in dBFS.
func sine(sound []float32, rate int, hz, level, seconds float64) []float32 {
	amplitude := math.Pow(10, level/20)
	for i := range int(seconds * float64(rate)) {
		sound = append(sound, float32(amplitude*math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return sound
}

// The cases of EBU Tech 3341 (table 1) for integrated loudness that need no
// programme material: tones of 1 kHz, the same in left and right.
func TestTech3341IntegratedLoudness(t *testing.T) {
	type part struct{ level, seconds float64 }
	for _, c := range []struct {
		number int
		parts  []part
		want   float64
	}{
		{1, []part{{-23, 20}}, -23},
		{2, []part{{-33, 20}}, -33},
		{3, []part{{-36, 10}, {-23, 60}, {-36, 10}}, -23},
		{4, []part{{-72, 10}, {-36, 10}, {-23, 60}, {-36, 10}, {-72, 10}}, -23},
		{5, []part{{-26, 20}, {-20, 20.1}, {-26, 20}}, -23},
	} {
		rates := []int{8000}
		if c.number == 1 {
			rates = []int{8000, 16000, 44100, 48000}
		}
		for _, rate := range rates {
			var sound []float32
			for _, p := range c.parts {
				sound = sine(sound, rate, 1000, p.level, p.seconds)
			}
			if got := Integrated(rate, sound, sound); math.Abs(got-c.want) > 0.1 {
				t.Errorf("case %d at %d Hz: %.2f LUFS, want %.0f", c.number, rate, got, c.want)
			}
		}
	}
}

func TestOneChannelIsHalfOfTwo(t *testing.T) {
	sound := sine(nil, 48000, 997, 0, 3)
	// BS.1770-4: a sine of 997 Hz at full scale in left, centre or right is -3.01.
	if got := Integrated(48000, sound); math.Abs(got+3.01) > 0.02 {
		t.Errorf("one channel is %.2f LUFS, want -3.01", got)
	}
	if got := Integrated(48000, sound, make([]float32, len(sound))); math.Abs(got+3.01) > 0.02 {
		t.Errorf("one of two is %.2f LUFS, want -3.01", got)
	}
}

// TestWeightingAt48kHz compares the filters with the coefficients that the
// recommendation gives for this rate.
func TestWeightingAt48kHz(t *testing.T) {
	w := newWeighting(48000)
	for name, c := range map[string][2]float64{
		"b0": {w.shelf.b0, 1.53512485958697}, "b1": {w.shelf.b1, -2.69169618940638}, "b2": {w.shelf.b2, 1.19839281085285},
		"a1": {w.shelf.a1, -1.69065929318241}, "a2": {w.shelf.a2, 0.73248077421585},
		"high-pass a1": {w.highPass.a1, -1.99004745483398}, "high-pass a2": {w.highPass.a2, 0.99007225036621},
	} {
		if math.Abs(c[0]-c[1]) > 1e-9 {
			t.Errorf("%s is %.14f, want %.14f", name, c[0], c[1])
		}
	}
}

// TestLoudnessHardlyDependsOnTheRate: in the telephone's band.
func TestLoudnessHardlyDependsOnTheRate(t *testing.T) {
	for _, hz := range []float64{100, 300, 1000, 2000, 3000, 3400} {
		want := Integrated(48000, sine(nil, 48000, hz, -20, 1))
		for _, rate := range []int{8000, 16000, 44100} {
			if got := Integrated(rate, sine(nil, rate, hz, -20, 1)); math.Abs(got-want) > 0.6 {
				t.Errorf("%.0f Hz is %.2f LUFS at %d, %.2f at 48000", hz, got, rate, want)
			}
		}
	}
}

func TestPausesDontCount(t *testing.T) {
	speech := sine(nil, 8000, 1000, -20, 2)
	paused := append(append(append([]float32(nil), speech...), make([]float32, 40000)...), speech...)
	if got, want := Integrated(8000, paused), Integrated(8000, speech); math.Abs(got-want) > 0.7 {
		t.Errorf("with a pause %.2f LUFS, without %.2f", got, want)
	}
}

func TestShortAndSilentSounds(t *testing.T) {
	if got := Integrated(8000, sine(nil, 8000, 1000, -20, 0.1)); math.Abs(got+23.01) > 0.2 {
		t.Errorf("100 ms at -20 dBFS are %.2f LUFS, want -23", got)
	}
	for name, sound := range map[string][]float32{
		"nothing": nil, "silence": make([]float32, 8000), "a whisper": sine(nil, 8000, 1000, -75, 3),
	} {
		if got := Integrated(8000, sound); got != Silence {
			t.Errorf("%s is %.2f LUFS", name, got)
		}
	}
	if got := Integrated(8000); got != Silence {
		t.Errorf("no channel is %.2f LUFS", got)
	}
}

// The cases 15 to 19 of EBU Tech 3341 (table 1): the true peak of tones whose
// samples miss it; +0.2 and -0.4 dB are allowed.
func TestTech3341TruePeak(t *testing.T) {
	for _, c := range []struct {
		number          int
		part            float64 // of the rate
		phase           float64 // degrees
		amplitude, want float64
	}{
		{15, 1.0 / 4, 0, 0.50, -6}, {16, 1.0 / 4, 45, 0.50, -6}, {17, 1.0 / 6, 60, 0.50, -6}, {18, 1.0 / 8, 67.5, 0.50, -6}, {19, 1.0 / 4, 45, 1.41, 3},
	} {
		sound := make([]float32, 4800)
		for i := range sound {
			fade := min(1, float64(i)/480, float64(len(sound)-i)/480) // a hard edge has a peak of its own
			sound[i] = float32(c.amplitude * fade * math.Sin(2*math.Pi*c.part*float64(i)+c.phase*math.Pi/180))
		}
		if got := TruePeak(sound); got > c.want+0.2 || got < c.want-0.4 {
			t.Errorf("case %d: %.2f dBTP, want %.0f", c.number, got, c.want)
		}
	}
	if got := TruePeak(make([]float32, 10)); got != Silence {
		t.Errorf("silence has a peak of %.1f dBTP", got)
	}
}

func TestLimitLeavesNoPeakAndTheRestAlone(t *testing.T) {
	const rate = 8000
	random := rand.New(rand.NewPCG(1, 2))
	bursts := make([]float32, 4*rate)
	for i := range bursts {
		loud := 0.05
		if i/(rate/4)%4 == 3 {
			loud = 2
		}
		bursts[i] = float32((random.Float64()*2 - 1) * loud)
	}
	for name, sound := range map[string][]float32{
		"a tone": sine(nil, rate, 440, 6, 1), "bursts of noise": bursts,
		"a click": append(make([]float32, 4000), append([]float32{3, -3}, make([]float32, 4000)...)...),
		"one":     {4}, "two": {4, -4},
	} {
		limited := append([]float32(nil), sound...)
		reduction := Limit(limited, rate, -1)
		if got := TruePeak(limited); got > -0.9 {
			t.Errorf("%s: a peak of %.2f dBTP is left", name, got)
		}
		if want := TruePeak(sound) + 1; math.Abs(reduction-want) > 0.01 {
			t.Errorf("%s: turned down by %.2f dB, want %.2f", name, reduction, want)
		}
		for i := range sound {
			if math.Abs(float64(limited[i])) > math.Abs(float64(sound[i])) {
				t.Fatalf("%s: sample %d became louder", name, i)
			}
		}
	}
	// Between the bursts, once the limiter has come back, nothing is changed.
	limited := append([]float32(nil), bursts...)
	Limit(limited, rate, -1)
	for i := rate / 4; i < rate/2; i++ {
		if math.Abs(float64(limited[i]-bursts[i])) > 1e-6 {
			t.Fatalf("sample %d before a burst is changed", i)
		}
	}
	quiet := sine(nil, rate, 440, -12, 1)
	same := append([]float32(nil), quiet...)
	if reduction := Limit(same, rate, -1); reduction != 0 {
		t.Errorf("a quiet tone was turned down by %.2f dB", reduction)
	}
	for i := range same {
		if same[i] != quiet[i] {
			t.Fatal("a quiet tone was changed")
		}
	}
	if Limit(nil, rate, -1) != 0 {
		t.Error("nothing was turned down")
	}
}

// TestLimitedToneStaysATone: gain that moves with the waves would be distortion.
func TestLimitedToneStaysATone(t *testing.T) {
	const rate, hz = 8000, 500.0
	sound := sine(nil, rate, hz, 6, 1)
	Limit(sound, rate, -1)
	var in, quadrature, all float64
	middle := sound[2000:6000]
	for i, sample := range middle {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
		in += float64(sample) * s
		quadrature += float64(sample) * c
		all += float64(sample) * float64(sample)
	}
	pure := (in*in + quadrature*quadrature) * 2 / float64(len(middle))
	if distortion := 10 * math.Log10((all-pure)/all); distortion > -40 {
		t.Errorf("distortion of %.0f dB", distortion)
	}
}

func TestClipped(t *testing.T) {
	torn := sine(nil, 8000, 300, 12, 1)
	for i := range torn {
		torn[i] = min(max(torn[i], -1), 1)
	}
	for _, c := range []struct {
		name      string
		sound     []float32
		low, high float64
	}{
		{"nothing", nil, 0, 0},
		{"a tone at full scale", sine(nil, 8000, 1000, 0, 1), 0, 0},
		{"a tone four times too loud", torn, 0.7, 0.9},
		{"three samples", []float32{0, 1, 1, 1, 0, 0}, 0.5, 0.5},
		{"back and forth", []float32{1, 1, -1, -1, 1, 1}, 0, 0},
		{"back and forth, longer", []float32{1, 1, 1, -1, -1, -1, -1, 0}, 0.875, 0.875},
	} {
		if got := Clipped(c.sound); got < c.low || got > c.high {
			t.Errorf("%s: %.3f is clipped, want %v to %v", c.name, got, c.low, c.high)
		}
	}
}

func BenchmarkIntegrated(b *testing.B) {
	sound := sine(nil, 8000, 440, -20, 1)
	for b.Loop() {
		Integrated(8000, sound)
	}
}

func BenchmarkLimit(b *testing.B) {
	sound := sine(nil, 8000, 440, 3, 1)
	for b.Loop() {
		Limit(append([]float32(nil), sound...), 8000, -1)
	}
}
