package sip

import (
	"net/netip"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// received puts into a request's Via fields what sipgo leaves out: where the
// request came from (RFC 3261 section 18.2.1), the brackets that it takes off an
// IPv4-mapped address and doesn't put back, and a transaction's name where a
// client of RFC 2543 gave neither branch nor tag.
func (s *Server) received(request *gosip.Request) {
	for _, header := range request.GetHeaders("Via") {
		if via, ok := header.(*gosip.ViaHeader); ok && strings.Contains(via.Host, ":") && strings.Contains(via.Host, ".") {
			via.Host = "[" + strings.Trim(via.Host, "[]") + "]"
		}
	}
	top := request.Via()
	if source, err := netip.ParseAddrPort(request.Source()); err == nil {
		address := source.Addr().Unmap().String()
		if top.Host != address || top.Params.Has("received") {
			top.Params.Add("received", address)
		}
	}
	branch, _ := top.Params.Get("branch")
	if !request.From().Params.Has("tag") && !strings.HasPrefix(branch, gosip.RFC3261BranchMagicCookie) {
		// The same for the request sent again, its ACK and its CANCEL, as RFC
		// 3261 section 17.2.3 has it for such clients.
		top.Params.Add("branch", gosip.RFC3261BranchMagicCookie+s.tagFor(request))
	}
}
