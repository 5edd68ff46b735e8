package sip

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// peer is how requests of ours reach the far side within a dialog (RFC 3261
// section 12.1.1): its Contact by way of the proxies that record-routed.
type peer struct {
	network string
	source  netip.AddrPort
	local   netip.AddrPort
	from    gosip.FromHeader
	to      gosip.ToHeader
	call    gosip.CallIDHeader
	target  gosip.Uri
	routes  []gosip.Uri
	ours    uint32 // our CSeq
	theirs  uint32 // the highest CSeq seen of theirs
}

// newPeer reads the far side out of the INVITE. To already carries our tag.
func newPeer(request *gosip.Request, local netip.AddrPort) peer {
	source, err := netip.ParseAddrPort(request.Source())
	if err != nil {
		source = netip.AddrPort{}
	}
	p := peer{
		network: networkOf(request), source: netip.AddrPortFrom(source.Addr().Unmap(), source.Port()), local: local,
		from:   gosip.FromHeader{DisplayName: request.To().DisplayName, Address: *request.To().Address.Clone(), Params: request.To().Params.Clone()},
		to:     gosip.ToHeader{DisplayName: request.From().DisplayName, Address: *request.From().Address.Clone(), Params: request.From().Params.Clone()},
		call:   *request.CallID(),
		target: gosip.Uri{Scheme: "sip", Host: source.Addr().Unmap().String(), Port: int(source.Port())},
		theirs: request.CSeq().SeqNo,
	}
	p.retarget(request)
	for _, header := range request.GetHeaders("Record-Route") {
		if route, ok := header.(*gosip.RecordRouteHeader); ok && len(p.routes) < maxRoutes {
			p.routes = append(p.routes, *route.Address.Clone())
		}
	}
	return p
}

const maxRoutes = 16 // proxies that may record-route

// retarget follows the Contact of an INVITE or re-INVITE; one without leaves
// the target as it is.
func (p *peer) retarget(request *gosip.Request) {
	contact := request.Contact()
	if contact == nil || contact.Address.Wildcard || contact.Address.Host == "" {
		return
	}
	p.target = *contact.Address.Clone()
	p.target.Headers = nil
}

// request builds our next request in the dialog (RFC 3261 section 12.2.1.1).
func (p *peer) request(method gosip.RequestMethod, userAgent string) *gosip.Request {
	p.ours++
	target, routes := p.target, p.routes
	if len(routes) > 0 && !routes[0].UriParams.Has("lr") { // a strict router wants itself on top
		routes = append(append([]gosip.Uri{}, routes[1:]...), target)
		target = p.routes[0]
	}
	request := gosip.NewRequest(method, target)
	via := &gosip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(p.network),
		Host: p.local.Addr().String(), Port: int(p.local.Port()), Params: gosip.NewParams(),
	}
	via.Params.Add("branch", gosip.GenerateBranchN(24))
	via.Params.Add("rport", "")
	request.AppendHeader(via)
	for _, route := range routes {
		request.AppendHeader(&gosip.RouteHeader{Address: route})
	}
	hops := gosip.MaxForwardsHeader(70)
	from, to, call := p.from, p.to, p.call
	request.AppendHeader(&hops)
	request.AppendHeader(&from)
	request.AppendHeader(&to)
	request.AppendHeader(&call)
	request.AppendHeader(&gosip.CSeqHeader{SeqNo: p.ours, MethodName: method})
	request.AppendHeader(gosip.NewHeader("User-Agent", userAgent))
	request.SetBody(nil)
	request.SetTransport(strings.ToUpper(p.network))
	request.SetDestination(p.destination(target, routes))
	return request
}

// destination is the next hop: the topmost route, else the target. Behind a NAT
// the target is an address that only the far side knows; then, and with a proxy
// that lies about nothing but its port, the INVITE's source is meant.
func (p *peer) destination(target gosip.Uri, routes []gosip.Uri) string {
	hop := target
	strict := len(p.routes) > 0 && !p.routes[0].UriParams.Has("lr")
	if len(routes) > 0 && !strict {
		hop = routes[0]
	}
	port := hop.Port
	if port == 0 {
		port = gosip.DefaultPort(p.network)
	}
	address, err := netip.ParseAddr(strings.Trim(hop.Host, "[]"))
	if err == nil && p.source.IsValid() && unreachable(address, p.source.Addr()) {
		return p.source.String()
	}
	return net.JoinHostPort(strings.Trim(hop.Host, "[]"), strconv.Itoa(port))
}

// unreachable reports whether an address means nothing to us, judged by where
// its owner's packets come from.
func unreachable(address, source netip.Addr) bool {
	if address.IsUnspecified() {
		return true
	}
	inside := func(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() }
	return inside(address) && !inside(source)
}
