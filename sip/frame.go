package sip

import (
	"bytes"
	"encoding/binary"
)

// The few bits of RFC 6455 section 5.2 that are used between sipgo and us.
const (
	finalText   = 0x81 // the last fragment, and text
	masked      = 0x80
	lengthIn16  = 126
	lengthIn64  = 127
	maskBytes   = 4
	shortHeader = 2
)

// appendFrame adds a message as one frame of text from a client, masked by
// zeros, which change nothing.
func appendFrame(frame, message []byte) []byte {
	frame = append(frame, finalText)
	switch n := len(message); {
	case n < lengthIn16:
		frame = append(frame, masked|byte(n))
	case n <= 0xffff:
		frame = binary.BigEndian.AppendUint16(append(frame, masked|lengthIn16), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, masked|lengthIn64), uint64(n))
	}
	frame = append(frame, make([]byte, maskBytes)...)
	return append(frame, message...)
}

// cutFrame takes the first frame of a server, which has no mask, off data.
func cutFrame(data []byte) (message, rest []byte, whole bool) {
	if len(data) < shortHeader {
		return nil, data, false
	}
	header, length := shortHeader, uint64(data[1]&^masked)
	switch length {
	case lengthIn16:
		if header += 2; len(data) >= header {
			length = uint64(binary.BigEndian.Uint16(data[shortHeader:]))
		}
	case lengthIn64:
		if header += 8; len(data) >= header {
			length = binary.BigEndian.Uint64(data[shortHeader:])
		}
	}
	if len(data) < header || uint64(len(data)-header) < length {
		return nil, data, false
	}
	end := header + int(length)
	return data[header:end], data[end:], true
}

// cutUpgrade takes the answer to an upgrade off data.
func cutUpgrade(data []byte) (rest []byte, found bool) {
	_, rest, found = bytes.Cut(data, []byte("\r\n\r\n"))
	return rest, found
}
