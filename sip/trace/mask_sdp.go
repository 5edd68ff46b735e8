package trace

import "strings"

// sdp masks a session description line by line (RFC 8866): who and what is said
// in words, keys and passwords are hidden, the streams stay readable.
func (l *labels) sdp(body string) string {
	var shown strings.Builder
	for _, line := range strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n") {
		line = strings.TrimRight(line, "\r \x00")
		if line == "" {
			continue
		}
		shown.WriteString(l.sdpLine(line) + "\r\n")
	}
	return shown.String()
}

func (l *labels) sdpLine(line string) string {
	if len(line) < 2 || line[1] != '=' {
		return Mask
	}
	value := line[2:]
	switch line[0] {
	case 'v', 't', 'm', 'c', 'b', 'r', 'z':
		return line[:2] + l.opaque(value)
	case 'o':
		user, rest, _ := strings.Cut(value, " ")
		if user != "-" {
			user = Mask
		}
		return "o=" + user + " " + l.opaque(rest)
	case 's':
		if value == "-" || value == " " || value == "" {
			return line
		}
		return "s=" + Mask
	case 'a':
		return "a=" + l.attribute(value)
	}
	if line[0] >= 'a' && line[0] <= 'z' {
		return line[:2] + Mask
	}
	return Mask
}

// attribute shows those that describe streams, and of the rest their name.
func (l *labels) attribute(text string) string {
	name, value, has := strings.Cut(text, ":")
	if !isName(strings.ReplaceAll(name, "_", "-")) {
		return Mask
	}
	if !has {
		return l.sweep(name)
	}
	switch strings.ToLower(name) {
	case "rtpmap", "fmtp", "ptime", "maxptime", "rtcp", "rtcp-fb", "mid", "group", "setup", "connection", "candidate", "label",
		"direction", "extmap", "silencesupp", "sendrecv", "ice-options", "curr", "des", "conf":
		return name + ":" + l.opaque(value)
	case "crypto": // RFC 4568: the tag and the suite, not the key
		words := strings.Fields(value)
		if len(words) < 2 || !isSuite(words[1]) || len(words[0]) > 2 || !isNumber(words[0]) {
			return name + ":" + Mask
		}
		return name + ":" + words[0] + " " + words[1] + " inline:" + Mask
	case "fingerprint": // of a certificate; which one is nobody's business here
		algorithm, _, _ := strings.Cut(value, " ")
		if !isName(algorithm) {
			algorithm = ""
		}
		return name + ":" + l.sweep(algorithm) + " " + Mask
	}
	return l.sweep(name) + ":" + Mask
}

// isSuite reports the shape of a crypto suite's name: AES_CM_128_HMAC_SHA1_80.
func isSuite(text string) bool {
	switch {
	case len(text) > 40, !strings.Contains(text, "_"):
		return false
	case strings.HasPrefix(text, "AES_"), strings.HasPrefix(text, "AEAD_AES_"), strings.HasPrefix(text, "F8_"), strings.HasPrefix(text, "SEED_"), strings.HasPrefix(text, "SEEDCTR_"):
		return strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && longRuns(text) == text
	}
	return false
}
