package media

import (
	"encoding/binary"

	"careline/media/packetio"
)

const (
	headerSize = 12
	// maxPayload is the longest payload taken from one packet, in bytes: 40 ms of L16,
	// which with its headers is what Ethernet carries, and more than any other codec's
	// maxSoundLength but Opus's at rates that nobody speaks at.
	maxPayload = 1280
	// maxPacketTicks is the most that timestamps go on by in one packet: maxSoundLength
	// at the fastest clock, Opus's.
	maxPacketTicks = 5760
	// maxPacket is what one read from a socket can take; longer ones are cut and
	// then refused.
	maxPacket = packetio.MaxPacket
)

// packet is a received RTP packet (RFC 3550 section 5.1). The payload belongs to
// the buffer that it was read into.
type packet struct {
	marker      bool
	payloadType uint8
	sequence    uint16
	timestamp   uint32
	ssrc        uint32
	payload     []byte
}

// verdict is what parsing found raw to be.
type verdict uint8

const (
	isGarbage verdict = iota
	isRTP
	isRTCP
)

// parse reads raw, which anybody may have sent. It allocates nothing.
func (p *packet) parse(raw []byte) verdict {
	if len(raw) < 8 || raw[0]>>6 != 2 {
		return isGarbage
	}
	if raw[1] >= 192 && raw[1] <= 223 { // RFC 5761 section 4
		return isRTCP
	}
	if len(raw) < headerSize {
		return isGarbage
	}
	start := headerSize + 4*int(raw[0]&0x0F)
	if raw[0]&0x10 != 0 {
		if len(raw) < start+4 {
			return isGarbage
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(raw[start+2:]))
	}
	end := len(raw)
	if raw[0]&0x20 != 0 {
		padding := int(raw[end-1])
		if padding == 0 {
			return isGarbage
		}
		end -= padding
	}
	if start > end {
		return isGarbage
	}
	p.marker = raw[1]&0x80 != 0
	p.payloadType = raw[1] & 0x7F
	p.sequence = binary.BigEndian.Uint16(raw[2:])
	p.timestamp = binary.BigEndian.Uint32(raw[4:])
	p.ssrc = binary.BigEndian.Uint32(raw[8:])
	p.payload = raw[start:end]
	return isRTP
}

// putHeader writes p's header into raw, whose payload begins at headerSize.
func (p *packet) putHeader(raw []byte) {
	raw[0] = 2 << 6
	raw[1] = p.payloadType
	if p.marker {
		raw[1] |= 0x80
	}
	binary.BigEndian.PutUint16(raw[2:], p.sequence)
	binary.BigEndian.PutUint32(raw[4:], p.timestamp)
	binary.BigEndian.PutUint32(raw[8:], p.ssrc)
}
