package passport

import (
	"strings"
)

const (
	// maxHeader is the longest Identity header read, in bytes.
	maxHeader = 4096
	// maxHeaders is how many Identity headers of one INVITE are looked at.
	maxHeaders = 4
)

// identity is one Identity header (RFC 8224 section 4).
type identity struct {
	token     string // header.payload.signature
	info      string // where the certificate is
	algorithm string // "" where it isn't said: ES256
	extension string // ppt
}

// parseIdentity reads a header's value: the token, then info in angle brackets,
// then alg and ppt in any order; what else there is is passed over.
func parseIdentity(value string) (identity, error) {
	if len(value) > maxHeader {
		return identity{}, ErrMalformed
	}
	token, rest, _ := strings.Cut(value, ";")
	read := identity{token: strings.TrimSpace(token)}
	for rest != "" {
		var name, content string
		var ok bool
		if name, content, rest, ok = parameter(rest); !ok {
			return identity{}, ErrMalformed
		}
		switch name {
		case "info":
			if !strings.HasPrefix(content, "<") || !strings.HasSuffix(content, ">") {
				return identity{}, ErrMalformed
			}
			read.info = content[1 : len(content)-1]
		case "alg":
			read.algorithm = content
		case "ppt":
			read.extension = content
		}
	}
	if read.token == "" || read.info == "" {
		return identity{}, ErrMalformed
	}
	return read, nil
}

// parameter takes the next name=value off text; a value may stand in quotes or
// in angle brackets, where a semicolon is no end.
func parameter(text string) (name, value, rest string, ok bool) {
	name, text, _ = strings.Cut(text, "=")
	name, text = strings.ToLower(strings.TrimSpace(name)), strings.TrimLeft(text, " \t")
	if name == "" || strings.ContainsAny(name, "; ") {
		return "", "", "", false
	}
	end := strings.IndexByte(text, ';')
	switch {
	case strings.HasPrefix(text, "<"):
		closing := strings.IndexByte(text, '>')
		if closing < 0 {
			return "", "", "", false
		}
		end = closing + 1
	case strings.HasPrefix(text, `"`):
		closing := strings.IndexByte(text[1:], '"')
		if closing < 0 {
			return "", "", "", false
		}
		end = closing + 2
	}
	if end < 0 {
		end = len(text)
	}
	value, rest = strings.TrimSpace(text[:end]), strings.TrimLeft(text[end:], " \t")
	if rest != "" && rest[0] != ';' {
		return "", "", "", false
	}
	return name, strings.Trim(value, `"`), strings.TrimPrefix(rest, ";"), true
}
