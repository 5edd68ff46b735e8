package passport

import "strings"

// canonical is a number as RFC 8224 section 8.3 compares it: digits alone, the
// country code first. A ten-digit number of the North American plan gets its
// country code. "" where the text is no telephone number.
func canonical(number string) string {
	var digits strings.Builder
	for i, char := range number {
		switch {
		case char >= '0' && char <= '9', char == '*', char == '#':
			digits.WriteRune(char)
		case char == '+' && i == 0:
		case strings.ContainsRune("-.() ", char):
		default:
			return ""
		}
	}
	plain := digits.String()
	if len(plain) == 10 && !strings.HasPrefix(number, "+") {
		plain = "1" + plain
	}
	return plain
}

// same reports whether two texts are one telephone number.
func same(a, b string) bool {
	first := canonical(a)
	return first != "" && first == canonical(b)
}
