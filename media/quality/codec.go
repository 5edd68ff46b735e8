package quality

import "time"

// Codec is what the model knows of one.
type Codec uint8

const (
	// G711 is G.711 with loss concealed (ITU-T G.711 appendix I), as browsers and
	// most telephones do.
	G711 Codec = iota
	// G711Plain is G.711 without any concealment.
	G711Plain
	G722 // at 64 kbit/s
	Opus // wideband, about 24 kbit/s
	L16  // 16 kHz
)

// figures are a codec's in the model.
type figures struct {
	impairment float64 // without loss: Ie, or Ie,WB
	robustness float64 // against loss: Bpl
	wideband   bool    // on the scale of ITU-T G.107.1
	lookahead  time.Duration
}

// figures of G.711 are from ITU-T G.113 table I.4, the impairment of G.722 from its
// appendix IV. No recommendation gives the rest: G.722 and L16 are taken to be as
// robust as G.711 with concealment; Opus follows published measurements of wideband
// Opus (20 and 19.5 at 13 kbit/s), with the impairment halved at our rate.
func (c Codec) figures() figures {
	switch c {
	case G711Plain:
		return figures{0, 4.3, false, 0}
	case G722:
		return figures{13, 25.1, true, 1500 * time.Microsecond}
	case Opus:
		return figures{10, 19.5, true, 6500 * time.Microsecond}
	case L16:
		return figures{0, 25.1, true, 0}
	}
	return figures{0, 25.1, false, 0}
}

const (
	packetTime = 20 * time.Millisecond
	// leastBuffer and mostBuffer bound what a listener's jitter buffer holds back.
	leastBuffer = 40 * time.Millisecond
	mostBuffer  = 120 * time.Millisecond
)

// Delay estimates the way from mouth to ear where only the network's round trip is
// measured, or nothing (0): half of that, the packet, the codec's own delay, and a
// jitter buffer of twice the jitter within its bounds.
func (c Codec) Delay(roundTrip, jitter time.Duration) time.Duration {
	buffer := min(max(2*jitter, leastBuffer), mostBuffer)
	return roundTrip/2 + packetTime + c.figures().lookahead + buffer
}
