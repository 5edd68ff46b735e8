package g722

// band is what encoder and decoder both know of one sub-band: the quantiser's scale
// factor, and the predictor (G.722 sections 3.3 to 3.6).
type band struct {
	nb  int32 // the logarithm of the scale factor
	det int32 // the scale factor

	s  int32    // the predicted signal
	sz int32    // the part of it that the zeros predict
	r  [2]int32 // the reconstructed signal, latest first
	p  [2]int32 // the partially reconstructed signal, latest first
	a  [2]int32 // pole coefficients
	b  [6]int32 // zero coefficients
	d  [6]int32 // quantised differences, latest first
}

// rescale adapts the scale factor to the code that was sent: step is what the code
// adds to its logarithm, most bounds that, and base is where its table begins
// (sections 3.3 and 6.2.2, LOGSCL, SCALEL and their like).
func (b *band) rescale(step, most, base int32) {
	b.nb = min(max((b.nb*127)>>7+step, 0), most)
	mantissa := inverseLogs[(b.nb>>6)&31]
	if shift := base - b.nb>>11; shift >= 0 {
		b.det = mantissa >> shift << 2
	} else {
		b.det = mantissa << -shift << 2
	}
}

// predict adapts the predictor to the quantised difference d, and predicts the next
// sample (sections 3.5 and 3.6; section 6.2.1, block 4).
func (b *band) predict(d int32) {
	r := clip16(b.s + d)
	p := clip16(b.sz + d)
	b.adaptPoles(p)
	b.adaptZeros(d)
	copy(b.d[1:], b.d[:5])
	b.d[0] = d
	b.r[1], b.r[0] = b.r[0], r
	b.p[1], b.p[0] = b.p[0], p

	poles := (b.a[0]*clip16(2*b.r[0]))>>15 + (b.a[1]*clip16(2*b.r[1]))>>15
	b.sz = 0
	for i, coefficient := range b.b {
		b.sz += (coefficient * clip16(2*b.d[i])) >> 15
	}
	b.sz = clip16(b.sz)
	b.s = clip16(clip16(poles) + b.sz)
}

// adaptPoles follows the signs of the partially reconstructed signal (UPPOL1 and
// UPPOL2), within the bounds in which the predictor is stable.
func (b *band) adaptPoles(p int32) {
	const (
		most = 12288 // 0.75, of the second coefficient
		sum  = 15360 // 0.9375, of both
	)
	first := clip16(4 * b.a[0])
	slope := int32(-192)
	if p>>31 == b.p[0]>>31 {
		first = min(-first, 32767)
		slope = 192
	}
	second := int32(-128)
	if p>>31 == b.p[1]>>31 {
		second = 128
	}
	second += first>>7 + (b.a[1]*32512)>>15
	second = min(max(second, -most), most)
	bound := clip16(sum - second)
	b.a[0] = min(max(clip16(slope+(b.a[0]*32640)>>15), -bound), bound)
	b.a[1] = second
}

// adaptZeros follows the signs of the differences (UPZERO).
func (b *band) adaptZeros(d int32) {
	step := int32(128)
	if d == 0 {
		step = 0
	}
	for i, coefficient := range b.b {
		// Which way is as good as random, so it isn't branched on.
		other := (d ^ b.d[i]) >> 31 // -1 where the signs differ, else 0
		b.b[i] = (step ^ other) - other + (coefficient*32640)>>15
	}
}

func clip16(v int32) int32 { return min(max(v, -32768), 32767) }
