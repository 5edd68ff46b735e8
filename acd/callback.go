package acd

import (
	"slices"
	"time"
)

// Callback is a promise to call somebody. Nobody holds the line: its contact stands in
// line by itself while calling is allowed, with the waiting time and priority of one
// who had stayed, until whoever asked is reached.
type Callback struct {
	// Contact whose ID is the callback's, and whose Since keeps the place in line.
	// Returned and HandedTo mean nothing here.
	Contact Contact
	// From is when the first call may be made; zero for at once.
	From time.Time
	// Hours are when calls may be made at all, sorted; none for always. After the
	// last the callback is over.
	Hours []Period
	// Attempts that were made already, in an earlier run.
	Attempts int
}

// Period is a time from From until before Until.
type Period struct{ From, Until time.Time }

// CallbackRules are how a queue's callbacks are made. Zero is the default named beside
// each.
type CallbackRules struct {
	// CallerFirst: who asked is called when an agent is free, and waits at the head of
	// the line then. Otherwise an agent is offered the callback, and the call is made
	// once the agent has accepted.
	CallerFirst bool `json:",omitempty"`
	// Attempts at most; then the callback is given up.
	Attempts int `json:",omitempty"` // DefaultCallbackAttempts
	// AfterBusy and AfterNoAnswer pass between two attempts.
	AfterBusy     time.Duration `json:",omitempty"` // DefaultAfterCalleeBusy
	AfterNoAnswer time.Duration `json:",omitempty"` // DefaultAfterCalleeAway
}

// Defaults and bounds of callbacks.
const (
	DefaultCallbackAttempts = 3
	DefaultAfterCalleeBusy  = 5 * time.Minute
	DefaultAfterCalleeAway  = 15 * time.Minute
	// AfterNotCalled passes after a call that could not be tried; it is no attempt.
	AfterNotCalled = time.Minute
	// MaxCalling ends a call of which nothing more was heard.
	MaxCalling = 30 * time.Minute
	// MaxPeriods bounds Callback.Hours.
	MaxPeriods = 100
)

// MissCause is why who asked for a callback was not reached.
type MissCause string

const (
	CalleeBusy MissCause = "busy"
	// CalleeNoAnswer: it rang out, or was declined.
	CalleeNoAnswer MissCause = "no_answer"
	// CalleeMachine: it was answered, and nobody showed to be a person.
	CalleeMachine MissCause = "voicemail_suspected"
	// CalleeHungUp: it was answered, and hung up before a person was there.
	CalleeHungUp MissCause = "hung_up"
	// CallFailed: the network could not reach the number.
	CallFailed MissCause = "unreachable"
	// NotCalled: no call was tried, for want of a line.
	NotCalled MissCause = "not_called"
)

func (c MissCause) known() bool {
	switch c {
	case CalleeBusy, CalleeNoAnswer, CalleeMachine, CalleeHungUp, CallFailed, NotCalled:
		return true
	}
	return false
}

// promise is what a contact that is a callback has besides.
type promise struct {
	hours    []Period
	from     time.Time // when the next call may be made
	attempts int
}

func (e *Engine) callbackAsked(ev CallbackAsked) string {
	asked := ev.Callback
	switch {
	case asked.Contact.ID == "":
		return "a callback needs an ID"
	case e.contacts[asked.Contact.ID] != nil:
		return "the callback is here already"
	case len(asked.Hours) > MaxPeriods:
		return "a callback has too many hours"
	}
	c := &contact{Contact: asked.Contact, promise: &promise{hours: slices.Clone(asked.Hours), from: asked.From, attempts: max(asked.Attempts, 0)}}
	c.Returned, c.HandedTo = false, ""
	c.alarm.contact = c
	c.Since = c.Since.Round(0).UTC()
	if c.Since.IsZero() || c.Since.After(e.now) {
		c.Since = e.now
	} else if earliest := e.now.Add(-MaxWait); c.Since.Before(earliest) {
		c.Since = earliest
	}
	c.inLineFrom = c.Since
	e.sequence++
	c.sequence = e.sequence
	e.contacts[c.ID] = c
	e.stand(c)
	return ""
}

// stand lets a callback wait in line, or aside until it may be made.
func (e *Engine) stand(c *contact) {
	c.agent, c.offer, c.phase = nil, "", parked
	l := e.lines[c.Queue]
	if l == nil {
		e.leave(c, ExitUnknownQueue)
		return
	}
	at, ok := c.promise.next(e.now)
	if !ok {
		e.leave(c, ExitExpired)
		return
	}
	if at.After(e.now) {
		e.alarms.set(&c.alarm, at)
		e.decide(Parked{Contact: c.ID, Attempts: c.promise.attempts, Until: at})
		return
	}
	g := e.groupFor(l, c)
	if !g.servable() {
		l.dropIfEmpty(g)
		e.leave(c, ExitNobody)
		return
	}
	e.putIn(c, g)
}

// next is the first moment from now on at which the callback may be made.
func (p *promise) next(now time.Time) (at time.Time, ok bool) {
	at = now
	if p.from.After(at) {
		at = p.from
	}
	if len(p.hours) == 0 {
		return at, true
	}
	for _, period := range p.hours {
		if at.Before(period.Until) {
			if period.From.After(at) {
				at = period.From
			}
			return at, true
		}
	}
	return time.Time{}, false
}

// ends is when the callback must be put aside, that may be made now; zero for never.
func (p *promise) ends(now time.Time) time.Time {
	for _, period := range p.hours {
		if now.Before(period.Until) {
			return period.Until
		}
	}
	return time.Time{}
}

