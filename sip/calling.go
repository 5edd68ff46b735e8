package sip

import (
	"cmp"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// calling is a call of ours until it is answered.
type calling struct {
	invitation Invitation
	body       []byte // our offer, as it is right for the hop
	unoffered  error  // why there is none that would be right for the hop tried last
	forwards   gosip.MaxForwardsHeader
	hop        int
	current    *outgoing   // the INVITE that counts; those before it were given up
	beyond     bool        // somebody beyond the hop was heard of: no other hop is tried
	next       *time.Timer // until the next hop is tried
	early      map[string]*early
	farewell   []gosip.Header // that go with a CANCEL
	left       bool           // their BYE overtook their 200
}

// early is one early dialog; forking may make several of one INVITE (RFC 3261
// section 12.1.2).
type early struct {
	peer      peer
	agreement Agreement
	agreed    bool
	sequence  uint32 // RSeq of the reliable response taken last; 0 for none
	reliable  bool   // offer and answer are through, by a reliable response
	described []byte // our side of that
	answer    []byte // to the offer in a reliable response; goes out with its PRACK
}

// call sends the first INVITE.
func (d *Dialog) call() {
	d.deadline.Reset(SetUpTimeout)
	if d.tryNext() {
		return
	}
	d.step(inRejected)
	if unoffered := d.calling.unoffered; unoffered != nil {
		d.log.Error("call not begun", zap.Error(unoffered))
		d.end(Event{By: ByLocal, Status: gosip.StatusInternalServerError})
		return
	}
	d.end(Event{By: ByLocal, Status: gosip.StatusServiceUnavailable, Cause: CauseNoCircuit}) // every hop was refused by Admit
}

// tryNext sends the INVITE to the next hop; false where there is none.
func (d *Dialog) tryNext() bool {
	c := d.calling
	for c.hop+1 < len(c.invitation.Hops) {
		c.hop++
		if c.invitation.Admit != nil && !c.invitation.Admit(c.hop) {
			continue
		}
		out, err := d.inviteBy(c.invitation.Hops[c.hop])
		if err != nil {
			d.log.Warn("hop not tried", zap.Stringer("hop", c.invitation.Hops[c.hop]), zap.Error(err))
			continue
		}
		d.log.Debug("calling", zap.Stringer("hop", c.invitation.Hops[c.hop]))
		d.follow(out)
		return true
	}
	return false
}

// follow makes an INVITE the one that counts, and sends it.
func (d *Dialog) follow(out *outgoing) {
	c := d.calling
	d.step(inInvite)
	c.current = out
	d.peer = out.peer
	c.next.Stop()
	if c.hop+1 < len(c.invitation.Hops) {
		patience := c.invitation.HopTimeout
		if patience <= 0 {
			patience = DefaultHopTimeout
		}
		c.next.Reset(min(patience, requestFactor*d.server.options.T1))
	}
	d.send(out)
}

// inviteBy builds the INVITE for a hop; one that is too long for UDP goes by TCP
// (RFC 3261 section 18.1.1).
func (d *Dialog) inviteBy(hop Hop) (*outgoing, error) {
	out, err := d.buildInvite(hop)
	if err != nil || hop.Network != "udp" || shorten(out.request) {
		return out, err
	}
	hop.Network = "tcp"
	if out, err = d.buildInvite(hop); err != nil {
		return nil, errTooLong
	}
	return out, nil
}

// shorten leaves out what a request can do without until it fits a datagram;
// false where it doesn't.
func shorten(request *gosip.Request) bool {
	for _, name := range []string{"", "User-Agent", "Allow", "Session-Expires"} {
		request.RemoveHeader(name)
		if len(request.String()) <= maxDatagram {
			return true
		}
	}
	return false
}

func (d *Dialog) buildInvite(hop Hop) (*outgoing, error) {
	p, err := d.towards(hop)
	if err != nil {
		return nil, err
	}
	c := d.calling
	d.network, d.contact = p.network, p.local
	d.srtp = hop.SRTP.Or(d.server.options.SRTP)
	if !c.invitation.DelayedOffer { // with keys where they are worth something
		c.body, err = d.origin.offerSDP(c.invitation.Local, d.terms())
		if c.unoffered = err; err != nil {
			return nil, err
		}
	}
	d.credentials = cmp.Or(hop.Credentials, c.invitation.Credentials)
	p.ours = max(p.ours, 1) - 1 // the same number at each hop
	request := p.request(gosip.INVITE, d.server.options.UserAgent)
	*request.MaxForwards() = c.forwards
	request.AppendHeader(d.contactHeader())
	request.AppendHeader(gosip.NewHeader("Allow", allowedMethods))
	for _, header := range d.timerOffer() {
		request.AppendHeader(header)
	}
	for _, header := range c.invitation.Headers {
		request.AppendHeader(gosip.NewHeader(header.Name, header.Value))
	}
	if len(c.body) > 0 {
		request.AppendHeader(gosip.NewHeader("Content-Type", sdpType))
	}
	request.SetBody(c.body)
	request.SetDestination(p.source.String())
	return &outgoing{request: request, peer: p, heard: d.progressed, done: d.concluded}, nil
}

// progressed takes a provisional response to our INVITE.
func (d *Dialog) progressed(response *gosip.Response) {
	c := d.calling
	c.next.Stop()
	d.step(inProvisional)
	if d.State() == StateCancelling {
		d.server.cancel(c.current, c.farewell...)
		return
	}
	if response.StatusCode == gosip.StatusTrying {
		return
	}
	c.beyond = true
	known := d.earlyOf(response)
	if !d.acknowledges(known, response) {
		return
	}
	event := Event{Kind: EventProgress, Status: response.StatusCode, Hop: c.hop}
	if known != nil && d.earlyMedia(known, response) {
		event.Agreement = known.agreement
	}
	d.prack(known, response)
	d.tell(event)
}

// earlyOf finds or begins the early dialog that a response belongs to; nil
// without a tag, and beyond maxForks.
func (d *Dialog) earlyOf(response *gosip.Response) *early {
	tag := tagOf(response.To().Params)
	known := d.calling.early[tag]
	if known == nil && tag != "" && len(d.calling.early) < maxForks {
		known = &early{peer: d.calling.current.answeredBy(response)}
		d.calling.early[tag] = known
	}
	return known
}

// earlyMedia reads the answer in a provisional response; the first one of an
// early dialog counts (RFC 3261 section 13.2.1).
func (d *Dialog) earlyMedia(known *early, response *gosip.Response) bool {
	raw, err := sessionBody(response)
	reliable := requires(response, tagReliable)
	delayed := d.calling.invitation.DelayedOffer
	if err != nil || len(raw) == 0 || known.agreed || delayed && !reliable {
		return known.agreed && len(raw) > 0
	}
	t := d.terms()
	if !delayed {
		t = d.answerTerms(d.calling.invitation.Local)
	}
	session, agreement, err := d.readAgreement(raw, t)
	switch {
	case err != nil:
	case delayed: // an offer, which the PRACK answers
		known.answer, err = d.origin.answerSDP(session, agreement, d.calling.invitation.Local)
		known.described = known.answer
	default:
		err = offered(d.calling.invitation.Local, agreement)
		known.described = d.calling.body
	}
	if err != nil {
		d.log.Debug("early media not taken", zap.Error(err))
		return false
	}
	known.agreement, known.agreed, known.reliable = agreement, true, reliable
	return true
}

// concluded takes the final response to our INVITE.
func (d *Dialog) concluded(r reply) {
	d.calling.next.Stop()
	if r.success() {
		d.accepted(r)
		return
	}
	d.rejected(r)
}

// accepted takes the 200: the first that comes is the call (RFC 3261 section
// 13.2.2.4).
func (d *Dialog) accepted(r reply) {
	c := d.calling
	tag := tagOf(r.response.To().Params)
	far := r.to.answeredBy(r.response)
	known := c.early[tag]
	if known != nil {
		far.ours, far.theirs = max(far.ours, known.peer.ours), known.peer.theirs
	}
	far.theirs = max(far.theirs, d.peer.theirs)
	d.peer = far
	d.server.registry.confirm(d, tag)
	d.publish()
	wish := command{local: c.invitation.Local, delayed: c.invitation.DelayedOffer}
	agreement, body, err := d.readAccepted(r.response, wish)
	switch {
	case known == nil || !known.agreed:
	case known.reliable: // settled; what else the 200 says counts for nothing (RFC 3261 section 13.2.1)
		agreement, body, err = known.agreement, nil, nil
	case err != nil && len(r.response.Body()) == 0:
		agreement, err = known.agreement, nil // said in a provisional response, and not again
	}
	if d.described = body; known != nil && known.reliable {
		d.described = known.described
	} else if !wish.delayed {
		d.described = c.body
	}
	d.deadline.Stop()
	cancelled := d.State() == StateCancelling
	d.step(inAccepted)
	d.acknowledge(r, body)
	switch {
	case cancelled && c.left:
		d.conclude()
	case cancelled:
		d.log.Debug("CANCEL crossed the answer")
		d.sendBye()
	case err != nil:
		d.log.Warn("call ended", zap.String("because", "the answer to our offer is of no use"), zap.Error(err))
		d.close(inHangUp, &farewell{cause: CauseIncompatible, text: "no usable answer", acked: true},
			Event{By: ByLocal, Cause: CauseIncompatible, Hop: c.hop})
	default:
		d.server.counters.connected.Add(1)
		d.settle(agreement)
		d.clock.learn(r.response)
		d.clock.restart(d.server.timers.settle(r.response))
		d.tell(Event{Kind: EventAnswered, Status: r.response.StatusCode, Agreement: agreement, Hop: c.hop})
	}
}

// rejected takes a final response other than a 2xx, or the lack of any.
func (d *Dialog) rejected(r reply) {
	c := d.calling
	status := r.status()
	if d.State() == StateCancelling {
		d.step(inRejected)
		return
	}
	if d.askLonger(r) {
		return
	}
	failed := Event{Status: status, Hop: c.hop, By: ByRemote}
	switch {
	case r.response != nil:
		failed.Cause, failed.Reason = readReason(r.response)
		failed.RetryAfter = retryAfter(r.response)
	case status == gosip.StatusRequestTimeout:
		failed.By = ByTimeout
	default:
		failed.By = ByTransport
	}
	if !c.beyond && (status == gosip.StatusServiceUnavailable || status == gosip.StatusRequestTimeout) && c.hop+1 < len(c.invitation.Hops) {
		hopFailed := failed
		hopFailed.Kind, hopFailed.By = EventHopFailed, 0
		d.tell(hopFailed)
		if d.tryNext() {
			return
		}
	}
	d.step(inRejected)
	d.end(failed)
}

// hopSilent gives a hop up that hasn't said anything. Should it answer after
// all, the answer is nobody's: it is cancelled, or acknowledged and ended.
func (d *Dialog) hopSilent() {
	c := d.calling
	if d.State() != StateCalling || c.current == nil {
		return
	}
	silent := c.current
	delete(d.under, silent)
	d.rejected(reply{to: silent, err: errUnanswered})
}

// abandon gives a call of ours up: by CANCEL, which has to wait for a provisional
// response (RFC 3261 section 9.1), and by BYE should the answer cross it.
func (d *Dialog) abandon(in input, bye *farewell, event Event) {
	c := d.calling
	heard := d.State() == StateProceeding
	if !d.step(in) {
		return
	}
	c.next.Stop()
	d.bye, c.left = bye, in == inBye
	if bye != nil && bye.cause > 0 {
		c.farewell = []gosip.Header{reasonHeader(bye.cause, bye.text)}
	}
	if heard {
		d.server.cancel(c.current, c.farewell...)
	}
	d.deadline.Reset(requestFactor * d.server.options.T1)
	event.Hop = c.hop
	d.end(event)
}

// retryAfter reads a Retry-After, bounded (RFC 3261 section 20.33).
func retryAfter(response *gosip.Response) time.Duration {
	text := strings.TrimSpace(headerValue(response, "Retry-After"))
	var seconds time.Duration
	for i := 0; i < len(text) && text[i] >= '0' && text[i] <= '9' && seconds < maxRetryAfter/time.Second; i++ {
		seconds = 10*seconds + time.Duration(text[i]-'0')
	}
	return min(seconds*time.Second, maxRetryAfter)
}

const maxRetryAfter = time.Hour
