package sip

import (
	"net/netip"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// trusts reports whether a source's word about who calls is believed
// (Options.Trusted).
func (s *Server) trusts(source netip.Addr) bool {
	for _, prefix := range s.options.Trusted {
		if prefix.Contains(source) {
			return true
		}
	}
	return false
}

// identity is who calls, and how sure that is.
type identity struct {
	number   Number
	asserted bool // a trusted network vouches for it (RFC 3325)
	withheld bool // the caller asked not to be shown
}

// callerOf finds the caller: P-Asserted-Identity, where whoever sent it is
// trusted to vouch (RFC 3325 section 5), before From, which the caller chose.
// Who asked for privacy has no number here.
func callerOf(request *gosip.Request, trusted bool) identity {
	if withholds(request) {
		return identity{withheld: true}
	}
	if trusted {
		for _, value := range headerValues(request, "P-Asserted-Identity") {
			asserted, err := parseAddress(value)
			if err == nil && asserted.user().Known() && !anonymous(asserted.uri) {
				return identity{number: asserted.user(), asserted: true}
			}
		}
	}
	from := request.From()
	if from == nil {
		return identity{}
	}
	if anonymous(from.Address) {
		return identity{withheld: true}
	}
	return identity{number: NewNumber(userOf(from.Address))}
}

// withholds reports whether the caller's identity is to stay unknown: Privacy
// with id (RFC 3325 section 9.3), header or user (RFC 3323 section 4.2). The
// other values ask nothing of an endpoint.
func withholds(request *gosip.Request) bool {
	for _, header := range request.GetHeaders("Privacy") {
		for _, value := range strings.FieldsFunc(header.Value(), func(c rune) bool { return c == ';' || c == ',' }) {
			switch strings.ToLower(strings.TrimSpace(value)) {
			case "id", "header", "user":
				return true
			}
		}
	}
	return false
}

// anonymous reports whether a URI stands for nobody: the host of RFC 3323
// section 4.1.1.3, or the user names that networks write for withheld ones.
func anonymous(uri gosip.Uri) bool {
	return strings.EqualFold(uri.Host, "anonymous.invalid") || strings.EqualFold(uri.User, "anonymous") ||
		strings.EqualFold(uri.User, "restricted")
}
