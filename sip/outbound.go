package sip

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// ErrNotRunning says that Invite was called before Run, or after it.
var ErrNotRunning = errors.New("sip: the server doesn't run")

// Invite begins a call of ours and returns at once; what comes of it is told to
// Notify: EventProgress, then EventAnswered or EventEnded. HangUp gives it up.
func (s *Server) Invite(invitation Invitation) (*Dialog, error) {
	if err := invitation.check(); err != nil {
		return nil, err
	}
	forwards, err := invitation.Forwards.onward()
	if err != nil {
		return nil, err
	}
	if !s.serving.Load() {
		return nil, ErrNotRunning
	}
	for _, hop := range invitation.Hops {
		if _, err := s.gate(hop); err != nil {
			return nil, err
		}
	}
	dialog, err := s.newOutbound(invitation)
	if err != nil {
		return nil, err
	}
	dialog.calling.forwards = forwards
	if err := s.registry.add(dialog); err != nil {
		return nil, err
	}
	s.counters.placed.Add(1)
	s.options.Trace.Name(dialog.id, invitation.ID)
	go dialog.run(s.alive) // owned by the registry, which Run waits for
	return dialog, nil
}

// newOutbound draws a Call-ID, a tag and an SDP origin for a call of ours.
func (s *Server) newOutbound(invitation Invitation) (*Dialog, error) {
	var drawn [28]byte
	if _, err := rand.Read(drawn[:]); err != nil {
		return nil, fmt.Errorf("sip: draw a Call-ID: %w", err)
	}
	call := invitation.ID + "-" + hex.EncodeToString(drawn[:8])
	key := dialogKey{call: call, local: hex.EncodeToString(drawn[8:18])}
	d := &Dialog{
		server: s, id: call, key: key, outbound: true, remote: invitation.Hops[0].Address, network: invitation.Hops[0].Network,
		dialed: invitation.To.Reveal(), caller: identity{number: invitation.From}, notify: invitation.Notify,
		offered:  !invitation.DelayedOffer,
		commands: make(chan *command, commandBox), requests: make(chan inbound, requestBox),
		replies: make(chan reply, replyBox), gone: make(chan struct{}), under: map[*outgoing]struct{}{},
		origin: origin{id: binary.BigEndian.Uint64(drawn[18:26]) >> 1}, credentials: invitation.Credentials,
		resend: stoppedTimer(), deadline: stoppedTimer(), glare: stoppedTimer(), clock: sessionClock{alarm: stoppedTimer()},
		transfer:     transfer{clock: stoppedTimer(), patience: stoppedTimer()},
		provisionals: noProvisionals(),
		calling:      &calling{invitation: invitation, hop: -1, early: map[string]*early{}, next: stoppedTimer()},
	}
	d.log = s.log.With(zap.String("sip_call_id", d.id), zap.String("call", invitation.ID))
	d.state.Store(uint32(StateCalling))
	return d, nil
}

// gate is the listener that requests to a hop leave from, and whose address the
// far side is given.
func (s *Server) gate(hop Hop) (boundListener, error) {
	if !hop.Address.IsValid() || hop.Address.Port() == 0 {
		return boundListener{}, fmt.Errorf("sip: %s isn't a hop that can be reached; give an address and a port", hop)
	}
	if hop.ServerName != "" && hop.Network != "tls" {
		return boundListener{}, fmt.Errorf("sip: %s has no certificate that could carry a name; use tls://", hop)
	}
	if !s.guard.knows(hop.Address.Addr().Unmap()) {
		return boundListener{}, fmt.Errorf("sip: answers of %s would be dropped unread; add its address to sip.sources", hop)
	}
	for _, bound := range s.listeners {
		if bound.listen.Network == hop.Network && bound.listen.Address.Addr().Unmap().Is4() == hop.Address.Addr().Unmap().Is4() {
			return bound, nil
		}
	}
	return boundListener{}, fmt.Errorf("sip: no listener for %s; add a %s:// address of the same family to sip.listen", hop, hop.Network)
}

// towards is the far side as the first INVITE sees it: a hop, and no tag yet.
func (d *Dialog) towards(hop Hop) (peer, error) {
	bound, err := d.server.gate(hop)
	if err != nil {
		return peer{}, err
	}
	i := &d.calling.invitation
	local := d.server.localAddress(bound.listen.Address, hop.Address)
	from := i.calling(hop, local)
	from.Params = gosip.NewParams()
	from.Params.Add("tag", d.key.local)
	p := peer{
		network: hop.Network, source: netip.AddrPortFrom(hop.Address.Addr().Unmap(), hop.Address.Port()),
		serverName: hop.ServerName, local: local, socket: bound.listen.Address,
		from: from, to: gosip.ToHeader{Address: i.callee(hop), Params: gosip.NewParams()}, call: gosip.CallIDHeader(d.key.call),
		target: i.destination(hop), ours: d.peer.ours, theirs: -1,
	}
	for _, route := range i.Route {
		p.routes = append(p.routes, *route.uri.Clone())
	}
	return p, nil
}
