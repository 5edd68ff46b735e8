package prompts

import (
	"math"

	"careline/media"
)

// The hold music: eight bars in D, four seconds each, of slow chords under a
// sparse bell that wanders over the chord's own notes. It is composed here, by
// arithmetic: there is no tune in it that anybody could own.
const (
	barSeconds = 4.0
	// musicLevel is well under speech, so that announcements stand out.
	musicLevel = -29.0
	// highest partial: nothing above what G.711 carries well.
	highestPartial = 2800.0
)

// chord is a bar's notes as MIDI numbers, low to high.
type chord [4]int

// bars lie in the middle of the telephone's band; the voices move little from
// bar to bar, which is what makes it calm.
func bars() []chord {
	return []chord{
		{62, 66, 69, 76}, // D add 9
		{59, 66, 69, 74}, // B minor 7
		{59, 64, 67, 74}, // E minor 7
		{57, 62, 64, 74}, // A sus 4
		{62, 66, 69, 73}, // D major 7
		{59, 62, 67, 74}, // G
		{59, 64, 67, 71}, // E minor
		{57, 62, 64, 69}, // A sus 4
	}
}

// bells are where a bar's single notes begin, in seconds, and which of the
// chord's notes they take (an octave up); the order changes from bar to bar.
func bells(bar int) (at []float64, note []int) {
	patterns := [][]int{{3, 1, 2}, {2, 3, 1}, {1, 3, 2}, {3, 2, 0}}
	starts := [][]float64{{0.5, 1.75, 2.75}, {0.25, 1.5, 3}, {0.75, 1.75, 3.25}, {0.5, 2, 3}}
	return starts[bar%len(starts)], patterns[(bar+bar/4)%len(patterns)]
}

// Compose makes the hold music: 32 s at 8 kHz that loop without a seam, because
// what rings on past the end sounds on at the beginning.
func Compose() []int16 {
	chords := bars()
	loop := make([]float64, int(barSeconds*float64(len(chords))*media.SampleRate))
	for bar, notes := range chords {
		begin := float64(bar) * barSeconds
		for i, note := range notes {
			addPad(loop, begin-0.6, frequency(note), 0.5/float64(i+2))
		}
		at, which := bells(bar)
		for i := range at {
			addBell(loop, begin+at[i], frequency(notes[which[i]]+12), 0.34)
		}
	}
	echo(loop, 0.41, 0.28)
	echo(loop, 0.67, 0.17)
	return scale(loop, musicLevel)
}

func frequency(midi int) float64 { return 440 * math.Pow(2, float64(midi-69)/12) }

// addPad adds a note that swells and fades over a bar and a bit.
func addPad(loop []float64, begin, hz, amplitude float64) {
	const length = barSeconds + 1.6
	add(loop, begin, length, func(t float64) float64 {
		swell := math.Sin(math.Pi * t / length)
		v := 0.0
		for partial, strength := range []float64{1, 0.35, 0.14, 0.06} {
			if f := hz * float64(partial+1); f < highestPartial {
				// Two voices, a third of a hertz apart, breathe against each other.
				v += strength * (math.Sin(2*math.Pi*f*t) + math.Sin(2*math.Pi*(f+0.33)*t+1)) / 2
			}
		}
		return amplitude * swell * swell * v
	})
}

// addBell adds a soft struck note.
func addBell(loop []float64, begin, hz, amplitude float64) {
	add(loop, begin, 4.5, func(t float64) float64 {
		v := 0.0
		for partial, strength := range []float64{1, 0.22, 0.08} {
			if f := hz * float64(partial+1); f < highestPartial {
				v += strength * math.Exp(-t*(1.1+0.9*float64(partial))) * math.Sin(2*math.Pi*f*t)
			}
		}
		attack := min(1, t/0.018)
		return amplitude * attack * v * min(1, (4.5-t)/0.4)
	})
}

// add writes a note into the loop, around its end if need be.
func add(loop []float64, begin, length float64, sound func(t float64) float64) {
	first, n := int(begin*media.SampleRate), int(length*media.SampleRate)
	for i := range n {
		at := (first + i) % len(loop)
		if at < 0 {
			at += len(loop)
		}
		loop[at] += sound(float64(i) / media.SampleRate)
	}
}

func echo(loop []float64, seconds, gain float64) {
	dry, delay := append([]float64(nil), loop...), int(seconds*media.SampleRate)
	for i := range loop {
		loop[(i+delay)%len(loop)] += gain * dry[i]
	}
}

func scale(loop []float64, level float64) []int16 {
	sum := 0.0
	for _, v := range loop {
		sum += v * v
	}
	gain := math.Pow(10, level/20) / math.Sqrt(sum/float64(len(loop)))
	out := make([]int16, len(loop))
	for i, v := range loop {
		out[i] = int16(math.Round(v * gain * math.MaxInt16))
	}
	return out
}
