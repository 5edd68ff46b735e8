package acd

import (
	"sort"
	"time"
)

// QueueStatus is one queue at a glance.
type QueueStatus struct {
	Queue string
	// Waiting counts contacts in line, those that ring an agent included.
	Waiting int
	// Longest time in line among them.
	Longest time.Duration
	// Ready counts agents who may be offered a contact of this queue now.
	Ready int
}

// AgentStatus is one agent at a glance.
type AgentStatus struct {
	ID     AgentID
	Name   string
	State  AgentState
	Reason string
	Since  time.Time
	// Until is when the state ends by itself; zero if it doesn't.
	Until   time.Time
	Contact ContactID
	Offer   OfferID
	// RequestedState is where the agent goes after the call: Available or
	// Away, as asked by AgentSet during it; "" if nothing was asked.
	RequestedState  AgentState
	RequestedReason string
	// NotBefore: after a refusal, available but offered nothing until then.
	NotBefore time.Time
	// Calls talked since sign-in.
	Calls int
}

// Waiting tells of each queue in the rules, by name, as of now.
func (e *Engine) Waiting(now time.Time) []QueueStatus {
	list := make([]QueueStatus, 0, len(e.byName))
	for _, l := range e.byName {
		status := QueueStatus{Queue: l.queue.Name, Waiting: l.waiting + len(l.ringing), Ready: len(l.ready)}
		rows := [][]*contact{l.ringing}
		for _, g := range l.groups {
			rows = append(rows, g.returned, g.fresh)
		}
		for _, row := range rows {
			for _, c := range row {
				status.Longest = max(status.Longest, now.Sub(c.inLineFrom))
			}
		}
		list = append(list, status)
	}
	return list
}

// Agents tells of all agents in the rules, and of those removed from them who
// finish a call, by ID.
func (e *Engine) Agents() []AgentStatus {
	list := make([]AgentStatus, 0, len(e.roster))
	for _, a := range e.roster {
		list = append(list, a.status())
	}
	return list
}

// Agent tells of one agent; false if there is none.
func (e *Engine) Agent(id AgentID) (AgentStatus, bool) {
	a := e.agents[id]
	if a == nil {
		return AgentStatus{}, false
	}
	return a.status(), true
}

func (a *agent) status() AgentStatus {
	return AgentStatus{
		ID: a.id, Name: a.rules.Name, State: a.state, Reason: a.reason, Since: a.since, Until: a.until,
		Contact: a.subject, Offer: a.offer, RequestedState: a.next, RequestedReason: a.nextReason,
		NotBefore: a.notBefore, Calls: a.calls,
	}
}

// Position is the contact's place in its queue, 1 for the next; false once an
// agent has accepted it or it is gone. Contacts that ring an agent keep their
// places, so that nobody behind them moves up and back again.
func (e *Engine) Position(id ContactID) (place int, ok bool) {
	c := e.contacts[id]
	if c == nil || c.phase != waiting && c.phase != ringing {
		return 0, false
	}
	l := e.lines[c.Queue]
	if l == nil {
		return 1, true
	}
	if c.phase == ringing {
		ahead := 0
		for _, other := range l.ringing {
			if byArrival(other, c) < 0 {
				ahead++
			}
		}
		return ahead + 1, true
	}
	return len(l.ringing) + e.aheadInLine(c) + 1, true
}

// aheadInLine counts the contacts that wait before this one in its queue.
func (e *Engine) aheadInLine(c *contact) int {
	own := c.group.placeOf(c, e.now)
	ahead := 0
	for _, g := range c.group.line.groups {
		if !c.returned && g.class <= c.group.class {
			ahead += len(g.returned)
		}
		if c.returned && g.class < c.group.class {
			ahead += len(g.fresh)
		}
		row := *g.row(c)
		ahead += sort.Search(len(row), func(i int) bool { return g.placeOf(row[i], e.now).compare(own) >= 0 })
	}
	return ahead
}
