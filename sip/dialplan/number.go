package dialplan

import (
	"errors"
	"strings"
	"unique"
)

// ErrNotANumber says that a text can't be dialed: it has no digits, letters
// among them, or more than E.164 allows.
var ErrNotANumber = errors.New("dialplan: this is not a telephone number; give it as +12025550142, or as it is dialed here")

const (
	maxDigits = 15 // E.164 section 6.2.1
	mask      = "•••"
)

// Number is a number to dial in E.164's form, or a short code such as 988. It
// is PHI: it prints as ••• through every verb and encoder, and comes out through
// Reveal alone.
type Number struct{ handle unique.Handle[string] }

// Reveal gives the number as it goes on the wire: +12025550142, or 988.
func (n Number) Reveal() string {
	if n == (Number{}) {
		return ""
	}
	return n.handle.Value()
}

// String hides the number.
func (Number) String() string { return mask }

// GoString hides the number.
func (Number) GoString() string { return mask }

// MarshalText hides the number from every encoder.
func (Number) MarshalText() ([]byte, error) { return []byte(mask), nil }

// normalise makes a number of what someone dialed or wrote. Separators are
// dropped; 00 and the North American 011 mean what + does; a number of the plan's own
// country gets its code. Short codes, up to six digits, stay as they are.
func (p *Plan) normalise(text string) (Number, error) {
	var digits strings.Builder
	plus := false
	for i, char := range strings.TrimSpace(text) {
		switch {
		case char >= '0' && char <= '9':
			digits.WriteRune(char)
		case char == '+' && i == 0:
			plus = true
		case strings.ContainsRune("-.() /", char):
		default:
			return Number{}, ErrNotANumber
		}
	}
	plain := digits.String()
	if !plus {
		plain, plus = p.international(plain)
	}
	switch {
	case plain == "" || len(plain) > maxDigits:
		return Number{}, ErrNotANumber
	case plus && (len(plain) <= maxShortCode || plain[0] == '0'): // no country code begins with 0
		return Number{}, ErrNotANumber
	case plus:
		return Number{unique.Make("+" + plain)}, nil
	case len(plain) <= maxShortCode:
		return Number{unique.Make(plain)}, nil
	}
	return Number{}, ErrNotANumber
}

// maxShortCode is the longest number that needs no country: 911, 988, 211211.
const maxShortCode = 6

// international finds the country's code in what was dialed without a plus.
func (p *Plan) international(digits string) (plain string, found bool) {
	northAmerican := p.country == "1"
	switch {
	case northAmerican && strings.HasPrefix(digits, "011"):
		return digits[len("011"):], true
	case strings.HasPrefix(digits, "00"):
		return digits[len("00"):], true
	case northAmerican && len(digits) == 11 && digits[0] == '1':
		return digits, true
	case northAmerican && len(digits) == 10:
		return p.country + digits, true
	case !northAmerican && len(digits) > maxShortCode && digits[0] == '0': // the trunk prefix of most countries
		return p.country + digits[1:], true
	}
	return digits, false
}
