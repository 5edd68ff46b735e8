package phi

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Digits is what a caller keyed in. It prints as •••; its length is not
// protected (DOMAIN.md §3: only the number of digits and the outcome are kept).
type Digits struct{ keys String }

// NewDigits protects keys such as "12345#".
func NewDigits(keys string) Digits { return Digits{NewString(keys)} }

// With returns the digits with one more key, '0'-'9', '*', '#', 'A'-'D'.
func (d Digits) With(key byte) Digits { return NewDigits(d.keys.text() + string([]byte{key})) }

// Len is the number of keys.
func (d Digits) Len() int { return len(d.keys.text()) }

// Is reports whether the keys are exactly these.
func (d Digits) Is(keys string) bool { return d.keys.Equal(NewString(keys)) }

// HasPrefixOf reports whether the keys begin one of the choices, and match is
// the choice that they equal, if any. A menu decides by it without reading.
func (d Digits) HasPrefixOf(choices []string) (prefix bool, match string) {
	text := d.keys.text()
	for _, choice := range choices {
		if choice == text {
			match = choice
		} else if strings.HasPrefix(choice, text) {
			prefix = true
		}
	}
	return prefix, match
}

// EndsWith reports whether the last key is this one.
func (d Digits) EndsWith(key byte) bool { return strings.HasSuffix(d.keys.text(), string([]byte{key})) }

// WithoutLast returns the digits without their last key, as when it is a terminator.
func (d Digits) WithoutLast() Digits {
	text := d.keys.text()
	if text == "" {
		return d
	}
	return NewDigits(text[:len(text)-1])
}

// Text gives the keys as a protected text.
func (d Digits) Text() String { return d.keys }

// Format prints the mask for every verb.
func (Digits) Format(state fmt.State, _ rune) { io.WriteString(state, Mask) }

// String prints the mask.
func (Digits) String() string { return Mask }

// MarshalText writes the mask.
func (Digits) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// GobEncode refuses, as String does.
func (Digits) GobEncode() ([]byte, error) {
	return nil, errors.New("phi: keyed digits can't be encoded with gob")
}
