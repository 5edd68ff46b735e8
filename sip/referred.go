package sip

import (
	"fmt"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// referred takes a REFER of the far side's and hands it to the handler.
func (d *Dialog) referred(message inbound) {
	if d.State() == StateAnswered { // overtook the ACK: kept until the ACK is in
		if d.waiting != nil {
			d.server.refuse(message.request, message.tx, gosip.StatusRequestPending)
			return
		}
		d.waiting = &message
		return
	}
	if !d.placed(message) {
		return
	}
	if !d.server.options.Transfers {
		d.server.refuse(message.request, message.tx, gosip.StatusForbidden)
		return
	}
	if d.transfer.theirs != nil {
		d.server.refuse(message.request, message.tx, gosip.StatusRequestPending)
		return
	}
	to, err := readReferTo(message.request)
	if err == nil && to.method != gosip.INVITE {
		d.server.refuse(message.request, message.tx, gosip.StatusNotImplemented)
		return
	}
	var by referredBy
	if err == nil {
		by, err = readReferredBy(message.request)
	}
	if err != nil {
		d.log.Debug("REFER refused", zap.Error(err))
		d.server.refuse(message.request, message.tx, gosip.StatusBadRequest)
		return
	}
	d.transfer.answered++
	d.transfer.theirs = &theirRefer{
		message: message, event: referEvent(d.transfer.answered, message.request.CSeq().SeqNo),
		silent: strings.EqualFold(strings.TrimSpace(headerValue(message.request, "Refer-Sub")), "false"),
	}
	d.transfer.clock.Reset(ReferTimeout)
	d.tell(Event{Kind: EventRefer, Refer: d.server.readRefer(to, by)})
}

// placed refuses a request that has no place in the dialog's state.
func (d *Dialog) placed(message inbound) bool {
	if _, ok := d.State().next(message.in); ok {
		return true
	}
	d.server.refuse(message.request, message.tx, gosip.StatusCallTransactionDoesNotExists)
	return false
}

// readRefer is what a REFER's headers mean here.
func (s *Server) readRefer(to referTo, by referredBy) Refer {
	refer := Refer{Target: Target{to.target}, By: by.who}
	if to.replaces != nil {
		refer.Headers = append(refer.Headers, Header{"Replaces", to.replaces.String()})
		if other := s.registry.find(to.replaces.key()); other != nil && (other.State().up() || other.State() == StateAnswered) { // whose ACK may have been overtaken
			refer.With = other
		}
	}
	if by.value != "" {
		refer.Headers = append(refer.Headers, Header{"Referred-By", by.value})
	}
	return refer
}

// acceptRefer sends 202 and the NOTIFY that must follow it at once (RFC 3515
// section 2.4.4).
func (d *Dialog) acceptRefer() {
	theirs := d.transfer.theirs
	if theirs == nil || theirs.accepted {
		return
	}
	theirs.accepted = true
	d.transfer.clock.Reset(referPatience)
	headers := []gosip.Header{d.contactHeader()}
	if theirs.silent {
		headers = append(headers, gosip.NewHeader("Refer-Sub", "false"))
	}
	d.server.respond(theirs.message.tx, d.server.response(theirs.message.request, gosip.StatusAccepted, headers...))
	d.notifyRefer(gosip.StatusTrying)
}

func (d *Dialog) refuseRefer(status int) {
	theirs := d.transfer.theirs
	if theirs == nil || theirs.accepted {
		return
	}
	d.transfer.theirs = nil
	d.transfer.clock.Stop()
	d.server.refuse(theirs.message.request, theirs.message.tx, status)
}

// referProgress tells the far side how the call stands that it asked for.
func (d *Dialog) referProgress(status int) {
	theirs := d.transfer.theirs
	if theirs == nil || !theirs.accepted {
		return
	}
	d.notifyRefer(status)
	if status >= gosip.StatusOK {
		d.transfer.theirs = nil
		d.transfer.clock.Stop()
	}
}

// notifyRefer sends a NOTIFY within the subscription that a REFER makes.
func (d *Dialog) notifyRefer(status int) {
	theirs := d.transfer.theirs
	if theirs.silent {
		return
	}
	state := fmt.Sprintf("active;expires=%d", seconds(referPatience))
	if status >= gosip.StatusOK {
		state = "terminated;reason=noresource"
	}
	out := d.newRequest(gosip.NOTIFY, sipfrag(status), d.contactHeader(),
		gosip.NewHeader("Event", theirs.event), gosip.NewHeader("Subscription-State", state),
		gosip.NewHeader("Content-Type", sipfragType+";version=2.0"))
	out.done = func(r reply) {
		if r.status() == gosip.StatusCallTransactionDoesNotExists && d.transfer.theirs == theirs {
			theirs.silent = true // it doesn't want to know any more
		}
	}
	d.send(out)
}

// referLate: the handler hasn't decided on a REFER, or hasn't said how it ended.
func (d *Dialog) referLate() {
	theirs := d.transfer.theirs
	switch {
	case theirs == nil:
	case theirs.accepted:
		d.referProgress(gosip.StatusRequestTimeout)
	default:
		d.log.Warn("REFER refused", zap.String("because", "nobody decided on it in time"))
		d.refuseRefer(gosip.StatusInternalServerError)
	}
}

// sendRefer sends a REFER of ours.
func (d *Dialog) sendRefer(wish command) {
	if d.transfer.ours != nil {
		d.log.Warn("REFER not sent", zap.String("because", "another one of ours is under way"))
		d.tell(Event{Kind: EventReferProgress, Status: gosip.StatusRequestPending})
		return
	}
	ours := &ourRefer{}
	d.transfer.ours = ours
	d.transfer.patience.Reset(referPatience)
	from := d.peer.from.Address
	out := d.newRequest(gosip.REFER, nil, d.contactHeader(), gosip.NewHeader("Refer-To", wish.refer.value()),
		gosip.NewHeader("Referred-By", "<"+from.String()+">"))
	out.done = func(r reply) {
		switch {
		case d.transfer.ours != ours:
		case r.success():
			d.referStands(gosip.StatusTrying)
		default:
			d.referStands(max(r.status(), 300))
		}
	}
	d.send(out)
}

// referStands tells the handler how its transfer stands, each status once; the
// one that ends it is the last.
func (d *Dialog) referStands(status int) {
	ours := d.transfer.ours
	if ours == nil || status == ours.status || status < ours.status {
		return
	}
	ours.status = status
	if status >= gosip.StatusOK {
		d.transfer.ours = nil
		d.transfer.patience.Stop()
	}
	d.tell(Event{Kind: EventReferProgress, Status: status})
}

// notified takes a NOTIFY: how the far side's call to our transfer's target
// stands (RFC 3515 section 2.4.4). It may overtake the response to the REFER.
func (d *Dialog) notified(message inbound) {
	if !d.placed(message) {
		return
	}
	request := message.request
	event, _ := cutParameter(headerValue(request, "Event", "o"))
	state, reason := cutParameter(headerValue(request, "Subscription-State"))
	ended := strings.EqualFold(strings.TrimSpace(state), "terminated")
	status, read := readSipfrag(request.Body())
	switch {
	case !strings.EqualFold(strings.TrimSpace(event), referPackage):
		d.server.refuse(request, message.tx, statusNoEvent, gosip.NewHeader("Allow-Events", referPackage))
		return
	case d.transfer.ours == nil:
		d.server.refuse(request, message.tx, gosip.StatusCallTransactionDoesNotExists)
		return
	case len(request.Body()) > 0 && mediaType(headerValue(request, "Content-Type", "c")) != sipfragType:
		d.server.refuse(request, message.tx, gosip.StatusUnsupportedMediaType, gosip.NewHeader("Accept", sipfragType))
		return
	case len(request.Body()) > 0 && !read:
		d.server.refuse(request, message.tx, gosip.StatusBadRequest)
		return
	}
	d.server.respond(message.tx, d.server.response(request, gosip.StatusOK))
	if read {
		d.referStands(status)
	}
	if ended && d.transfer.ours != nil { // without a final status
		d.log.Debug("transfer ended unknown", zap.String("reason", printable(reason, maxReasonText)))
		d.referStands(gosip.StatusRequestTimeout)
	}
}
