package wire

import "strings"

// plainAddress reads a name-addr or an addr-spec with the parameters behind it
// (RFC 3261 section 20.10) and writes it with no space that needn't be there.
// bracketed asks for the angle brackets, as Route does.
func plainAddress(text string, bracketed bool) (string, bool) {
	name, uri, rest, ok := cutAddress(text)
	if !ok || !isURI(uri) || !isPlainScheme(uri) {
		return "", false
	}
	bare := !strings.Contains(text[:len(text)-len(rest)], "<")
	if bare && (bracketed || strings.ContainsAny(uri, "?,")) { // these need the brackets
		return "", false
	}
	parameters, ok := plainParameters(rest)
	if !ok {
		return "", false
	}
	if bare {
		return uri + parameters, true
	}
	if name != "" {
		name += " "
	}
	return name + "<" + uri + ">" + parameters, true
}

// cutAddress cuts an address into its display name, as it stands, its URI and
// its parameters.
func cutAddress(text string) (name, uri, rest string, ok bool) {
	if strings.HasPrefix(text, `"`) {
		end := quotedEnd(text)
		if end < 0 {
			return "", "", "", false
		}
		name, text = text[:end], trim(text[end:])
		if !strings.HasPrefix(text, "<") {
			return "", "", "", false
		}
	} else if open := indexOutside(text, "<"); open >= 0 {
		name, text = trim(text[:open]), text[open:]
		if !isDisplayName(name) {
			return "", "", "", false
		}
	} else {
		uri, rest = text, ""
		if at := strings.IndexByte(text, ';'); at >= 0 {
			uri, rest = text[:at], text[at:]
		}
		return "", trim(uri), rest, true
	}
	end := strings.IndexByte(text, '>')
	if end < 0 {
		return "", "", "", false
	}
	return name, text[1:end], trim(text[end+1:]), true
}

// isDisplayName reads *(token LWS). Letters outside ASCII are for quotes only,
// yet phones send them without, and no mark that means anything is among them.
func isDisplayName(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isTokenByte(c) && c != ' ' && c != '\t' && c < 0x80 {
			return false
		}
	}
	return true
}

// plainParameters reads *(SEMI generic-param) and writes it without spaces,
// names in lower case, since they are compared without regard to it (RFC 3261
// section 7.3.1).
func plainParameters(text string) (string, bool) {
	var plain strings.Builder
	for text = trim(text); text != ""; {
		if text[0] != ';' {
			return "", false
		}
		text = text[1:]
		one := text
		if next := indexOutside(text, ";"); next >= 0 {
			one, text = text[:next], text[next:]
		} else {
			text = ""
		}
		name, value, given := strings.Cut(one, "=")
		if name, value = trim(name), trim(value); !isParameterName(name) || given && !isParameterValue(value) {
			return "", false
		}
		plain.WriteString(";" + strings.ToLower(name))
		if given {
			plain.WriteString("=" + value)
		}
	}
	return plain.String(), true
}

func isParameterName(text string) bool { return isToken(text) }

// isParameterValue reads token, host or quoted-string, and what else can't be
// taken for something else: tags and branches with an @ or a slash are about.
// One may be empty.
func isParameterValue(text string) bool {
	if strings.HasPrefix(text, `"`) {
		return quotedEnd(text) == len(text)
	}
	return text == "" || isVisible(text) && !strings.ContainsAny(text, `;,="<>`)
}
