package sip

import (
	"math/rand/v2"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"

	"careline/media"
)

// maxGlares is how often a re-INVITE that crosses the far side's is tried again.
const maxGlares = 5

// reoffer takes the wish for a changed session; offerWanted sends it as soon as
// it may go.
func (d *Dialog) reoffer(wish command) {
	d.wanted, d.glares = &wish, 0
}

// offerWanted sends the re-INVITE that waits, unless something is in its way.
func (d *Dialog) offerWanted() {
	if d.wanted == nil || d.glared || d.State() != StateConfirmed {
		return
	}
	wish := *d.wanted
	d.wanted = nil
	var body []byte
	switch {
	case wish.refresh:
		body = d.described
	case !wish.delayed:
		var err error
		if body, err = d.origin.offerSDP(d.renewed(wish.local), d.terms()); err != nil {
			d.log.Error("re-INVITE not sent", zap.Error(err))
			d.tell(Event{Kind: EventReofferRefused, Status: gosip.StatusInternalServerError})
			return
		}
	}
	headers := append(d.timerOffer(), d.contactHeader(), gosip.NewHeader("Allow", allowedMethods))
	if len(body) > 0 {
		headers = append(headers, gosip.NewHeader("Content-Type", sdpType))
	}
	d.step(inReofferSent)
	out := d.newRequest(gosip.INVITE, body, headers...)
	out.owed = true
	out.done = func(r reply) { d.renegotiated(r, wish) }
	d.deadline.Reset(requestFactor * d.server.options.T1)
	d.send(out)
}

// renewed is a description for a later offer: a payload type keeps its meaning
// throughout a session (RFC 3264 section 8.3.2).
func (d *Dialog) renewed(local media.Description) media.Description {
	if agreement, agreed := d.Agreement(); agreed && agreement.Remote.DigitPayloadType != 0 {
		local.DigitPayloadType, local.DigitClockRate = agreement.Remote.DigitPayloadType, agreement.Remote.DigitClockRate
	}
	return local
}

// renegotiated takes the answer to our re-INVITE.
func (d *Dialog) renegotiated(r reply, wish command) {
	if d.State() != StateReoffering { // over meanwhile; the ACK is owed all the same
		if r.success() {
			d.server.stray(r)
		}
		return
	}
	d.deadline.Stop()
	status := r.status()
	switch {
	case r.success():
		d.reaccepted(r, wish)
	case status == gosip.StatusRequestPending && d.glares < maxGlares:
		d.glares++
		d.step(inReofferRejected)
		if d.wanted == nil { // nothing newer is wished for
			d.wanted = &wish
		}
		d.glared = true
		d.glare.Reset(glareDelay(d.outbound, d.server.options.T1, rand.N[time.Duration]))
	case d.asksLonger(r):
		d.step(inReofferRejected)
		if d.wanted == nil {
			d.wanted = &wish
		}
	case status == gosip.StatusCallTransactionDoesNotExists || status == gosip.StatusRequestTimeout:
		d.lose(status)
	default:
		d.step(inReofferRejected)
		if wish.refresh {
			d.refreshAgain()
			return
		}
		d.tell(Event{Kind: EventReofferRefused, Status: status})
	}
}

// reaccepted takes the 200 to our re-INVITE and acknowledges it.
func (d *Dialog) reaccepted(r reply, wish command) {
	agreement, body, err := d.readAccepted(r.response, wish)
	d.peer.retarget(r.response)
	d.publish()
	d.acknowledge(r, body)
	if err != nil {
		d.log.Warn("call ended", zap.String("because", "the session in the 200 to our re-INVITE is of no use"), zap.Error(err))
		d.close(inHangUp, &farewell{cause: CauseIncompatible, text: "no usable answer", acked: true}, Event{By: ByLocal, Cause: CauseIncompatible})
		return
	}
	if d.described = body; !wish.delayed {
		d.described = r.to.request.Body()
	}
	before, _ := d.Agreement()
	d.settle(agreement)
	d.step(inReofferAccepted)
	d.clock.learn(r.response)
	d.clock.restart(d.server.timers.settle(r.response))
	switch {
	case !wish.refresh:
		d.tell(Event{Kind: EventReofferAnswered, Agreement: agreement})
	case !agreement.same(before):
		d.tell(Event{Kind: EventRenegotiated, Agreement: agreement})
	}
}

// readAccepted reads the session in a 200: the answer to our offer, or an offer
// that our ACK has to answer with body.
func (d *Dialog) readAccepted(response *gosip.Response, wish command) (agreement Agreement, body []byte, err error) {
	raw, err := sessionBody(response)
	if err == nil && len(raw) == 0 {
		err = badOffer("the 200 has none")
	}
	if err != nil {
		return Agreement{}, nil, err
	}
	t := d.terms()
	if !wish.delayed {
		t = d.answerTerms(wish.local)
	}
	session, agreement, err := d.readAgreement(raw, t)
	if err != nil {
		return Agreement{}, nil, err
	}
	if wish.refresh {
		return agreement, nil, nil
	}
	if !wish.delayed {
		return agreement, nil, offered(wish.local, agreement)
	}
	d.session = session
	body, err = d.origin.answerSDP(session, agreement, wish.local)
	return agreement, body, err
}

// offered reports an answer in a codec, under a key, or of a kind, that we didn't
// offer.
func offered(local media.Description, agreement Agreement) error {
	if !sameKind(local, agreement.Remote) || agreement.Remote.DTLS.Used() { // which we never offer to telephones
		return ErrOtherKind
	}
	if !answersKeys(local.Crypto, agreement) {
		return errForeignKeys
	}
	if len(local.Formats) == 0 {
		return nil // all that we have was offered
	}
	for _, format := range local.Formats {
		if format.Codec == agreement.Format.Codec {
			return nil
		}
	}
	return ErrNoCommonCodec
}

// acknowledge sends the ACK to a 200 and keeps it for when the 200 comes again.
func (d *Dialog) acknowledge(r reply, body []byte) {
	ack := d.peer.ack(r.to, body, d.server.options.UserAgent)
	r.to.acks.keep(d.peer.remoteTag(), ack)
	d.send(ack)
}

// lose ends a dialog that the far side doesn't know any more (481), or within
// which it doesn't answer (408), with a BYE (RFC 3261 section 12.2.1.2).
func (d *Dialog) lose(status int) {
	event := Event{By: ByTimeout, Cause: CauseRecoveryOnTimer}
	if status == gosip.StatusCallTransactionDoesNotExists {
		event = Event{By: ByRemote, Cause: CauseTemporaryFailure}
	}
	d.close(inLost, &farewell{cause: event.Cause, acked: true}, event)
}

// glareDelay is how long a re-INVITE that crossed another waits (RFC 3261
// section 14.1). With T1 at its default of 500 ms: 2.1 to 4 s for the side that
// chose the Call-ID, 0 to 2 s for the other, in steps of 10 ms.
func glareDelay(owner bool, t1 time.Duration, draw func(time.Duration) time.Duration) time.Duration {
	step := t1 / 50
	if owner {
		return 210*step + draw(191)*step
	}
	return draw(201) * step
}
