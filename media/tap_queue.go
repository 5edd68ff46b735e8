package media

import (
	"encoding/binary"
	"time"
)

// tapPacket is one packet of sound that a tap took: which way it went, when, and
// what it says of itself.
type tapPacket struct {
	side      tapSide
	begins    bool // another source begins with it, or packets before it are missing
	codec     Codec
	sequence  uint16
	timestamp uint32
	ssrc      uint32
	at        time.Duration // since the tap began
	payload   []byte
}

// tapHeader is how many bytes a packet takes in the queue beside its payload.
const tapHeader = 2 + 2 + 4 + 4 + 8 + 2

// tapBegins marks the byte of the side.
const tapBegins = 0x80

// tapQueue holds packets one behind the other in a ring of bytes, so that it is as
// large as what is in it, and allocates nothing. It isn't safe for concurrent use.
type tapQueue struct {
	ring        []byte
	first, used int
}

// add appends a packet, or reports that there is no room.
func (q *tapQueue) add(p *tapPacket) bool {
	if len(q.ring)-q.used < tapHeader+len(p.payload) {
		return false
	}
	var header [tapHeader]byte
	header[0], header[1] = byte(p.side), byte(p.codec)
	if p.begins {
		header[0] |= tapBegins
	}
	binary.LittleEndian.PutUint16(header[2:], p.sequence)
	binary.LittleEndian.PutUint32(header[4:], p.timestamp)
	binary.LittleEndian.PutUint32(header[8:], p.ssrc)
	binary.LittleEndian.PutUint64(header[12:], uint64(p.at))
	binary.LittleEndian.PutUint16(header[20:], uint16(len(p.payload)))
	q.put(header[:])
	q.put(p.payload)
	return true
}

// next reads the oldest packet, without its payload, and takes it out if it came
// until a time; its payload is read by get.
func (q *tapQueue) next(p *tapPacket, until time.Duration) (size int, ok bool) {
	if q.used == 0 {
		return 0, false
	}
	var header [tapHeader]byte
	q.peek(header[:])
	p.at = time.Duration(binary.LittleEndian.Uint64(header[12:]))
	if p.at > until {
		return 0, false
	}
	p.side, p.begins, p.codec = tapSide(header[0]&^tapBegins), header[0]&tapBegins != 0, Codec(header[1])
	p.sequence = binary.LittleEndian.Uint16(header[2:])
	p.timestamp = binary.LittleEndian.Uint32(header[4:])
	p.ssrc = binary.LittleEndian.Uint32(header[8:])
	q.drop(tapHeader)
	return int(binary.LittleEndian.Uint16(header[20:])), true
}

// get takes out the payload of the packet that next gave.
func (q *tapQueue) get(payload []byte) {
	q.peek(payload)
	q.drop(len(payload))
}

func (q *tapQueue) put(raw []byte) {
	at := (q.first + q.used) % len(q.ring)
	n := copy(q.ring[at:], raw)
	copy(q.ring, raw[n:])
	q.used += len(raw)
}

func (q *tapQueue) peek(raw []byte) {
	n := copy(raw, q.ring[q.first:])
	copy(raw[n:], q.ring)
}

func (q *tapQueue) drop(n int) {
	q.first = (q.first + n) % len(q.ring)
	q.used -= n
}
