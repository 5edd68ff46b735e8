package sip

import (
	"context"
	"fmt"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

const ackFactor = 64 // times T1: how long an ACK is waited for (RFC 3261 section 13.3.1.4)

// run is the dialog's goroutine, from the INVITE until nothing is owed.
func (d *Dialog) run(ctx context.Context) {
	defer d.server.registry.remove(d)
	defer d.depart()
	defer d.contain()
	if d.outbound {
		d.call()
	} else {
		d.greet()
	}
	for d.State() != StateClosed {
		select {
		case <-ctx.Done():
			d.end(Event{By: ByLocal, Cause: CauseNormal})
			d.state.Store(uint32(StateClosed))
		case wish := <-d.commands:
			d.obey(*wish)
		case message := <-d.requests:
			d.receive(message)
		case ack := <-d.acks():
			d.receive(inbound{in: inAck, request: ack}) // an ACK under the INVITE's own branch
		case <-d.lost():
			d.transportLost()
		case <-d.resend.C:
			d.resendFinal()
		case <-d.deadline.C:
			d.timeOut()
		case r := <-d.replies:
			d.replied(r)
		case <-d.glare.C:
			d.glared = false
		case <-d.nextHop():
			d.hopSilent()
		case <-d.clock.alarm.C:
			d.sessionDue()
		case notify := <-d.taken:
			d.take(notify)
		case <-d.transfer.clock.C:
			d.referLate()
		case <-d.transfer.patience.C:
			d.referStands(gosip.StatusRequestTimeout)
		case <-d.provisionals.resend.C:
			d.provideAgain()
		case <-d.provisionals.deadline.C:
			d.unacknowledged()
		}
		d.offerWanted()
		d.refreshWanted()
	}
	d.lastWords(ctx)
}

// greet shows the caller that the INVITE is in, and hands the call out.
func (d *Dialog) greet() {
	d.server.respond(d.tx, gosip.NewResponseFromRequest(d.invite, gosip.StatusTrying, statusText(gosip.StatusTrying), nil))
	if d.replacing != nil {
		d.offerTo(d.replacing)
		return
	}
	d.deadline.Reset(SetUpTimeout)
	d.server.handler.Invite(d)
	d.log.Debug("call arrived", zap.Stringer("remote", d.remote), zap.Bool("offer", d.offered))
	if d.notify == nil {
		d.log.Error("call refused", zap.String("because", "the handler set no Notify"))
		d.notify = func(Event) {}
		d.refuse(command{in: inRefuse, status: gosip.StatusInternalServerError})
	}
}

// acks are the ACKs under an INVITE's own branch; there are none to one of ours.
func (d *Dialog) acks() <-chan *gosip.Request {
	if d.tx == nil {
		return nil
	}
	return d.tx.Acks()
}

// nextHop is the clock of the hop that is being tried.
func (d *Dialog) nextHop() <-chan time.Time {
	if d.calling == nil {
		return nil
	}
	return d.calling.next.C
}

// depart leaves nothing behind in the mailbox, and no timer running.
func (d *Dialog) depart() {
	d.stopTimers()
	d.glare.Stop()
	d.transfer.clock.Stop()
	d.transfer.patience.Stop()
	if d.calling != nil {
		d.calling.next.Stop()
	}
	d.clock.alarm.Stop()
	close(d.gone)
	d.strays()
	d.refuseLeftovers()
	if d.release != nil {
		d.release()
	}
	d.server.options.Trace.Ended(d.id)
}

// contain keeps a panic within its call: the caller hears 500 or a BYE.
func (d *Dialog) contain() {
	fault := recover()
	if fault == nil {
		return
	}
	d.log.Error("call failed", zap.String("panic", fmt.Sprintf("%T", fault)), zap.Stack("stack")) // its value could quote a caller
	switch d.State() {
	case StateInvited, StateRinging, StateReoffered:
		d.server.respond(d.tx, d.server.response(d.invite, gosip.StatusInternalServerError))
	case StateProceeding:
		d.server.cancel(d.calling.current)
	}
	switch d.State() {
	case StateAnswered, StateConfirmed, StateReoffered, StateReanswered, StateReoffering:
		d.bye = &farewell{cause: CauseTemporaryFailure}
		d.sendBye()
	}
	d.state.Store(uint32(StateClosed))
	defer func() { _ = recover() }() // the handler's own function may be what panicked
	d.end(Event{By: ByLocal, Status: gosip.StatusInternalServerError, Cause: CauseTemporaryFailure})
}

// step moves the dialog on; false where the input has no place.
func (d *Dialog) step(in input) bool {
	state := d.State()
	next, ok := state.next(in)
	if !ok {
		d.log.Debug("sip input has no place", zap.Stringer("state", state), zap.Stringer("input", in))
		return false
	}
	d.state.Store(uint32(next))
	return true
}

// lost is the end of the transaction in hand, where that means that the far
// side's connection is gone.
func (d *Dialog) lost() <-chan struct{} {
	switch d.State() {
	case StateInvited, StateRinging, StateReoffered:
		return d.tx.Done()
	}
	return nil
}

// tell passes an event on, unless the end has been told.
func (d *Dialog) tell(event Event) {
	switch {
	case d.over:
	case d.notify != nil:
		d.notify(event)
	case d.replacing != nil && len(d.untold) < maxUntold:
		d.untold = append(d.untold, event)
	}
}

// end tells the end, once.
func (d *Dialog) end(event Event) {
	if d.over {
		return
	}
	event.Kind = EventEnded
	d.log.Debug("call ended", zap.Stringer("by", event.By), zap.Int("status", event.Status), zap.Int("cause", event.Cause))
	d.tell(event)
	d.over = true
}

// obey does what the handler wishes.
func (d *Dialog) obey(wish command) {
	if _, ok := d.State().next(wish.in); !ok {
		d.log.Debug("sip wish came too late", zap.Stringer("state", d.State()), zap.Stringer("wish", wish.in))
		return
	}
	switch wish.in {
	case inRing:
		d.ring()
	case inAnswer:
		d.answer(wish)
	case inRefuse:
		d.refuse(wish)
	case inHangUp:
		d.hangUp(wish)
	case inReofferAnswer:
		d.answerReoffer(wish)
	case inReofferRefuse:
		d.refuseReoffer(wish.status)
	case inReoffer:
		d.reoffer(wish)
	case inProgress:
		d.progress(wish)
	case inReferSend:
		d.sendRefer(wish)
	case inReferAccept:
		d.acceptRefer()
	case inReferRefuse:
		d.refuseRefer(wish.status)
	case inReferProgress:
		d.referProgress(wish.status)
	}
}

// receive takes a message of the far side.
func (d *Dialog) receive(message inbound) {
	if message.tx != nil && d.outOfOrder(message) {
		return
	}
	switch message.in {
	case inAck:
		d.acked(message.request)
	case inCancel:
		d.cancelled(message.request)
	case inBye:
		d.farewelled(message)
	case inReinvite:
		d.reinvited(message)
	case inInfo:
		d.informed(message)
	case inUpdate:
		d.updated(message)
	case inRefer:
		d.referred(message)
	case inNotify:
		d.notified(message)
	case inReplaced:
		d.replacedBy(message.by)
	case inPrack:
		d.pracked(message)
	}
}

// outOfOrder refuses a request older than one that we've seen (RFC 3261 section
// 12.2.2). Retransmissions never get this far.
func (d *Dialog) outOfOrder(message inbound) bool {
	theirs := &d.peer.theirs
	if known := d.ahead(message.request); known != nil { // each early dialog counts for itself
		theirs = &known.peer.theirs
	}
	number := int64(message.request.CSeq().SeqNo)
	if number > *theirs {
		*theirs = number
		return false
	}
	d.server.refuse(message.request, message.tx, gosip.StatusInternalServerError)
	return true
}

// timeOut: what the deadline was set for hasn't come.
func (d *Dialog) timeOut() {
	switch d.State() {
	case StateCalling, StateProceeding:
		d.abandon(inSetUpTimeout, &farewell{cause: CauseNoAnswer, acked: true},
			Event{By: ByTimeout, Status: gosip.StatusRequestTimeout, Cause: CauseNoAnswer})
	case StateCancelling: // whatever comes of it still is nobody's
		d.step(inAckTimeout)
	case StateInvited, StateRinging:
		d.step(inSetUpTimeout)
		d.reject(gosip.StatusTemporarilyUnavailable, "", reasonHeader(CauseNoAnswer, ""))
		d.end(Event{By: ByTimeout, Status: gosip.StatusTemporarilyUnavailable, Cause: CauseNoAnswer})
	case StateReoffered:
		d.log.Warn("re-INVITE refused", zap.String("because", "nobody answered it in time"))
		d.step(inReofferTimeout)
		d.server.refuse(d.invite, d.tx, gosip.StatusInternalServerError)
	case StateAnswered, StateReanswered:
		d.server.counters.unacked.Add(1)
		d.log.Warn("call ended", zap.String("because", "the far side never acknowledged our answer"))
		d.close(inAckTimeout, &farewell{cause: CauseRecoveryOnTimer, text: "no ACK"}, Event{By: ByTimeout, Cause: CauseRecoveryOnTimer})
	case StateReoffering:
		d.log.Warn("call ended", zap.String("because", "the far side never answered our re-INVITE"))
		d.lose(gosip.StatusRequestTimeout)
	case StateClosing:
		d.step(inAckTimeout)
		if d.bye == nil || d.bye.sent {
			d.step(inSettled) // what is still owed won't come
			return
		}
		d.sendBye()
	}
}

// transportLost: the connection that the transaction in hand came by is gone.
func (d *Dialog) transportLost() {
	early := d.State() != StateReoffered
	d.step(inTransportLost)
	d.stopTimers()
	if early {
		d.end(Event{By: ByTransport})
	}
}

func (d *Dialog) stopTimers() {
	d.resend.Stop()
	d.deadline.Stop()
	d.provisionals.stop()
}

// refuseLeftovers answers what still lay in the mailbox when the dialog closed.
func (d *Dialog) refuseLeftovers() {
	if d.waiting != nil {
		d.server.refuse(d.waiting.request, d.waiting.tx, gosip.StatusCallTransactionDoesNotExists)
	}
	d.refuseRefer(gosip.StatusCallTransactionDoesNotExists)
	for {
		select {
		case message := <-d.requests:
			if message.tx != nil {
				d.server.refuse(message.request, message.tx, gosip.StatusCallTransactionDoesNotExists)
			}
			if message.by != nil {
				message.by.turnAway(gosip.StatusGlobalDecline)
			}
		default:
			return
		}
	}
}
