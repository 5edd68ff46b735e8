package g722

// Decoder decodes one stream. It isn't safe for concurrent use.
type Decoder struct {
	low, high band
	past      [taps - 2]int32 // the latest sums and differences, of the receive filter
}

// NewDecoder makes a decoder that has heard nothing.
func NewDecoder() *Decoder {
	return &Decoder{low: band{det: lowBegin}, high: band{det: highBegin}}
}

// Decode writes two samples at 16 kHz for each byte; sound is twice as long as
// payload. Any bytes are a sound. It allocates nothing.
func (d *Decoder) Decode(sound []int16, payload []byte) {
	var bands [taps - 2 + 2*chunk]int32
	for len(payload) > 0 {
		n := min(len(payload), chunk)
		copy(bands[:], d.past[:])
		for i, code := range payload[:n] {
			rl, rh := d.decodeLow(code&0x3F), d.decodeHigh(code>>6)
			bands[taps-2+2*i], bands[taps-1+2*i] = rl+rh, rl-rh
			sound[2*i], sound[2*i+1] = join((*[taps]int32)(bands[2*i:]))
		}
		copy(d.past[:], bands[2*n:])
		payload, sound = payload[n:], sound[2*n:]
	}
}

// decodeLow is what a code of the lower band is heard as: the predicted sample and
// the difference, in all its six bits (section 4.1).
func (d *Decoder) decodeLow(code byte) int32 {
	b := &d.low
	r := clip15(b.s + (b.det*lowLevels[code])>>15)
	b.followLow(code)
	return r
}

func (d *Decoder) decodeHigh(code byte) int32 {
	b := &d.high
	s := b.s
	return clip15(s + b.followHigh(code))
}

// join is the receive quadrature mirror filter: of the latest sums and differences of
// the two bands it makes two samples (section 4.4).
func join(bands *[taps]int32) (first, second int16) {
	var one, two int32
	for i, coefficient := range qmf {
		two += bands[2*i] * coefficient
		one += bands[2*i+1] * qmf[11-i]
	}
	return int16(clip16(one >> 11)), int16(clip16(two >> 11))
}

// clip15 is the limiter at the end of each band (LIMIT).
func clip15(v int32) int32 { return min(max(v, -16384), 16383) }
