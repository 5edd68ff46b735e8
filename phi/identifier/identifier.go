// Package identifier knows the numbers that healthcare identifies people and
// offices by: their forms, their check digits, and how they are keyed in.
//
// What lives here: what a number may look like. What must not: whose it is.
//
//	identifier.NPI("1234567893")                  // true: its check digit is right
//	identifier.MBI("1EG4TE5MK73")                 // true: each place has its kind
//	identifier.MBIKeys("1EG4TE5MK73")             // "13448356573": a key for each place
//	identifier.MBIOf(identifier.SpellMBI(text))   // text again: two keys for each letter leave nothing open
package identifier

// NPI reports whether a text is a National Provider Identifier: ten digits, the
// first 1 or 2, whose last is Luhn's of "80840" and the rest (45 CFR 162.406).
func NPI(text string) bool {
	return len(text) == 10 && digits(text) && (text[0] == '1' || text[0] == '2') && Luhn("80840"+text)
}

// Luhn reports whether the last of some digits is the check digit of those before
// (ISO/IEC 7812-1, annex B).
func Luhn(text string) bool {
	sum := 0
	for i := range len(text) {
		digit := int(text[len(text)-1-i] - '0')
		if i%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}

// TIN reports whether a text is a taxpayer's identification number: nine digits,
// not all of them 0 (26 CFR 301.7701-12).
func TIN(text string) bool { return len(text) == 9 && digits(text) && text != "000000000" }

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
