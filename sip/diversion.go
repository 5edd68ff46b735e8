package sip

import (
	"net/url"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// Diversion is one redirection that a call went through before it came to us
// (RFC 5806). It prints masked, since its Number does.
type Diversion struct {
	// From is who had the call sent on: the number first dialed, for one. It is
	// unknown where Withheld says that it is not to be shown.
	From     Number
	Withheld bool
	// Reason is why, in lower case: "user-busy", "no-answer", "unconditional"
	// and the others of RFC 5806 section 3.1; "unknown" if it doesn't say.
	Reason string
	// Count is how many redirections the entry stands for, at least 1.
	Count int
}

const (
	maxDivertReason = 32 // bytes
	maxDiversions   = 10 // entries kept of either header, the latest ones
)

// readDiversions reads the Diversion headers, the latest redirection first, as
// they stand in the message. What can't be read is passed over.
func readDiversions(request *gosip.Request) []Diversion {
	var all []Diversion
	for _, value := range headerValues(request, "Diversion") {
		from, err := parseAddress(value)
		if err != nil || len(all) == maxDiversions {
			continue
		}
		one := Diversion{From: from.user(), Reason: "unknown", Count: 1}
		if reason, given := from.parameters.get("reason"); given && reason != "" {
			one.Reason = strings.ToLower(printable(reason, maxDivertReason))
		}
		if text, given := from.parameters.get("counter"); given {
			if count, err := strconv.ParseUint(text, 10, 8); err == nil && count > 0 {
				one.Count = int(count)
			}
		}
		switch privacy, _ := from.parameters.get("privacy"); strings.ToLower(privacy) {
		case "full", "uri":
			one.From, one.Withheld = Number{}, true
		}
		all = append(all, one)
	}
	return all
}

// HistoryEntry is one target that a call was sent to on its way (RFC 7044). It
// prints masked, since its Number does.
type HistoryEntry struct {
	// Target is whom the call was sent to; unknown where Withheld is set.
	Target   Number
	Withheld bool
	// Index is the entry's place in the tree of redirections: "1.2.1".
	Index string
	// Status is the SIP status for which the target was left, Cause its Q.850
	// cause; 0 where the entry gives none.
	Status, Cause int
	// Mapped reports that this target was put in the place of another user
	// (parameter mp): there the call was redirected, and not just routed on.
	Mapped bool
}

// readHistory reads the History-Info headers in the order of the message, the
// first target first. Of a longer history the latest entries are kept; what
// can't be read is passed over.
func readHistory(request *gosip.Request) []HistoryEntry {
	var all []HistoryEntry
	for _, value := range headerValues(request, "History-Info") {
		target, err := parseAddress(value)
		index, indexed := target.parameters.get("index")
		if err != nil || !indexed || !isIndex(index) {
			continue
		}
		one := HistoryEntry{Target: target.user(), Index: index}
		_, one.Mapped = target.parameters.get("mp")
		one.readHeaders(target.headers)
		if anonymous(target.uri) {
			one.Target, one.Withheld = Number{}, true
		}
		all = append(all, one)
	}
	return all[max(0, len(all)-maxDiversions):]
}

// readHeaders takes Reason and Privacy out of the entry's URI (RFC 7044
// sections 10.1 and 10.2).
func (h *HistoryEntry) readHeaders(headers string) {
	for _, header := range strings.Split(headers, "&") {
		name, value, _ := strings.Cut(header, "=")
		value, err := url.PathUnescape(value)
		if err != nil {
			continue
		}
		switch strings.ToLower(name) {
		case "reason":
			switch protocol, cause, _ := parseReason(value); strings.ToUpper(protocol) {
			case "SIP":
				h.Status = cause
			case "Q.850":
				h.Cause = cause
			}
		case "privacy":
			if !strings.EqualFold(value, "none") {
				h.Target, h.Withheld = Number{}, true
			}
		}
	}
}

// isIndex reports whether text is digits between dots.
func isIndex(text string) bool {
	if len(text) > maxDivertReason {
		return false
	}
	for _, part := range strings.Split(text, ".") {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}
