// Package tone makes and finds the sounds of telephone keys: dual-tone
// multi-frequency signals (DTMF, ITU-T Q.23), as a far side sends them that
// speaks no telephone-event (RFC 4733).
//
//	var detector tone.Detector
//	detector.Listen(frame, func(key byte) { … })  // 8 kHz, in order
//	generator := tone.New('5', 100*time.Millisecond)
//	more := generator.Fill(frame)
//
// What lives here is arithmetic on 8 kHz samples. What must not: streams,
// packets, and who may learn a key; keys are PHI, so nothing here prints one.
package tone

import (
	"math"
	"strings"
	"time"
)

// Rate is the sampling rate of what is listened to, in Hz.
const Rate = 8000

// wideRate is the highest that keys are made at.
const wideRate = 2 * Rate

// Keys are the sixteen keys, row by row (ITU-T Q.23, table 1).
const Keys = "123A456B789C*0#D"

// The frequencies of Q.23, in Hz: a key's row gives the low one, its column the
// high one.
const (
	rows    = 4
	columns = 4
)

// frequencies are the rows', then the columns'; never written.
var frequencies = [rows + columns]int{697, 770, 852, 941, 1209, 1336, 1477, 1633}

const (
	// volume is the peak of each of a made key's two tones: -10 dBm0, of which
	// full scale is +3.17 for a sine (ITU-T G.711 table 5).
	volume = 7180
	// edge is how long a tone takes to swell and to fade, so that it doesn't
	// click.
	edge = 2 * time.Millisecond
)

// Generator makes the sound of one key.
type Generator struct {
	rate      int
	low, high int // Hz
	sample    int
	length    int
}

// New makes the sound of a key, one of Keys, at Rate, for so long. Another byte
// makes silence.
func New(key byte, length time.Duration) Generator { return NewAt(Rate, key, length) }

// NewAt is New at a rate of 8,000 or 16,000 Hz.
func NewAt(rate int, key byte, length time.Duration) Generator {
	g := Generator{rate: rate, length: int(length * time.Duration(rate) / time.Second)}
	if i := strings.IndexByte(Keys, key); i >= 0 {
		g.low, g.high = frequencies[i/columns], frequencies[rows+i%columns]
	}
	return g
}

// Fill writes the next samples, silence behind the key's end. It reports whether
// any of the sound is left.
func (g *Generator) Fill(sound []int16) (more bool) {
	for i := range sound {
		sound[i] = g.next()
	}
	return g.sample < g.length
}

func (g *Generator) next() int16 {
	if g.sample >= g.length || g.low == 0 {
		g.sample++
		return 0
	}
	at := g.sample % g.rate * (wideRate / g.rate) // whole frequencies repeat each second
	value := wave[at*g.low%wideRate] + wave[at*g.high%wideRate]
	edge := int(edge * time.Duration(g.rate) / time.Second)
	if border := min(g.sample+1, g.length-g.sample); border < edge {
		value *= float32(border) / float32(edge)
	}
	g.sample++
	return int16(volume * value)
}

// wave is one second of a sine of 1 Hz; never written.
var wave = func() (table [wideRate]float32) {
	for i := range table {
		table[i] = float32(math.Sin(2 * math.Pi * float64(i) / wideRate))
	}
	return table
}()
