package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// launch starts work that Run waits for; false once the server has ended, when
// nothing may be sent any more.
func (s *Server) launch(work func()) bool {
	s.launching.Lock()
	defer s.launching.Unlock()
	if s.ended {
		return false
	}
	s.senders.Go(work)
	return true
}

// land waits for all that was launched, and lets nothing start any more.
func (s *Server) land() {
	s.launching.Lock()
	s.ended = true
	s.launching.Unlock()
	s.senders.Wait()
}

// transact sends a request and delivers what comes of it: provisional responses
// and one final response or error. written is called once the request is out.
//
// A connection that breaks before anything was heard is made anew, once: it may
// have been dead for long, as behind a NAT, and nobody knew.
//
// An INVITE's transaction outlives this, so that responses sent again are
// acknowledged again (RFC 6026), and a final response that comes after we gave
// up is still delivered; gone shortens the waiting once nobody is interested.
func (s *Server) transact(out *outgoing, gone <-chan struct{}, written func(), deliver func(reply)) {
	patience := requestFactor * s.options.T1
	try := &attempt{server: s, out: out, destination: out.request.Destination(), deliver: deliver}
	err := try.open(patience)
	written()
	if err != nil || try.tx == nil {
		if err != nil {
			deliver(reply{to: out, err: err})
		}
		return
	}
	invite := out.request.IsInvite()
	if !invite {
		defer func() { try.tx.Terminate() }()
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for late := false; ; {
		select {
		case response := <-try.tx.Responses():
			try.reused = false
			deliver(reply{to: out, response: response})
			if !response.IsProvisional() {
				return
			}
			if invite && gone != nil {
				timer.Stop() // now it may ring; how long is the dialog's affair
			}
		case <-try.tx.Done():
			if err := try.broken(patience); err != nil {
				deliver(reply{to: out, err: err})
				return
			}
		case <-gone:
			gone = nil
			timer.Reset(patience)
		case <-timer.C:
			if late || !invite {
				try.tx.Terminate()
			}
			if late {
				return
			}
			deliver(reply{to: out, err: errUnanswered})
			if !invite {
				return
			}
			late = true
			timer.Reset(patience)
		case <-s.alive.Done():
			try.tx.Terminate()
			return
		}
	}
}

// write sends a request without a transaction.
func (s *Server) write(ctx context.Context, request *gosip.Request) error {
	connection, err := s.transport.ClientRequestConnection(ctx, request)
	if err != nil {
		return err
	}
	err = connection.WriteMsg(request)
	if _, failed := connection.TryClose(); failed != nil {
		s.log.Debug("sip connection not released", zap.Error(failed))
	}
	return err
}

// errUnreachable: the transport failed; counts as 503.
var errUnreachable = errors.New("sip: the far side can't be reached")

// unanswered tells a time-out from a broken transport. sipgo's errors quote the
// Request-URI, and with it a number, so only what the network said passes.
func unanswered(err error) error {
	var network *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gosip.ErrTransactionTimeout) || errors.Is(err, context.DeadlineExceeded):
		return errUnanswered
	case errors.Is(err, gosip.ErrUDPMTUCongestion):
		return errTooLong
	case errors.As(err, &network):
		return fmt.Errorf("%w: %w", errUnreachable, network)
	}
	return errUnreachable
}

// aim chooses the socket or the connection that a request goes by: the port that
// the far side knows, and the connection that is still up.
func (s *Server) aim(out *outgoing) {
	if out.peer.network == "udp" {
		local := out.peer.socket
		out.request.Laddr = gosip.Addr{IP: local.Addr().AsSlice(), Port: int(local.Port())}
		return
	}
	if source := out.peer.source.String(); s.hasConnection(out.peer.network, source) {
		out.request.SetDestination(source)
	}
}

// acks are the ACKs to the 200s of one INVITE, by the far side's tag: forking
// may bring several, and each 200 may come several times (RFC 3261 section
// 13.2.2.4). They outlive the dialog.
type acks struct {
	mu   sync.Mutex
	sent map[string]*outgoing
}

