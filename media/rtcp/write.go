package rtcp

import "encoding/binary"

const itemName = 1 // CNAME, of a source description (RFC 3550 section 6.5.1)

// Name is a canonical name (CNAME): 16 printable characters drawn at random for
// one leg, so that it names nobody (RFC 7022 section 4.2).
type Name [16]byte

const nameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// NewName makes a name of random bytes.
func NewName(random [16]byte) (name Name) {
	for i, b := range random {
		name[i] = nameLetters[b&63]
	}
	return name
}

// MaxSize is the longest that Append and AppendGoodbye make together.
const MaxSize = headerSize + 4 + senderSize + blockSize + // report
	headerSize + 4 + 2 + len(Name{}) + 2 + // name, with its end
	headerSize + 4 // goodbye

// appendReport writes the report of source and its name: a compound packet. sender
// and block may be nil.
func appendReport(raw []byte, source uint32, name Name, sender *Sender, block *Block) []byte {
	kind, words, count := byte(typeReceiver), 1, byte(0)
	if sender != nil {
		kind, words = typeSender, words+senderSize/4
	}
	if block != nil {
		words, count = words+blockSize/4, 1
	}
	raw = appendHeader(raw, kind, count, words)
	raw = binary.BigEndian.AppendUint32(raw, source)
	if sender != nil {
		raw = binary.BigEndian.AppendUint64(raw, sender.NTP)
		raw = binary.BigEndian.AppendUint32(raw, sender.Timestamp)
		raw = binary.BigEndian.AppendUint32(raw, sender.Packets)
		raw = binary.BigEndian.AppendUint32(raw, sender.Octets)
	}
	if block != nil {
		raw = binary.BigEndian.AppendUint32(raw, block.Source)
		raw = binary.BigEndian.AppendUint32(raw, uint32(block.Fraction)<<24|uint32(block.Lost)&0xFFFFFF)
		raw = binary.BigEndian.AppendUint32(raw, block.Highest)
		raw = binary.BigEndian.AppendUint32(raw, block.Jitter)
		raw = binary.BigEndian.AppendUint32(raw, block.LastSender)
		raw = binary.BigEndian.AppendUint32(raw, block.Delay)
	}
	// The item, one zero at its end, and another to fill the word.
	raw = appendHeader(raw, typeDescription, 1, (4+2+len(name)+2)/4)
	raw = binary.BigEndian.AppendUint32(raw, source)
	raw = append(raw, itemName, byte(len(name)))
	raw = append(raw, name[:]...)
	return append(raw, 0, 0)
}

// AppendGoodbye adds to a report of source that it leaves (RFC 3550 section 6.6).
func AppendGoodbye(raw []byte, source uint32) []byte {
	raw = appendHeader(raw, typeGoodbye, 1, 1)
	return binary.BigEndian.AppendUint32(raw, source)
}

// appendHeader writes the common header of a packet with so many words behind it.
func appendHeader(raw []byte, kind, count byte, words int) []byte {
	raw = append(raw, version<<6|count, kind)
	return binary.BigEndian.AppendUint16(raw, uint16(words))
}
