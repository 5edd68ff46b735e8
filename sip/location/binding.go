package location

import (
	"net/netip"
	"strings"
	"time"
)

// MaxQ is the preference q=1, the highest; q counts in thousandths.
const MaxQ = 1000

// Unasked is the Expires of a contact for which the phone named none.
const Unasked time.Duration = -1

// Flow is what a REGISTER came by: a connection, or the phone's UDP address as we
// see it.
type Flow struct {
	// Network is udp, tcp, tls, ws or wss.
	Network string
	Remote  netip.AddrPort
}

// Contact is one contact of a registration.
type Contact struct {
	// URI as the phone wrote it, for the Request-URI of what we send.
	URI string
	// Q is the phone's preference in thousandths.
	Q int
	// Expires is the time asked for: 0 removes, Unasked leaves it to us.
	Expires time.Duration
	// Instance is +sip.instance, and RegID the reg-id beside it (RFC 5626
	// section 4.1); "" and 0 where the phone gave none.
	Instance string
	RegID    int
}

// Registration is what one REGISTER asks for.
type Registration struct {
	// Record is whose bindings these are: the address-of-record's user.
	Record string
	CallID string
	CSeq   uint32
	// Contacts may be empty: then the bindings are only asked for.
	Contacts []Contact
	// RemoveAll is "Contact: *" with Expires 0.
	RemoveAll bool
	// Path is the way back to the phone, the nearest proxy first (RFC 3327).
	Path []string
	Flow Flow
	// Confined says that the phone is reached over Flow and not otherwise: it is
	// behind a NAT, or its contact names no address.
	Confined bool
	// Limit shortens what is granted, for a flow that a NAT would forget; 0
	// leaves Options.MaxExpires.
	Limit time.Duration
}

// Binding is one contact that stands.
type Binding struct {
	Contact
	CallID   string
	CSeq     uint32
	Path     []string
	Flow     Flow
	Confined bool
	// Updated is when it was registered last, Until when it ends by itself.
	Updated, Until time.Time
}

// same reports whether a contact replaces a binding: it is the same URI, or the
// same phone's same flow under another (RFC 5626 section 6).
func (b Binding) same(c Contact) bool {
	if b.Instance != "" && b.Instance == c.Instance && b.RegID == c.RegID {
		return true
	}
	return key(b.URI) == key(c.URI)
}

// key is what two contacts have in common that mean the same (RFC 3261 section
// 19.1.4): user, host, port and the parameters that route. Phones change others,
// such as rinstance, from one start to the next.
func key(uri string) string {
	scheme, rest, _ := strings.Cut(uri, ":")
	rest, _, _ = strings.Cut(rest, "?")
	address, parameters, _ := strings.Cut(rest, ";")
	user, host, found := strings.Cut(address, "@")
	if !found {
		user, host = "", address
	}
	routing := map[string]string{}
	for one := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.ToLower(one), "=")
		switch name {
		case "transport", "maddr", "user", "method", "ttl":
			routing[name] = value
		}
	}
	var plain strings.Builder
	plain.WriteString(strings.ToLower(scheme) + ":" + user + "@" + strings.ToLower(host))
	for _, name := range []string{"transport", "maddr", "user", "method", "ttl"} {
		if value, ok := routing[name]; ok {
			plain.WriteString(";" + name + "=" + value)
		}
	}
	return plain.String()
}
