package sip

import (
	"errors"
	"math/rand/v2"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// updateRetry is the longest Retry-After with which an UPDATE that came too
// early is turned away (RFC 3311 section 5.2).
const updateRetry = 10 * time.Second

// updated takes an UPDATE (RFC 3311): at once where it only refreshes the
// session or the target, else as a re-INVITE is taken.
func (d *Dialog) updated(message inbound) {
	if d.unanswered() {
		d.updatedAhead(message)
		return
	}
	state := d.State()
	if _, ok := state.next(inUpdate); !ok {
		d.server.refuse(message.request, message.tx, gosip.StatusCallTransactionDoesNotExists)
		return
	}
	if d.server.refusedTimer(message.request, message.tx) {
		return
	}
	if len(message.request.Body()) == 0 {
		d.acceptUpdate(message, nil)
		return
	}
	switch state {
	case StateConfirmed:
		d.reoffered(message)
	case StateAnswered, StateReanswered:
		if d.owesOffer || d.waiting != nil {
			d.server.refuse(message.request, message.tx, gosip.StatusRequestPending)
			return
		}
		d.waiting = &message // overtook the ACK
	case StateReoffering: // our offer is out (RFC 3311 section 5.2)
		d.server.refuse(message.request, message.tx, gosip.StatusRequestPending)
	case StateInvited, StateRinging:
		d.renewEarly(message)
	default: // their own last offer has no answer yet
		d.server.refuse(message.request, message.tx, gosip.StatusInternalServerError, retryHeader(rand.N(updateRetry)))
	}
}

// acceptUpdate sends the 200 to an UPDATE, or to a PRACK with an offer. Before
// the call is answered it says nothing of session timers: those begin with the
// 200 to the INVITE.
func (d *Dialog) acceptUpdate(message inbound, body []byte) bool {
	state := d.State()
	early := state == StateInvited || state == StateRinging
	response, timer := d.acceptance(message.request, body, !early)
	err := d.fit(response)
	if err == nil {
		err = message.tx.Respond(response)
	}
	if err != nil {
		d.log.Debug("UPDATE not answered", zap.Error(err))
		if errors.Is(err, errTooLong) {
			d.server.refuse(message.request, message.tx, gosip.StatusInternalServerError)
		}
		return false
	}
	if len(body) > 0 {
		d.described = body
	}
	if message.request.Method == gosip.UPDATE { // a PRACK doesn't move the target (RFC 3262 section 6)
		d.peer.moved(message.request)
		d.clock.learn(message.request)
	}
	if !early {
		d.clock.restart(timer)
	}
	return true
}
