package sip

import (
	"fmt"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// Q.850 causes that Careline sends or decides on (ITU-T Q.850 section 2.2.7).
const (
	CauseNormal             = 16
	CauseBusy               = 17
	CauseNoAnswer           = 19
	CauseUnallocated        = 1
	CauseOutOfOrder         = 27
	CauseNoCircuit          = 34
	CauseTemporaryFailure   = 41
	CauseCongestion         = 42
	CauseIncompatible       = 88
	CauseRecoveryOnTimer    = 102
	maxCause                = 127
	maxReasonText           = 64
	statusWithoutFinalReply = gosip.StatusTemporarilyUnavailable
)

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

// statusForCause maps a Q.850 cause to the status that refuses an INVITE with
// it (RFC 3398 section 8.2.6.1, the other way round).
func statusForCause(cause int) int {
	switch cause {
	case CauseUnallocated:
		return gosip.StatusNotFound
	case CauseBusy:
		return gosip.StatusBusyHere
	case CauseOutOfOrder:
		return gosip.StatusBadGateway
	case CauseNoCircuit, CauseTemporaryFailure, CauseCongestion:
		return gosip.StatusServiceUnavailable
	case CauseIncompatible:
		return gosip.StatusNotAcceptableHere
	}
	return statusWithoutFinalReply
}

// maxStatus is the highest SIP status.
const maxStatus = 699

// statusText is the reason phrase for a status that we send.
func statusText(status int) string {
	switch status {
	case gosip.StatusTrying:
		return "Trying"
	case gosip.StatusRinging:
		return "Ringing"
	case gosip.StatusOK:
		return "OK"
	case gosip.StatusBadRequest:
		return "Bad Request"
	case gosip.StatusForbidden:
		return "Forbidden"
	case gosip.StatusNotFound:
		return "Not Found"
	case gosip.StatusMethodNotAllowed:
		return "Method Not Allowed"
	case gosip.StatusUnsupportedMediaType:
		return "Unsupported Media Type"
	case statusUnsupportedScheme:
		return "Unsupported URI Scheme"
	case gosip.StatusBadExtension:
		return "Bad Extension"
	case gosip.StatusTemporarilyUnavailable:
		return "Temporarily Unavailable"
	case gosip.StatusCallTransactionDoesNotExists:
		return "Call/Transaction Does Not Exist"
	case gosip.StatusLoopDetected:
		return "Loop Detected"
	case gosip.StatusBusyHere:
		return "Busy Here"
	case gosip.StatusRequestTerminated:
		return "Request Terminated"
	case gosip.StatusNotAcceptableHere:
		return "Not Acceptable Here"
	case gosip.StatusRequestPending:
		return "Request Pending"
	case gosip.StatusInternalServerError:
		return "Server Internal Error"
	case gosip.StatusNotImplemented:
		return "Not Implemented"
	case gosip.StatusBadGateway:
		return "Bad Gateway"
	case gosip.StatusServiceUnavailable:
		return "Service Unavailable"
	case gosip.StatusGlobalDecline:
		return "Decline"
	}
	return "Refused"
}

const statusUnsupportedScheme = 416 // RFC 3261 section 21.4.14
