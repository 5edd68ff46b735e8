package wire

import (
	"net/netip"
	"strconv"
	"strings"
)

const (
	maxRefusal  = 1300 // bytes, as of every response over UDP (RFC 3261 section 18.1.1)
	defaultPort = 5060
)

// Refuse builds the response to a request with a fault, and says where it goes
// over UDP (RFC 3261 section 18.2.2, RFC 3581). tag is put on the To field; it
// must be the same for the same request (RFC 3261 section 8.2.7). ok is false
// where nothing can be sent.
func Refuse(message []byte, fault *Fault, tag string, source netip.AddrPort) (response []byte, to netip.AddrPort, ok bool) {
	if fault.Status == 0 {
		return nil, source, false
	}
	h, _ := readHead(message)
	if h.count("via") == 0 {
		return nil, source, false
	}
	var text strings.Builder
	text.WriteString("SIP/2.0 " + strconv.Itoa(fault.Status) + " " + phrase(fault.Status) + endOfLine)
	to = source
	first := true
	for _, f := range h.fields {
		if f.kind != "via" {
			continue
		}
		value := f.value
		if first {
			value, to = returnPath(value, source)
			first = false
		}
		text.WriteString("Via: " + value + endOfLine)
	}
	for _, kind := range []string{"From", "To", "Call-ID", "CSeq"} {
		value, given := h.first(strings.ToLower(kind))
		if !given {
			continue
		}
		if kind == "To" {
			value = tagged(value, tag)
		}
		text.WriteString(kind + ": " + value + endOfLine)
	}
	text.WriteString("Content-Length: 0" + endOfHead)
	if text.Len() > max(maxRefusal, len(message)) { // never more than was sent
		return nil, source, false
	}
	return []byte(text.String()), to, true
}

// returnPath notes in the topmost Via where the request came from, and finds
// where the response goes. A Via that can't be read stays as it is.
func returnPath(value string, source netip.AddrPort) (string, netip.AddrPort) {
	all := values(value)
	v, ok := readVia(all[0])
	if !ok {
		return value, source
	}
	port := uint64(defaultPort)
	if n, given := number(v.port, maxPort); given {
		port = n
	}
	_, asked := v.parameter("rport")
	kept := v.parameters
	v.parameters = ""
	for _, one := range strings.Split(strings.TrimPrefix(kept, ";"), ";") {
		if name, _, _ := strings.Cut(one, "="); one != "" && name != "received" && name != "rport" {
			v.parameters += ";" + one
		}
	}
	if asked {
		port = uint64(source.Port())
		v.parameters += ";rport=" + strconv.Itoa(int(source.Port()))
	}
	if v.host != source.Addr().String() || asked {
		v.parameters += ";received=" + source.Addr().String()
	}
	all[0] = v.String()
	return strings.Join(all, ", "), netip.AddrPortFrom(source.Addr(), uint16(port))
}

// tagged puts a tag on a To field that has none. One that can't be read is sent
// back as it came: where its parameters begin, nobody knows.
func tagged(value, tag string) string {
	plain, ok := plainAddress(value, false)
	if !ok {
		return value
	}
	_, _, parameters, _ := cutAddress(plain)
	if strings.Contains(parameters+";", ";tag=") {
		return value
	}
	return plain + ";tag=" + tag
}
