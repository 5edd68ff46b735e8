package sip

import (
	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// farewell is a BYE that is due, and what it says.
type farewell struct {
	cause int
	text  string
	acked bool // the ACK is in, or isn't needed; the BYE may go
	sent  bool
}

// hangUp ends the call from our side.
func (d *Dialog) hangUp(wish command) {
	switch d.State() {
	case StateCalling, StateProceeding:
		d.abandon(inHangUp, &farewell{cause: wish.cause, text: wish.text, acked: true},
			Event{By: ByLocal, Status: gosip.StatusRequestTerminated, Cause: wish.cause, Reason: reasonText(wish.text)})
	case StateInvited, StateRinging:
		status := StatusForCause(wish.cause)
		d.step(inHangUp)
		var headers []gosip.Header
		if wish.cause > 0 {
			headers = append(headers, reasonHeader(wish.cause, wish.text))
		}
		d.reject(status, "", headers...)
		d.end(Event{By: ByLocal, Status: status, Cause: wish.cause, Reason: reasonText(wish.text)})
	default:
		d.close(inHangUp, &farewell{cause: wish.cause, text: wish.text}, Event{By: ByLocal, Cause: wish.cause, Reason: reasonText(wish.text)})
	}
}

// close ends the call for the handler and sends our BYE, at once or when the
// ACK has come that must come first (RFC 3261 section 15).
func (d *Dialog) close(in input, bye *farewell, event Event) {
	state := d.State()
	if !d.step(in) {
		return
	}
	if state == StateReoffered {
		d.server.refuse(d.invite, d.tx, gosip.StatusRequestTerminated)
	}
	d.wanted = nil
	if d.waiting != nil {
		d.server.refuse(d.waiting.request, d.waiting.tx, gosip.StatusCallTransactionDoesNotExists)
		d.waiting = nil
	}
	d.bye = bye
	d.end(event)
	if state == StateAnswered && in != inAckTimeout && !bye.acked {
		return // the 200 goes on until its ACK or its deadline
	}
	d.sendBye()
}

// sendBye sends the BYE that is due, once.
func (d *Dialog) sendBye() {
	d.stopTimers()
	d.final = nil
	if d.bye == nil || d.bye.sent {
		return
	}
	d.bye.sent = true
	request := d.peer.request(gosip.BYE, d.server.options.UserAgent)
	if d.bye.cause > 0 {
		request.AppendHeader(reasonHeader(d.bye.cause, d.bye.text))
	}
	out := &outgoing{request: request, peer: d.peer, owed: true, done: func(r reply) {
		if r.response == nil {
			d.log.Debug("BYE not answered", zap.Error(r.err))
		}
	}}
	d.send(out)
}

// farewelled takes their BYE, in any state.
func (d *Dialog) farewelled(message inbound) {
	d.server.respond(message.tx, d.server.response(message.request, gosip.StatusOK))
	cause, text := readReason(message.request)
	state := d.State()
	if state == StateCalling || state == StateProceeding { // it overtook the 200
		d.abandon(inBye, nil, Event{By: ByRemote, Cause: cause, Reason: text})
		return
	}
	if !d.step(inBye) {
		return
	}
	d.stopTimers()
	event := Event{By: ByRemote, Cause: cause, Reason: text}
	switch state {
	case StateCancelling:
		d.bye, d.calling.left = nil, true
	case StateInvited, StateRinging: // RFC 3261 section 15: a BYE in an early dialog
		event.Status = gosip.StatusRequestTerminated
		d.reject(gosip.StatusRequestTerminated, "")
	case StateReoffered:
		d.server.refuse(d.invite, d.tx, gosip.StatusRequestTerminated)
	case StateClosing:
		if d.bye != nil && !d.bye.sent {
			d.bye = nil // theirs does for ours
		}
	}
	d.end(event)
	d.conclude()
}
