package sip

import (
	"math/rand/v2"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// renewEarly answers an offer that comes before the call is answered, in a PRACK
// (RFC 3262 section 5) or an UPDATE (RFC 3311 section 5.2). It may come only once
// the INVITE's offer has been answered, reliably; then our side stays as it is
// and only theirs moves, so nobody has to be asked.
func (d *Dialog) renewEarly(message inbound) {
	request, tx := message.request, message.tx
	if !d.provisionals.agreed || len(d.described) == 0 {
		d.server.refuse(request, tx, gosip.StatusInternalServerError, retryHeader(rand.N(updateRetry)))
		return
	}
	body, err := sessionBody(request)
	if err != nil {
		d.server.refuse(request, tx, gosip.StatusUnsupportedMediaType, gosip.NewHeader("Accept", acceptedTypes))
		return
	}
	session, agreement, err := d.readAgreement(body)
	if err != nil {
		d.server.refuse(request, tx, RefusalStatus(err))
		return
	}
	answer, err := d.origin.answerSDP(session, agreement, d.local)
	if err != nil {
		d.log.Error("early offer not answered", zap.Error(err))
		d.server.refuse(request, tx, gosip.StatusInternalServerError)
		return
	}
	if !d.acceptUpdate(message, answer) {
		return
	}
	d.session = session
	d.settle(agreement)
	d.tell(Event{Kind: EventRenegotiated, Agreement: agreement})
}
