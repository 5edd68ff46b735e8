package acd

import (
	"slices"
	"strings"
	"time"
)

// Reasons of Away and SignedOut that the engine itself gives.
const (
	// ReasonSignedIn: just signed in, not yet available.
	ReasonSignedIn = "signed_in"
	// ReasonNoAnswer: let an offer ring out (RONA).
	ReasonNoAnswer = "no_answer"
	// ReasonConnectionLost: accepted and vanished before or in talk.
	ReasonConnectionLost = "connection_lost"
	// ReasonRemoved: no longer in the rules.
	ReasonRemoved = "removed"
)

// agent is one person's state.
type agent struct {
	id    AgentID
	rules Agent
	known bool // in the present rules
	lines []*line

	state  AgentState
	reason string
	since  time.Time
	until  time.Time
	// contact and offer while offered or in a call; subject outlives them
	// through wrap-up.
	contact *contact
	offer   OfferID
	subject ContactID
	// next is what the agent asked for during a call; "" for Available.
	next       AgentState
	nextReason string
	// notBefore is when the agent may be offered again after a refusal.
	notBefore time.Time
	idleSince time.Time
	calls     int // talks since sign-in
	ready     bool
	alarm     alarm
}

func newAgent(id AgentID) *agent {
	a := &agent{id: id, state: SignedOut}
	a.alarm.agent = a
	return a
}

// Transitions lists, for each agent state, the states that may follow it.
func Transitions() map[AgentState][]AgentState {
	return map[AgentState][]AgentState{
		SignedOut: {Away},
		Away:      {Away, Available, SignedOut},
		Available: {Away, Offered, SignedOut},
		// Away: rang out, or asked for during the ring.
		Offered:    {Available, Away, Connecting, SignedOut},
		Connecting: {Available, Away, Talking, SignedOut},
		Talking:    {Holding, WrapUp, Available, Away, SignedOut},
		Holding:    {Talking, WrapUp, Available, Away, SignedOut},
		// WrapUp follows itself when it is extended.
		WrapUp: {WrapUp, Available, Away, SignedOut},
	}
}

// change moves an agent to a state and tells. It is the only place where a
// state changes.
func (e *Engine) change(a *agent, state AgentState, reason string, until time.Time) {
	e.unready(a)
	if state == Available && a.state != Offered && a.state != Connecting {
		a.idleSince = e.now
	}
	if state == Available || state == Away || state == SignedOut {
		a.contact, a.offer, a.subject = nil, "", ""
	}
	if a.state != state || state == Away {
		a.since = e.now
	}
	a.state, a.reason, a.until = state, reason, until
	e.decide(AgentChanged{
		Agent: a.id, State: state, Reason: reason, Contact: a.subject, Since: a.since, Until: until,
	})
	wakeAt := until
	if state == Available {
		if a.notBefore.After(e.now) {
			wakeAt = a.notBefore
		} else {
			e.makeReady(a)
		}
	}
	e.alarms.set(&a.alarm, wakeAt)
}

// rest moves an agent who is done with an offer or a call to where the agent
// asked to be.
func (e *Engine) rest(a *agent) {
	next, reason := a.next, a.nextReason
	a.next, a.nextReason = "", ""
	switch {
	case !a.known:
		e.change(a, SignedOut, ReasonRemoved, time.Time{})
		e.forget(a)
	case next == Away:
		e.change(a, Away, reason, time.Time{})
	default:
		e.change(a, Available, "", time.Time{})
	}
}

// makeReady puts a free agent before the lines.
func (e *Engine) makeReady(a *agent) {
	if a.ready {
		return
	}
	a.ready = true
	for _, l := range a.lines {
		at, _ := slices.BinarySearchFunc(l.ready, a, byAgentID)
		l.ready = slices.Insert(l.ready, at, a)
	}
	e.freshAgents = append(e.freshAgents, a)
}

