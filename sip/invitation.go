package sip

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"careline/media"
	"careline/sip/digest"
	"careline/sip/srtp"
)

const (
	// DefaultHopTimeout is how long a hop may keep silent before the next one is
	// tried; the last may take 64*T1 (RFC 3261 section 17.1.1.2, timer B).
	DefaultHopTimeout = 5 * time.Second
	maxHops           = 16 // that one call may try
	maxExtraHeaders   = 16 // of one Invitation
	maxExtraHeader    = 4096
)

// Hop is a next hop: a trunk's address, or a registered phone's.
type Hop struct {
	// Network is udp, tcp or another one that the server listens on.
	Network string
	Address netip.AddrPort
	// ServerName is the name that a TLS certificate must carry; the address if
	// empty.
	ServerName string
	// Domain, From and Credentials stand in for the invitation's at this hop,
	// where they are given: hops of several trunks may serve one call.
	Domain      string
	From        Number
	Credentials digest.Credentials
	// SRTP is whether the sound is encrypted on this way; Unset: as Options.SRTP.
	SRTP srtp.Policy
}

// String gives the form that the configuration uses: udp://198.51.100.7:5060.
func (h Hop) String() string { return h.Network + "://" + h.Address.String() }

// Header is one header line that goes into an INVITE beside ours. Its value may
// name somebody, so it prints as •••.
type Header struct{ Name, Value string }

// String hides the value.
func (h Header) String() string { return h.Name + ": " + numberMask }

// GoString hides the value.
func (h Header) GoString() string { return h.String() }

// MarshalText hides the value from JSON and every other encoder.
func (h Header) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Invitation is a call that we begin.
type Invitation struct {
	// ID is the call's identity. The SIP Call-ID begins with it.
	ID string
	// To is who is called. Its user part stands in To and, unless Target is set,
	// in the Request-URI.
	To Number
	// Target is the Request-URI where it isn't To at Domain: a registered
	// phone's contact.
	Target Target
	// Domain is the host part of To and Request-URI; the hop's address if empty.
	Domain string
	// From is who calls; anonymous if unknown (RFC 3323 section 4.1.1.3).
	From Number
	// Display is the name shown beside From.
	Display string
	// FromDomain is the host part of From; our own address if empty.
	FromDomain string
	// Route are proxies to pass, the nearest first (RFC 3327: a phone's Path).
	Route []Target
	// Hops are where the INVITE may go, best first. The next one is tried when
	// one can't be reached, keeps silent for HopTimeout, or says 503 or 408
	// before anybody beyond it was heard of (RFC 3263 section 4.3).
	Hops       []Hop
	HopTimeout time.Duration
	// Credentials answer 401 and 407, once at each hop.
	Credentials digest.Credentials
	// Local is our side of the sound: offered in the INVITE, or where
	// DelayedOffer is set, the answer in the ACK to the offer in the 200.
	Local        media.Description
	DelayedOffer bool
	// Admit is asked for each hop, by its place in Hops, before it is tried, on
	// the dialog's goroutine; false passes it over. Nil admits all.
	Admit func(hop int) bool
	// Forwards is that of the dialog that this call carries on, if any: ours may
	// pass one server less. Where none is left, Invite fails with ErrTooManyHops.
	Forwards Forwards
	// Headers go into the INVITE as they are: P-Asserted-Identity, Privacy,
	// Identity, Diversion and such. Those that the dialog writes can't be set.
	Headers []Header
	// Notify is told of events, in order, on the dialog's goroutine; it must not
	// block. Its first may come before Invite returns.
	Notify func(Event)
}

