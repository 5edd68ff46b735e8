package acd

import (
	"cmp"
	"container/heap"
	"time"
)

// An alarm is the one moment at which an agent or a contact is due by itself.
// Exactly one of agent and contact is set.
type alarm struct {
	at      time.Time
	place   int // in the heap, from 1; 0 when not set
	agent   *agent
	contact *contact
}

// alarms is a heap by time, agents before contacts, then by ID, so that what is
// due together is handled in one order always.
type alarms []*alarm

func (h alarms) Len() int           { return len(h) }
func (h alarms) Less(i, j int) bool { return h[i].before(h[j]) }
func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

// Push and Pop serve container/heap.
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	*h = append(*h, a)
	a.place = len(*h)
}

// Pop removes the last; see Push.
func (h *alarms) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.place = 0
	return a
}

func (a *alarm) before(b *alarm) bool {
	if c := a.at.Compare(b.at); c != 0 {
		return c < 0
	}
	if (a.agent != nil) != (b.agent != nil) {
		return a.agent != nil
	}
	if a.agent != nil {
		return a.agent.id < b.agent.id
	}
	return cmp.Less(a.contact.ID, b.contact.ID)
}

// set moves an alarm; the zero time clears it.
func (h *alarms) set(a *alarm, at time.Time) {
	switch {
	case at.IsZero():
		if a.place > 0 {
			heap.Remove(h, a.place-1)
		}
	case a.place > 0:
		if !a.at.Equal(at) {
			a.at = at
			heap.Fix(h, a.place-1)
		}
	default:
		a.at = at
		heap.Push(h, a)
	}
}

// soundAlarms handles all that is due.
func (e *Engine) soundAlarms() {
	for len(e.alarms) > 0 && !e.alarms[0].at.After(e.now) {
		due := e.alarms[0]
		e.alarms.set(due, time.Time{})
		if due.agent != nil {
			e.agentDue(due.agent)
		} else {
			e.contactDue(due.contact)
		}
	}
}

func (e *Engine) agentDue(a *agent) {
	switch a.state {
	case Offered:
		e.ringEnded(a)
	case Connecting:
		e.dropAgent(a, "the join took longer than "+short(e.timing.Connect))
	case WrapUp:
		e.rest(a)
	case Available:
		e.makeReady(a)
	}
}

func (e *Engine) contactDue(c *contact) {
	if e.callbackDue(c) {
		return
	}
	if limit := e.limitOf(c); !limit.IsZero() && !limit.After(e.now) {
		e.leave(c, ExitTimeout)
		return
	}
	e.freshContacts = append(e.freshContacts, c)
	e.setContactAlarm(c)
}
