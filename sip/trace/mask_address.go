package trace

import (
	"net/netip"
	"strings"
)

// addresses masks a list of addresses with their display names and parameters
// (RFC 3261 section 25.1, name-addr and addr-spec).
func (l *labels) addresses(value string) string {
	var shown []string
	for _, one := range splitOutside(value, ',') {
		shown = append(shown, l.address(strings.TrimSpace(one)))
	}
	return strings.Join(shown, ", ")
}

func (l *labels) address(text string) string {
	if text == "" || text == "*" {
		return text
	}
	open := indexOutside(text, '<')
	if open < 0 { // addr-spec: what follows a semicolon is the header's
		uri, rest, _ := strings.Cut(text, ";")
		return l.uri(strings.TrimSpace(uri)) + l.parameters(rest)
	}
	display := strings.TrimSpace(text[:open])
	length := strings.IndexByte(text[open:], '>')
	if length < 0 {
		return Mask
	}
	uri, rest := text[open+1:open+length], text[open+length+1:]
	shown := "<" + l.uri(uri) + ">"
	if strings.Trim(display, `" `) != "" {
		l.name(strings.ReplaceAll(display, `\`, ""))
		shown = `"` + Mask + `" ` + shown
	}
	before, rest, _ := strings.Cut(rest, ";")
	if strings.TrimSpace(before) != "" {
		shown += Mask
	}
	return shown + l.parameters(rest)
}

// uri masks the user of a SIP or telephone URI and what its parameters and headers
// carry; of any other URI the scheme is shown.
func (l *labels) uri(text string) string {
	scheme, rest, found := strings.Cut(text, ":")
	switch scheme = strings.ToLower(strings.TrimSpace(scheme)); {
	case found && (scheme == "sip" || scheme == "sips"):
	case found && scheme == "tel":
		number, parameters, _ := strings.Cut(rest, ";")
		return "tel:" + l.of(number) + l.parameters(parameters)
	case found && (scheme == "urn" || scheme == "http" || scheme == "https" || scheme == "cid" || scheme == "mailto"):
		return scheme + ":" + Mask
	default:
		return Mask
	}
	shown := scheme + ":"
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		shown += l.of(rest[:at]) + "@"
		rest = rest[at+1:]
	}
	rest, headers, _ := strings.Cut(rest, "?")
	host, parameters, _ := strings.Cut(rest, ";")
	shown += l.host(host) + l.parameters(parameters)
	for i, header := range strings.Split(headers, "&") {
		if header == "" {
			continue
		}
		separator := "&"
		if i == 0 {
			separator = "?"
		}
		name, _, _ := strings.Cut(header, "=")
		if !isName(name) {
			name = "header"
		}
		shown += separator + l.sweep(name) + "=" + Mask
	}
	return shown
}

// host shows a host and port. Some devices put a number there.
func (l *labels) host(text string) string {
	text = strings.TrimSpace(text)
	name, port := text, ""
	if colon := strings.LastIndexByte(text, ':'); colon > strings.LastIndexByte(text, ']') && colon >= 0 {
		name, port = text[:colon], text[colon:]
		if len(port) < 2 || len(port) > 6 || strings.Trim(port[1:], "0123456789") != "" {
			return Mask
		}
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return name + port
	}
	letters := 0
	for i := range len(name) {
		char := name[i]
		if !isAlphanumeric(char) && char != '-' && char != '.' {
			return l.of(name) + port
		}
		if char > '9' {
			letters++
		}
	}
	if letters == 0 {
		return l.of(name) + port
	}
	return l.sweep(name) + port
}

// parameters shows those that carry nothing about people, each with a semicolon
// before it; of the rest the name.
func (l *labels) parameters(text string) string {
	var shown strings.Builder
	for _, parameter := range splitOutside(text, ';') {
		name, value, has := strings.Cut(strings.TrimSpace(parameter), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if name == "" {
			continue
		}
		if !isName(name) {
			shown.WriteString(";" + Mask)
			continue
		}
		shown.WriteString(";" + l.sweep(name))
		if !has {
			continue
		}
		switch strings.ToLower(name) {
		case "tag", "branch", "received", "rport", "transport", "lr", "maddr", "ttl", "method", "q", "expires", "index", "cause",
			"reason", "privacy", "counter", "limit", "screen", "party", "refresher", "user", "rc", "mp", "np", "ob", "r2", "comp":
			shown.WriteString("=" + l.opaque(strings.Trim(value, `"`)))
		default:
			shown.WriteString("=" + Mask)
		}
	}
	return shown.String()
}

// vias shows the way of a request: protocol, host, port, branch.
func (l *labels) vias(value string) string {
	var shown []string
	for _, one := range splitOutside(value, ',') {
		way, parameters, _ := strings.Cut(strings.TrimSpace(one), ";")
		protocol, host, found := strings.Cut(strings.TrimSpace(way), " ")
		if !found {
			shown = append(shown, Mask)
			continue
		}
		shown = append(shown, l.opaque(protocol)+" "+l.host(host)+l.parameters(parameters))
	}
	return strings.Join(shown, ", ")
}

// splitOutside splits at a separator that stands in no quotes and no angle
// brackets.
func splitOutside(text string, separator byte) []string {
	var pieces []string
	for {
		at := indexOutside(text, separator)
		if at < 0 {
			return append(pieces, text)
		}
		pieces = append(pieces, text[:at])
		text = text[at+1:]
	}
}

func indexOutside(text string, wanted byte) int {
	quoted, bracketed := false, false
	for i := 0; i < len(text); i++ {
		switch char := text[i]; {
		case char == '\\' && quoted:
			i++
		case char == '"':
			quoted = !quoted
		case quoted:
		case char == wanted && !bracketed:
			return i
		case char == '<':
			bracketed = true
		case char == '>':
			bracketed = false
		}
	}
	return -1
}