func (e *Engine) unready(a *agent) {
	if !a.ready {
		return
	}
	a.ready = false
	for _, l := range a.lines {
		if at, found := slices.BinarySearchFunc(l.ready, a, byAgentID); found {
			l.ready = slices.Delete(l.ready, at, at+1)
		}
	}
}

func byAgentID(a, b *agent) int { return strings.Compare(string(a.id), string(b.id)) }

func (e *Engine) agentSignedIn(ev AgentSignedIn) string {
	a := e.agents[ev.Agent]
	switch {
	case a == nil || !a.known:
		return "no such agent in the rules"
	case a.state != SignedOut:
		return "already signed in, " + string(a.state)
	}
	a.notBefore, a.calls = time.Time{}, 0
	a.next, a.nextReason = "", ""
	e.change(a, Away, ReasonSignedIn, time.Time{})
	return ""
}

func (e *Engine) agentSignedOut(ev AgentSignedOut) string {
	a := e.agents[ev.Agent]
	if a == nil || a.state == SignedOut {
		return "not signed in"
	}
	e.signOut(a, "")
	return ""
}

// signOut ends whatever the agent is in; the contact, if any, keeps its place.
func (e *Engine) signOut(a *agent, reason string) {
	c, state := a.contact, a.state
	if state == Offered {
		e.decide(Withdraw{Offer: a.offer, Agent: a.id, Why: "the agent signed out"})
	}
	a.next, a.nextReason = "", ""
	e.change(a, SignedOut, reason, time.Time{})
	if c != nil {
		e.requeue(c, AgentLeft, "the agent signed out")
	}
	e.forget(a)
}

// forget drops an agent who is neither in the rules nor signed in.
func (e *Engine) forget(a *agent) {
	if a.known || a.state != SignedOut {
		return
	}
	delete(e.agents, a.id)
	if at, found := slices.BinarySearchFunc(e.roster, a, byAgentID); found {
		e.roster = slices.Delete(e.roster, at, at+1)
	}
}

func (e *Engine) agentSet(ev AgentSet) string {
	a := e.agents[ev.Agent]
	switch {
	case a == nil || a.state == SignedOut:
		return "not signed in"
	case ev.State != Available && ev.State != Away:
		return "an agent asks for available or away, not " + string(ev.State)
	case !a.known:
		return "removed from the rules; signed out after this call"
	}
	switch a.state {
	case Available, Away:
		if ev.State == Available {
			if a.state == Away {
				e.change(a, Available, "", time.Time{})
			}
			return ""
		}
		e.change(a, Away, ev.Reason, time.Time{})
	default:
		a.next, a.nextReason = ev.State, ""
		if ev.State == Away {
			a.nextReason = ev.Reason
		}
	}
	return ""
}

func (e *Engine) holdChanged(ev HoldChanged) string {
	a := e.agents[ev.Agent]
	switch {
	case a == nil:
		return "no such agent"
	case ev.On && a.state == Talking:
		e.change(a, Holding, "", time.Time{})
	case !ev.On && a.state == Holding:
		e.change(a, Talking, "", time.Time{})
	default:
		return "the agent is " + string(a.state)
	}
	return ""
}

func (e *Engine) wrapUpDone(ev WrapUpDone) string {
	a := e.agents[ev.Agent]
	if a == nil || a.state != WrapUp {
		return "the agent is not in wrap-up"
	}
	e.rest(a)
	return ""
}

func (e *Engine) wrapUpExtended(ev WrapUpExtended) string {
	a := e.agents[ev.Agent]
	switch {
	case a == nil || a.state != WrapUp:
		return "the agent is not in wrap-up"
	case ev.By <= 0 || ev.By > MaxExtension:
		return "a wrap-up is extended by more than nothing and at most " + short(MaxExtension)
	}
	until := a.until.Add(ev.By)
	if last := a.since.Add(MaxWrapUp); until.After(last) {
		until = last
	}
	if !until.After(a.until) {
		return "the wrap-up is at its longest, " + short(MaxWrapUp)
	}
	e.change(a, WrapUp, a.reason, until)
	return ""
}
