package rtcp

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed says that what came isn't a compound packet of RTCP (RFC 3550
// appendix A.2).
var ErrMalformed = errors.New("rtcp: not a compound packet of RTCP")

// Is reports whether a packet is RTCP and not RTP, where both come to one port
// (RFC 5761 section 4).
func Is(raw []byte) bool {
	return len(raw) >= 8 && raw[0]>>6 == version && raw[1] >= 192 && raw[1] <= 223
}

// Read reads a compound packet, which anybody may have sent, for the side whose
// stream is us. Its first packet must be a report; those of kinds that we have no
// use for are skipped.
func Read(raw []byte, us uint32) (Report, error) {
	var report Report
	if len(raw) < 8 || raw[0]&0x20 != 0 || raw[1] != typeSender && raw[1] != typeReceiver {
		return Report{}, ErrMalformed
	}
	report.Source = binary.BigEndian.Uint32(raw[headerSize:])
	for len(raw) > 0 {
		if len(raw) < headerSize || raw[0]>>6 != version {
			return Report{}, ErrMalformed
		}
		size := headerSize + 4*int(binary.BigEndian.Uint16(raw[2:]))
		if size > len(raw) {
			return Report{}, ErrMalformed
		}
		kind, count, body, last := raw[1], int(raw[0]&0x1F), raw[headerSize:size], size == len(raw)
		if raw[0]&0x20 != 0 {
			padding := 0
			if len(body) > 0 {
				padding = int(body[len(body)-1])
			}
			if !last || padding == 0 || padding > len(body) {
				return Report{}, ErrMalformed
			}
			body = body[:len(body)-padding]
		}
		if !report.packet(kind, count, body, us) {
			return Report{}, ErrMalformed
		}
		raw = raw[size:]
	}
	return report, nil
}

// packet takes one packet of the compound; false if it contradicts itself.
func (r *Report) packet(kind byte, count int, body []byte, us uint32) bool {
	switch kind {
	case typeSender:
		if len(body) < 4+senderSize {
			return false
		}
		if binary.BigEndian.Uint32(body) == r.Source {
			r.Sends = true
			r.Sender = Sender{
				NTP:       binary.BigEndian.Uint64(body[4:]),
				Timestamp: binary.BigEndian.Uint32(body[12:]),
				Packets:   binary.BigEndian.Uint32(body[16:]),
				Octets:    binary.BigEndian.Uint32(body[20:]),
			}
		}
		return r.blocks(count, body[4+senderSize:], us)
	case typeReceiver:
		return len(body) >= 4 && r.blocks(count, body[4:], us)
	case typeGoodbye:
		if len(body) < 4*count {
			return false
		}
		for ; count > 0; count-- {
			r.Goodbye = r.Goodbye || binary.BigEndian.Uint32(body[4*(count-1):]) == r.Source
		}
	}
	return true
}

// blocks looks for the block about us.
func (r *Report) blocks(count int, body []byte, us uint32) bool {
	if len(body) < count*blockSize {
		return false
	}
	for ; count > 0; count, body = count-1, body[blockSize:] {
		if binary.BigEndian.Uint32(body) != us {
			r.Others = true
			continue
		}
		lost := binary.BigEndian.Uint32(body[4:])
		r.Told = true
		r.About = Block{
			Source:     us,
			Fraction:   body[4],
			Lost:       int32(lost<<8) >> 8, // keeps the sign of 24 bits
			Highest:    binary.BigEndian.Uint32(body[8:]),
			Jitter:     binary.BigEndian.Uint32(body[12:]),
			LastSender: binary.BigEndian.Uint32(body[16:]),
			Delay:      binary.BigEndian.Uint32(body[20:]),
		}
	}
	return true
}