// dial has a callback's caller called; a free agent is left free meanwhile, for whoever
// comes next.
func (e *Engine) dial(a *agent, c *contact) {
	reasons, _, _ := e.explain(a, c)
	l := c.group.line
	e.takeOut(c)
	c.phase = calling
	l.calling++
	e.alarms.set(&c.alarm, e.now.Add(MaxCalling))
	e.decide(Dial{Contact: c.ID, Queue: l.queue.Name, Waited: e.now.Sub(c.inLineFrom), Reasons: reasons})
}

// callsEnough: as many are called by now as agents are free for them.
func (g *group) callsEnough() bool {
	return g.callerFirst && g.line.calling >= len(g.line.ready)
}

// stopCalling ends the phase calling.
func (e *Engine) stopCalling(c *contact) {
	if c.phase != calling {
		return
	}
	c.phase = parked
	if l := e.lines[c.Queue]; l != nil {
		l.calling--
	}
	e.alarms.set(&c.alarm, time.Time{})
	e.freshAll = true // another may be called now
}

// promised finds a contact that is a callback still.
func (e *Engine) promised(id ContactID) *contact {
	if c := e.contacts[id]; c != nil && c.promise != nil {
		return c
	}
	return nil
}

const noCallback = "there is no such callback, or who asked for it was reached"

func (e *Engine) callbackReached(ev CallbackReached) string {
	c := e.promised(ev.Contact)
	if c == nil {
		return noCallback
	}
	e.stopCalling(c)
	switch c.phase {
	case waiting: // an agent was lost meanwhile
		e.takeOut(c)
		c.phase = parked
	case ringing, inCall:
		c.promise = nil
		return ""
	}
	e.alarms.set(&c.alarm, time.Time{})
	c.promise, c.inLineFrom = nil, e.now
	e.requeue(c, CalleeThere, "who asked for the callback is there")
	return ""
}

func (e *Engine) callbackMissed(ev CallbackMissed) string {
	c := e.promised(ev.Contact)
	switch {
	case c == nil:
		return noCallback
	case !ev.Cause.known():
		return "\"" + string(ev.Cause) + "\" is not a cause"
	}
	e.missed(c, ev.Cause)
	return ""
}

// missed puts a callback aside for its next attempt, or gives it up. The agent who
// was there for it is free at once: there is nothing to wrap up.
func (e *Engine) missed(c *contact, cause MissCause) {
	switch c.phase {
	case waiting:
		e.takeOut(c)
	case ringing:
		e.withdraw(c, "the callback could not be made")
	case inCall:
		a := c.agent
		a.contact, a.offer = nil, ""
		e.rest(a)
	case calling:
		e.stopCalling(c)
	}
	c.returned = false
	var rules CallbackRules
	if l := e.lines[c.Queue]; l != nil {
		rules = l.queue.Callback
	}
	pause := orDefault(rules.AfterNoAnswer, DefaultAfterCalleeAway)
	switch cause {
	case CalleeBusy, CallFailed:
		pause = orDefault(rules.AfterBusy, DefaultAfterCalleeBusy)
	case NotCalled:
		pause = AfterNotCalled
	}
	if cause != NotCalled {
		c.promise.attempts++
	}
	most := rules.Attempts
	if most <= 0 {
		most = DefaultCallbackAttempts
	}
	if c.promise.attempts >= most {
		e.leave(c, ExitGivenUp)
		return
	}
	c.promise.from = e.now.Add(pause)
	e.stand(c)
}

// callbackDue is what time does to a callback; false if nothing.
func (e *Engine) callbackDue(c *contact) bool {
	switch {
	case c.promise == nil:
		return false
	case c.phase == parked:
		e.stand(c)
		return true
	case c.phase == calling:
		e.missed(c, CallFailed)
		return true
	case c.phase == waiting:
		if at, ok := c.promise.next(e.now); !ok || at.After(e.now) {
			e.takeOut(c)
			e.stand(c)
			return true
		}
	}
	return false
}

// countCalling counts after a reload whom the new lines have called.
func (e *Engine) countCalling() {
	for _, c := range e.contacts {
		if l := e.lines[c.Queue]; c.phase == calling && l != nil {
			l.calling++
		}
	}
}

// CallbackStatus is one callback at a glance.
type CallbackStatus struct {
	Contact  ContactID
	Queue    string
	Attempts int
	// Place in line, 1 for the next; 0 while it stands aside or is being made.
	Place int
	// Next is when it may be made again, while it stands aside; zero otherwise.
	Next time.Time
	// Agent who is offered it, or waits while the call is made.
	Agent AgentID
}

// Callbacks tells of each callback whose caller isn't reached yet, by ID.
func (e *Engine) Callbacks() []CallbackStatus {
	var list []CallbackStatus
	for _, c := range e.contacts {
		if c.promise == nil {
			continue
		}
		status := CallbackStatus{Contact: c.ID, Queue: c.Queue, Attempts: c.promise.attempts}
		if c.agent != nil {
			status.Agent = c.agent.id
		}
		switch c.phase {
		case waiting, ringing:
			status.Place, _ = e.Position(c.ID)
		case parked:
			status.Next = c.alarm.at
		}
		list = append(list, status)
	}
	slices.SortFunc(list, func(a, b CallbackStatus) int {
		if a.Contact < b.Contact {
			return -1
		}
		return 1
	})
	return list
}
