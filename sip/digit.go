package sip

import (
	"strings"

	"careline/media"
)

// parseDigits reads a key out of the body of an INFO: "Signal=5\r\nDuration=160"
// (application/dtmf-relay) or the bare key (application/dtmf).
func parseDigit(contentType string, body []byte) (media.Digit, bool) {
	if len(body) > maxDigitBody {
		return media.Digit{}, false
	}
	text := strings.TrimSpace(string(body))
	switch mediaType(contentType) {
	case "application/dtmf-relay":
		for _, line := range strings.FieldsFunc(text, func(char rune) bool { return char == '\r' || char == '\n' }) {
			name, value, found := strings.Cut(line, "=")
			if found && strings.EqualFold(strings.TrimSpace(name), "signal") {
				return digitOf(strings.TrimSpace(value))
			}
		}
	case "application/dtmf":
		return digitOf(text)
	}
	return media.Digit{}, false
}

const maxDigitBody = 256 // bytes

// digitOf takes one key; 10 and 11 stand for * and # with some gateways.
func digitOf(text string) (media.Digit, bool) {
	switch text {
	case "10":
		text = "*"
	case "11":
		text = "#"
	}
	if len(text) != 1 || text[0] >= 0x80 {
		return media.Digit{}, false
	}
	return media.ParseDigit(text[0])
}

// mediaType takes the type out of a Content-Type value, in lower case.
func mediaType(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// isDigitType reports whether an INFO body is meant to be a key.
func isDigitType(contentType string) bool {
	kind := mediaType(contentType)
	return kind == "application/dtmf-relay" || kind == "application/dtmf"
}
