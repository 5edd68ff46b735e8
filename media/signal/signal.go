// Package signal makes sounds with known properties and measures what was heard:
// the ear of the tests, of careline dial and of its reports. Sound is 8 kHz mono,
// 16 bit. Nothing here knows of RTP, files or calls.
//
//	played := signal.Tone(440, 1)
//	open := signal.Goertzel(heard, 440) > 0.05      // is the path open?
//	score, lag := signal.Correlate(heard, played)   // the same sound? how late?
package signal

import (
	"math"
	"math/rand/v2"
)

// SampleRate is the rate of all sound here, in samples a second.
const SampleRate = 8000

// Floor is the lowest level that Level gives, in dB relative to full scale:
// that of 16-bit silence.
const Floor = -96.0

// toneAmplitude leaves headroom, so that G.711 doesn't clip.
const toneAmplitude = 0.5

const fullScale = 32767.0

// Tone makes a sine of hz for so many seconds at half of full scale.
func Tone(hz, seconds float64) []int16 {
	samples := make([]int16, int(seconds*SampleRate))
	for i := range samples {
		samples[i] = int16(toneAmplitude * fullScale * math.Sin(2*math.Pi*hz*float64(i)/SampleRate))
	}
	return samples
}

// Noise makes white noise at a tenth of full scale. The same seed gives the same
// noise. Unlike a tone it matches itself at one lag only: use it with Correlate.
func Noise(seconds float64, seed uint64) []int16 {
	random := rand.New(rand.NewPCG(seed, seed))
	samples := make([]int16, int(seconds*SampleRate))
	for i := range samples {
		samples[i] = int16((random.Float64()*2 - 1) * 0.17 * fullScale)
	}
	return samples
}

// Goertzel measures the amplitude of one frequency: 1 is a full-scale sine of
// just that frequency, 0 is none of it; Tone gives 0.5.
func Goertzel(samples []int16, hz float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	coefficient := 2 * math.Cos(2*math.Pi*hz/SampleRate)
	var before, last float64
	for _, sample := range samples {
		before, last = last, float64(sample)+coefficient*last-before
	}
	power := before*before + last*last - coefficient*before*last
	return 2 * math.Sqrt(max(power, 0)) / float64(len(samples)) / fullScale
}

// Level gives the loudness (RMS) in dB relative to full scale: 0 is as loud as
// can be, speech is around -25, Floor is silence.
func Level(samples []int16) float64 {
	return max(20*math.Log10(RMS(samples)), Floor)
}

// RMS gives the root of the mean square: 1 is full scale, 0 is silence or nothing.
func RMS(samples []int16) float64 {
	if len(samples) == 0 {
		return 0
	}
	var sum float64
	for _, sample := range samples {
		sum += float64(sample) * float64(sample)
	}
	return math.Sqrt(sum/float64(len(samples))) / fullScale
}
