package trace

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Mask stands for whatever is protected.
const Mask = "•••"

const (
	// national is how many digits a number is told by: with and without its
	// country code it is the same one.
	national = 10
	// telling is how many digits in a row give a number away, wherever they stand.
	telling = 7
	// strayDigits in a row have no place in free text.
	strayDigits = 5
	minName     = 3 // letters of a name that is looked for elsewhere
)

// labels give the same number the same letter within one trace.
type labels struct {
	known map[string]string // by what a number is told by
	long  []string          // those of them that give themselves away anywhere, in the order seen
	names []string          // in lower case: names seen beside numbers, and user parts that are names
}

func newLabels() *labels { return &labels{known: map[string]string{}} }

// of masks a user part or number: •••A. Anonymous callers stay recognisable.
func (l *labels) of(user string) string {
	key := keyOf(user)
	switch key {
	case "":
		return ""
	case "anonymous", "unavailable", "unknown", "restricted":
		return key
	}
	label, seen := l.known[key]
	if !seen {
		label = letter(len(l.known))
		l.known[key] = label
		switch {
		case !isNumber(key):
			l.name(key)
		case len(key) >= telling:
			l.long = append(l.long, key)
		}
	}
	return Mask + label
}

// size grows with each thing that there is to mask.
func (l *labels) size() int { return len(l.known) + len(l.names) }

// name remembers a display name, whose words are then masked in free text too.
func (l *labels) name(text string) {
	for _, word := range strings.FieldsFunc(strings.ToLower(text), notInName) {
		if len([]rune(word)) >= minName && !slices.Contains(l.names, word) {
			l.names = append(l.names, word)
		}
	}
}

func notInName(char rune) bool { return char < 0x80 && !isAlphanumeric(byte(char)) }

// letter counts A to Z, then A1, B1 and so on.
func letter(n int) string {
	text := string(rune('A' + n%26))
	if n >= 26 {
		text += strconv.Itoa(n / 26)
	}
	return text
}

// keyOf is what a number or user name is told by: without parameters, escapes and
// separators, and of a long number its last digits.
func keyOf(user string) string {
	user, _, _ = strings.Cut(user, ";")
	user, _, _ = strings.Cut(user, ":") // a password, long deprecated
	if decoded, err := url.PathUnescape(user); err == nil {
		user = decoded
	}
	user = strings.ToLower(strings.TrimSpace(user))
	bare := strings.Map(func(char rune) rune {
		if strings.ContainsRune("+-.() ", char) {
			return -1
		}
		return char
	}, user)
	if !isNumber(bare) {
		return user
	}
	return bare[max(0, len(bare)-national):]
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789*#") == "" }

func isAlphanumeric(char byte) bool {
	return char >= '0' && char <= '9' || char >= 'a' && char <= 'z' || char >= 'A' && char <= 'Z'
}

// opaque shows an identifier or a token as it is, save for numbers and names that
// the trace knows: some phones make their Call-ID of the user's name.
func (l *labels) opaque(text string) string {
	text = clean(text)
	if strings.Contains(text, "%") {
		if decoded, err := url.PathUnescape(text); err != nil || l.sweep(decoded) != decoded {
			return Mask
		}
	}
	return l.sweep(text)
}

// free shows text that the far side made up: a reason phrase, a product's name.
func (l *labels) free(text string) string {
	return longRuns(l.opaque(text))
}

// sweep masks the known numbers and names in a text.
func (l *labels) sweep(text string) string { return l.sweepNames(l.sweepNumbers(text)) }

func (l *labels) sweepNames(text string) string {
	for _, name := range l.names {
		for from := 0; ; {
			at := strings.Index(strings.ToLower(text[from:]), name)
			if at < 0 || len(strings.ToLower(text)) != len(text) {
				break
			}
			at += from
			text = text[:at] + Mask + text[at+len(name):]
			from = at + len(Mask)
		}
	}
	return text
}

// sweepNumbers masks each run of digits, separators within it or not, that holds
// the end of a known number.
func (l *labels) sweepNumbers(text string) string {
	var shown strings.Builder
	for i := 0; i < len(text); {
		end, digits := run(text, i)
		label, secret := l.telling(digits)
		switch {
		case len(digits) == 0:
			shown.WriteByte(text[i])
			i++
			continue
		case secret:
			shown.WriteString(Mask + label)
		default:
			shown.WriteString(text[i:end])
		}
		i = end
	}
	return shown.String()
}

// run is where a run of digits that begins at i ends, and its digits. One or two
// separators don't end it.
func run(text string, i int) (end int, digits string) {
	var kept []byte
	end = i
	for gap := 0; i < len(text); i++ {
		switch char := text[i]; {
		case char >= '0' && char <= '9':
			kept, end, gap = append(kept, char), i+1, 0
		case len(kept) > 0 && gap < 2 && strings.IndexByte("-. ()/_", char) >= 0:
			gap++
		default:
			return end, string(kept)
		}
	}
	return end, string(kept)
}

// telling reports the known number that digits give away.
func (l *labels) telling(digits string) (label string, secret bool) {
	if len(digits) < telling {
		return "", false
	}
	for _, key := range l.long {
		if strings.Contains(digits, key[len(key)-telling:]) {
			return l.known[key], true
		}
	}
	return "", false
}

// longRuns masks digits in a row that nobody needs to read.
func longRuns(text string) string {
	var shown strings.Builder
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		switch {
		case end == i:
			shown.WriteByte(text[i])
			i++
			continue
		case end-i >= strayDigits:
			shown.WriteString(Mask)
		default:
			shown.WriteString(text[i:end])
		}
		i = end
	}
	return shown.String()
}

// clean leaves printable text.
func clean(text string) string {
	return strings.Map(func(char rune) rune {
		if char < ' ' || char == 0x7f || char == '�' {
			return -1
		}
		return char
	}, text)
}
