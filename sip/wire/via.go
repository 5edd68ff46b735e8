package wire

import "strings"

// via is one hop (RFC 3261 section 20.42).
type via struct {
	version, transport string
	host, port         string // the port is empty where none is given
	parameters         string // as plainParameters writes them
}

// readVia reads a via-parm; spaces may stand around each of its separators.
func readVia(text string) (via, bool) {
	name, text, named := strings.Cut(text, "/")
	version, text, versioned := strings.Cut(text, "/")
	text = strings.TrimLeft(text, space)
	end := strings.IndexAny(text, space)
	if !named || !versioned || end < 0 || !strings.EqualFold(trim(name), "SIP") {
		return via{}, false
	}
	v := via{version: trim(version), transport: text[:end]}
	sentBy, parameters := trim(text[end:]), ""
	if at := strings.IndexByte(sentBy, ';'); at >= 0 {
		sentBy, parameters = trim(sentBy[:at]), sentBy[at:]
	}
	v.host, v.port, _ = cutPort(sentBy)
	v.host, v.port = trim(v.host), trim(v.port)
	var ok bool
	if v.parameters, ok = plainParameters(parameters); !ok || !isToken(v.version) || !isToken(v.transport) {
		return via{}, false
	}
	return v, isHostPort(v.sentBy())
}

func (v via) sentBy() string {
	if v.port == "" {
		return v.host
	}
	return v.host + ":" + v.port
}

func (v via) String() string {
	return "SIP/" + v.version + "/" + v.transport + " " + v.sentBy() + v.parameters
}

// parameter finds a parameter's value.
func (v via) parameter(name string) (string, bool) {
	for rest := v.parameters; rest != ""; {
		one := rest[1:]
		if next := indexOutside(one, ";"); next >= 0 {
			one, rest = one[:next], one[next:]
		} else {
			rest = ""
		}
		if key, value, _ := strings.Cut(one, "="); key == name {
			return value, true
		}
	}
	return "", false
}

// cookie begins the branches that are unique (RFC 3261 section 8.1.1.7).
const cookie = "z9hG4bK"

// anonymous reports a branch that promises to be unique and is nothing: the
// transaction of everybody who sends the same.
func (v via) anonymous() bool {
	branch, _ := v.parameter("branch")
	return strings.EqualFold(branch, cookie)
}
