// Package noise makes comfort noise (RFC 3389): what a far side that suppresses
// silence says that its silence sounds like. What lives here: reading the payload and
// making the noise. What must not: RTP, jitter buffers.
//
//	var generator noise.Generator
//	generator.Describe(payload) // of an RTP packet of type 13
//	generator.Frame(sound)      // as long as nothing else comes
package noise

import "math"

const (
	// maxOrder is how much of a spectrum is followed; RFC 3389 section 3 allows more,
	// and what is heard of it is little.
	maxOrder = 10
	// loudest bounds the noise, in dB below full scale: nobody's silence is louder,
	// whatever a packet says.
	loudest = 40
	// seed begins the random numbers; any but 0.
	seed = 0x2545F491
	// deviation is that of the random numbers, which are even within ±1.
	deviation = 0.57735
)

// Generator makes the noise of one stream. The zero value is silent. It isn't safe
// for concurrent use.
type Generator struct {
	gain    float32
	order   int
	lattice [maxOrder]float32 // reflection coefficients
	memory  [maxOrder]float32
	random  uint32
}

// Describe takes a payload: the level in dB below full scale, then the spectrum as
// reflection coefficients (RFC 3389 sections 3.1 to 3.3). An empty one is silence.
func (g *Generator) Describe(payload []byte) {
	g.gain, g.order = 0, 0
	if len(payload) == 0 {
		return
	}
	level := max(int(payload[0]&0x7F), loudest)
	if level == 127 {
		return
	}
	power := float32(1)
	g.order = min(len(payload)-1, maxOrder)
	for i := range g.order {
		// 127 is 0; the ends are short of 1, so that the filter is stable.
		k := float32(int(payload[1+i])-127) / 129
		g.lattice[i] = k
		power *= 1 - k*k
	}
	// A filter of all poles raises its input's power by 1/power.
	amplitude := 32767 * math.Pow(10, -float64(level)/20)
	g.gain = float32(amplitude / deviation * math.Sqrt(float64(power)))
}

// Frame fills sound with noise, at any rate. It allocates nothing.
func (g *Generator) Frame(sound []int16) {
	if g.gain == 0 {
		clear(sound)
		clear(g.memory[:])
		return
	}
	for i := range sound {
		value := g.next() * g.gain
		// A lattice filter, from its last section to its first.
		for j := g.order - 1; j >= 0; j-- {
			value -= g.lattice[j] * g.memory[j]
			if j+1 < g.order {
				g.memory[j+1] = g.memory[j] + g.lattice[j]*value
			}
		}
		g.memory[0] = value
		sound[i] = int16(min(max(value, -32768), 32767))
	}
}

// next is a random number within ±1 (xorshift, 32 bits).
func (g *Generator) next() float32 {
	if g.random == 0 {
		g.random = seed
	}
	g.random ^= g.random << 13
	g.random ^= g.random >> 17
	g.random ^= g.random << 5
	return float32(int32(g.random)) / (1 << 31)
}
