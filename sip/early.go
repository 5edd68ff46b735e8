package sip

import (
	"errors"
	"math/rand/v2"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// renewEarly answers an offer that comes before the call is answered, in a PRACK
// (RFC 3262 section 5) or an UPDATE (RFC 3311 section 5.2). It may come only once
// the INVITE's offer has been answered, reliably; then our side stays as it is
// and only theirs moves, so nobody has to be asked.
func (d *Dialog) renewEarly(message inbound) {
	request, tx := message.request, message.tx
	if !d.provisionals.agreed || len(d.described) == 0 {
		d.server.refuse(request, tx, gosip.StatusInternalServerError, retryHeader(rand.N(updateRetry)))
		return
	}
	body, err := sessionBody(request)
	if err != nil {
		d.server.refuse(request, tx, gosip.StatusUnsupportedMediaType, gosip.NewHeader("Accept", acceptedTypes))
		return
	}
	session, agreement, err := d.readAgreement(body, d.terms())
	if err == nil && agreement.Remote.WebRTC != "" {
		err = errAnew
	}
	if err != nil {
		d.server.refuse(request, tx, RefusalStatus(err))
		return
	}
	answer, err := d.origin.answerSDP(session, agreement, d.local)
	if err != nil {
		d.log.Error("early offer not answered", zap.Error(err))
		d.server.refuse(request, tx, gosip.StatusInternalServerError)
		return
	}
	if !d.acceptUpdate(message, answer) {
		return
	}
	d.session = session
	d.settle(agreement)
	d.tell(Event{Kind: EventRenegotiated, Agreement: agreement})
}

// errAnew: an offer of WebRTC before the call is answered. Our side of that doesn't
// stay as it is, whatever theirs does.
var errAnew = errors.New("sip: WebRTC isn't agreed on anew before the call is answered")

// unanswered reports a call of ours that nobody has answered yet.
func (d *Dialog) unanswered() bool {
	switch d.State() {
	case StateCalling, StateProceeding, StateCancelling:
		return true
	}
	return false
}

// ahead is the early dialog of a call of ours that a request came in; nil for
// one that belongs to none.
func (d *Dialog) ahead(request *gosip.Request) *early {
	if d.calling == nil || !d.unanswered() {
		return nil
	}
	return d.calling.early[tagOf(request.From().Params)]
}

// updatedAhead takes an UPDATE in an early dialog of a call of ours. An offer in
// it may come only once a reliable response has answered ours (RFC 3311 section
// 5.2); again only their side moves, and nobody is asked.
func (d *Dialog) updatedAhead(message inbound) {
	request, tx := message.request, message.tx
	known := d.ahead(request)
	if known == nil || d.State() == StateCancelling {
		d.server.refuse(request, tx, gosip.StatusCallTransactionDoesNotExists)
		return
	}
	var answer []byte
	agreement := known.agreement
	if len(request.Body()) > 0 {
		if !known.reliable {
			d.server.refuse(request, tx, gosip.StatusRequestPending)
			return
		}
		body, err := sessionBody(request)
		if err != nil {
			d.server.refuse(request, tx, gosip.StatusUnsupportedMediaType, gosip.NewHeader("Accept", acceptedTypes))
			return
		}
		var session remoteSession
		switch session, agreement, err = d.readAgreement(body, d.terms()); {
		case err != nil:
		case agreement.Remote.WebRTC != "":
			err = errAnew
		default:
			answer, err = d.origin.answerSDP(session, agreement, d.calling.invitation.Local)
		}
		if err != nil {
			d.server.refuse(request, tx, RefusalStatus(err))
			return
		}
	}
	response, _ := d.acceptance(request, answer, false)
	if err := d.fit(response); err != nil {
		d.server.refuse(request, tx, gosip.StatusInternalServerError)
		return
	}
	d.server.respond(tx, response)
	known.peer.retarget(request)
	if len(answer) > 0 {
		known.agreement, known.described = agreement, answer
		d.tell(Event{Kind: EventProgress, Status: gosip.StatusSessionInProgress, Agreement: agreement, Hop: d.calling.hop})
	}
}
