package sip

import (
	"fmt"
	"strings"
)

// utter is a request of the far side of a bench; extra are whole header lines. A
// CANCEL and an ACK to a refusal have the INVITE's branch.
func utter(method string, sequence int, body string, extra ...string) string {
	branch, to := fmt.Sprintf("%s%d", method, sequence), "<sip:5550100@192.0.2.1>"
	switch {
	case method == "CANCEL":
		branch = fmt.Sprintf("INVITE%d", sequence)
	case sequence > 1 || method == "ACK":
		to += ";tag=our-tag"
	}
	lines := append([]string{
		method + " sip:5550100@192.0.2.1 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK" + branch, "Max-Forwards: 70",
		`From: "` + callersName + `" <sip:+` + callersNumber + `@192.0.2.2>;tag=far`, "To: " + to, "Call-ID: bench", fmt.Sprintf("CSeq: %d %s", sequence, method),
		"Contact: <sip:far@192.0.2.2:5060>",
	}, extra...)
	switch {
	case method == "INFO":
		lines = append(lines, "Content-Type: application/dtmf-relay")
	case method == "REFER":
		lines = append(lines, "Refer-To: <sip:+"+callersNumber+"@192.0.2.2>")
	case method == "NOTIFY":
		lines = append(lines, "Event: refer", "Subscription-State: active")
	case method == "PRACK":
		lines = append(lines, "RAck: 1 1 INVITE")
	case body != "":
		lines = append(lines, "Content-Type: application/sdp")
	}
	return strings.Join(append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", body), "\r\n")
}
