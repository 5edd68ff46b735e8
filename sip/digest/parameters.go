package digest

import (
	"errors"
	"strings"
)

const (
	maxHeader     = 4096 // bytes of a challenge or an answer
	maxParameters = 32
)

var errMalformed = errors.New("digest: the header can't be read")

// parameters are the directives of a Digest header, names in lower case, values
// without their quotes.
type parameters map[string]string

// parse reads a header's value: the scheme, then name=token or name="text",
// separated by commas. A name twice is an attempt to be read in two ways.
func parse(header string) (parameters, error) {
	if len(header) > maxHeader {
		return nil, errMalformed
	}
	rest, ok := cutScheme(header)
	if !ok {
		return nil, errMalformed
	}
	found := parameters{}
	for rest = skip(rest); rest != ""; rest = skip(rest) {
		name, after, ok := strings.Cut(rest, "=")
		name = strings.ToLower(strings.Trim(name, " \t\r\n"))
		if !ok || !isToken(name) || len(found) == maxParameters {
			return nil, errMalformed
		}
		if _, twice := found[name]; twice {
			return nil, errMalformed
		}
		value, left, ok := cutValue(strings.TrimLeft(after, " \t\r\n"))
		if !ok {
			return nil, errMalformed
		}
		found[name], rest = value, left
	}
	return found, nil
}

func cutScheme(header string) (string, bool) {
	const scheme = "digest"
	header = strings.TrimLeft(header, " \t")
	if len(header) <= len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) || !strings.ContainsRune(" \t\r\n", rune(header[len(scheme)])) {
		return "", false
	}
	return header[len(scheme):], true
}

// skip passes over what separates directives.
func skip(text string) string { return strings.TrimLeft(text, " \t\r\n,") }

// cutValue takes a token or a quoted text, and what follows its comma.
func cutValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, ",")
		value = strings.TrimRight(value, " \t\r\n")
		return value, rest, isToken(value)
	}
	var plain strings.Builder
	for i := 1; i < len(text); i++ {
		switch char := text[i]; {
		case char == '"':
			rest = strings.TrimLeft(text[i+1:], " \t\r\n")
			if rest != "" && rest[0] != ',' {
				return "", "", false
			}
			return plain.String(), rest, true
		case char == '\\' && i+1 < len(text) && !control(text[i+1]):
			i++
			plain.WriteByte(text[i])
		case control(char) || char == '\\':
			return "", "", false
		default:
			plain.WriteByte(char)
		}
	}
	return "", "", false
}

func control(char byte) bool { return char < ' ' || char == 0x7f }

// isToken is generous: some stacks leave quotes out where they belong.
func isToken(text string) bool {
	for i := range len(text) {
		if control(text[i]) || text[i] == '"' || text[i] == ' ' || text[i] == ',' {
			return false
		}
	}
	return text != ""
}

// quote writes a quoted-string (RFC 3261 section 25.1).
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// printable reports whether text may stand in a quoted-string at all.
func printable(text string) bool {
	for i := range len(text) {
		if control(text[i]) {
			return false
		}
	}
	return true
}
