package sip

import (
	"errors"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"

	"careline/media"
)

// ring sends 180.
func (d *Dialog) ring() {
	d.step(inRing)
	ringing := d.server.response(d.invite, gosip.StatusRinging, d.contactHeader(), gosip.NewHeader("Allow", allowedMethods))
	if err := d.provide(response{ringing, false}); err != nil {
		d.log.Debug("180 not sent", zap.Error(err)) // a CANCEL or a lost connection, which comes as such
	}
}

// progress sends 183 with the answer to the INVITE's offer, which the 200
// repeats unless it has been acknowledged by then.
func (d *Dialog) progress(wish command) {
	if d.said == nil {
		agreement, _ := d.Agreement()
		body, err := d.describeLocal(wish.local, agreement)
		if err != nil {
			d.log.Error("183 not sent", zap.Error(err))
			return
		}
		d.said, d.described, d.local = body, body, wish.local
	}
	d.step(inProgress)
	progress := d.server.response(d.invite, gosip.StatusSessionInProgress, d.contactHeader(), gosip.NewHeader("Allow", allowedMethods))
	describe := !d.provisionals.agreed
	if describe {
		progress.AppendHeader(gosip.NewHeader("Content-Type", sdpType))
		progress.SetBody(d.said)
	}
	if err := d.provide(response{progress, describe}); err != nil {
		d.log.Debug("183 not sent", zap.Error(err)) // a CANCEL or a lost connection comes as such
	}
}

// answer sends the 200 that takes the call. Where our answer has gone out
// reliably before, it isn't said again (RFC 3261 section 13.2.1).
func (d *Dialog) answer(wish command) {
	if d.awaitsPrack(wish) {
		return
	}
	var body []byte
	var err error
	switch {
	case d.provisionals.agreed:
	case d.said != nil:
		body = d.said
	default:
		agreement, _ := d.Agreement()
		body, err = d.describeLocal(wish.local, agreement)
	}
	if err == nil {
		err = d.accept(body)
	}
	switch {
	case errors.Is(err, gosip.ErrTransactionCanceled):
		d.cancelled(nil)
	case unanswerable(err):
		d.log.Error("call refused", zap.Error(err))
		d.step(inTransportLost)
		phrase := ""
		if errors.Is(err, errTooLong) {
			phrase = "Answer Too Long For UDP"
		}
		d.reject(gosip.StatusInternalServerError, phrase)
		d.end(Event{By: ByTransport, Status: gosip.StatusInternalServerError})
	case err != nil:
		d.log.Warn("call ended", zap.String("because", "the answer could not be sent"), zap.Error(err))
		d.step(inTransportLost)
		d.stopTimers()
		d.end(Event{By: ByTransport})
	default:
		d.server.counters.answered.Add(1)
		d.step(inAnswer)
		d.supersede()
	}
}

// supersede ends the dialog whose place this one has taken (RFC 3891 section 3).
func (d *Dialog) supersede() {
	if d.replacing == nil {
		return
	}
	if err := d.replacing.HangUp(CauseNormal, "replaced"); err != nil {
		d.log.Debug("the dialog replaced was already ending", zap.Error(err))
	}
}

// errTooLong says that a message doesn't fit a UDP packet, and what to do about it.
var errTooLong = errors.New("sip: a message of ours is longer than UDP carries, by its own headers or by the trunk's Via and Record-Route; use TCP with this trunk")

// unanswerable reports that no answer was sent, because none could be.
func unanswerable(err error) bool { return errors.Is(err, errTooLong) || errors.Is(err, errNoAnswer) }

// maxDatagram is the longest response sent over UDP (RFC 3261 section 18.1.1);
// sipgo refuses longer ones and ends their transaction.
const maxDatagram = 1300 // bytes

// fit leaves out what a 200 can do without, where UDP wants it.
func (d *Dialog) fit(response *gosip.Response) error {
	if d.network != "udp" {
		return nil
	}
	for _, name := range []string{"", "Server", "Allow", "Supported"} {
		response.RemoveHeader(name)
		if len(response.String()) <= maxDatagram {
			return nil
		}
	}
	return errTooLong
}

// describeLocal builds the SDP that goes with a 200: the answer to the offer in
// hand, or an offer where there was none.
func (d *Dialog) describeLocal(local media.Description, agreement Agreement) ([]byte, error) {
	if d.owesOffer {
		d.local = local
		return d.origin.offerSDP(local, d.terms())
	}
	return d.origin.answerSDP(d.session, agreement, local)
}

// accept sends a 200 in the transaction in hand and keeps it to be sent again.
func (d *Dialog) accept(body []byte) error {
	response, timer := d.acceptance(d.invite, body, true)
	if err := d.fit(response); err != nil {
		return err
	}
	if err := d.tx.Respond(response); err != nil {
		return err
	}
	if d.provisionals.stop(); len(body) > 0 {
		d.described = body
	}
	d.clock.learn(d.invite)
	d.clock.restart(timer)
	d.final, d.interval = response, d.server.options.T1
	d.resend.Reset(d.interval)
	d.deadline.Reset(ackFactor * d.server.options.T1)
	return nil
}

// acceptance builds a 200 to an INVITE or UPDATE, and the session timer that
// holds with it.
func (d *Dialog) acceptance(request *gosip.Request, body []byte, timed bool) (*gosip.Response, sessionTimer) {
	response := d.server.response(request, gosip.StatusOK, d.contactHeader(),
		gosip.NewHeader("Allow", allowedMethods), gosip.NewHeader("Supported", supportedExtensions))
	var timer sessionTimer
	if timed {
		var headers []gosip.Header
		var err error
		if timer, headers, err = d.server.timers.answer(request, d.clock.running.ours); err != nil {
			d.log.Debug("session timer left out", zap.Error(err)) // refused when the request came
		}
		for _, header := range headers {
			response.AppendHeader(header)
		}
	}
	if len(body) > 0 {
		response.AppendHeader(gosip.NewHeader("Content-Type", sdpType))
	}
	response.SetBody(body)
	return response, timer
}

