package trace

import (
	"bytes"
	"strings"
)

// parts are a message cut into what masking and drawing look at.
type parts struct {
	start   string
	headers []field
	body    string
}

// field is one header line, unfolded. A line that isn't one has no name.
type field struct{ name, value string }

// canonical is the header's long name in lower case (RFC 3261 section 7.3.3 and
// the registry that grew from it).
func (f field) canonical() string {
	name := strings.ToLower(f.name)
	if len(name) != 1 {
		return name
	}
	switch name {
	case "a":
		return "accept-contact"
	case "b":
		return "referred-by"
	case "c":
		return "content-type"
	case "d":
		return "request-disposition"
	case "e":
		return "content-encoding"
	case "f":
		return "from"
	case "i":
		return "call-id"
	case "j":
		return "reject-contact"
	case "k":
		return "supported"
	case "l":
		return "content-length"
	case "m":
		return "contact"
	case "n":
		return "identity-info"
	case "o":
		return "event"
	case "r":
		return "refer-to"
	case "s":
		return "subject"
	case "t":
		return "to"
	case "u":
		return "allow-events"
	case "v":
		return "via"
	case "x":
		return "session-expires"
	case "y":
		return "identity"
	}
	return name
}

// take cuts a message apart. It never fails: what is malformed ends up in a field
// without a name, or in the body.
func take(message []byte) parts {
	head, body := splitBody(message)
	var p parts
	p.body = string(body)
	lines := strings.Split(strings.ReplaceAll(string(head), "\r\n", "\n"), "\n")
	p.start = lines[0]
	for _, line := range lines[1:] {
		if line == "" {
			continue
		}
		if (line[0] == ' ' || line[0] == '\t') && len(p.headers) > 0 { // folded
			last := &p.headers[len(p.headers)-1]
			last.value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if !found {
			name, value = "", line
		}
		p.headers = append(p.headers, field{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return p
}

// splitBody parts head and body at the first empty line.
func splitBody(message []byte) (head, body []byte) {
	crlf, lf := bytes.Index(message, []byte("\r\n\r\n")), bytes.Index(message, []byte("\n\n"))
	switch {
	case crlf >= 0 && (lf < 0 || crlf < lf):
		return message[:crlf], message[crlf+4:]
	case lf >= 0:
		return message[:lf], message[lf+2:]
	}
	return message, nil
}

// find is the first value of a header; "" if there is none.
func (p parts) find(name string) string {
	for _, header := range p.headers {
		if header.canonical() == name {
			return header.value
		}
	}
	return ""
}

// request is the method and the URI of a request.
func (p parts) request() (method, uri string, ok bool) {
	method, rest, found := strings.Cut(p.start, " ")
	if !found || strings.HasPrefix(p.start, "SIP/") || !isMethod(method) {
		return "", "", false
	}
	uri = strings.TrimSpace(rest)
	if space := strings.LastIndexByte(uri, ' '); space >= 0 {
		uri = strings.TrimSpace(uri[:space])
	}
	return method, uri, true
}

// status is the code and the phrase of a response.
func (p parts) status() (code, phrase string, ok bool) {
	rest, found := strings.CutPrefix(p.start, "SIP/2.0 ")
	if !found || len(rest) < 3 || strings.Trim(rest[:3], "0123456789") != "" {
		return "", "", false
	}
	return rest[:3], strings.TrimSpace(rest[3:]), true
}

const maxMethod = 16 // characters of a method that is taken for one

func isMethod(text string) bool {
	if text == "" || len(text) > maxMethod {
		return false
	}
	for i := range len(text) {
		if text[i] < 'A' || text[i] > 'Z' {
			return false
		}
	}
	return true
}

// callID finds a message's Call-ID without cutting the rest apart: it is asked of
// each message, traced or not.
func callID(message []byte) []byte {
	const name, first, compact = "Call-ID", 'c', 'i'
	for {
		end := bytes.IndexByte(message, '\n')
		if end < 0 {
			return nil
		}
		message = message[end+1:]
		if len(message) == 0 || message[0] == '\r' || message[0] == '\n' {
			return nil // the body begins
		}
		char := message[0] | 0x20
		if char != first && char != compact {
			continue
		}
		value := message[1:]
		if char == first && len(message) > len(name) && bytes.EqualFold(message[:len(name)], []byte(name)) {
			value = message[len(name):]
		} else if char != compact {
			continue
		}
		value = bytes.TrimLeft(value, " \t")
		if len(value) == 0 || value[0] != ':' {
			continue
		}
		line, _, _ := bytes.Cut(value[1:], []byte("\n"))
		return bytes.TrimSpace(line)
	}
}
