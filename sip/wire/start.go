package wire

import "strings"

// start is a start line (RFC 3261 sections 7.1 and 7.2).
type start struct {
	response bool
	short    bool   // a response without a reason phrase, and the space before it
	method   string // of a request
}

// knownMethod tells the methods of the RFCs from what somebody made up.
func knownMethod(method string) bool {
	switch method {
	case "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO", "UPDATE", "PRACK", "REFER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH":
		return true
	}
	return false
}

func readStart(line string) (start, *Fault) {
	if len(line) >= 4 && strings.EqualFold(line[:4], "SIP/") {
		return readStatusLine(line)
	}
	first, rest, _ := strings.Cut(line, " ")
	s := start{method: first}
	last := strings.LastIndexByte(rest, ' ')
	if !isToken(first) || !strings.Contains(line, " SIP/") && !strings.Contains(line, " sip/") {
		return s, unreadable("it is no SIP message")
	}
	if last < 0 {
		return s, bad("its start line has no Request-URI")
	}
	uri, version := rest[:last], rest[last+1:]
	if !strings.EqualFold(version, "SIP/2.0") {
		return s, wrongVersion(version)
	}
	if !isURI(uri) {
		return s, bad("its Request-URI can't be read")
	}
	if !isPlainScheme(uri) {
		return s, &Fault{Status: statusUnsupportedScheme, About: "its Request-URI's scheme is unknown"}
	}
	if hasHeaders(uri) {
		return s, bad("its Request-URI has header fields")
	}
	return s, nil
}

// wrongVersion tells another version of SIP from none at all.
func wrongVersion(text string) *Fault {
	version, named := strings.CutPrefix(strings.ToUpper(text), "SIP/")
	major, minor, dotted := strings.Cut(version, ".")
	_, ok := number(major, maxPort)
	_, too := number(minor, maxPort)
	if named && dotted && ok && too {
		return &Fault{Status: statusVersion, About: "it is of another version of SIP"}
	}
	return bad("its start line doesn't end in a version of SIP")
}

const (
	minStatus = 100
	maxStatus = 699
)

// readStatusLine takes one without a reason phrase too, the space before it
// included, which the grammar wants.
func readStatusLine(line string) (start, *Fault) {
	version, rest, _ := strings.Cut(line, " ")
	code, _, spaced := strings.Cut(rest, " ")
	status, ok := number(code, maxStatus)
	s := start{response: true, short: !spaced}
	switch {
	case !strings.EqualFold(version, "SIP/2.0"):
		return s, unreadable("it is a response of another version of SIP")
	case !ok || len(code) != 3 || status < minStatus:
		return s, unreadable("its status line can't be read")
	}
	return s, nil
}
