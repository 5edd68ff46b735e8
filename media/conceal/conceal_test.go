package conceal

import (
	"fmt"
	"testing"
)

func TestALossSoundsMuchBetterThanSilence(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		sound := voice(t, rate)
		frame := rate / 50
		for _, test := range []struct {
			name  string
			share float64
			burst int
			// At least so many dB more than silence in the frames lost, and at most
			// such a share of its spectral distance.
			gain, distance float64
		}{
			{"5 % one by one", 0.05, 1, 3, 0.3},
			{"5 % in twos", 0.05, 2, 1.5, 0.45},
			{"5 % in bursts of four", 0.05, 4, 0.5, 0.75},
		} {
			t.Run(fmt.Sprintf("%d Hz, %s", rate, test.name), func(t *testing.T) {
				var snr, base, distance, silence float64
				const runs = 2
				for seed := range uint64(runs) {
					lost := losses(len(sound)/frame, test.share, test.burst, seed)
					concealed, silent := heard(sound, rate, lost), silenced(sound, frame, lost)
					inLost := func(i int) bool { return i < len(lost) && lost[i] }
					snr += segmentalSNR(sound, concealed, frame, inLost) / runs
					base += segmentalSNR(sound, silent, frame, inLost) / runs
					distance += spectralDistance(sound, concealed, frame, inLost) / runs
					silence += spectralDistance(sound, silent, frame, inLost) / runs
					if jump, most := largestJump(concealed), largestJump(sound); jump > most {
						t.Errorf("a jump of %d is heard, the original has %d at most", jump, most)
					}
				}
				t.Logf("in the frames lost: segmental SNR %.1f dB (silence %.1f), spectral distance %.1f dB (silence %.1f)",
					snr, base, distance, silence)
				if snr < base+test.gain || distance > silence*test.distance {
					t.Error("concealment is too little better than silence")
				}
			})
		}
	}
}

func silenced(sound []int16, frame int, lost []bool) []int16 {
	silent := append([]int16(nil), sound...)
	for i := range lost {
		if lost[i] {
			clear(silent[i*frame : (i+1)*frame])
		}
	}
	return silent
}

// A jump at the edge of a loss is heard as a click, wherever in the wave it falls:
// the second difference of a tone is small everywhere, and so it has to stay.
func TestNoClickWhereASoundIsCutAndGoesOn(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		for _, pitch := range []float64{80, 117, 200, 333, 1000} {
			sound := tone(rate, pitch)
			frame := rate / 50
			for lostFrames := 1; lostFrames <= 5; lostFrames++ {
				lost := make([]bool, len(sound)/frame)
				for i := range lostFrames {
					lost[10+i], lost[25+i] = true, true
				}
				concealed := heard(sound, rate, lost)
				bend, most := sharpestBend(concealed), sharpestBend(sound)
				if cut := sharpestBend(silenced(sound, frame, lost)); most > 500 && float64(bend) > 1.7*float64(most) ||
					bend-most > 900 && bend > cut/2 {
					t.Errorf("%d Hz, tone of %.0f Hz, %d frames lost: the sharpest bend is %d; in the tone %d, cut off %d",
						rate, pitch, lostFrames, bend, most, cut)
				}
			}
		}
	}
}

func TestALongLossFadesToSilence(t *testing.T) {
	p := NewPlayout(8000)
	p.Receive(tone(8000, 200)[:1600])
	frame := make([]int16, 80)
	for range 20 {
		p.Take(frame)
	}
	var levels []float32
	for range 8 {
		p.Conceal(80)
		p.Take(frame)
		levels = append(levels, energy(frame))
	}
	for i := 1; i < len(levels); i++ {
		if levels[i] > levels[i-1]*1.05 {
			t.Errorf("it gets louder: %v", levels)
		}
	}
	if levels[1] < levels[0]*0.8 || levels[7] != 0 {
		t.Errorf("10 ms whole, gone after 60: %v", levels)
	}
}

func TestAPauseFadesAtOnceIntoItsNoise(t *testing.T) {
	for _, level := range []int16{0, 40} {
		p := NewPlayout(16000)
		p.Receive(tone(16000, 200)[:3200])
		noise := make([]int16, 320)
		for i := range noise {
			noise[i] = level * int16(1-i%2*2)
		}
		var heard []int16
		frame := make([]int16, 320)
		for range 20 {
			p.Pause(noise)
			p.Take(frame)
			heard = append(heard, frame...)
		}
		if jump, most := largestJump(heard), largestJump(tone(16000, 200)); jump > most+2*int(level) {
			t.Errorf("a jump of %d, in the tone %d", jump, most)
		}
		for i, v := range heard[3200+160:] { // 10 ms after the tone's end
			if v != noise[i%2] && v != -noise[i%2] {
				t.Fatalf("%d in a pause of %d", v, level)
			}
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	p := NewPlayout(16000)
	sound := tone(16000, 150)[:320]
	frame := make([]int16, 320)
	step := func() {
		p.Receive(sound)
		p.Take(frame)
		p.Conceal(320)
		p.Take(frame)
		p.Receive(sound)
		p.Stretch()
		p.Shrink()
		p.Take(frame)
		p.Pause(frame)
		p.Take(frame)
	}
	if allocated := testing.AllocsPerRun(100, step); allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

func BenchmarkConceal(b *testing.B) {
	p := NewPlayout(8000)
	sound := tone(8000, 150)[:160]
	frame := make([]int16, 160)
	b.ReportAllocs()
	for b.Loop() {
		p.Receive(sound)
		p.Take(frame)
		p.Conceal(160)
		p.Take(frame)
	}
}
