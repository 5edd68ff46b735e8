package sip

import (
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// Option tags of the extensions that Careline knows (RFC 3261 section 19.2).
const (
	tagReliable = "100rel"   // RFC 3262
	tagTimer    = "timer"    // RFC 4028
	tagReplaces = "replaces" // RFC 3891
)

const maxOptionTags = 16 // of one header that are looked at

// supports reports whether whoever sent a message has an extension: it says so,
// or requires it.
func supports(message gosip.Message, tag string) bool {
	return hasTag(headerValues(message, "Supported", "k"), tag) || requires(message, tag)
}

// requires reports whether whoever sent a message insists on an extension.
func requires(message gosip.Message, tag string) bool {
	return hasTag(headerValues(message, "Require"), tag)
}

func hasTag(tags []string, tag string) bool {
	for _, one := range tags {
		if strings.EqualFold(one, tag) { // option tags compare as tokens do (RFC 3261 section 7.3.1)
			return true
		}
	}
	return false
}

// allows reports whether the far side says that it takes a method; false if it
// lists no methods at all, since then nothing is known.
func allows(message gosip.Message, method gosip.RequestMethod) bool {
	return hasTag(headerValues(message, "Allow"), string(method))
}

// unsupported lists what a request requires beyond the extensions known, for
// the Unsupported header of a 420 (RFC 3261 section 8.2.2.3), once each.
func unsupported(request *gosip.Request, known ...string) []string {
	var missing []string
	for _, tag := range headerValues(request, "Require") {
		if hasTag(known, tag) || hasTag(missing, tag) || len(missing) == maxOptionTags {
			continue
		}
		if !isToken(tag, maxNumber) {
			tag = "unknown" // it can't be repeated as a token
		}
		missing = append(missing, tag)
	}
	return missing
}
