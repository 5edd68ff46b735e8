package wire

import (
	"net/netip"
	"strings"
)

const maxPort = 65535

// isURI reports whether text can be a URI: a SIP one by the grammar of RFC 3261
// section 19.1.1, any other by its scheme and its characters.
func isURI(text string) bool {
	scheme, rest, found := strings.Cut(text, ":")
	if !found || !isScheme(scheme) || !isVisible(rest) || strings.ContainsAny(rest, `<>"\^{|}`) {
		return false
	}
	if !isSIP(scheme) {
		return true
	}
	user, host := cutUser(rest)
	if end := strings.IndexAny(host, ";?"); end >= 0 {
		host = host[:end]
	}
	return isHostPort(host) && !strings.ContainsAny(user, "[]")
}

func isSIP(scheme string) bool {
	return strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips")
}

func isScheme(text string) bool {
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && strings.IndexByte("+-.", text[i]) < 0 {
			return false
		}
	}
	return text != "" && !isDigit(text[0])
}

// isPlainScheme reports whether a URI's scheme is of letters alone, as are all
// that a call can come or go by. Whoever reads after us takes no other.
func isPlainScheme(uri string) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	return !strings.ContainsAny(scheme, "0123456789+-.")
}

// cutUser cuts a SIP URI's userinfo off; what it holds of ; and ? is its own.
func cutUser(text string) (user, rest string) {
	if at := strings.IndexByte(text, '@'); at >= 0 {
		return text[:at], text[at+1:]
	}
	return "", text
}

// hasHeaders reports whether a SIP URI carries header fields.
func hasHeaders(uri string) bool {
	scheme, rest, _ := strings.Cut(uri, ":")
	_, host := cutUser(rest)
	return isSIP(scheme) && strings.Contains(host, "?")
}

// isHostPort reads hostport: a name or an address, and a port.
func isHostPort(text string) bool {
	host, port, given := cutPort(text)
	if given {
		if n, ok := number(port, maxPort); !ok || n == 0 {
			return false
		}
	}
	return isHost(host)
}

// cutPort cuts at the colon behind a host.
func cutPort(text string) (host, port string, found bool) {
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']') + 1
		if end == 0 || end == len(text) || text[end] != ':' {
			return text, "", false
		}
		return text[:end], text[end+1:], true
	}
	return strings.Cut(text, ":")
}

// isHost reads a host name, an IPv4 address or an IPv6 reference. A name may
// have an underscore, as in many a network's own names.
func isHost(text string) bool {
	if inner, bracketed := strings.CutPrefix(text, "["); bracketed {
		inner, closed := strings.CutSuffix(inner, "]")
		return closed && isIPv6(inner)
	}
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && strings.IndexByte("-._", text[i]) < 0 {
			return false
		}
	}
	return text != ""
}

// isIPv6 reads an IPv6 address. The grammar of RFC 3261 allows a colon too many
// before an IPv4 address; RFC 5118 section 4.10 wants that borne with.
func isIPv6(text string) bool {
	address, err := netip.ParseAddr(strings.Replace(text, ":::", "::", 1))
	return err == nil && address.Is6() && address.Zone() == ""
}
