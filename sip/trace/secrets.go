package trace

import (
	"bytes"
	"strings"
)

// blot stands in a capture for each byte that nobody is shown: the length stays,
// so that the message stays well-formed.
const blot = 'x'

// withoutSecrets blots out, in a copy, what no capture shows: keys that a caller
// pressed (any body that isn't SDP or the status line of a transfer's progress),
// keys of SRTP, passwords of ICE, credentials, and passwords in URIs.
func withoutSecrets(message []byte) []byte {
	shown := bytes.Clone(message)
	head, body := splitBody(shown)
	blotHeaders(head)
	media, _, _ := strings.Cut(take(head).find("content-type"), ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "application/sdp":
		eachLine(body, blotSDP)
	case "message/sipfrag":
		if end := bytes.IndexByte(body, '\n'); end >= 0 {
			blotAll(body[end:])
		}
	default:
		blotAll(body)
	}
	return shown
}

// blotAll blots everything but line breaks.
func blotAll(text []byte) {
	for i := range text {
		if text[i] != '\r' && text[i] != '\n' {
			text[i] = blot
		}
	}
}

// blotHeaders blots credentials, continued lines included.
func blotHeaders(head []byte) {
	inSecret := false
	eachLine(head, func(line []byte) {
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			if inSecret {
				blotAll(line[1:])
				return
			}
		} else {
			colon := bytes.IndexByte(line, ':')
			name := strings.ToLower(string(bytes.TrimSpace(line[:max(colon, 0)])))
			inSecret = name == "authorization" || name == "proxy-authorization" || name == "authentication-info" || name == "proxy-authentication-info"
			if inSecret {
				blotAll(line[colon+1:])
				return
			}
		}
		blotPasswords(line)
	})
}

// blotPasswords blots what follows the colon in sip:user:password@host.
func blotPasswords(line []byte) {
	lower := bytes.ToLower(line)
	for from := 0; ; {
		at := bytes.Index(lower[from:], []byte("sip"))
		if at < 0 || len(lower) != len(line) {
			return
		}
		from += at + len("sip")
		rest := line[from:]
		rest = bytes.TrimPrefix(bytes.TrimPrefix(rest, []byte("s")), []byte("S"))
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		rest = rest[1:]
		end := bytes.IndexByte(rest, '@')
		if end < 0 || bytes.ContainsAny(rest[:end], "<> \"\t") {
			continue
		}
		if colon := bytes.IndexByte(rest[:end], ':'); colon >= 0 {
			blotAll(rest[colon+1 : end])
		}
	}
}

// blotSDP blots the keys and passwords in a line of SDP, and a line that is none.
func blotSDP(line []byte) {
	if len(line) < 2 || line[1] != '=' || line[0] == 'k' {
		blotAll(line)
		return
	}
	name, value, _ := bytes.Cut(line[2:], []byte(":"))
	if line[0] != 'a' {
		return
	}
	switch strings.ToLower(string(bytes.TrimSpace(name))) {
	case "crypto":
		if at := bytes.Index(bytes.ToLower(value), []byte("inline:")); at >= 0 {
			value = value[at+len("inline:"):]
		}
		blotAll(value)
	case "ice-pwd", "ice-ufrag", "key-mgmt", "zrtp-hash":
		blotAll(value)
	}
}

// eachLine shows each line, without its line break.
func eachLine(text []byte, show func([]byte)) {
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			show(text)
			return
		}
		show(bytes.TrimSuffix(text[:end], []byte("\r")))
		text = text[end+1:]
	}
}