// resendFinal sends the 200 again, at intervals that double up to T2 (RFC 3261
// section 13.3.1.4), over TCP too, since a proxy may lose it further on.
func (d *Dialog) resendFinal() {
	if d.final == nil {
		return
	}
	d.server.counters.resent.Add(1)
	if err := d.tx.Respond(d.final); err != nil {
		d.log.Debug("200 not sent again", zap.Error(err)) // the deadline ends it
	}
	d.interval = min(2*d.interval, d.server.options.T2)
	d.resend.Reset(d.interval)
}

func (d *Dialog) contactHeader() gosip.Header {
	contact := gosip.ContactHeader{Address: gosip.Uri{Scheme: "sip", Host: d.contact.Addr().String(), Port: int(d.contact.Port())}}
	if d.network != "udp" {
		contact.Address.UriParams = gosip.NewParams()
		contact.Address.UriParams.Add("transport", uriTransport(d.network))
	}
	return &contact
}

// refuse sends the final response that the handler chose.
func (d *Dialog) refuse(wish command) {
	d.step(wish.in)
	var headers []gosip.Header
	if wish.retryAfter > 0 {
		headers = append(headers, retryHeader(wish.retryAfter))
	}
	d.reject(wish.status, printable(wish.text, maxReasonText), headers...)
	d.end(Event{By: ByLocal, Status: wish.status, Reason: printable(wish.text, maxReasonText)})
}

// reject sends a final response other than 200 to the INVITE in hand.
func (d *Dialog) reject(status int, phrase string, headers ...gosip.Header) {
	d.stopTimers()
	d.server.counters.refused.Add(1)
	response := d.server.response(d.invite, status, headers...)
	if phrase != "" {
		response.Reason = phrase
	}
	d.server.respond(d.tx, response)
}

// cancelled takes a CANCEL, or learns from sipgo that there was one (nil).
func (d *Dialog) cancelled(cancel *gosip.Request) {
	if cancel != nil && cancel.CSeq().SeqNo != d.invite.CSeq().SeqNo {
		return
	}
	var cause int
	var text string
	if cancel != nil {
		cause, text = readReason(cancel)
	}
	state := d.State()
	switch state {
	case StateInvited, StateRinging:
		d.step(inCancel)
		// sipgo sends a 487 of its own; whichever is second isn't sent, but it
		// is what the transaction repeats, so it must not be our 200.
		d.reject(gosip.StatusRequestTerminated, "")
		d.tell(Event{Kind: EventCancelled, Status: gosip.StatusRequestTerminated, Cause: cause, Reason: text})
		d.end(Event{By: ByRemote, Status: gosip.StatusRequestTerminated, Cause: cause, Reason: text})
	case StateAnswered:
		d.log.Debug("CANCEL crossed our answer")
		d.close(inCancel, &farewell{cause: CauseNormal, text: "cancelled"}, Event{By: ByRemote, Cause: cause, Reason: text})
	case StateReoffered:
		d.step(inCancel)
		d.deadline.Stop()
		d.server.refuse(d.invite, d.tx, gosip.StatusRequestTerminated)
	}
}

// acked takes the ACK to a 200.
func (d *Dialog) acked(ack *gosip.Request) {
	if d.invite == nil || ack.CSeq() == nil || ack.CSeq().SeqNo != d.invite.CSeq().SeqNo {
		return
	}
	state := d.State()
	if state != StateAnswered && state != StateReanswered && state != StateClosing {
		return // sent again, or to a refusal
	}
	if state == StateClosing && d.final == nil {
		return // sent again; the deadline that runs is another one's
	}
	d.stopTimers()
	d.final = nil
	if state == StateClosing {
		d.step(inAck)
		d.sendBye()
		return
	}
	offered := d.owesOffer
	if offered && !d.readAnswer(ack) {
		d.close(inHangUp, &farewell{cause: CauseIncompatible, text: "no usable answer", acked: true}, Event{By: ByLocal, Cause: CauseIncompatible})
		return
	}
	d.step(inAck)
	agreement, _ := d.Agreement()
	switch {
	case state == StateAnswered:
		d.tell(Event{Kind: EventAcked, Agreement: agreement})
	case offered:
		d.tell(Event{Kind: EventRenegotiated, Agreement: agreement})
	}
	if waiting := d.waiting; waiting != nil {
		d.waiting = nil
		switch waiting.in {
		case inUpdate:
			d.updated(*waiting)
		case inRefer:
			d.referred(*waiting)
		default:
			d.reinvited(*waiting)
		}
	}
}

// readAnswer takes the answer to our offer out of an ACK.
func (d *Dialog) readAnswer(ack *gosip.Request) bool {
	body, err := sessionBody(ack)
	if err == nil && len(body) == 0 {
		err = badOffer("the ACK has none")
	}
	if err == nil {
		var agreement Agreement
		if _, agreement, err = d.readAgreement(body, d.answerTerms(d.local)); err == nil && (!sameKind(d.local, agreement.Remote) || agreement.Remote.DTLS.Used()) {
			err = ErrOtherKind
		}
		if err == nil {
			d.settle(agreement)
			return true
		}
	}
	d.log.Warn("call ended", zap.String("because", "the answer to our offer is of no use"), zap.Error(err))
	return false
}

// settle makes an agreement the one in force.
func (d *Dialog) settle(agreement Agreement) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.agreement, d.agreed = agreement, true
}
