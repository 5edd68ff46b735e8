package sip

import (
	"errors"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	maxAddressBytes = 1024 // a longer address in a header isn't read
	maxParameters   = 16   // of one address or header value that are looked at
)

// errAddress says no more, since what can't be read is still a caller's.
var errAddress = errors.New("sip: not a name-addr or addr-spec (RFC 3261 section 20.10)")

// address is a name-addr or an addr-spec with the header parameters behind it
// (RFC 3261 section 20.10). Its name and user are PHI.
type address struct {
	name       string // as displayed, out of its quotes
	uri        gosip.Uri
	headers    string // of the URI, escaped: what stands behind its question mark
	parameters parameters
}

// user is the address's number or user name.
func (a address) user() Number { return NewNumber(userOf(a.uri)) }

// parseAddress reads one address of a header that sipgo leaves as text. Without
// angle brackets, parameters belong to the header and not to the URI.
func parseAddress(text string) (address, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxAddressBytes {
		return address{}, errAddress
	}
	var a address
	spec, rest, _ := strings.Cut(text, ";")
	if open := indexUnquoted(text, '<'); open >= 0 {
		var closed bool
		a.name = unquote(strings.TrimSpace(text[:open]))
		if spec, rest, closed = strings.Cut(text[open+1:], ">"); !closed {
			return address{}, errAddress
		}
		rest = strings.TrimPrefix(strings.TrimSpace(rest), ";")
	} else if strings.ContainsAny(spec, "?,") {
		return address{}, errAddress // these need the brackets
	}
	spec, a.headers = cutHeaders(spec)
	if !isURI(spec) || gosip.ParseUri(spec, &a.uri) != nil {
		return address{}, errAddress
	}
	switch a.uri.Scheme {
	case "sip", "sips":
		if !isHost(a.uri.Host) {
			return address{}, errAddress
		}
	case "tel":
		if a.uri.Raw() == "" {
			return address{}, errAddress
		}
	default:
		return address{}, errAddress
	}
	a.parameters = parseParameters(rest)
	return a, nil
}

// cutHeaders takes the headers off a SIP URI; a question mark in its user part
// is none of theirs (RFC 3261 section 25.1), unless what follows it reads as a
// header: phones that transfer write the Call-ID into Replaces with its at sign
// as it is, and to a URI without a user part. sipgo's own parser loses headers
// behind a parameter without a value.
func cutHeaders(uri string) (bare, headers string) {
	host := strings.IndexByte(uri, '@') + 1
	if mark := strings.IndexByte(uri[:host], '?'); mark >= 0 {
		if name, _, found := strings.Cut(uri[mark+1:host], "="); found && isToken(name, maxTag) {
			return uri[:mark], uri[mark+1:]
		}
	}
	if mark := strings.IndexByte(uri[host:], '?'); mark >= 0 {
		return uri[:host+mark], uri[host+mark+1:]
	}
	return uri, ""
}

// isURI reports whether text could be a URI at all: visible ASCII without what
// RFC 3986 keeps out of them.
func isURI(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' || strings.IndexByte(`<>"\^{|}`, text[i]) >= 0 {
			return false
		}
	}
	return text != ""
}

// isHost reports whether text can be a host name or an IP address, the latter
// in its brackets where it has them.
func isHost(text string) bool {
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && strings.IndexByte("-._[:]", text[i]) < 0 {
			return false
		}
	}
	return text != ""
}

// parameters are name=value pairs in their order, names in lower case, values
// out of their quotes.
type parameters []parameter

type parameter struct{ name, value string }

// get finds a parameter's value.
func (p parameters) get(name string) (string, bool) {
	for _, one := range p {
		if one.name == name {
			return one.value, true
		}
	}
	return "", false
}

// parseParameters reads "name=value;name;name="quoted"". Empty ones are passed
// over, and so is what comes after maxParameters.
func parseParameters(text string) parameters {
	var all parameters
	for text != "" && len(all) < maxParameters {
		var one string
		one, text = cutParameter(text)
		name, value, _ := strings.Cut(one, "=")
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			all = append(all, parameter{name, unquote(strings.TrimSpace(value))})
		}
	}
	return all
}

// cutParameter cuts at the first semicolon outside quotes.
func cutParameter(text string) (parameter, rest string) {
	if at := indexUnquoted(text, ';'); at >= 0 {
		return text[:at], text[at+1:]
	}
	return text, ""
}

// indexUnquoted finds the first mark outside quoted strings; -1 without one.
func indexUnquoted(text string, mark byte) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && text[i] == mark:
			return i
		}
	}
	return -1
}

// unquote takes a quoted-string out of its quotes; other text stays as it is.
func unquote(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	var plain strings.Builder
	for i := 1; i < len(text)-1; i++ {
		if text[i] == '\\' && i+1 < len(text)-1 {
			i++
		}
		plain.WriteByte(text[i])
	}
	return plain.String()
}

// isToken reports whether text is a token (RFC 3261 section 25.1) of at most
// limit bytes, such as a tag.
func isToken(text string, limit int) bool {
	for i := range len(text) {
		if c := text[i]; !isAlphanumeric(c) && strings.IndexByte("-.!%*_+`'~", c) < 0 {
			return false
		}
	}
	return text != "" && len(text) <= limit
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
