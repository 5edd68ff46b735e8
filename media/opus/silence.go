package opus

import "slices"

// Silence is what a packet tells, undecoded, of whether its sound is digital silence.
type Silence uint8

const (
	// Untold: nothing. A packet without a frame goes in a pause (DTX), or it is none; what
	// is next to silent is compared with what follows.
	Untold Silence = iota
	// Sound: whatever it is, a noise floor or comfort noise for one.
	Sound
	// Digital: the encoder was given nothing but zeros, or next to.
	Digital
)

const (
	// mostFaint is the highest gain of SILK that zeros come to, in its steps of 1.37 dB
	// (RFC 6716 section 4.2.7.4).
	mostFaint = 2
	// remembered is how many faint frames are compared: of zeros an encoder makes the
	// same one again and again, or four in turn, by its seed (section 4.2.7.7).
	remembered = 4
	// compared is how many bytes of each: what SILK says of zeros takes as many.
	compared = 6
)

// SilenceDetector finds digital silence in one stream by its packets, undecoded: by
// CELT's flag of silence, or by SILK's saying that nobody speaks, at the lowest gain,
// and in the same words as before. Noise, however faint, never comes twice. The zero
// value is ready; it isn't safe for concurrent use.
type SilenceDetector struct {
	faint [remembered]uint64
	next  int
	fresh int // faint frames in a row that were new
}

// Packet takes the stream's next packet. It costs far less than a microsecond.
func (s *SilenceDetector) Packet(packet []byte) Silence {
	frame := firstFrame(packet)
	switch {
	case len(frame) < 2:
		return Untold
	case packet[0]>>3 < 16 && isFaint(packet[0], frame):
		return s.repeats(frame)
	case packet[0]>>3 < 16:
		return Sound
	}
	d := newRange(frame)
	if d.bit(15) { // section 4.3
		return Digital
	}
	return Sound
}

// repeats compares a faint frame with those before, by how it begins: what follows of
// hybrid frames is CELT's, which goes on to vary.
func (s *SilenceDetector) repeats(frame []byte) Silence {
	begin := uint64(1)
	for _, b := range frame[:min(len(frame), compared)] {
		begin = begin<<8 | uint64(b)
	}
	if slices.Contains(s.faint[:], begin) {
		s.fresh = 0
		return Digital
	}
	s.faint[s.next] = begin
	s.next = (s.next + 1) % remembered
	if s.fresh++; s.fresh > remembered {
		return Sound
	}
	return Untold
}

// isFaint reports whether nobody speaks in a packet's first frame, which begins with
// SILK, and whether its gain is the lowest.
func isFaint(toc byte, frame []byte) bool {
	d := newRange(frame)
	stereo, frames := toc&4 != 0, 1 // of SILK, of 20 ms or less
	if configuration := toc >> 3; configuration < 12 {
		frames = max(frameLength(configuration)/8, 1)
	}
	// Who speaks, and copies for loss of what was spoken before, are bits at the very
	// beginning (section 4.2.3).
	for channel := 0; channel == 0 || stereo && channel == 1; channel++ {
		for range frames + 1 {
			if d.bit(1) {
				return false
			}
		}
	}
	if stereo { // how much of either channel is in the other (section 4.2.7.1)
		d.symbol(stereoStages)
		for range 2 {
			d.symbol(thirds)
			d.symbol(fifths)
		}
		d.symbol(midOnly)
	}
	d.symbol(inactiveTypes)
	return d.symbol(inactiveGains)<<3|d.symbol(eighths) <= mostFaint
}

// firstFrame is a packet's first frame (RFC 6716 section 3.2); nil if it has none.
func firstFrame(packet []byte) []byte {
	if Samples(packet, SampleRate) == 0 {
		return nil
	}
	rest := packet[1:]
	switch packet[0] & 3 {
	case 1: // two of one length
		return rest[:len(rest)/2]
	case 2:
		size, rest := frameSize(rest)
		return rest[:min(size, len(rest))]
	case 3:
		return firstOfMany(rest)
	}
	return rest
}

// firstOfMany is the first frame of a packet of any number (section 3.2.5), whose
// first byte says how they are packed.
func firstOfMany(rest []byte) []byte {
	packing := rest[0]
	frames := int(packing & 0x3F)
	rest = rest[1:]
	padding := 0
	for more := packing&0x40 != 0; more && len(rest) > 0; rest = rest[1:] {
		more = rest[0] == 255
		padding += min(int(rest[0]), 254)
	}
	if packing&0x80 == 0 { // all of one length
		return rest[:max(len(rest)-padding, 0)/frames]
	}
	first := 0
	for i := range frames - 1 {
		var size int
		if size, rest = frameSize(rest); i == 0 {
			first = size
		}
	}
	if frames == 1 {
		first = max(len(rest)-padding, 0)
	}
	return rest[:min(first, len(rest))]
}

// frameSize reads a frame's length (section 3.2.1).
func frameSize(raw []byte) (size int, rest []byte) {
	switch {
	case len(raw) > 0 && raw[0] < 252:
		return int(raw[0]), raw[1:]
	case len(raw) > 1:
		return int(raw[0]) + 4*int(raw[1]), raw[2:]
	}
	return 0, nil
}

// Of the symbols that are read, how often each comes, in 256 (section 4.2.7).
var (
	stereoStages  = []uint8{7, 2, 1, 1, 1, 10, 24, 8, 1, 1, 3, 23, 92, 23, 3, 1, 1, 8, 24, 10, 1, 1, 1, 2, 7}
	thirds        = []uint8{85, 86, 85}
	fifths        = []uint8{51, 51, 52, 51, 51}
	midOnly       = []uint8{192, 64}
	inactiveTypes = []uint8{26, 230}
	inactiveGains = []uint8{32, 112, 68, 29, 12, 1, 1, 1}
	eighths       = []uint8{32, 32, 32, 32, 32, 32, 32, 32}
)

// rangeDecoder reads the symbols of a frame (section 4.1).
type rangeDecoder struct {
	rest        []byte
	last        byte
	value, size uint32
}

func newRange(frame []byte) rangeDecoder {
	d := rangeDecoder{rest: frame[1:], last: frame[0], value: 127 - uint32(frame[0]>>1), size: 128}
	d.refill()
	return d
}

// refill keeps the range large enough to be parted (section 4.1.2.1).
func (d *rangeDecoder) refill() {
	for d.size <= 1<<23 {
		next := byte(0)
		if len(d.rest) > 0 {
			next, d.rest = d.rest[0], d.rest[1:]
		}
		bits := (uint32(d.last)<<8 | uint32(next)) >> 1 & 0xFF
		d.last = next
		d.size <<= 8
		d.value = (d.value<<8 + 255 - bits) & 0x7FFFFFFF
	}
}

// bit reads one that is set once in 1<<rare times (section 4.1.3.2).
func (d *rangeDecoder) bit(rare int) bool {
	part := d.size >> rare
	set := d.value < part
	if set {
		d.size = part
	} else {
		d.value -= part
		d.size -= part
	}
	d.refill()
	return set
}

// symbol reads one by how often each comes (section 4.1.3.3).
func (d *rangeDecoder) symbol(often []uint8) int {
	unit := d.size >> 8
	above := uint32(256) // those that come after
	for k, n := range often {
		top := d.size
		if k > 0 {
			top = unit * above
		}
		above -= uint32(n)
		if low := unit * above; d.value >= low || k == len(often)-1 {
			d.value -= low
			d.size = top - low
			d.refill()
			return k
		}
	}
	return 0
}
