package mix

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"careline/media/signal"
)

const frame = 160

// hall is a conference under test: it keeps what each member hears.
type hall struct {
	mixer *Mixer
	round Round
	at    int
	says  [MaxMembers][]int16
	heard [MaxMembers][]int16
}

func newHall(members int) *hall {
	h := &hall{mixer: New(members), round: Round{Samples: frame}}
	for i := range members {
		h.round.Listeners |= SetOf(i)
	}
	return h
}

// everybody hears everybody else.
func (h *hall) everybody(members int) *hall {
	for i := range members {
		h.round.Hears[i] = h.round.Listeners &^ SetOf(i)
	}
	return h
}

func (h *hall) pass(frames int) {
	for range frames {
		for i, sound := range h.says {
			h.round.Voices[i] = nil
			if len(sound) >= h.at+frame {
				h.round.Voices[i] = sound[h.at : h.at+frame]
			}
		}
		h.mixer.Mix(&h.round)
		h.at += frame
		for i := range h.heard {
			if !h.round.Listeners.Has(i) {
				continue
			}
			_, sound := h.mixer.Sound(i)
			if sound == nil {
				sound = make([]int16, frame)
			}
			h.heard[i] = append(h.heard[i], sound...)
		}
	}
}

// jump is the largest step between two samples that follow each other.
func jump(sound []int16) int {
	largest := 0
	for i := 1; i < len(sound); i++ {
		step := int(sound[i]) - int(sound[i-1])
		largest = max(largest, step, -step)
	}
	return largest
}

func tones() []float64 { return []float64{500, 800, 1100, 1400, 1700} }

func quiet(sound []int16, by int16) []int16 {
	out := make([]int16, len(sound))
	for i := range sound {
		out[i] = sound[i] / by
	}
	return out
}

// Whatever the matrix: each listener hears exactly the sum of whom it is to hear.
func TestEachListenerHearsTheSumOfItsSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.IntRange(1, MaxMembers).Draw(t, "members")
		mixer := New(members)
		round := Round{Samples: rapid.SampledFrom([]int{frame, MaxSamples}).Draw(t, "samples")}
		for i := range members {
			round.Hears[i] = Set(rapid.Uint16Range(0, 1<<members-1).Draw(t, "hears")) &^ SetOf(i)
			if rapid.Bool().Draw(t, "speaks") {
				round.Voices[i] = make([]int16, round.Samples)
				for j := range round.Voices[i] {
					round.Voices[i][j] = int16((i*7919+j*104729)%2*2-1) * int16(rapid.IntRange(0, 1500).Draw(t, "sample")*(j&1))
				}
			}
		}
		round.Listeners = Set(rapid.Uint16Range(0, 1<<members-1).Draw(t, "listeners"))
		mixer.Mix(&round) // fades in
		mixer.Mix(&round)
		for listener := range members {
			which, sound := mixer.Sound(listener)
			if !round.Listeners.Has(listener) && which != Silence {
				t.Fatalf("a mix is made for %d, who doesn't listen", listener)
			}
			for other := range members {
				if same, _ := mixer.Sound(other); which != Silence && same == which && round.Hears[listener]&mixer.active != round.Hears[other]&mixer.active {
					t.Fatalf("%d and %d share a mix and hear others", listener, other)
				}
			}
			for j := range round.Samples {
				want := 0
				for speaker := range members {
					if round.Hears[listener].Has(speaker) && round.Voices[speaker] != nil && round.Listeners.Has(listener) {
						want += int(round.Voices[speaker][j])
					}
				}
				if got := 0; sound != nil {
					if got = int(sound[j]); got != want {
						t.Fatalf("%d hears %d at %d, want %d", listener, got, j, want)
					}
				} else if want != 0 {
					t.Fatalf("%d hears nothing at %d, want %d", listener, j, want)
				}
			}
		}
	})
}

func TestEverybodyHearsEverybodyButThemselves(t *testing.T) {
	h := newHall(5).everybody(5)
	for i, hz := range tones() {
		h.says[i] = quiet(signal.Tone(hz, 1), 4)
	}
	h.pass(50)
	for listener := range 5 {
		for speaker, hz := range tones() {
			level := signal.Goertzel(h.heard[listener][2*frame:], hz)
			if audible := level > 0.1; audible != (speaker != listener) {
				t.Errorf("%d hears %.3f of %d", listener, level, speaker)
			}
		}
	}
}

