package conceal

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/zaf/g711"
)

// voice reads prompts of the demo, 8 kHz µ-law WAVs as the prompts room writes
// them, one after the other; at 16 kHz with a straight line between samples.
func voice(t testing.TB, rate int) []int16 {
	t.Helper()
	var sound []int16
	for _, name := range []string{"en-US/main-menu", "en-US/recording-notice", "es-US/main-menu", "en-US/nurse-red-flags"} {
		raw, err := os.ReadFile(filepath.Join("..", "..", "config", "demo", "prompts", name+".wav"))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range raw[58:] {
			sound = append(sound, g711.DecodeUlawFrame(b))
		}
	}
	if rate == 8000 {
		return sound
	}
	wide := make([]int16, 0, 2*len(sound))
	for i := 0; i+1 < len(sound); i++ {
		wide = append(wide, sound[i], int16((int(sound[i])+int(sound[i+1]))/2))
	}
	return wide
}

// losses are frames that don't come: a share of single ones, or bursts of a mean
// length.
func losses(frames int, share float64, burst int, seed uint64) []bool {
	random := rand.New(rand.NewPCG(seed, 1))
	lost := make([]bool, frames)
	for i := 5; i < frames; i++ {
		if random.Float64() < share/float64(burst) {
			for j := i; j < min(i+burst, frames); j++ {
				lost[j] = true
			}
			i += burst
		}
	}
	return lost
}

// heard passes sound through a playout, frame by frame, with some of them lost.
func heard(sound []int16, rate int, lost []bool) []int16 {
	p := NewPlayout(rate)
	frame := rate / 50
	out := make([]int16, 0, len(sound))
	taken := make([]int16, frame)
	for i := range lost {
		if lost[i] {
			p.Conceal(frame)
		} else {
			p.Receive(sound[i*frame : (i+1)*frame])
		}
		for p.Ready() >= frame {
			p.Take(taken)
			out = append(out, taken...)
		}
	}
	rest := make([]int16, p.Left())
	p.Take(rest)
	return append(out, rest...)
}

// segmentalSNR is the mean over frames with speech, each bounded to -10 to 35 dB,
// of the frames that wanted is told to look at.
func segmentalSNR(original, heard []int16, frame int, wanted func(i int) bool) float64 {
	sum, count := 0.0, 0
	for i := 0; (i+1)*frame <= min(len(original), len(heard)); i++ {
		signal, noise := 0.0, 0.0
		for j := i * frame; j < (i+1)*frame; j++ {
			signal += float64(original[j]) * float64(original[j])
			off := float64(original[j]) - float64(heard[j])
			noise += off * off
		}
		if !wanted(i) || signal < 200*200*float64(frame) {
			continue
		}
		sum += min(max(10*math.Log10(signal/max(noise, 1)), -10), 35)
		count++
	}
	return sum / float64(max(count, 1))
}

// spectralDistance is the mean difference in dB between the spectra of two sounds,
// in bands of 250 Hz, over frames with speech.
func spectralDistance(original, heard []int16, frame int, wanted func(i int) bool) float64 {
	sum, count := 0.0, 0
	for i := 0; (i+1)*frame <= min(len(original), len(heard)); i++ {
		a, b := original[i*frame:(i+1)*frame], heard[i*frame:(i+1)*frame]
		if !wanted(i) || energy(a) < 200*200*float32(frame) {
			continue
		}
		x, y := spectrum(a), spectrum(b)
		for band := range x {
			off := 10 * math.Log10((x[band]+1e5)/(y[band]+1e5))
			sum += off * off
			count++
		}
	}
	return math.Sqrt(sum / float64(max(count, 1)))
}

// spectrum is the energy in 14 bands of five lines of 50 Hz each.
func spectrum(frame []int16) (bands [14]float64) {
	n := len(frame)
	windowed := make([]float64, n)
	for i, v := range frame {
		windowed[i] = float64(v) * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(n)))
	}
	for line := 1; line <= 70; line++ {
		// Goertzel: one multiplication a sample.
		turn := 2 * math.Cos(2*math.Pi*float64(line)/float64(n))
		before, last := 0.0, 0.0
		for _, v := range windowed {
			before, last = last, v+turn*last-before
		}
		bands[(line-1)/5] += last*last + before*before - turn*last*before
	}
	return bands
}

// largestJump is the largest step from one sample to the next.
func largestJump(sound []int16) (jump int) {
	for i := 1; i < len(sound); i++ {
		step := int(sound[i]) - int(sound[i-1])
		jump = max(jump, step, -step)
	}
	return jump
}
