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
	// serverName is what source's certificate must be for, where we connect to
	// it ourselves.
	serverName string
	local      netip.AddrPort // what Via and Contact say
	socket     netip.AddrPort // the UDP socket to send from
	from       gosip.FromHeader
	to         gosip.ToHeader
	call       gosip.CallIDHeader
	target     gosip.Uri
	routes     []gosip.Uri
	ours       uint32 // our CSeq
	theirs     int64  // the highest CSeq seen of theirs; -1 for none
}

const (
	branchLength = 24 // characters of a branch that we draw, the magic cookie included
	maxForwards  = 70 // RFC 3261 section 8.1.1.6
)

// newPeer reads the far side out of the INVITE. To already carries our tag.
func newPeer(request *gosip.Request, local, socket netip.AddrPort) peer {
	source, err := netip.ParseAddrPort(request.Source())
	if err != nil {
		source = netip.AddrPort{}
	}
	p := peer{
		network: networkOf(request), source: netip.AddrPortFrom(source.Addr().Unmap(), source.Port()), local: local, socket: socket,
		from:   gosip.FromHeader{DisplayName: request.To().DisplayName, Address: *request.To().Address.Clone(), Params: request.To().Params.Clone()},
		to:     gosip.ToHeader{DisplayName: request.From().DisplayName, Address: *request.From().Address.Clone(), Params: request.From().Params.Clone()},
		call:   *request.CallID(),
		target: gosip.Uri{Scheme: "sip", Host: source.Addr().Unmap().String(), Port: int(source.Port())},
		theirs: int64(request.CSeq().SeqNo),
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

// retarget follows the Contact of an INVITE or re-INVITE, or of its 200; one
// without leaves the target as it is.
func (p *peer) retarget(message interface{ Contact() *gosip.ContactHeader }) {
	contact := message.Contact()
	if contact == nil || contact.Address.Wildcard || contact.Address.Host == "" {
		return
	}
	p.target = *contact.Address.Clone()
	p.target.Headers = nil
}

// moved follows a re-INVITE or UPDATE of the far side's: to its Contact, and to
// the connection that it came by, which takes the place of one that broke.
func (p *peer) moved(request *gosip.Request) {
	p.retarget(request)
	source, err := netip.ParseAddrPort(request.Source())
	if err == nil && networkOf(request) == p.network {
		p.source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
	}
}

// request builds our next request in the dialog.
func (p *peer) request(method gosip.RequestMethod, userAgent string) *gosip.Request {
	p.ours++
	return p.build(method, p.ours, userAgent)
}

// ack builds the ACK to a 200 (RFC 3261 section 13.2.2.4): the number of its
// INVITE, and the same credentials (section 22.1).
func (p *peer) ack(invite *outgoing, body []byte, userAgent string) *outgoing {
	request := p.build(gosip.ACK, invite.request.CSeq().SeqNo, userAgent)
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		gosip.CopyHeaders(name, invite.request, request)
	}
	if len(body) > 0 {
		request.AppendHeader(gosip.NewHeader("Content-Type", sdpType))
		request.SetBody(body)
	}
	return &outgoing{request: request, peer: *p}
}

// answeredBy is the far side of an INVITE as a response shows it (RFC 3261
// section 12.1.2): where the INVITE began a dialog, the response says whose it is
// and by way of which proxies; where it was within one, only the target may move.
func (out *outgoing) answeredBy(response *gosip.Response) peer {
	p := out.peer
	p.ours = max(p.ours, out.request.CSeq().SeqNo)
	if p.remoteTag() == "" {
		to := response.To()
		p.to = gosip.ToHeader{DisplayName: to.DisplayName, Address: *to.Address.Clone(), Params: to.Params.Clone()}
		p.routes = nil
		recorded := response.GetHeaders("Record-Route")
		for i := len(recorded) - 1; i >= 0; i-- { // the proxy next to us comes last
			if route, ok := recorded[i].(*gosip.RecordRouteHeader); ok && len(p.routes) < maxRoutes {
				p.routes = append(p.routes, *route.Address.Clone())
			}
		}
	}
	p.retarget(response)
	return p
}

// remoteTag is the far side's tag; empty before it has answered.
func (p *peer) remoteTag() string { return tagOf(p.to.Params) }

// build builds a request in the dialog (RFC 3261 section 12.2.1.1).
func (p *peer) build(method gosip.RequestMethod, sequence uint32, userAgent string) *gosip.Request {
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
	via.Params.Add("branch", gosip.GenerateBranchN(branchLength))
	via.Params.Add("rport", "")
	request.AppendHeader(via)
	for _, route := range routes {
		request.AppendHeader(&gosip.RouteHeader{Address: route})
	}
	hops := gosip.MaxForwardsHeader(maxForwards)
	from, to, call := p.from, p.to, p.call
	request.AppendHeader(&hops)
	request.AppendHeader(&from)
	request.AppendHeader(&to)
	request.AppendHeader(&call)
	request.AppendHeader(&gosip.CSeqHeader{SeqNo: sequence, MethodName: method})
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
