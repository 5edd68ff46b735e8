package wire

import (
	"bytes"
	"strconv"
	"strings"
)

const (
	maxSequence = 1<<31 - 1 // RFC 3261 section 8.1.1.5
	maxHops     = 255       // RFC 3261 section 20.22
)

// Read checks one message and gives it in the plain form that the package
// comment speaks of: the message itself where it has it. A datagram's end is the
// message's, and what is behind its body is none of it (RFC 3261 section 18.3).
func Read(message []byte, datagram bool) ([]byte, *Fault) {
	h, fault := readHead(message)
	s, startFault := readStart(h.start)
	if startFault != nil {
		return nil, quiet(s, startFault)
	}
	if fault != nil {
		return nil, quiet(s, fault)
	}
	changed := h.folded || s.short
	if s.short {
		h.start += " "
	}
	body, fault := readBody(&h, message[h.length:], datagram)
	if fault == nil {
		fault = checkCounts(&h, s)
	}
	if fault == nil {
		var rewritten bool
		rewritten, fault = plainFields(&h, s)
		changed = changed || rewritten
	}
	if fault == nil {
		fault = checkMethod(&h, s)
	}
	if fault != nil {
		return nil, quiet(s, fault)
	}
	if !changed {
		return message[:h.length+len(body)], nil
	}
	return h.write(body), nil
}

// quiet leaves unanswered what never is: responses, and ACK.
func quiet(s start, fault *Fault) *Fault {
	if s.response || s.method == "ACK" {
		return unreadable(fault.About)
	}
	return fault
}

// readBody finds the body by its length.
func readBody(h *head, rest []byte, datagram bool) ([]byte, *Fault) {
	if h.count("content-length") > 1 {
		return nil, bad("it has two lengths")
	}
	text, given := h.first("content-length")
	if !given {
		if datagram {
			return rest, nil
		}
		return nil, bad("it has no length")
	}
	length, ok := number(text, uint64(len(rest)))
	if !ok {
		return nil, bad("its length isn't that of its body")
	}
	return rest[:length], nil
}

// checkCounts wants each field that must be there, and one of those that can't
// be several (RFC 3261 sections 8.1.1 and 20).
func checkCounts(h *head, s start) *Fault {
	for _, kind := range []string{"call-id", "cseq", "from", "to"} {
		if h.count(kind) != 1 {
			return bad("it hasn't one " + kind)
		}
	}
	for _, kind := range []string{"max-forwards", "content-type"} {
		if h.count(kind) > 1 {
			return bad("it has two of " + kind)
		}
	}
	if h.count("via") == 0 {
		return bad("it has no via")
	}
	if hops, given := h.first("max-forwards"); given && !s.response {
		if _, ok := number(hops, maxHops); !ok {
			return bad("its max-forwards can't be read")
		}
	}
	if id, _ := h.first("call-id"); !isVisible(id) {
		return bad("its call-id can't be read")
	}
	if kind, given := h.first("content-type"); given && kind == "" {
		return bad("its content-type is empty")
	}
	return nil
}

// plainFields reads the fields that have a grammar of their own and writes them
// in their plain form; it reports whether that changed anything.
func plainFields(h *head, s start) (bool, *Fault) {
	changed, vias := false, 0
	fields := h.fields[:0:0]
	for _, f := range h.fields {
		plain, ok := []string{f.value}, true
		switch f.kind {
		case "via":
			plain, ok = plainVias(f.value, vias == 0 && !s.response)
			vias += len(plain)
		case "from", "to":
			plain[0], ok = plainAddress(f.value, false)
		case "contact":
			plain, ok = plainAddresses(f.value, false)
		case "route", "record-route":
			plain, ok = plainAddresses(f.value, true)
		case "cseq":
			plain[0], ok = plainSequence(f.value)
		}
		if !ok {
			return false, bad("its " + f.kind + " can't be read")
		}
		changed = changed || len(plain) != 1 || plain[0] != f.value
		for _, value := range plain {
			fields = append(fields, field{name: f.name, kind: f.kind, value: value})
		}
	}
	if s.response && vias != 1 { // somebody else's (RFC 3261 section 8.1.3.3)
		return false, unreadable("it is a response with more than our own via")
	}
	if len(fields) > maxFields {
		return false, bad("it has too many header fields")
	}
	h.fields = fields
	return changed, nil
}

func plainVias(text string, top bool) ([]string, bool) {
	all := values(text)
	for i, one := range all {
		v, ok := readVia(one)
		if !ok || top && i == 0 && v.anonymous() {
			return nil, false
		}
		all[i] = v.String()
	}
	return all, true
}

func plainAddresses(text string, bracketed bool) ([]string, bool) {
	if text == "*" && !bracketed {
		return []string{text}, true
	}
	all := values(text)
	for i, one := range all {
		plain, ok := plainAddress(one, bracketed)
		if !ok {
			return nil, false
		}
		all[i] = plain
	}
	return all, true
}

func plainSequence(text string) (string, bool) {
	sequence, method, _ := cutSpace(text)
	n, ok := number(sequence, maxSequence)
	return strconv.FormatUint(n, 10) + " " + method, ok && isToken(method)
}

func cutSpace(text string) (first, rest string, found bool) {
	at := strings.IndexAny(text, space)
	if at < 0 {
		return text, "", false
	}
	return text[:at], trim(text[at:]), true
}

// checkMethod holds the method against the one in CSeq. A method is told from
// another by case too, which whoever reads after us forgets.
func checkMethod(h *head, s start) *Fault {
	if s.response {
		return nil
	}
	if s.method != strings.ToUpper(s.method) {
		return &Fault{Status: statusNotImplemented, About: "its method is unknown"}
	}
	sequence, _ := h.first("cseq")
	if _, method, _ := cutSpace(sequence); method == s.method {
		return nil
	}
	if !knownMethod(s.method) {
		return &Fault{Status: statusNotImplemented, About: "its method is unknown, and not that of its cseq"}
	}
	return bad("its method isn't that of its cseq")
}

// write puts the message together again.
func (h *head) write(body []byte) []byte {
	var plain bytes.Buffer
	plain.WriteString(h.start + endOfLine)
	for _, f := range h.fields {
		plain.WriteString(f.name + ": " + f.value + endOfLine)
	}
	plain.WriteString(endOfLine)
	plain.Write(body)
	return plain.Bytes()
}
