package dialplan

import (
	"fmt"
	"strings"
)

// Pattern is a form that numbers may have. In it a digit is itself; X is any
// digit, N one from 2 to 9, Z one from 1 to 9; a last "." is one digit or more.
// It begins with + and a country code, or is a short code such as 988.
type Pattern struct{ text string }

const maxPattern = 32

// ParsePattern reads a pattern; the error says what is wrong with it.
func ParsePattern(text string) (Pattern, error) {
	form, open := strings.CutSuffix(text, ".")
	digits, international := strings.CutPrefix(form, "+")
	for _, char := range digits {
		if !strings.ContainsRune("0123456789XNZ", char) {
			return Pattern{}, fmt.Errorf("%q holds %q; a pattern has digits, X (any digit), N (2-9), Z (1-9) and, at its end, a dot for the rest", text, char)
		}
	}
	switch {
	case len(text) > maxPattern:
		return Pattern{}, fmt.Errorf("%q is longer than any number", text)
	case international && (digits == "" || !isDigit(digits[0])):
		return Pattern{}, fmt.Errorf("%q is every country's numbers; begin with a country code, as in +1NXXNXXXXXX", text)
	case !international && open:
		return Pattern{}, fmt.Errorf("%q has no country code and no end; write +%s, or a short code as it is", text, form+".")
	case !international && (digits == "" || len(digits) > maxShortCode):
		return Pattern{}, fmt.Errorf("%q is no short code; write numbers with their country code, as in +1NXXNXXXXXX", text)
	}
	return Pattern{text}, nil
}

func isDigit(char byte) bool { return char >= '0' && char <= '9' }

// UnmarshalText reads a pattern as ParsePattern does.
func (p *Pattern) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePattern(string(text))
	return err
}

// String is the pattern as it was written.
func (p Pattern) String() string { return p.text }

// Matches reports whether a number has the form.
func (p Pattern) Matches(number Number) bool {
	form, rest := p.text, number.Reveal()
	for form != "" {
		if form == "." {
			return rest != "" && strings.Trim(rest, "0123456789") == ""
		}
		if rest == "" || !fits(form[0], rest[0]) {
			return false
		}
		form, rest = form[1:], rest[1:]
	}
	return rest == ""
}

func fits(form, char byte) bool {
	switch form {
	case 'X':
		return isDigit(char)
	case 'N':
		return char >= '2' && char <= '9'
	case 'Z':
		return char >= '1' && char <= '9'
	}
	return form == char
}
