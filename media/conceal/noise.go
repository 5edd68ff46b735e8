package conceal

import "math"

// noise is comfort noise: soft, without a tone, and the same each time.
type noise struct {
	level  float32 // RMS wanted
	now    float32 // RMS reached: it changes smoothly
	state  uint32
	before float32
}

// next makes one sample.
func (n *noise) next() float32 {
	n.now += (n.level - n.now) / 256
	if n.now < 0.25 {
		return 0
	}
	// Numbers of a linear congruential generator, with a soft low-pass.
	n.state = n.state*1664525 + 1013904223
	white := float32(int32(n.state)) / (1 << 31)
	n.before += (white - n.before) * 0.6
	return n.before * n.now * noiseGain
}

// noiseGain makes the filtered numbers' RMS 1: 1/3 is the variance of the numbers,
// 0.6/(2-0.6) what the low-pass leaves of it.
const noiseGain = 2.6457513

// NoiseLevel is the RMS of a sample at a level in -dBov, as a comfort noise
// packet has it (RFC 3389 section 3.1).
func NoiseLevel(level uint8) float32 {
	return float32(32768 * math.Pow(10, -float64(level)/20))
}
