package wire

import (
	"bytes"
	"strings"
)

// field is one header field, unfolded.
type field struct {
	name  string // as it stands
	kind  string // its long name in lower case
	value string
}

// head is a message up to its body.
type head struct {
	start  string
	fields []field
	length int  // bytes, the empty line included
	folded bool // some field went over several lines
}

const (
	maxFields   = 256 // of one message
	endOfLine   = "\r\n"
	endOfHead   = "\r\n\r\n"
	headInBytes = len(endOfHead)
)

// readHead cuts a message's head into its lines and fields (RFC 3261 section
// 7.3). What can be told of a broken one is there even so, for the answer.
func readHead(message []byte) (head, *Fault) {
	end := bytes.Index(message, []byte(endOfHead))
	if end < 0 {
		h, _ := readLines(string(message))
		return h, bad("its head doesn't end")
	}
	h, fault := readLines(string(message[:end]))
	h.length = end + headInBytes
	return h, fault
}

func readLines(text string) (head, *Fault) {
	var h head
	var fault *Fault
	start, rest, _ := strings.Cut(text, endOfLine)
	h.start = start
	if strings.ContainsAny(start, "\r\n") {
		fault = bad("a line ends in CR or LF alone")
	}
	for rest != "" {
		var line string
		line, rest, _ = strings.Cut(rest, endOfLine)
		for rest != "" && strings.IndexByte(space, rest[0]) >= 0 {
			var more string
			more, rest, _ = strings.Cut(rest, endOfLine)
			line, h.folded = strings.TrimRight(line, space)+" "+trim(more), true
		}
		name, value, named := strings.Cut(line, ":")
		name = strings.TrimRight(name, space)
		switch {
		case len(h.fields) == maxFields:
			return h, bad("it has too many header fields")
		case !named || !isToken(name):
			fault = bad("a header field has no name")
			continue
		case strings.ContainsAny(line, "\r\n"):
			fault = bad("a line ends in CR or LF alone")
			continue
		}
		h.fields = append(h.fields, field{name: name, kind: kindOf(name), value: trim(value)})
	}
	return h, fault
}

// kindOf is a field's long name (RFC 3261 section 7.3.3), for those that are
// looked at here.
func kindOf(name string) string {
	if len(name) == 1 {
		switch name[0] | 0x20 {
		case 'v':
			return "via"
		case 'f':
			return "from"
		case 't':
			return "to"
		case 'i':
			return "call-id"
		case 'm':
			return "contact"
		case 'l':
			return "content-length"
		case 'c':
			return "content-type"
		}
	}
	return strings.ToLower(name)
}

// first finds the first field of a kind.
func (h *head) first(kind string) (string, bool) {
	for i := range h.fields {
		if h.fields[i].kind == kind {
			return h.fields[i].value, true
		}
	}
	return "", false
}

func (h *head) count(kind string) int {
	n := 0
	for i := range h.fields {
		if h.fields[i].kind == kind {
			n++
		}
	}
	return n
}