// check says what is wrong with an invitation, without quoting a number.
func (i *Invitation) check() error {
	switch {
	case !isCallID(i.ID) || len(i.ID) > maxLoggedID:
		return fmt.Errorf("sip: an invitation needs the call's ID, up to %d visible characters", maxLoggedID)
	case i.Notify == nil:
		return errors.New("sip: an invitation needs Notify")
	case !i.To.Known() && !i.Target.Known():
		return errors.New("sip: an invitation needs To or Target")
	case len(i.Hops) == 0 || len(i.Hops) > maxHops:
		return fmt.Errorf("sip: an invitation needs 1 to %d hops; it has %d", maxHops, len(i.Hops))
	case len(i.Route) > maxRoutes:
		return fmt.Errorf("sip: an invitation may have up to %d routes; it has %d", maxRoutes, len(i.Route))
	case len(i.Headers) > maxExtraHeaders:
		return fmt.Errorf("sip: an invitation may have up to %d headers of its own; it has %d", maxExtraHeaders, len(i.Headers))
	}
	hosts := []string{i.Domain, i.FromDomain}
	for _, hop := range i.Hops {
		hosts = append(hosts, hop.Domain)
	}
	for _, host := range hosts {
		if host != "" && !isHost(host) {
			return fmt.Errorf("sip: %q in an invitation isn't a host name or an address", printable(host, maxNumber))
		}
	}
	for _, header := range i.Headers {
		if !isToken(header.Name, maxTag) || ownHeader(header.Name) {
			return fmt.Errorf("sip: an invitation can't set the header %q", printable(header.Name, maxTag))
		}
		if strings.ContainsAny(header.Value, "\r\n\x00") || len(header.Value) > maxExtraHeader {
			return fmt.Errorf("sip: the value of %s in an invitation has a line break or more than %d bytes", header.Name, maxExtraHeader)
		}
	}
	return usable(i.Local)
}

// ownHeader reports the headers that are the dialog's to write.
func ownHeader(name string) bool {
	switch strings.ToLower(name) {
	case "via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "contact", "m", "max-forwards", "route", "record-route",
		"content-type", "c", "content-length", "l", "allow", "supported", "k", "require", "session-expires", "x", "min-se", "user-agent", "authorization", "proxy-authorization":
		return true
	}
	return false
}

// destination is the Request-URI for a hop.
func (i *Invitation) destination(hop Hop) gosip.Uri {
	if i.Target.Known() {
		uri := *i.Target.uri.Clone()
		uri.Headers = nil
		return uri
	}
	return i.callee(hop)
}

// callee is the URI in To, which names a person and no address.
func (i *Invitation) callee(hop Hop) gosip.Uri {
	if !i.To.Known() {
		uri := *i.Target.uri.Clone()
		uri.Headers, uri.UriParams = nil, nil
		return uri
	}
	uri := gosip.Uri{Scheme: "sip", User: escapeUser(i.To.Reveal()), Host: cmp.Or(hop.Domain, i.Domain)}
	if uri.Host == "" {
		uri.Host, uri.Port = hop.Address.Addr().Unmap().String(), int(hop.Address.Port())
	}
	return uri
}

// calling is the From header for a hop, without its tag.
func (i *Invitation) calling(hop Hop, local netip.AddrPort) gosip.FromHeader {
	from := cmp.Or(hop.From, i.From)
	if !from.Known() {
		return gosip.FromHeader{DisplayName: "Anonymous", Address: gosip.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}}
	}
	uri := gosip.Uri{Scheme: "sip", User: escapeUser(from.Reveal()), Host: cmp.Or(i.FromDomain, hop.Domain)}
	if uri.Host == "" {
		uri.Host = local.Addr().String()
	}
	return gosip.FromHeader{DisplayName: quotable(i.Display), Address: uri}
}

const maxDisplay = 128 // bytes of a display name

// quotable keeps of a text what can stand between quotes as it is.
func quotable(text string) string {
	text = strings.Map(func(char rune) rune {
		if char < ' ' || char == '"' || char == '\\' || char == 0x7f {
			return -1
		}
		return char
	}, text)
	for len(text) > maxDisplay {
		text = text[:strings.LastIndexFunc(text, func(rune) bool { return true })]
	}
	return text
}

// escapeUser writes a number or user name as a URI's user part (RFC 3261 section
// 25.1).
func escapeUser(user string) string {
	var escaped strings.Builder
	for i := range len(user) {
		if isAlphanumeric(user[i]) || strings.IndexByte("-_.!~*'()&=+$,;?/", user[i]) >= 0 {
			escaped.WriteByte(user[i])
		} else {
			fmt.Fprintf(&escaped, "%%%02X", user[i])
		}
	}
	return escaped.String()
}
