package sip

import (
	"fmt"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

const maxReasonText = 64 // bytes

// reasonHeader builds a Reason header (RFC 3326) with a Q.850 cause.
func reasonHeader(cause int, text string) gosip.Header {
	value := fmt.Sprintf("Q.850;cause=%d", cause)
	if text = reasonText(text); text != "" {
		value += `;text="` + text + `"`
	}
	return gosip.NewHeader("Reason", value)
}

// reasonText makes text safe inside a quoted string.
func reasonText(text string) string {
	return printable(strings.NewReplacer(`"`, "", `\`, "").Replace(text), maxReasonText)
}

// readReason finds the Q.850 cause and its text in a message's Reason headers;
// where only SIP's own cause is given it takes the text of that one.
func readReason(message gosip.Message) (cause int, text string) {
	for _, header := range message.GetHeaders("Reason") {
		for _, value := range splitValues(header.Value()) {
			protocol, number, said := parseReason(value)
			if strings.EqualFold(protocol, "Q.850") && number > 0 {
				return number, said
			}
			if text == "" {
				text = said
			}
		}
	}
	return 0, text
}

// parseReason reads one reason value: protocol;cause=16;text="Normal call clearing".
func parseReason(value string) (protocol string, cause int, text string) {
	protocol, rest, _ := strings.Cut(value, ";")
	for rest != "" {
		var parameter string
		parameter, rest = cutParameter(rest)
		name, content, _ := strings.Cut(parameter, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "cause":
			number, err := strconv.Atoi(strings.TrimSpace(content))
			if err == nil && number > 0 && number <= maxStatus {
				cause = number
			}
		case "text":
			text = reasonText(strings.Trim(strings.TrimSpace(content), `"`))
		}
	}
	protocol = strings.TrimSpace(protocol)
	if strings.EqualFold(protocol, "Q.850") && cause > maxCause {
		cause = 0
	}
	return protocol, cause, text
}
