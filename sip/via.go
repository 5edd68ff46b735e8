package sip

import (
	"net/netip"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// markSource writes into a request's topmost Via where it came from, if its
// sent-by says something else (RFC 3261 section 18.2.1), and takes out what the
// sender wrote there itself. For rport (RFC 3581 section 4) the library does so
// as it builds the response; without it, responses go to this address and the
// port of sent-by.
func markSource(request *gosip.Request) {
	via := request.Via()
	source, err := netip.ParseAddrPort(request.Source())
	if via == nil || err != nil {
		return
	}
	via.Params.Remove("received")
	from := source.Addr().Unmap().WithZone("")
	sentBy, err := netip.ParseAddr(strings.Trim(via.Host, "[]"))
	if err != nil || sentBy.Unmap() != from {
		via.Params.Add("received", from.String())
	}
}