const maxForks = 16 // far sides that one INVITE of ours may reach

// keep remembers an ACK; false where there are too many.
func (a *acks) keep(tag string, ack *outgoing) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent == nil {
		a.sent = map[string]*outgoing{}
	}
	if len(a.sent) >= maxForks {
		return false
	}
	a.sent[tag] = ack.again() // the one that is sent is its sender's
	return true
}

func (a *acks) find(tag string) *outgoing {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sent[tag]
}

// acceptedAgain takes a 200 after the first: the same one sent again, since our
// ACK was lost, or another far side's.
func (s *Server) acceptedAgain(out *outgoing, response *gosip.Response, deliver func(reply)) {
	if response.To() == nil {
		return
	}
	if out.acks.find(tagOf(response.To().Params)) != nil {
		s.stray(reply{to: out, response: response})
		return
	}
	deliver(reply{to: out, response: response})
}

// maxEarlyRequests is how many requests of ours (PRACK, UPDATE) an early dialog
// may have seen before it turns out to be one too many: its BYE's CSeq is higher.
const maxEarlyRequests = 100

// stray deals with a reply to a request that nobody waits for any more. A 200 to
// an INVITE is acknowledged, and what it began is ended; an INVITE that is still
// being worked on is cancelled (RFC 3261 sections 9.1 and 15).
func (s *Server) stray(r reply) {
	out := r.to
	if r.response == nil || !out.request.IsInvite() || r.response.To() == nil {
		return
	}
	if r.provisional() {
		s.cancel(out)
		return
	}
	if !r.success() {
		return
	}
	tag := tagOf(r.response.To().Params)
	if ack := out.acks.find(tag); ack != nil {
		again := ack.again()
		s.launch(func() { s.transact(again, nil, func() {}, func(reply) {}) })
		return
	}
	far := out.answeredBy(r.response)
	far.ours += maxEarlyRequests
	ack := far.ack(out, nil, s.options.UserAgent)
	if !out.acks.keep(tag, ack) {
		return
	}
	var bye *outgoing
	if out.peer.remoteTag() == "" { // began something; a re-INVITE's dialog has had its BYE
		bye = &outgoing{request: far.request(gosip.BYE, s.options.UserAgent), peer: far}
	}
	s.launch(func() {
		s.transact(ack, nil, func() {}, func(reply) {})
		if bye != nil {
			s.transact(bye, nil, func() {}, func(reply) {})
		}
	})
}

// again is the same ACK, for another goroutine to write.
func (out *outgoing) again() *outgoing {
	return &outgoing{request: out.request.Clone(), peer: out.peer}
}

// cancel sends a CANCEL, once (RFC 3261 section 9.1). It may go only after a
// provisional response.
func (s *Server) cancel(out *outgoing, headers ...gosip.Header) {
	if !out.cancelled.CompareAndSwap(false, true) {
		return
	}
	request := cancelOf(out.request)
	for _, header := range headers {
		request.AppendHeader(header)
	}
	cancel := &outgoing{request: request, peer: out.peer}
	s.launch(func() { s.transact(cancel, nil, func() {}, func(reply) {}) })
}

// cancelOf builds the CANCEL of an INVITE: the same transaction's name, hop and
// route.
func cancelOf(invite *gosip.Request) *gosip.Request {
	request := gosip.NewRequest(gosip.CANCEL, *invite.Recipient.Clone())
	gosip.CopyHeaders("Via", invite, request)
	gosip.CopyHeaders("Route", invite, request)
	hops := gosip.MaxForwardsHeader(maxForwards)
	request.AppendHeader(&hops)
	for _, name := range []string{"From", "To", "Call-ID"} {
		gosip.CopyHeaders(name, invite, request)
	}
	request.AppendHeader(&gosip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: gosip.CANCEL})
	request.SetBody(nil)
	request.SetTransport(invite.Transport())
	request.SetDestination(invite.Destination())
	return request
}
