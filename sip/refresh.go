package sip

import (
	"errors"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// refreshRetry is how long a refresh that failed waits at least, in T1.
const refreshRetry = 4

// sessionClock watches over the expiry of a dialog's session (RFC 4028).
type sessionClock struct {
	running sessionTimer
	since   time.Time     // of the last refresh
	atLeast time.Duration // what a 422 asked for
	alarm   *time.Timer   // rings when running is due, and when it expires
	due     bool          // a refresh of ours is to be sent
	updates bool          // the far side takes UPDATE
}

// restart lets a session begin anew, with the timer that both sides agreed on.
func (c *sessionClock) restart(agreed sessionTimer) {
	c.running, c.since, c.due = agreed, time.Now(), false
	if agreed.interval == 0 {
		c.alarm.Stop()
		return
	}
	c.alarm.Reset(agreed.due())
}

// left is the time until the session is given up.
func (c *sessionClock) left() time.Duration { return c.running.expiry() - time.Since(c.since) }

// learn notes from a message of the far side whether it takes UPDATE; one
// without Allow says nothing about it.
func (c *sessionClock) learn(message gosip.Message) {
	if len(message.GetHeaders("Allow")) > 0 {
		c.updates = allows(message, gosip.UPDATE)
	}
}

// refusedTimer refuses a request whose session timer we can't take: 422 for too
// short an interval, with ours, and 400 for one that can't be read.
func (s *Server) refusedTimer(request *gosip.Request, tx *gosip.ServerTx) bool {
	_, _, err := s.timers.answer(request, false)
	var small *tooSmallError
	switch {
	case err == nil:
		return false
	case errors.As(err, &small):
		s.refuse(request, tx, statusIntervalTooSmall, minExpiresHeader(small.minimum))
	default:
		s.refuse(request, tx, gosip.StatusBadRequest)
	}
	return true
}

// sessionDue: the alarm has rung.
func (d *Dialog) sessionDue() {
	if d.clock.running.interval == 0 || d.over {
		return
	}
	left := d.clock.left()
	if left > 0 {
		d.clock.due = true
		d.clock.alarm.Reset(left)
		return
	}
	d.log.Warn("call ended", zap.String("because", "the session wasn't refreshed in time"))
	d.server.counters.expired.Add(1)
	d.close(inHangUp, &farewell{cause: CauseRecoveryOnTimer, text: "session expired"}, Event{By: ByTimeout, Cause: CauseRecoveryOnTimer})
}

// refreshWanted sends the refresh that is due as soon as it may go: an UPDATE
// where the far side takes one, since it leaves the session alone, else a
// re-INVITE with the session as it is (RFC 4028 section 7.4).
func (d *Dialog) refreshWanted() {
	if !d.clock.due || d.wanted != nil || d.State() != StateConfirmed {
		return
	}
	d.clock.due = false
	if !d.clock.updates {
		d.reoffer(command{in: inReoffer, refresh: true})
		d.offerWanted()
		return
	}
	out := d.newRequest(gosip.UPDATE, nil, append(d.timerOffer(), d.contactHeader())...)
	out.done = d.refreshed
	d.send(out)
}

// timerOffer is what a request of ours that refreshes the session says of timers.
func (d *Dialog) timerOffer() []gosip.Header {
	return append(d.server.timers.offer(d.clock.running, d.clock.atLeast), gosip.NewHeader("Supported", supportedExtensions))
}

// refreshed takes the answer to our UPDATE.
func (d *Dialog) refreshed(r reply) {
	if d.over {
		return
	}
	switch status := r.status(); {
	case r.success():
		d.peer.retarget(r.response)
		d.clock.learn(r.response)
		d.clock.restart(d.server.timers.settle(r.response))
	case status == gosip.StatusCallTransactionDoesNotExists || status == gosip.StatusRequestTimeout:
		d.lose(status)
	case status == gosip.StatusMethodNotAllowed || status == gosip.StatusNotImplemented:
		d.clock.updates, d.clock.due = false, true
	case d.asksLonger(r):
		d.clock.due = true
	default:
		d.refreshAgain()
	}
}

// asksLonger takes the interval that a 422 asks for; false for anything else.
func (d *Dialog) asksLonger(r reply) bool {
	if r.status() != statusIntervalTooSmall || r.response == nil {
		return false
	}
	tried := d.clock.running.interval
	if tried == 0 {
		tried = d.server.timers.interval
	}
	longer := d.server.timers.retry(r.response, max(tried, d.clock.atLeast))
	d.clock.atLeast = max(d.clock.atLeast, longer)
	return longer > 0
}

// askLonger sends our INVITE again to a far side that wants its session
// refreshed less often than we asked for (RFC 4028 section 7.3).
func (d *Dialog) askLonger(r reply) bool {
	if !d.asksLonger(r) {
		return false
	}
	out := r.to
	d.peer.ours = max(d.peer.ours, out.request.CSeq().SeqNo) + 1
	request := anew(out.request, d.peer.ours)
	for _, header := range d.timerOffer() {
		request.RemoveHeader(header.Name())
		request.AppendHeader(header)
	}
	again := &outgoing{request: request, peer: out.peer, done: out.done, heard: out.heard, owed: out.owed, challenged: out.challenged}
	again.peer.ours = d.peer.ours
	d.follow(again)
	return true
}

// refreshAgain tries a refresh that failed again, in half of the time that is
// left.
func (d *Dialog) refreshAgain() {
	if d.clock.running.interval == 0 {
		return
	}
	left := d.clock.left()
	d.clock.alarm.Reset(max(min(left, max(left/2, refreshRetry*d.server.options.T1)), 0))
}
