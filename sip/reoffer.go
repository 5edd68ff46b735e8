package sip

import (
	"errors"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"

	"careline/media"
)

// reinvited takes a re-INVITE: refused where it can't be, else the handler's.
func (d *Dialog) reinvited(message inbound) {
	switch d.State() {
	case StateConfirmed:
		d.reoffered(message)
	case StateAnswered:
		if d.owesOffer || d.waiting != nil { // our offer has no answer yet (RFC 3261 section 14.2)
			d.server.refuse(message.request, message.tx, gosip.StatusRequestPending)
			return
		}
		d.waiting = &message
	case StateCalling, StateProceeding, StateReoffered, StateReanswered, StateReoffering:
		d.server.refuse(message.request, message.tx, gosip.StatusRequestPending)
	default:
		d.server.refuse(message.request, message.tx, gosip.StatusCallTransactionDoesNotExists)
	}
}

// reoffered reads what a re-INVITE or UPDATE asks for and passes it on. A session that we
// couldn't take part in is refused here, and goes on as it was.
func (d *Dialog) reoffered(message inbound) {
	if message.in == inReinvite && d.server.refusedTimer(message.request, message.tx) {
		return
	}
	body, err := sessionBody(message.request)
	if err != nil {
		d.server.refuse(message.request, message.tx, gosip.StatusUnsupportedMediaType, gosip.NewHeader("Accept", acceptedTypes))
		return
	}
	asked, _ := d.Agreement()
	session := d.session
	if len(body) > 0 {
		session, asked, err = d.readAgreement(body, d.terms())
		if err != nil {
			d.server.refuse(message.request, message.tx, RefusalStatus(err))
			return
		}
	} else if asked.Remote.WebRTC != "" || asked.Remote.DTLS.Used() { // what was made for their offer offers nothing
		d.server.refuse(message.request, message.tx, gosip.StatusNotAcceptableHere)
		return
	} else {
		asked.Remote.Direction = media.SendRecv // it wants to hear what we offer
	}
	d.step(message.in)
	d.invite, d.tx = message.request, message.tx
	d.session, d.pending, d.owesOffer = session, asked, len(body) == 0
	d.peer.moved(message.request)
	d.publish()
	d.deadline.Reset(ReofferTimeout)
	d.tell(Event{Kind: EventReoffer, Agreement: asked})
}

// answerReoffer sends the 200 to a re-INVITE or UPDATE; the latter needs no ACK.
func (d *Dialog) answerReoffer(wish command) {
	body, err := d.describeLocal(wish.local, d.pending)
	if err == nil && d.invite.Method == gosip.UPDATE {
		if !d.acceptUpdate(inbound{request: d.invite, tx: d.tx}, body) {
			d.step(inTransportLost)
		} else {
			d.step(inUpdateAnswer)
			d.settle(d.pending)
		}
		d.stopTimers()
		return
	}
	if err == nil {
		err = d.accept(body)
	}
	if err != nil {
		d.log.Debug("re-INVITE not answered", zap.Error(err))
		d.step(inTransportLost)
		d.stopTimers()
		switch {
		case errors.Is(err, gosip.ErrTransactionCanceled):
			d.server.refuse(d.invite, d.tx, gosip.StatusRequestTerminated)
		case unanswerable(err):
			d.server.refuse(d.invite, d.tx, gosip.StatusInternalServerError)
		}
		return
	}
	d.step(inReofferAnswer)
	if !d.owesOffer {
		d.settle(d.pending)
	}
}

func (d *Dialog) refuseReoffer(status int) {
	d.step(inReofferRefuse)
	d.deadline.Stop()
	d.server.refuse(d.invite, d.tx, status)
}

// informed takes an INFO, for the keys that some gateways send by it.
func (d *Dialog) informed(message inbound) {
	if _, ok := d.State().next(inInfo); !ok {
		d.server.refuse(message.request, message.tx, gosip.StatusCallTransactionDoesNotExists)
		return
	}
	body, contentType := message.request.Body(), headerValue(message.request, "Content-Type", "c")
	if len(body) > 0 && !isDigitType(contentType) {
		d.server.refuse(message.request, message.tx, gosip.StatusUnsupportedMediaType, gosip.NewHeader("Accept", acceptedTypes))
		return
	}
	digit, ok := parseDigit(contentType, body)
	if len(body) > 0 && !ok {
		d.server.refuse(message.request, message.tx, gosip.StatusBadRequest)
		return
	}
	d.server.respond(message.tx, d.server.response(message.request, gosip.StatusOK))
	if ok {
		d.tell(Event{Kind: EventDigit, Digit: digit})
	}
}
