package ogg

import (
	"encoding/binary"
	"fmt"

	"careline/media/opus"
)

const (
	// clock is the rate that granule positions, pre-skip and durations count in,
	// whatever the encoder's (RFC 7845 section 4).
	clock = 48000
	// maxPacket is the longest packet: no Opus packet of two channels need be longer
	// (RFC 7845 section 6).
	maxPacket = 61440
	// maxDuration is the longest time in one packet.
	maxDuration = opus.MaxSamples * clock / opus.SampleRate

	headMagic = "OpusHead"
	tagsMagic = "OpusTags"
	headSize  = 19
)

// Head is the identification header (RFC 7845 section 5.1), channel mapping family
// 0: mono or stereo.
type Head struct {
	// Channels is 1 or 2.
	Channels int
	// PreSkip is how many samples at 48 kHz to leave out at the beginning: the
	// encoder's delay.
	PreSkip int
	// InputRate is the rate of what was encoded, for information; 0: unknown.
	InputRate int
	// Gain is to be applied to what is decoded, in dB, in steps of 1/256.
	Gain float64
}

func (h Head) append(out []byte) []byte {
	out = append(out, headMagic...)
	out = append(out, 1, byte(h.Channels))
	out = binary.LittleEndian.AppendUint16(out, uint16(h.PreSkip))
	out = binary.LittleEndian.AppendUint32(out, uint32(h.InputRate))
	out = binary.LittleEndian.AppendUint16(out, uint16(int16(h.Gain*256)))
	return append(out, 0)
}

func parseHead(packet []byte) (Head, error) {
	if len(packet) < headSize || string(packet[:len(headMagic)]) != headMagic {
		return Head{}, fmt.Errorf("%w: its first packet is no OpusHead; is it another codec's?", ErrOgg)
	}
	head := Head{
		Channels:  int(packet[9]),
		PreSkip:   int(binary.LittleEndian.Uint16(packet[10:])),
		InputRate: int(binary.LittleEndian.Uint32(packet[12:])),
		Gain:      float64(int16(binary.LittleEndian.Uint16(packet[16:]))) / 256,
	}
	switch {
	case packet[8]&0xF0 != 0:
		return head, fmt.Errorf("%w: version %d of Opus in Ogg", ErrOgg, packet[8])
	case packet[18] != 0 || head.Channels < 1 || head.Channels > 2:
		return head, fmt.Errorf("%w: %d channels of mapping family %d", ErrOgg, head.Channels, packet[18])
	}
	return head, nil
}

// tags is the comment header (RFC 7845 section 5.2): who wrote it and nothing else.
func tags() []byte {
	const vendor = "Careline"
	out := append([]byte(tagsMagic), byte(len(vendor)), 0, 0, 0)
	return append(append(out, vendor...), 0, 0, 0, 0)
}
