package sip

import (
	"errors"
	"sync"
	"sync/atomic"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

const (
	replyBox    = 16 // replies to requests of ours that may wait
	maxOutgoing = 16 // requests of ours in one dialog that may be under way
	// requestFactor bounds how long a request is tried: timers B and F (RFC
	// 3261 sections 17.1.1.2 and 17.1.2.2).
	requestFactor = 64 // times T1
)

// errUnanswered: no final response came in time, which counts as 408 (RFC 3261
// section 8.1.3.1).
var errUnanswered = errors.New("sip: no answer came in time")

// outgoing is a request of ours that a dialog sends. The dialog builds it and
// send gives it to a goroutine of the server's; what comes of it lies in the
// dialog's mailbox as a reply. Nothing blocks the dialog meanwhile.
type outgoing struct {
	request *gosip.Request
	peer    peer // as it was when the request was built
	// done hears of the final response, or of the error that stands for it;
	// heard of each provisional one. Both run on the dialog's goroutine, may be
	// nil, and are not called once the dialog is closed.
	done  func(reply)
	heard func(*gosip.Response)
	// owed keeps a dialog that ends until this request is settled.
	owed bool
	// challenged: it answers a challenge already, so that the next one is final.
	challenged bool
	// What follows is an INVITE's.
	acks      acks
	cancelled atomic.Bool // a CANCEL is out
}

// reply is what came of a request: a response, or why there is none.
type reply struct {
	to       *outgoing
	response *gosip.Response
	err      error
}

// status is the reply's status; silence counts as 408 and a broken transport as
// 503 (RFC 3261 section 8.1.3.1).
func (r reply) status() int {
	switch {
	case r.response != nil:
		return r.response.StatusCode
	case errors.Is(r.err, errUnanswered):
		return gosip.StatusRequestTimeout
	}
	return gosip.StatusServiceUnavailable
}

func (r reply) provisional() bool { return r.response != nil && r.response.IsProvisional() }

func (r reply) success() bool { return r.response != nil && r.response.IsSuccess() }

// newRequest builds our next request in the dialog, with what else it carries.
func (d *Dialog) newRequest(method gosip.RequestMethod, body []byte, headers ...gosip.Header) *outgoing {
	request := d.peer.request(method, d.server.options.UserAgent)
	for _, header := range headers {
		request.AppendHeader(header)
	}
	request.SetBody(body)
	return &outgoing{request: request, peer: d.peer}
}

// send sends a request of ours, after those that were sent before: the far side
// sees them in the order of their CSeq, where the network keeps it.
func (d *Dialog) send(out *outgoing) {
	if len(d.under) >= maxOutgoing && !out.owed {
		d.log.Warn("request not sent", zap.String("method", string(out.request.Method)),
			zap.String("because", "the far side leaves too many of ours unanswered"))
		if out.done != nil {
			out.done(reply{to: out, err: ErrBusy})
		}
		return
	}
	if !out.request.IsAck() {
		d.under[out] = struct{}{}
	}
	before, written := d.written, make(chan struct{})
	d.written = written
	d.server.launch(func() {
		free := sync.OnceFunc(func() { close(written) })
		defer free()
		if before != nil {
			<-before
		}
		d.server.transact(out, d.gone, free, d.deliver)
	})
}

// deliver puts a reply into the mailbox. One that finds the dialog gone is dealt
// with as nobody's.
func (d *Dialog) deliver(r reply) {
	select {
	case d.replies <- r:
	case <-d.gone:
		d.server.stray(r)
		return
	}
	select {
	case <-d.gone:
		d.strays() // it may have gone before it saw this one
	default:
	}
}

// strays empties the mailbox of replies that nobody waits for any more.
func (d *Dialog) strays() {
	for {
		select {
		case r := <-d.replies:
			d.server.stray(r)
		default:
			return
		}
	}
}

// replied takes a reply out of the mailbox.
func (d *Dialog) replied(r reply) {
	out := r.to
	if _, known := d.under[out]; !known {
		d.server.stray(r) // a request that was given up, or a second final response
		return
	}
	if r.provisional() {
		if out.heard != nil {
			out.heard(r.response)
		}
		return
	}
	delete(d.under, out)
	if r.response == nil {
		d.log.Debug("request not answered", zap.String("method", string(out.request.Method)), zap.Error(r.err))
	}
	if again := d.answerChallenge(r); again != nil {
		if d.calling != nil && d.calling.current == out {
			d.follow(again)
		} else {
			d.send(again)
		}
		return
	}
	if out.done != nil {
		out.done(r)
	}
	d.conclude()
}

// answerChallenge builds the request again with our credentials, once; nil where
// there is nothing to answer, or nothing to answer it with (RFC 3261 section 22).
func (d *Dialog) answerChallenge(r reply) *outgoing {
	out := r.to
	if r.response == nil || out.challenged || d.State() == StateCancelling {
		return nil
	}
	header, err := authorization(d.credentials, out.request, r.response)
	if header == nil {
		if err != nil {
			d.log.Warn("challenge not answered", zap.Int("status", r.response.StatusCode), zap.Error(err))
		}
		return nil
	}
	d.peer.ours = max(d.peer.ours, out.request.CSeq().SeqNo) + 1
	request := anew(out.request, d.peer.ours)
	request.AppendHeader(header)
	again := &outgoing{request: request, peer: out.peer, done: out.done, heard: out.heard, owed: out.owed, challenged: true}
	again.peer.ours = d.peer.ours
	return again
}

// anew is the same request in a new transaction.
func anew(request *gosip.Request, sequence uint32) *gosip.Request {
	again := request.Clone()
	again.Via().Params.Add("branch", gosip.GenerateBranchN(branchLength))
	again.CSeq().SeqNo = sequence
	return again
}

// owes reports whether a request is under way that must be settled before the
// dialog closes.
func (d *Dialog) owes() bool {
	for out := range d.under {
		if out.owed {
			return true
		}
	}
	return false
}

// conclude closes a dialog that is ending and owes nothing any more.
func (d *Dialog) conclude() {
	if d.State() != StateClosing || (d.bye != nil && !d.bye.sent) {
		return
	}
	if d.owes() {
		d.deadline.Reset(requestFactor * d.server.options.T1)
		return
	}
	d.step(inSettled)
}
