package sip

import (
	"context"
	"errors"
	"net/netip"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"careline/sip/guard"
)

// reconnectPause is how long sipgo is given to forget a connection that broke;
// it tells of the end before that.
const reconnectPause = 20 * time.Millisecond

// attempt is a request of ours on its way: its transaction, and the
// connection below that.
type attempt struct {
	server      *Server
	out         *outgoing
	destination string // where the dialog wants it to go
	deliver     func(reply)
	tx          *gosip.ClientTx // nil for an ACK
	reused      bool            // the connection was there before, and nothing was heard on it yet
}

// open writes the request; an ACK has no transaction.
func (a *attempt) open(patience time.Duration) error {
	err := a.write(patience)
	if err != nil && a.reused && !errors.Is(err, errUnanswered) {
		err = a.again(patience)
	}
	return err
}

// broken takes the end of the transaction: the error that it ended with, or nil
// where the request went out again.
func (a *attempt) broken(patience time.Duration) error {
	err := unanswered(a.tx.Err())
	if err == nil { // ended without saying why
		err = errUnreachable
	}
	if !a.reused || errors.Is(err, errUnanswered) {
		return err
	}
	return a.again(patience)
}

// again sends the request once more, as it was: should the far side have it
// already, that is a retransmission (RFC 3261 section 17.2.3).
func (a *attempt) again(patience time.Duration) error {
	a.reused = false
	pause := time.NewTimer(reconnectPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-a.server.alive.Done():
		return errUnreachable
	}
	a.out.request.SetDestination(a.destination)
	err := a.write(patience)
	a.reused = false
	return err
}

func (a *attempt) write(patience time.Duration) error {
	s, out := a.server, a.out
	ctx, cancel := context.WithTimeout(s.alive, patience)
	defer cancel()
	network := out.peer.network
	a.reused = network != "udp" && (s.hasConnection(network, out.peer.source.String()) || s.hasConnection(network, a.destination))
	if err := s.connect(ctx, out); err != nil {
		return err
	}
	s.aim(out)
	if to, err := netip.ParseAddrPort(out.request.Destination()); err == nil {
		s.guard.expect(guard.Flow{Remote: netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), Connected: network != "udp"})
	}
	if out.request.IsAck() {
		return unanswered(s.write(ctx, out.request))
	}
	tx, err := s.transactions.Request(ctx, out.request)
	if err != nil {
		return unanswered(err)
	}
	a.tx = tx
	if out.request.IsInvite() {
		tx.OnRetransmission(func(response *gosip.Response) { s.acceptedAgain(out, response, a.deliver) })
	}
	return nil
}
