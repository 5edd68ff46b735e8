package tone

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// press is a key as some telephone makes it.
type press struct {
	key             byte
	length          time.Duration
	dBm             float64 // of the row's tone
	twist           float64 // how much stronger the column's is, in dB
	rowOff, colOff  float64 // deviation, as a share of the frequency
	breakAt, breaks time.Duration
}

// add puts a press into sound, beginning at a sample.
func (p press) add(sound []float64, at int) {
	i := strings.IndexByte(Keys, p.key)
	low := float64(frequencies[i/columns]) * (1 + p.rowOff)
	high := float64(frequencies[rows+i%columns]) * (1 + p.colOff)
	peak := func(dBm float64) float64 { return 32767 * math.Pow(10, (dBm-3.17)/20) }
	from, to := samples(p.breakAt), samples(p.breakAt+p.breaks)
	for n := range samples(p.length) {
		if n >= from && n < to || at+n >= len(sound) {
			continue
		}
		t := float64(n) / Rate
		sound[at+n] += peak(p.dBm)*math.Sin(2*math.Pi*low*t) + peak(p.dBm+p.twist)*math.Sin(2*math.Pi*high*t+1)
	}
}

func samples(d time.Duration) int { return int(d * Rate / time.Second) }

// heard is what a detector finds, given to it in pieces of 20 ms.
func heard(sound []float64) string {
	var detector Detector
	var keys []byte
	frame := make([]int16, 160)
	for len(sound) > 0 {
		n := min(len(frame), len(sound))
		for i, value := range sound[:n] {
			frame[i] = int16(max(min(math.Round(value), 32767), -32768))
		}
		detector.Listen(frame[:n], func(key byte) { keys = append(keys, key) })
		sound = sound[n:]
	}
	return string(keys)
}

// alone hears one press, begun at a sample, with silence around it.
func alone(p press, at int) string {
	sound := make([]float64, at+samples(p.length)+1600)
	p.add(sound, at)
	return heard(sound)
}

// TestLimitsOfQ24 goes through the table of Q.24's annex A: what AT&T and NTT
// want heard, and not heard, wherever the key begins within the detector's hops.
func TestLimitsOfQ24(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name   string
		change func(*press)
		heard  bool
	}{
		{"40 ms", func(p *press) {}, true},
		{"23 ms", func(p *press) { p.length = 23 * ms }, false},
		{"1.5 % high", func(p *press) { p.rowOff, p.colOff = 0.015, 0.015 }, true},
		{"1.5 % low", func(p *press) { p.rowOff, p.colOff = -0.015, -0.015 }, true},
		{"1.5 % apart", func(p *press) { p.rowOff, p.colOff = 0.015, -0.015 }, true},
		{"3.5 % high", func(p *press) { p.length, p.rowOff, p.colOff = 200*ms, 0.035, 0.035 }, false},
		{"3.5 % low", func(p *press) { p.length, p.rowOff, p.colOff = 200*ms, -0.035, -0.035 }, false},
		{"3.5 %, the row alone", func(p *press) { p.length, p.rowOff = 200*ms, 0.035 }, false},
		{"3.5 %, the column alone", func(p *press) { p.length, p.colOff = 200*ms, -0.035 }, false},
		{"0 dBm", func(p *press) { p.dBm = -2 }, true}, // two tones of 0 dBm0 don't fit below full scale
		{"-25 dBm", func(p *press) { p.dBm = -25 }, true},
		{"-55 dBm", func(p *press) { p.length, p.dBm = 200*ms, -55 }, false},
		{"the high tone 4 dB stronger", func(p *press) { p.twist = 4 }, true},
		{"the high tone 8 dB weaker", func(p *press) { p.twist = -8 }, true},
		{"weak and twisted and off", func(p *press) { p.dBm, p.twist, p.rowOff, p.colOff = -17, -8, 0.015, -0.015 }, true},
		{"an interruption of 10 ms", func(p *press) { p.length, p.breakAt, p.breaks = 100*ms, 45*ms, 10*ms }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, key := range []byte(Keys) {
				for at := 400; at < 400+hop; at += 9 {
					p := press{key: key, length: 40 * ms, dBm: -10}
					c.change(&p)
					want := ""
					if c.heard {
						want = string(key)
					}
					if got := alone(p, at); got != want {
						t.Fatalf("key %c at sample %d is heard as %q", key, at, got)
					}
				}
			}
		})
	}
}

