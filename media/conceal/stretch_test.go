package conceal

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// tone is a second of a tone with a harmonic.
func tone(rate int, pitch float64) []int16 {
	sound := make([]int16, rate)
	for i := range sound {
		at := 2 * math.Pi * pitch * float64(i) / float64(rate)
		sound[i] = int16(6000*math.Sin(at) + 2500*math.Sin(2*at+1))
	}
	return sound
}

// sharpestBend is the largest second difference.
func sharpestBend(sound []int16) (bend int) {
	for i := 2; i < len(sound); i++ {
		b := int(sound[i]) - 2*int(sound[i-1]) + int(sound[i-2])
		bend = max(bend, b, -b)
	}
	return bend
}

// stretched passes sound through a playout that changes the length at each frame
// for which change says so.
func stretched(sound []int16, rate int, change func(p *Playout, frame int) int) (out []int16, samples, times int) {
	p := NewPlayout(rate)
	frame := rate / 50
	taken := make([]int16, frame)
	for i := range len(sound) / frame {
		p.Receive(sound[i*frame : (i+1)*frame])
		if changed := change(p, i); changed != 0 {
			samples += changed
			times++
		}
		for p.Ready() >= frame {
			p.Take(taken)
			out = append(out, taken...)
		}
	}
	rest := make([]int16, p.Left())
	p.Take(rest)
	return append(out, rest...), samples, times
}

func TestSpeechGetsLongerAndShorterWithoutClicks(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		sound := voice(t, rate)
		frames := len(sound) / (rate / 50)
		for name, change := range map[string]func(p *Playout) int{
			"longer": (*Playout).Stretch, "shorter": (*Playout).Shrink,
		} {
			out, samples, times := stretched(sound, rate, func(p *Playout, frame int) int {
				if frame%5 != 0 {
					return 0
				}
				return change(p)
			})
			t.Logf("%d Hz, %s: %d of %d times, %d ms", rate, name, times, frames/5, samples*1000/rate)
			if times < frames/5*7/10 {
				t.Errorf("%d Hz, %s: only %d of %d times", rate, name, times, frames/5)
			}
			if jump, most := largestJump(out), largestJump(sound); jump > most {
				t.Errorf("%d Hz, %s: a jump of %d, in the original %d", rate, name, jump, most)
			}
			want := len(sound)/(rate/50)*(rate/50) + samples
			if name == "shorter" {
				want -= 2 * samples
			}
			if len(out) != want {
				t.Errorf("%d Hz, %s: %d samples come out, want %d", rate, name, len(out), want)
			}
		}
	}
}

func TestATonesPitchStays(t *testing.T) {
	sound := tone(8000, 200)
	for name, change := range map[string]func(p *Playout) int{
		"longer": (*Playout).Stretch, "shorter": (*Playout).Shrink,
	} {
		out, _, times := stretched(sound, 8000, func(p *Playout, frame int) int {
			if frame < 3 { // the tone's beginning out of nothing is a bend of its own
				return 0
			}
			return change(p)
		})
		crossings := 0
		for i := 1; i < len(out); i++ {
			if out[i-1] < 0 && out[i] >= 0 {
				crossings++
			}
		}
		if pitch := float64(crossings) * 8000 / float64(len(out)); pitch < 196 || pitch > 204 || times < 25 {
			t.Errorf("%s: %.1f Hz after %d changes", name, pitch, times)
		}
		if bend, most := sharpestBend(out[100:]), sharpestBend(sound); bend > most*5/4 {
			t.Errorf("%s: a bend of %d, in the tone %d", name, bend, most)
		}
	}
}

// Whatever is asked of a playout, what comes out is as long as what went in, with
// what was added and taken away.
func TestEachSampleIsHeardOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int{8000, 16000}).Draw(t, "rate")
		p := NewPlayout(rate)
		frame := rate / 50
		taken := make([]int16, frame)
		left := 0
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			if p.Left() > 6*frame {
				p.Take(taken)
				left -= frame
				continue
			}
			n := rapid.IntRange(1, frame*3).Draw(t, "n")
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0:
				p.Conceal(n)
				left += n
			case 1:
				p.Pause(make([]int16, n))
				left += n
			case 2:
				left += p.Stretch()
			case 3:
				left -= p.Shrink()
			case 4:
				p.Break()
			case 5:
				sound := make([]int16, n)
				for i := range sound {
					sound[i] = int16(rapid.Uint16().Draw(t, "sample"))
				}
				p.Receive(sound)
				left += n
			default:
				if p.Ready() >= frame {
					p.Take(taken)
					left -= frame
				}
			}
			if p.Left() != left {
				t.Fatalf("%d samples are left, want %d", p.Left(), left)
			}
		}
	})
}
