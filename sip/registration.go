package sip

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"careline/sip/location"
)

const (
	maxContactURI = 512 // bytes
	maxInstance   = 128 // bytes of a +sip.instance
	maxPath       = 4   // proxies between a phone and us
	// malformedExpires is what an unreadable interval means (RFC 3261 section
	// 20.19).
	malformedExpires = time.Hour
	// contactRoom is how many bytes of contacts an answer over UDP may list
	// without being too long for a packet.
	contactRoom = 800
)

var (
	errWildcard = errors.New(`"Contact: *" must stand alone, with Expires: 0`)
	errContact  = errors.New("a contact isn't a sip: or sips: address that can be reached")
	errPath     = errors.New("the Path has too many or unreadable entries")
)

// readRegistration reads what a REGISTER asks for.
func readRegistration(request *gosip.Request) (location.Registration, error) {
	source, err := netip.ParseAddrPort(request.Source())
	if err != nil {
		return location.Registration{}, fmt.Errorf("its source can't be read: %w", err)
	}
	source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
	r := location.Registration{
		Record: userOf(request.To().Address), CallID: request.CallID().Value(), CSeq: request.CSeq().SeqNo,
		Flow: location.Flow{Network: networkOf(request), Remote: source},
	}
	if r.Path, err = readPath(request); err != nil {
		return r, err
	}
	general := location.Unasked
	if header := request.GetHeader("Expires"); header != nil {
		general = readExpires(header.Value())
	}
	contacts := request.GetHeaders("Contact")
	for _, header := range contacts {
		contact, ok := header.(*gosip.ContactHeader)
		if !ok {
			return r, errContact
		}
		if contact.Address.Wildcard {
			r.RemoveAll = true
			continue
		}
		one, err := readContact(contact, general)
		if err != nil {
			return r, err
		}
		r.Contacts = append(r.Contacts, one)
		r.Confined = r.Confined || confined(contact.Address, r.Flow)
	}
	if r.RemoveAll && (len(contacts) != 1 || general != 0) {
		return r, errWildcard
	}
	r.Confined = r.Confined && len(r.Path) == 0
	if r.Confined && r.Flow.Network == "udp" {
		r.Limit = natExpires
	}
	return r, nil
}

func readContact(header *gosip.ContactHeader, general time.Duration) (location.Contact, error) {
	address := *header.Address.Clone()
	address.Headers = nil // what a Request-URI may not have (RFC 3261 section 19.1.1)
	uri := address.String()
	if (address.Scheme != "sip" && address.Scheme != "sips") || address.Host == "" || len(uri) > maxContactURI || printable(uri, len(uri)) != uri {
		return location.Contact{}, errContact
	}
	contact := location.Contact{URI: uri, Q: location.MaxQ, Expires: general}
	if text, given := header.Params.Get("expires"); given {
		contact.Expires = readExpires(text)
	}
	if text, given := header.Params.Get("q"); given {
		contact.Q = readPreference(text)
	}
	if text, given := header.Params.Get("+sip.instance"); given {
		contact.Instance = printable(strings.Trim(text, `"`), maxInstance)
	}
	if text, given := header.Params.Get("reg-id"); given {
		contact.RegID, _ = strconv.Atoi(text) // unreadable counts as none
	}
	return contact, nil
}

func readExpires(text string) time.Duration {
	asked, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return malformedExpires
	}
	return time.Duration(asked) * time.Second
}

// readPreference reads q in thousandths; what can't be read is no preference.
func readPreference(text string) int {
	q, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(q) || q < 0 || q > 1 {
		return location.MaxQ
	}
	return int(math.Round(q * location.MaxQ))
}

// readPath takes the Path that proxies added (RFC 3327), the nearest to us first.
func readPath(request *gosip.Request) ([]string, error) {
	var path []string
	for _, header := range request.GetHeaders("Path") {
		for _, value := range splitValues(header.Value()) {
			var uri gosip.Uri
			if _, err := gosip.ParseAddressValue(value, &uri, nil); err != nil || uri.Host == "" ||
				len(value) > maxContactURI || printable(value, len(value)) != value || len(path) == maxPath {
				return nil, errPath
			}
			path = append(path, value)
		}
	}
	return path, nil
}

// confined reports whether a contact can be reached over its own flow alone: its
// host is a name, or an address other than the one that the phone speaks from.
// Over a stream, a contact with the very port of the connection is the
// connection (a phone that found out what its NAT made of it); a browser's is
// always (RFC 7118 section 5).
func confined(contact gosip.Uri, flow location.Flow) bool {
	address, err := netip.ParseAddr(strings.Trim(contact.Host, "[]"))
	if err != nil || address.Unmap() != flow.Remote.Addr() {
		return true
	}
	switch flow.Network {
	case "udp":
		return false
	case "tcp", "tls":
		return contact.Port == int(flow.Remote.Port())
	}
	return true
}

// registered is the 200 that lists the bindings (RFC 3261 section 10.3, step 8),
// those of this request first. Over UDP what doesn't fit is left out: a 200 that
// can't be sent would help nobody.
func (s *Server) registered(request *gosip.Request, r location.Registration, bindings []location.Binding, now time.Time) *gosip.Response {
	response := s.response(request, gosip.StatusOK, gosip.NewHeader("Date", now.UTC().Format(sipDate)))
	own := func(b location.Binding) bool { return b.CallID == r.CallID && b.CSeq == r.CSeq }
	slices.SortStableFunc(bindings, func(a, b location.Binding) int {
		switch {
		case own(a) == own(b):
			return 0
		case own(a):
			return -1
		}
		return 1
	})
	room := contactRoom
	for _, b := range bindings {
		value := fmt.Sprintf("<%s>;expires=%d;q=%.3f", b.URI, seconds(b.Until.Sub(now)), float64(b.Q)/location.MaxQ)
		if b.Instance != "" {
			value += `;+sip.instance="` + b.Instance + `"`
			if b.RegID > 0 {
				value += fmt.Sprintf(";reg-id=%d", b.RegID)
			}
		}
		if room -= len(value); room < 0 && r.Flow.Network == "udp" {
			break
		}
		response.AppendHeader(gosip.NewHeader("Contact", value))
	}
	for _, value := range r.Path { // RFC 3327 section 5.3
		response.AppendHeader(gosip.NewHeader("Path", value))
	}
	if keepsFlow(request, r) {
		response.AppendHeader(gosip.NewHeader("Require", "outbound"))
	}
	return response
}

// sipDate is RFC 3261 section 20.17's form: always GMT.
const sipDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// keepsFlow reports whether we hold to RFC 5626 for a registration: the phone
// asks for it, we are its first hop, and keep-alives are CRLF; over UDP they
// would have to be STUN.
func keepsFlow(request *gosip.Request, r location.Registration) bool {
	if r.Flow.Network == "udp" || len(request.GetHeaders("Via")) != 1 || !supports(request, "outbound") {
		return false
	}
	return slices.ContainsFunc(r.Contacts, func(c location.Contact) bool { return c.Instance != "" && c.RegID > 0 })
}
