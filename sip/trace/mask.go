package trace

import (
	"fmt"
	"strconv"
	"strings"
)

// kind says how a header's value is shown.
type kind int

const (
	hidden    kind = iota // not at all: headers that we don't know among them
	opaque                // as it is: tokens, numbers of the protocol, identifiers
	free                  // as it is, with names and long digits masked
	addresses             // display names and users masked, hosts and the rest readable
	vias                  // hosts, ports and branches
	secret                // the scheme alone, and what was negotiated
)

// kindOf decides by the header's canonical name. What isn't listed is hidden: a
// header that somebody invents tomorrow may carry a birth date.
func kindOf(name string) kind {
	switch name {
	case "from", "to", "contact", "route", "record-route", "path", "service-route", "p-asserted-identity", "p-preferred-identity",
		"p-called-party-id", "p-associated-uri", "remote-party-id", "diversion", "history-info", "refer-to", "referred-by", "reply-to":
		return addresses
	case "via":
		return vias
	case "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "authentication-info", "proxy-authentication-info":
		return secret
	case "user-agent", "server", "reason", "warning", "retry-after":
		return free
	case "call-id", "cseq", "max-forwards", "content-type", "content-encoding", "content-disposition", "allow",
		"allow-events", "supported", "require", "proxy-require", "unsupported", "accept", "accept-encoding", "accept-language",
		"expires", "min-expires", "session-expires", "min-se", "rseq", "rack", "event", "subscription-state", "timestamp", "date",
		"mime-version", "privacy", "replaces", "join", "target-dialog", "refer-sub", "p-early-media", "security-client",
		"security-server", "security-verify", "answer-mode", "in-reply-to", "flow-timer":
		return opaque
	}
	return hidden
}

// message masks one message. What it doesn't understand it doesn't show.
func (l *labels) message(raw []byte) string {
	p := take(raw)
	l.addresses(p.find("from")) // so that whoever calls is A
	var text strings.Builder
	text.WriteString(l.startLine(p) + "\r\n")
	body := l.body(p)
	for _, header := range p.headers {
		name := header.canonical()
		switch {
		case !isName(header.name):
			text.WriteString("X-Unreadable: " + Mask + "\r\n")
		case name == "content-length":
			// Of what is shown, so that the masked message is well-formed.
			text.WriteString(header.name + ": " + strconv.Itoa(len(body)) + "\r\n")
		default:
			text.WriteString(l.sweep(header.name) + ": " + l.value(kindOf(name), header.value) + "\r\n")
		}
	}
	text.WriteString("\r\n")
	text.WriteString(body)
	return text.String()
}

func (l *labels) startLine(p parts) string {
	if code, phrase, ok := p.status(); ok {
		return "SIP/2.0 " + code + " " + l.free(phrase)
	}
	if method, uri, ok := p.request(); ok {
		return method + " " + l.uri(uri) + " SIP/2.0"
	}
	return Mask
}

func (l *labels) value(kind kind, value string) string {
	switch kind {
	case opaque:
		return l.opaque(value)
	case free:
		return l.free(value)
	case addresses:
		return l.addresses(value)
	case vias:
		return l.vias(value)
	case secret:
		return credentials(value)
	}
	if value == "" {
		return ""
	}
	return Mask
}

const maxHeaderName = 64 // characters of a header's name that is shown

func isName(text string) bool {
	if text == "" || len(text) > maxHeaderName {
		return false
	}
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && text[i] != '-' {
			return false
		}
	}
	return longRuns(text) == text
}

// credentials shows a scheme and what was negotiated, never a user, a nonce or a
// response.
func credentials(value string) string {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return Mask
	}
	shown := []string{}
	for _, parameter := range splitOutside(rest, ',') {
		name, setting, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		setting = strings.Trim(strings.TrimSpace(setting), `"`)
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "algorithm", "qop", "stale":
			if isNegotiated(setting) {
				shown = append(shown, name+"="+setting)
			}
		}
	}
	return "Digest " + strings.Join(append(shown, Mask), ", ")
}

// isNegotiated lists what RFC 7616 lets those parameters be, so that nothing else
// gets through under their name.
func isNegotiated(setting string) bool {
	for _, one := range strings.Split(setting, ",") {
		switch strings.ToLower(strings.TrimSpace(one)) {
		case "md5", "md5-sess", "sha-256", "sha-256-sess", "sha-512-256", "sha-512-256-sess", "auth", "auth-int", "true", "false":
		default:
			return false
		}
	}
	return true
}

// body masks a message's body: SDP line by line, the status line of a transfer's
// progress (RFC 3515), and everything else whole. Digits in an INFO are among that.
func (l *labels) body(p parts) string {
	if strings.TrimSpace(p.body) == "" {
		return ""
	}
	media, _, _ := strings.Cut(p.find("content-type"), ";")
	switch media = strings.ToLower(strings.TrimSpace(media)); media {
	case "application/sdp":
		return l.sdp(p.body)
	case "message/sipfrag":
		return l.startLine(take([]byte(p.body))) + "\r\n"
	}
	if media == "" || !strings.Contains(media, "/") || len(media) > maxHeaderName {
		media = "unknown type"
	}
	return fmt.Sprintf("%s (%s, %d bytes)\r\n", Mask, l.free(media), len(p.body))
}
