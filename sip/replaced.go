package sip

import (
	"context"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// maxUntold bounds the events of a dialog that nobody has taken yet.
const maxUntold = 8

// replacement finds the dialog that an INVITE is to take the place of (RFC 3891
// section 3); refused reports that the INVITE has been answered.
func (s *Server) replacement(request *gosip.Request, tx *gosip.ServerTx) (wanted *replaces, old *Dialog, refused bool) {
	wanted, err := readReplaces(request)
	status := 0
	switch {
	case err != nil:
		status = gosip.StatusBadRequest
	case wanted == nil:
		return nil, nil, false
	case !s.options.Transfers:
		status = gosip.StatusForbidden
	default:
		if old = s.registry.find(wanted.key()); old == nil {
			s.counters.outOfDialog.Add(1)
			status = gosip.StatusCallTransactionDoesNotExists
		}
	}
	if status != 0 {
		s.refuseInvite(request, tx, status)
		return nil, nil, true
	}
	return wanted, old, false
}

// offerTo hands a dialog to the handler of the one that it is to replace.
func (d *Dialog) offerTo(old *Dialog) {
	d.deadline.Reset(ReferTimeout)
	if !old.post(inbound{in: inReplaced, by: d}) {
		d.server.counters.mailboxes.Add(1)
		d.refuse(command{in: inRefuse, status: gosip.StatusServiceUnavailable, retryAfter: overloadRetry})
	}
}

// replacedBy takes the dialog that wants our place, and hands it on where the
// RFC lets it have that.
func (d *Dialog) replacedBy(by *Dialog) {
	state := d.State()
	status := 0
	switch {
	case state == StateClosing || state == StateClosed || state == StateCancelling:
		status = gosip.StatusGlobalDecline
	case state.up() && by.place.earlyOnly:
		status = gosip.StatusBusyHere
	case state.up():
	case state == StateProceeding && d.calling.early[by.place.fromTag] != nil:
	default:
		status = gosip.StatusCallTransactionDoesNotExists
	}
	if status != 0 {
		by.turnAway(status)
		return
	}
	by.handed.Store(true)
	d.tell(Event{Kind: EventReplaced, Dialog: by})
}

// turnAway refuses a dialog that wants another's place.
func (d *Dialog) turnAway(status int) {
	if err := d.Refuse(status, "", 0); err != nil {
		d.log.Debug("INVITE with Replaces is over already", zap.Error(err))
	}
}

// take gives a dialog that replaces another its handler, and tells that one what
// has happened meanwhile.
func (d *Dialog) take(notify func(Event)) {
	if d.notify != nil {
		return
	}
	d.notify = notify
	switch d.State() {
	case StateInvited, StateRinging:
		d.deadline.Reset(SetUpTimeout)
	}
	for _, event := range d.untold {
		notify(event)
	}
	d.untold = nil
}

// lastWords waits for the handler of a dialog that ended before it was taken.
func (d *Dialog) lastWords(ctx context.Context) {
	if d.notify != nil || !d.handed.Load() {
		return
	}
	d.deadline.Reset(ReferTimeout)
	select {
	case notify := <-d.taken:
		d.take(notify)
	case <-d.deadline.C:
	case <-ctx.Done():
	}
}
