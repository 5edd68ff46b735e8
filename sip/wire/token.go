package wire

import "strings"

// isToken reports whether text is a token (RFC 3261 section 25.1).
func isToken(text string) bool {
	for i := range len(text) {
		if !isTokenByte(text[i]) {
			return false
		}
	}
	return text != ""
}

func isTokenByte(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("-.!%*_+`'~", c) >= 0 }

func isAlphanumeric(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isVisible reports whether text is printable ASCII without spaces.
func isVisible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return text != ""
}

// number reads 1*DIGIT up to a limit; leading zeros count for nothing.
func number(text string, limit uint64) (uint64, bool) {
	if text == "" {
		return 0, false
	}
	var n uint64
	for i := range len(text) {
		if !isDigit(text[i]) {
			return 0, false
		}
		if n = n*10 + uint64(text[i]-'0'); n > limit {
			return 0, false
		}
	}
	return n, true
}

const space = " \t"

func trim(text string) string { return strings.Trim(text, space) }

// quotedEnd finds the end of the quoted-string that text begins with: the index
// behind its closing quote; -1 where there is none.
func quotedEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// indexOutside finds the first of marks outside quoted strings and angle
// brackets; -1 without one.
func indexOutside(text, marks string) int {
	bracketed := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.IndexByte(marks, c) >= 0 && !bracketed:
			return i
		case c == '"' && !bracketed:
			end := quotedEnd(text[i:])
			if end < 0 {
				return -1
			}
			i += end - 1
		case c == '<':
			bracketed = true
		case c == '>':
			bracketed = false
		}
	}
	return -1
}

// values splits a list at its commas.
func values(text string) []string {
	var all []string
	for {
		comma := indexOutside(text, ",")
		if comma < 0 {
			return append(all, trim(text))
		}
		all = append(all, trim(text[:comma]))
		text = text[comma+1:]
	}
}
