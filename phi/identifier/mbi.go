package identifier

import "strings"

// MBIPlaces is how many places a Medicare Beneficiary Identifier has, and so how
// many keys it is where each place takes one.
const MBIPlaces = 11

// MBISpelled is how many keys spell an MBI where each letter, and each digit at a
// place that may have a letter, takes two.
const MBISpelled = 17

// mbiKinds says what each place of an MBI is (CMS: Understanding the Medicare
// Beneficiary Identifier): C is 1 to 9, N a digit, A a letter, X a letter or a digit.
const mbiKinds = "CAXNAXNAANN"

// mbiLetters are those of an MBI: none that looks like a digit.
const mbiLetters = "ACDEFGHJKMNPQRTUVWXY"

// keypad has the letters of each key, 0 to 9 (ITU-T E.161).
func keypad() [10]string {
	return [10]string{"", "", "ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"}
}

// MBI reports whether a text is a Medicare Beneficiary Identifier as it is kept:
// eleven places, capital letters, no dashes. It has no check digit.
func MBI(text string) bool {
	if len(text) != MBIPlaces {
		return false
	}
	for i := range len(text) {
		if !fits(mbiKinds[i], text[i]) {
			return false
		}
	}
	return true
}

func fits(kind, char byte) bool {
	digit, letter := char >= '0' && char <= '9', strings.IndexByte(mbiLetters, char) >= 0
	switch kind {
	case 'C':
		return digit && char != '0'
	case 'N':
		return digit
	case 'A':
		return letter
	}
	return digit || letter
}

// PlainMBI brings an MBI as people write it, with dashes and small letters, into
// the form that MBI takes.
func PlainMBI(text string) string { return strings.ToUpper(strings.ReplaceAll(text, "-", "")) }

// MBIKeys gives the keys of an MBI where each place takes one: a letter the key
// that it stands on. Others may have the same. Empty for what is no MBI.
func MBIKeys(text string) string {
	if !MBI(text) {
		return ""
	}
	keys := []byte(text)
	for i, char := range keys {
		if key, _ := keyOf(char); char > '9' {
			keys[i] = key
		}
	}
	return string(keys)
}

// keyOf is the key on which a letter stands, and where on it, from 1.
func keyOf(letter byte) (key byte, place int) {
	for i, letters := range keypad() {
		if at := strings.IndexByte(letters, letter); at >= 0 {
			return byte('0' + i), at + 1
		}
	}
	return 0, 0
}

// MBIAllowed gives the keys that can stand at each place where each takes one.
func MBIAllowed() []string {
	allowed := make([]string, MBIPlaces)
	for i := range allowed {
		switch mbiKinds[i] {
		case 'C':
			allowed[i] = "123456789"
		case 'A':
			allowed[i] = "23456789"
		default:
			allowed[i] = "0123456789"
		}
	}
	return allowed
}

// KeyedMBI reports whether keys, one for each place, can be those of an MBI.
func KeyedMBI(keys string) bool {
	if len(keys) != MBIPlaces {
		return false
	}
	for i, allowed := range MBIAllowed() {
		if strings.IndexByte(allowed, keys[i]) < 0 {
			return false
		}
	}
	return true
}

// SpellMBI gives the keys that spell an MBI so that nothing is left open: a digit
// its own key; a letter the key that it stands on, and then 1, 2, 3 or 4 for its
// place on that key; and where there may be either, a digit is followed by 0.
// Empty for what is no MBI.
func SpellMBI(text string) string {
	if !MBI(text) {
		return ""
	}
	var keys []byte
	for i := range len(text) {
		switch char := text[i]; {
		case char > '9':
			key, place := keyOf(char)
			keys = append(keys, key, byte('0'+place))
		case mbiKinds[i] == 'X':
			keys = append(keys, char, '0')
		default:
			keys = append(keys, char)
		}
	}
	return string(keys)
}

// MBIOf reads keys as SpellMBI gives them; empty if they spell none.
func MBIOf(keys string) string {
	if len(keys) != MBISpelled || !digits(keys) {
		return ""
	}
	var text []byte
	for _, kind := range []byte(mbiKinds) {
		key := keys[0]
		keys = keys[1:]
		if kind == 'C' || kind == 'N' {
			text = append(text, key)
			continue
		}
		place := int(keys[0] - '0')
		keys = keys[1:]
		switch letters := keypad()[key-'0']; {
		case place == 0:
			text = append(text, key)
		case place <= len(letters):
			text = append(text, letters[place-1])
		default:
			return ""
		}
	}
	if !MBI(string(text)) {
		return ""
	}
	return string(text)
}

// SpelledAllowed gives the keys that can stand at each place of what SpellMBI gives.
func SpelledAllowed() []string {
	var allowed []string
	for i, at := range MBIAllowed() {
		switch mbiKinds[i] {
		case 'A':
			allowed = append(allowed, at, "1234")
		case 'X':
			allowed = append(allowed, at, "01234")
		default:
			allowed = append(allowed, at)
		}
	}
	return allowed
}
