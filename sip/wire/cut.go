package wire

import "bytes"

// Cut finds the end of the first message in a stream (RFC 3261 section 18.3): 0
// while it isn't all there. A fault means that nothing behind it can be read
// either. limit is the longest message taken, in bytes; lines that are empty may
// stand before a message, and are no part of it.
func Cut(stream []byte, limit int) (int, *Fault) {
	end := bytes.Index(stream, []byte(endOfHead))
	if end < 0 {
		if len(stream) > limit {
			return 0, &Fault{Status: statusTooLong, About: "its head is too long"}
		}
		return 0, nil
	}
	h, _ := readLines(string(stream[:end]))
	head := end + headInBytes
	if h.count("content-length") != 1 {
		return 0, bad("it hasn't one length, which a stream must have")
	}
	text, _ := h.first("content-length")
	length, ok := number(text, 1<<31)
	switch {
	case !ok:
		return 0, bad("its length can't be read")
	case uint64(head)+length > uint64(limit):
		return 0, &Fault{Status: statusTooLong, About: "it is too long"}
	case uint64(len(stream)-head) < length:
		return 0, nil
	}
	return head + int(length), nil
}