// One who speaks is the same for all who listen: one mix, which is the voice itself.
func TestListenersOfOneVoiceShareIt(t *testing.T) {
	h := newHall(4).everybody(4)
	h.says[2] = signal.Tone(800, 1)
	h.pass(3)
	for _, listener := range []int{0, 1, 3} {
		which, sound := h.mixer.Sound(listener)
		if which != 0 || &sound[0] != &h.says[2][2*frame] {
			t.Errorf("%d has mix %d", listener, which)
		}
	}
	if which, _ := h.mixer.Sound(2); which != Silence {
		t.Errorf("who speaks hears mix %d", which)
	}
	if h.mixer.used != 1 {
		t.Errorf("%d mixes were made", h.mixer.used)
	}
}

// Who comes, goes, or is muted does so without a click: no step is larger than
// the low tones' own and the ramp's. The same changes made at once do click.
func TestNothingClicksWhereSetsChange(t *testing.T) {
	h := newHall(4).everybody(4)
	for i, hz := range []float64{90, 110, 130, 150} {
		h.says[i] = quiet(signal.Tone(hz, 2), 2)
	}
	h.pass(5)
	natural := jump(h.heard[0][3*frame:])
	cut := h.sum(0, 5)
	changes := []func(){
		func() { h.round.Hears[0] &^= SetOf(1) },           // is muted
		func() { h.round.Hears[0] = 0 },                    // goes on hold
		func() { h.round.Hears[0] = SetOf(3) },             // comes back, to one alone
		func() { h.round.Hears[0] = SetOf(1) },             // one for another
		func() { h.round.Hears[0] = SetOf(1, 2, 3) },       // the rest joins in
		func() { h.round.Hears[0] = SetOf(); h.pass(1) },   // gone
		func() { h.mixer.Forget(1); h.round.Hears[0] = 2 }, // another in the place
	}
	clicks := 0
	for i, change := range changes {
		change()
		before := len(h.heard[0])
		h.pass(2)
		if got := jump(h.heard[0][before-frame:]); got > natural+natural/2 {
			t.Errorf("change %d: a sample jumps by %d, the tones by %d", i, got, natural)
		}
		cut = append(cut, h.sum(0, 2)...)
		if jump(cut[len(cut)-3*frame:]) > natural+natural/2 {
			clicks++
		}
	}
	if clicks < 3 {
		t.Errorf("made at once, only %d of the changes click: the test can't hear", clicks)
	}
}

// sum is what the listener would have heard of its present set in the last frames.
func (h *hall) sum(listener, frames int) []int16 {
	out := make([]int16, frames*frame)
	for speaker, says := range h.says {
		if says == nil || !h.round.Hears[listener].Has(speaker) {
			continue
		}
		for i := range out {
			out[i] += says[h.at-len(out)+i]
		}
	}
	return out
}

func TestLimitBendsWithoutACornerAndKeepsWithin16Bits(t *testing.T) {
	last := limit(-16 * 32768)
	for sum := int32(-16*32768) + 1; sum <= 16*32767; sum++ {
		got := limit(sum)
		if step := int32(got) - int32(last); step < 0 || step > 1 {
			t.Fatalf("at %d it steps by %d", sum, step)
		}
		if got != -limit(-sum) {
			t.Fatalf("%d and its opposite differ", sum)
		}
		if sum >= -knee && sum <= knee && int32(got) != sum {
			t.Fatalf("%d becomes %d", sum, got)
		}
		last = got
	}
}

// Two who shout at once are pressed, not torn: the harsh products, which a hard limit
// adds 38 dB below their tones, stay 50 dB below, and the others 15.
func TestTwoWhoShoutStayClean(t *testing.T) {
	h := newHall(3).everybody(3)
	h.says[1], h.says[2] = signal.Tone(700, 1), signal.Tone(900, 1)
	for _, sound := range h.says[1:3] {
		for i := range sound {
			sound[i] += sound[i] / 2 // -2.5 dB below full scale each
		}
	}
	h.pass(50)
	heard := h.heard[0][2*frame:]
	tone := min(signal.Goertzel(heard, 700), signal.Goertzel(heard, 900))
	for hz, most := range map[float64]float64{500: -15, 1100: -15, 300: -50, 1300: -50} { // 2f1-f2 and so on
		if product := signal.Goertzel(heard, hz); 20*math.Log10(product/tone) > most {
			t.Errorf("at %.0f Hz there is %.4f, of tones of %.4f: %.1f dB", hz, product, tone, 20*math.Log10(product/tone))
		}
	}
}

func TestMixingAllocatesNothing(t *testing.T) {
	h := newHall(8).everybody(8)
	for i := range 8 {
		h.round.Voices[i] = signal.Tone(500+100*float64(i), 0.02)
	}
	turn := 0
	if n := testing.AllocsPerRun(100, func() {
		turn++
		h.round.Hears[0] = Set(turn) & 0xFE // so that there are fades
		h.mixer.Mix(&h.round)
	}); n != 0 {
		t.Errorf("%.1f allocations a frame", n)
	}
}
