package g722

// Encoder encodes one stream. It isn't safe for concurrent use.
type Encoder struct {
	low, high band
	past      [taps - 2]int32 // the latest samples, of the transmit filter
}

const (
	taps = 24 // of the filters
	// chunk is how many bytes are worked on at once: 20 ms.
	chunk = 160
)

// NewEncoder makes an encoder that has heard nothing.
func NewEncoder() *Encoder {
	return &Encoder{low: band{det: lowBegin}, high: band{det: highBegin}}
}

// Encode writes a byte for each two samples at 16 kHz; payload is half as long as
// sound. It allocates nothing.
func (e *Encoder) Encode(payload []byte, sound []int16) {
	var samples [taps - 2 + 2*chunk]int32
	for len(payload) > 0 {
		n := min(len(payload), chunk)
		copy(samples[:], e.past[:])
		for i, sample := range sound[:2*n] {
			samples[taps-2+i] = int32(sample)
		}
		for i := range payload[:n] {
			xl, xh := split((*[taps]int32)(samples[2*i:]))
			payload[i] = e.encodeHigh(xh)<<6 | e.encodeLow(xl)
		}
		copy(e.past[:], samples[2*n:])
		payload, sound = payload[n:], sound[2*n:]
	}
}

// split is the transmit quadrature mirror filter: of the latest samples it makes one
// of each band (section 3.1).
func split(samples *[taps]int32) (xl, xh int32) {
	var even, odd int32
	for i, coefficient := range qmf {
		odd += samples[2*i] * coefficient
		even += samples[2*i+1] * qmf[11-i]
	}
	return (even + odd) >> 14, (even - odd) >> 14
}

// encodeLow codes a sample of the lower band in six bits (section 3.2).
func (e *Encoder) encodeLow(xl int32) byte {
	b := &e.low
	el := clip16(xl - b.s)
	magnitude := el
	if el < 0 {
		magnitude = -(el + 1)
	}
	interval, end := 0, len(lowDecisions)
	for interval < end { // the first whose bound is above
		if middle := (interval + end) / 2; magnitude >= (lowDecisions[middle]*b.det)>>12 {
			interval = middle + 1
		} else {
			end = middle
		}
	}
	code := lowPositive[interval]
	if el < 0 {
		code = lowNegative[interval]
	}
	b.followLow(code)
	return code
}

// followLow adapts the lower band to a code. Only its four upper bits count, so that
// the other two may be stolen on the way (section 1.3).
func (b *band) followLow(code byte) {
	coarse := code >> 2
	d := (b.det * lowCoarse[coarse]) >> 15
	b.rescale(lowSteps[coarse], lowMost, lowBase)
	b.predict(d)
}

// encodeHigh codes a sample of the higher band in two bits.
func (e *Encoder) encodeHigh(xh int32) byte {
	b := &e.high
	eh := clip16(xh - b.s)
	magnitude := eh
	if eh < 0 {
		magnitude = -(eh + 1)
	}
	code := byte(1) // near
	if magnitude >= (highDecision*b.det)>>12 {
		code = 0
	}
	if eh >= 0 {
		code += 2
	}
	b.followHigh(code)
	return code
}

// followHigh adapts the higher band to a code.
func (b *band) followHigh(code byte) (d int32) {
	d = (b.det * highLevels[code]) >> 15
	b.rescale(highSteps[code], highMost, highBase)
	b.predict(d)
	return d
}