// TestEachPressIsOneKey presses at AT&T's fastest, 93 ms a key, and NTT's
// shortest pause, 30 ms, the same key in a row included.
func TestEachPressIsOneKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.SampledFrom([]byte(Keys)), 1, 24).Draw(t, "keys")
		length := time.Duration(rapid.IntRange(40, 300).Draw(t, "ms")) * time.Millisecond
		pause := time.Duration(rapid.IntRange(30, 200).Draw(t, "pause")) * time.Millisecond
		length = max(length, 93*time.Millisecond-pause)
		at := rapid.IntRange(0, 800).Draw(t, "at")
		sound := make([]float64, at+len(keys)*samples(length+pause)+800)
		noise := rapid.Float64Range(0, 1).Draw(t, "noise")
		seed := uint32(rapid.IntRange(1, 1<<30).Draw(t, "seed"))
		for i := range sound {
			seed = seed*1664525 + 1013904223
			sound[i] = noise * 1400 * (float64(seed>>8)/(1<<23) - 1) // about 15 dB below the key
		}
		for i, key := range keys {
			press{
				key: key, length: length, dBm: -10,
				twist:  rapid.Float64Range(-6, 4).Draw(t, "twist"),
				rowOff: rapid.Float64Range(-0.012, 0.012).Draw(t, "row"),
				colOff: rapid.Float64Range(-0.012, 0.012).Draw(t, "column"),
			}.add(sound, at+i*samples(length+pause))
		}
		if got := heard(sound); got != string(keys) {
			t.Fatalf("pressed %q, heard %q", keys, got)
		}
	})
}

func TestOwnTonesAreHeard(t *testing.T) {
	for _, key := range []byte(Keys) {
		var sound []float64
		generator := New(key, 50*time.Millisecond)
		frame := make([]int16, 160)
		for more := true; more; {
			more = generator.Fill(frame)
			for _, sample := range frame {
				sound = append(sound, float64(sample))
			}
		}
		if got := heard(append(sound, make([]float64, 400)...)); got != string(key) {
			t.Errorf("key %c is heard as %q", key, got)
		}
		jump := 0.0
		for i := 1; i < len(sound); i++ {
			jump = max(jump, math.Abs(sound[i]-sound[i-1]))
		}
		if math.Abs(sound[0]) > 700 || jump > 2*math.Pi*(941+1633)/Rate*volume {
			t.Errorf("key %c clicks: begins at %.0f, jumps by %.0f", key, sound[0], jump)
		}
	}
	generator := New('x', 20*time.Millisecond)
	frame := make([]int16, 160)
	if generator.Fill(frame); frame[80] != 0 {
		t.Error("what is no key sounds")
	}
}

// TestSoundingComesBeforeTheKey: who silences 40 ms of delayed sound while
// Sounding lets nothing of the key through.
func TestSoundingComesBeforeTheKey(t *testing.T) {
	for at := 400; at < 400+hop; at++ {
		sound := make([]float64, at+samples(80*time.Millisecond))
		press{key: '8', length: 80 * time.Millisecond, dBm: -10}.add(sound, at)
		var detector Detector
		for i, value := range sound {
			detector.Listen([]int16{int16(value)}, func(byte) {})
			if detector.Sounding() {
				if late := i - at; late > samples(40*time.Millisecond) {
					t.Fatalf("begun at %d, noticed %d samples later", at, late)
				}
				break
			}
			if i == len(sound)-1 {
				t.Fatalf("begun at %d, never noticed", at)
			}
		}
	}
}

func TestListeningAllocatesNothing(t *testing.T) {
	var detector Detector
	frame := make([]int16, 160)
	generator := New('3', time.Hour)
	if n := testing.AllocsPerRun(100, func() {
		generator.Fill(frame)
		detector.Listen(frame, func(byte) {})
	}); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkListen(b *testing.B) {
	for _, c := range []struct {
		name string
		key  byte
	}{{"silence", 'x'}, {"key", '5'}} {
		b.Run(c.name, func(b *testing.B) {
			var detector Detector
			frame := make([]int16, 160)
			generator := New(c.key, time.Hour)
			generator.Fill(frame)
			for b.Loop() {
				detector.Listen(frame, func(byte) {})
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())*50/1000/float64(b.N), "cpu-ms/call-s")
		})
	}
}
