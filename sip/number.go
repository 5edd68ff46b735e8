package sip

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"unique"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	maxNumber  = 64 // longest number or user part kept, in bytes
	numberMask = "•••"
)

// Number is a caller's number or user name. It is PHI: it prints as ••• through
// every verb and encoder, and comes out through Reveal alone.
//
// It holds the text behind a handle, since fmt prints the fields of a struct
// within a struct as they are, without asking their methods.
type Number struct{ handle unique.Handle[string] }

// NewNumber takes a number or user name that we are to call, or to call as; at
// most 64 printable ASCII characters of it are kept.
func NewNumber(text string) Number {
	kept := printable(text, maxNumber)
	if kept == "" {
		return Number{}
	}
	return Number{unique.Make(kept)}
}

// Reveal gives the number as the trunk sent it: "+13125550142", or "" if the
// caller withheld it.
func (n Number) Reveal() string {
	if n == (Number{}) {
		return ""
	}
	return n.handle.Value()
}

// Known reports whether the caller gave a number at all.
func (n Number) Known() bool { return n != (Number{}) }

// String hides the number.
func (Number) String() string { return numberMask }

// Format hides the number from every verb.
func (Number) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, numberMask) }

// GoString hides the number.
func (Number) GoString() string { return numberMask }

// MarshalText hides the number from JSON and every other encoder.
func (Number) MarshalText() ([]byte, error) { return []byte(numberMask), nil }

// userOf takes the number out of a sip:, sips: or tel: URI: without parameters
// (RFC 3966 visual separators stay out too), percent-decoded, bounded.
func userOf(uri gosip.Uri) string {
	user := uri.User
	if user == "" && uri.Scheme == "tel" {
		user = uri.Raw()
	}
	user, _, _ = strings.Cut(user, ";")
	if decoded, err := url.PathUnescape(user); err == nil {
		user = decoded
	}
	if isTelephone(user) {
		user = strings.Map(withoutSeparator, user)
	}
	user = printable(user, maxNumber)
	return user
}

// withoutSeparator drops the visual separators of RFC 3966 section 5.1.1.
func withoutSeparator(char rune) rune {
	if strings.ContainsRune("-.()", char) {
		return -1
	}
	return char
}

// isTelephone reports whether text is a number with visual separators rather
// than a name such as "mary-ann".
func isTelephone(text string) bool {
	for _, char := range text {
		if !strings.ContainsRune("0123456789+-.()*#", char) {
			return false
		}
	}
	return text != ""
}

// printable keeps the printable ASCII of text, at most limit bytes of it.
func printable(text string, limit int) string {
	var kept strings.Builder
	for i := 0; i < len(text) && kept.Len() < limit; i++ {
		if text[i] >= ' ' && text[i] <= '~' {
			kept.WriteByte(text[i])
		}
	}
	return kept.String()
}

// firstValue takes the first of a header's comma-separated values; commas in
// quotes and in angle brackets don't separate.
func firstValue(text string) string {
	quoted, bracketed := false, false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '<' && !quoted:
			bracketed = true
		case text[i] == '>' && !quoted:
			bracketed = false
		case text[i] == ',' && !quoted && !bracketed:
			return strings.TrimSpace(text[:i])
		}
	}
	return strings.TrimSpace(text)
}

// splitValues splits a header's comma-separated values as firstValue does.
func splitValues(text string) []string {
	var values []string
	for text != "" {
		first := firstValue(text)
		if first != "" {
			values = append(values, first)
		}
		start := strings.Index(text, first) + len(first)
		comma := strings.IndexByte(text[start:], ',')
		if comma < 0 {
			break
		}
		text = text[start+comma+1:]
	}
	return values
}
