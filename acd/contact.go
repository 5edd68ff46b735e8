package acd

import (
	"fmt"
	"slices"
	"time"
)

// phase is where a contact is.
type phase int

const (
	waiting phase = iota
	ringing       // out of line, an agent rings
	inCall        // accepted, joined or not
	parked        // a callback that may not be made yet
	calling       // a callback whose caller is being called, and no agent waits
)

// contact is one call's state.
type contact struct {
	Contact
	sequence uint64
	phase    phase
	// returned: a failed offer put it back; it goes before the rest of its queue.
	returned bool
	// inLineFrom is what the wait limit counts from: the arrival, moved on by
	// the time in calls that dropped; outOfLine is when the present call began.
	inLineFrom time.Time
	outOfLine  time.Time
	agent      *agent
	offer      OfferID
	group      *group // while waiting
	alarm      alarm
	// promise of a callback whose caller isn't reached yet; nil for any other.
	promise *promise
}

func (e *Engine) contactArrived(ev ContactArrived) string {
	if ev.Contact.ID == "" {
		return "a contact needs an ID"
	}
	if e.contacts[ev.Contact.ID] != nil {
		return "the contact is here already"
	}
	l := e.lines[ev.Contact.Queue]
	if l == nil {
		e.decide(LeaveQueue{Contact: ev.Contact.ID, Why: ExitUnknownQueue})
		return ""
	}
	c := &contact{Contact: ev.Contact, inLineFrom: e.now, returned: ev.Contact.Returned}
	c.alarm.contact = c
	c.Since = c.Since.Round(0).UTC()
	if c.Since.IsZero() || c.Since.After(e.now) {
		c.Since = e.now
	} else if earliest := e.now.Add(-MaxEarlier); c.Since.Before(earliest) {
		c.Since = earliest
	}
	g := e.groupFor(l, c)
	switch {
	case !g.servable():
		e.decide(LeaveQueue{Contact: c.ID, Why: ExitNobody})
	case !c.returned && !c.Clinical && l.queue.QueueLimit > 0 && l.waiting+len(l.ringing) >= l.queue.QueueLimit:
		e.decide(LeaveQueue{Contact: c.ID, Why: ExitFull})
	default:
		e.sequence++
		c.sequence = e.sequence
		e.contacts[c.ID] = c
		e.putIn(c, g)
		e.handOver(c)
		return ""
	}
	l.dropIfEmpty(g)
	return ""
}

// requeue puts a contact back at the head of its line, or out of it if the
// rules have changed meanwhile.
func (e *Engine) requeue(c *contact, cause RefuseCause, why string) {
	e.stopRinging(c)
	if c.phase == inCall {
		c.inLineFrom = c.inLineFrom.Add(e.now.Sub(c.outOfLine))
	}
	c.agent, c.offer, c.phase, c.returned, c.HandedTo = nil, "", waiting, true, ""
	if c.promise != nil {
		e.decide(Requeued{Contact: c.ID, Cause: cause, Why: why})
		e.stand(c)
		return
	}
	l := e.lines[c.Queue]
	if l == nil {
		e.leave(c, ExitUnknownQueue)
		return
	}
	g := e.groupFor(l, c)
	if !g.servable() {
		l.dropIfEmpty(g)
		e.leave(c, ExitNobody)
		return
	}
	e.putIn(c, g)
	e.decide(Requeued{Contact: c.ID, Cause: cause, Why: why})
}

func (e *Engine) contactLeft(ev ContactLeft) string {
	c := e.contacts[ev.Contact]
	switch {
	case c == nil:
		return "no such contact: it left before"
	case ev.Reason != Abandoned && ev.Reason != Ended && ev.Reason != Moved && ev.Reason != Failed && ev.Reason != Cancelled:
		return fmt.Sprintf("%q is not a reason", string(ev.Reason))
	}
	delete(e.contacts, c.ID)
	switch c.phase {
	case waiting:
		e.takeOut(c)
	case ringing:
		e.withdraw(c, "the contact left: "+string(ev.Reason))
	case inCall:
		e.endCall(c)
	case calling:
		e.stopCalling(c)
	case parked:
		e.alarms.set(&c.alarm, time.Time{})
	}
	return ""
}

// endCall sends the agent to wrap-up, by the queue's present rules, or on.
func (e *Engine) endCall(c *contact) {
	a := c.agent
	talked := a.state == Talking || a.state == Holding
	a.contact, a.offer = nil, ""
	if l := e.lines[c.Queue]; talked && l != nil && l.queue.WrapUp > 0 {
		e.change(a, WrapUp, "", e.now.Add(min(l.queue.WrapUp, MaxWrapUp)))
		return
	}
	e.rest(a)
}

// leave ends a contact's waiting without an agent.
func (e *Engine) leave(c *contact, why QueueExit) {
	e.takeOut(c)
	delete(e.contacts, c.ID)
	e.decide(LeaveQueue{Contact: c.ID, Why: why})
}

// putIn lets a contact wait in a group.
func (e *Engine) putIn(c *contact, g *group) {
	c.group, c.phase = g, waiting
	row := g.row(c)
	at, _ := slices.BinarySearchFunc(*row, c, byArrival)
	*row = slices.Insert(*row, at, c)
	g.line.waiting++
	if len(g.credentials) > 0 {
		e.licensed++
	}
	if c.returned {
		g.line.returned++
	}
	e.setContactAlarm(c)
	e.freshContacts = append(e.freshContacts, c)
}

// takeOut removes a waiting contact from its line; otherwise it does nothing.
func (e *Engine) takeOut(c *contact) {
	g := c.group
	e.alarms.set(&c.alarm, time.Time{})
	if g == nil {
		return
	}
	row := g.row(c)
	if at, found := slices.BinarySearchFunc(*row, c, byArrival); found {
		*row = slices.Delete(*row, at, at+1)
	}
	g.line.waiting--
	if len(g.credentials) > 0 {
		e.licensed--
	}
	if c.returned {
		g.line.returned--
	}
	c.group = nil
	g.line.dropIfEmpty(g)
}

// limitOf is when a waiting contact must leave; zero for never.
func (e *Engine) limitOf(c *contact) time.Time {
	if limit := c.group.line.queue.WaitLimit; limit > 0 && c.promise == nil {
		return c.inLineFrom.Add(min(limit, MaxWait))
	}
	return time.Time{}
}

// setContactAlarm asks for the wait limit, the next ring or the end of a callback's
// hours, whichever is first.
func (e *Engine) setContactAlarm(c *contact) {
	at := e.limitOf(c)
	if next := c.group.nextRing(c, e.now); !next.IsZero() && (at.IsZero() || next.Before(at)) {
		at = next
	}
	if c.promise != nil {
		if end := c.promise.ends(e.now); !end.IsZero() && (at.IsZero() || end.Before(at)) {
			at = end
		}
	}
	e.alarms.set(&c.alarm, at)
}

// byArrival orders contacts of one group: what their waiting counts from, then
// the order of events.
func byArrival(a, b *contact) int {
	if c := a.Since.Compare(b.Since); c != 0 {
		return c
	}
	if a.sequence < b.sequence {
		return -1
	} else if a.sequence > b.sequence {
		return 1
	}
	return 0
}
