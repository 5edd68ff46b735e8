package sip

import (
	"math/rand/v2"
	"strconv"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

const (
	// prackFactor bounds how long a PRACK is waited for (RFC 3262 section 3).
	prackFactor = 64 // times T1
	// maxProvisionals bounds the reliable responses that wait for one before
	// them to be acknowledged; beyond it the oldest that waits is left out.
	maxProvisionals = 4
	maxFirstRSeq    = 1<<31 - 1 // RFC 3262 section 3
)

// provisionals are the reliable provisional responses to the INVITE that begins
// a dialog, as its UAS sends them (RFC 3262 section 3): one at a time, each sent
// again until its PRACK comes.
type provisionals struct {
	required  bool // the caller insists on reliability
	supported bool
	sequence  uint32     // RSeq of the one sent last
	pending   *response  // it, while it isn't acknowledged
	queue     []response // that wait for it
	agreed    bool       // an acknowledged one carried our answer
	answer    *command   // the wish to answer, which waits for that
	interval  time.Duration
	resend    *time.Timer
	deadline  *time.Timer
}

// response is a provisional response, and whether it carries our answer.
type response struct {
	*gosip.Response
	described bool
}

// noProvisionals are those of a call of ours, where the far side sends them.
func noProvisionals() provisionals {
	return provisionals{resend: stoppedTimer(), deadline: stoppedTimer()}
}

func newProvisionals(invite *gosip.Request) provisionals {
	return provisionals{
		required: requires(invite, tagReliable), supported: supports(invite, tagReliable),
		sequence: rand.Uint32N(maxFirstRSeq), resend: stoppedTimer(), deadline: stoppedTimer(),
	}
}

// reliably reports whether a response is to be sent reliably: where the caller
// insists, and where it can and the response carries our answer, which it must
// not miss. A 180 alone isn't worth a round trip.
func (p *provisionals) reliably(described bool) bool {
	return p.required || p.supported && described
}

// stop ends all sending and waiting. What is pending stays known, since its
// PRACK may still come.
func (p *provisionals) stop() {
	p.resend.Stop()
	p.deadline.Stop()
	p.queue, p.answer = nil, nil
}

// provide sends a provisional response to the INVITE, reliably where that is
// called for.
func (d *Dialog) provide(r response) error {
	p := &d.provisionals
	if !p.reliably(r.described) {
		return d.respondEarly(r)
	}
	if p.required && !d.offered { // its first reliable response would have to carry an offer (RFC 3262 section 5)
		d.log.Debug("provisional response left out", zap.Int("status", r.StatusCode))
		return nil
	}
	if p.pending != nil {
		if p.queue = append(p.queue, r); len(p.queue) > maxProvisionals {
			p.queue = p.queue[1:]
		}
		return nil
	}
	p.sequence++
	r.AppendHeader(gosip.NewHeader("Require", tagReliable))
	r.AppendHeader(gosip.NewHeader("RSeq", strconv.FormatUint(uint64(p.sequence), 10)))
	p.pending, p.interval = &r, d.server.options.T1
	p.resend.Reset(p.interval)
	p.deadline.Reset(prackFactor * d.server.options.T1)
	return d.respondEarly(r)
}

// respondEarly sends a provisional response that fits; sipgo would end the
// transaction for one that doesn't.
func (d *Dialog) respondEarly(r response) error {
	if err := d.fit(r.Response); err != nil {
		return err
	}
	return d.tx.Respond(r.Response)
}

// provideAgain sends the response that isn't acknowledged again, at intervals
// that double (RFC 3262 section 3).
func (d *Dialog) provideAgain() {
	p := &d.provisionals
	if p.pending == nil {
		return
	}
	d.server.counters.resent.Add(1)
	if err := d.tx.Respond(p.pending.Response); err != nil {
		d.log.Debug("provisional response not sent again", zap.Error(err))
	}
	p.interval *= 2
	p.resend.Reset(p.interval)
}

// unacknowledged gives an INVITE up whose provisional response nobody
// acknowledges (RFC 3262 section 3).
func (d *Dialog) unacknowledged() {
	if d.provisionals.pending == nil || !d.step(inPrackTimeout) {
		return
	}
	d.server.counters.unacked.Add(1)
	d.log.Warn("call refused", zap.String("because", "the caller never acknowledged our provisional response"))
	d.reject(gosip.StatusGatewayTimeout, "", reasonHeader(CauseRecoveryOnTimer, "no PRACK"))
	d.end(Event{By: ByTimeout, Status: gosip.StatusGatewayTimeout, Cause: CauseRecoveryOnTimer})
}

// pracked takes a PRACK. One for what isn't pending any more, save by the 200
// that may have overtaken it, is for nothing that we know.
func (d *Dialog) pracked(message inbound) {
	p := &d.provisionals
	acknowledges, err := readRAck(message.request)
	if err != nil {
		d.server.refuse(message.request, message.tx, gosip.StatusBadRequest)
		return
	}
	ours := p.pending != nil && acknowledges == rack{p.sequence, d.requestKey.sequence, gosip.INVITE}
	if _, ok := d.State().next(inPrack); !ok || !ours {
		d.server.refuse(message.request, message.tx, gosip.StatusCallTransactionDoesNotExists)
		return
	}
	acknowledged := *p.pending
	p.pending = nil
	p.resend.Stop()
	p.deadline.Stop()
	p.agreed = p.agreed || acknowledged.described
	if len(message.request.Body()) > 0 {
		d.renewEarly(message) // an offer (RFC 3262 section 5)
	} else {
		d.server.respond(message.tx, d.server.response(message.request, gosip.StatusOK))
	}
	d.afterPrack()
}

// afterPrack does what waited for a PRACK: the answer, before any other
// provisional response.
func (d *Dialog) afterPrack() {
	p := &d.provisionals
	early := d.State() == StateInvited || d.State() == StateRinging
	if wish := p.answer; wish != nil && early {
		p.answer = nil
		d.answer(*wish)
		return
	}
	if len(p.queue) == 0 || !early {
		return
	}
	next := p.queue[0]
	p.queue = p.queue[1:]
	if err := d.provide(next); err != nil {
		d.log.Debug("provisional response not sent", zap.Error(err))
	}
}

// awaitsPrack keeps the wish to answer until our answer in a provisional
// response is acknowledged: before that no 2xx may go (RFC 3262 section 3).
func (d *Dialog) awaitsPrack(wish command) bool {
	p := &d.provisionals
	described := p.pending != nil && p.pending.described
	if described {
		p.answer = &wish
	}
	return described
}
