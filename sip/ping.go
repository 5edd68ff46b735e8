package sip

import (
	"context"
	"net/netip"

	gosip "github.com/emiago/sipgo/sip"

	"careline/sip/trunk"
)

// hopTo is a trunk's target as the next hop of a call.
func hopTo(target trunk.Target) Hop {
	return Hop{Network: target.Network, Address: target.Address, ServerName: target.ServerName}
}

// Ping asks a trunk's target by OPTIONS whether it is there (RFC 3261 section
// 11.1). Whatever it answers, it is, unless it says 503 or 408.
func (s *Server) Ping(ctx context.Context, target trunk.Target) trunk.Outcome {
	out, err := s.optionsTo(hopTo(target))
	if err != nil || !s.serving.Load() {
		return trunk.Outcome{}
	}
	answers := make(chan reply, replyBox)
	if !s.launch(func() {
		s.transact(out, nil, func() {}, func(r reply) {
			select {
			case answers <- r:
			default: // provisional responses by the dozen; the final one matters, and silence will do
			}
		})
	}) {
		return trunk.Outcome{}
	}
	for {
		select {
		case r := <-answers:
			if r.provisional() {
				continue
			}
			return outcomeOf(r)
		case <-ctx.Done():
			return trunk.Outcome{}
		}
	}
}

func outcomeOf(r reply) trunk.Outcome {
	if r.response == nil {
		return trunk.Outcome{}
	}
	switch r.response.StatusCode {
	case gosip.StatusServiceUnavailable, gosip.StatusRequestTimeout:
		return trunk.Outcome{RetryAfter: retryAfter(r.response)}
	}
	return trunk.Outcome{Reached: true}
}

const tagLength = 20 // characters of a tag or a Call-ID outside of dialogs

// optionsTo builds an OPTIONS outside of any dialog.
func (s *Server) optionsTo(hop Hop) (*outgoing, error) {
	bound, err := s.gate(hop)
	if err != nil {
		return nil, err
	}
	local := s.localAddress(bound.listen.Address, hop.Address)
	address := hop.Address.Addr().Unmap()
	target := gosip.Uri{Scheme: "sip", Host: address.String(), Port: int(hop.Address.Port())}
	from := gosip.FromHeader{Address: gosip.Uri{Scheme: "sip", User: "careline", Host: local.Addr().String()}, Params: gosip.NewParams()}
	from.Params.Add("tag", gosip.GenerateTagN(tagLength))
	p := peer{
		network: hop.Network, source: netip.AddrPortFrom(address, hop.Address.Port()), serverName: hop.ServerName,
		local: local, socket: bound.listen.Address, from: from, to: gosip.ToHeader{Address: target, Params: gosip.NewParams()},
		call: gosip.CallIDHeader(gosip.GenerateTagN(tagLength)), target: target, theirs: -1,
	}
	request := p.request(gosip.OPTIONS, s.options.UserAgent)
	request.AppendHeader(gosip.NewHeader("Accept", sdpType))
	request.SetDestination(p.source.String())
	return &outgoing{request: request, peer: p}, nil
}
