package acd

import (
	"slices"
	"time"
)

// Present reports whether somebody who works now, free or busy, may take a contact that
// waits: whether waiting makes sense. Who is away or signed out doesn't count. A contact
// that is offered or taken has somebody.
func (e *Engine) Present(id ContactID) bool {
	c := e.contacts[id]
	switch {
	case c == nil:
		return false
	case c.group == nil:
		return true
	}
	return slices.ContainsFunc(c.group.line.members, func(a *agent) bool {
		return a.state != SignedOut && a.state != Away && c.group.hard(a)
	})
}

// MayTakeToday says whether an agent has the licenses that a contact needs in its queue
// (DOMAIN.md §5), whether or not the agent serves that queue: for somebody who is on
// call at home, and no part of the engine's. Why says so, for a supervisor.
func (r Rules) MayTakeToday(agent AgentID, c Contact, now time.Time) (ok bool, why string) {
	who := slices.IndexFunc(r.Agents, func(a Agent) bool { return a.ID == agent })
	in := slices.IndexFunc(r.Queues, func(q Queue) bool { return q.Name == c.Queue })
	if who < 0 || in < 0 {
		return false, "no such agent or queue in the rules"
	}
	day, _ := r.zoneOf(r.Queues[in].Site).dayAt(now)
	for _, t := range needsOf(&r.Queues[in], &contact{Contact: c}).credentials {
		if ok, why := MayTake(r.Agents[who], t, c.State, day, r.CompactStates); !ok {
			return false, why
		}
	}
	return true, "licensed"
}
