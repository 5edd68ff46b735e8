package acd

import (
	"slices"
	"time"
)

// handOver offers a contact at once to the agent whom it is handed to by name, if
// that one is free and may take it.
func (e *Engine) handOver(c *contact) {
	a := e.agents[c.HandedTo]
	if c.HandedTo == "" || a == nil || !a.ready || !slices.Contains(a.lines, c.group.line) || !c.group.hard(a) {
		return
	}
	e.makeOffer(a, c)
}

// MayHandOver says whether an agent may be handed a contact by name: serves its
// queue, and meets what never relaxes there today, a license in the caller's state
// before all (DOMAIN.md §5). Where not, why says so, for a supervisor. Whether the
// agent is free is another question.
func (r Rules) MayHandOver(to AgentID, c Contact, now time.Time) (ok bool, why string) {
	who := slices.IndexFunc(r.Agents, func(a Agent) bool { return a.ID == to })
	in := slices.IndexFunc(r.Queues, func(q Queue) bool { return q.Name == c.Queue })
	switch {
	case who < 0 || in < 0:
		return false, "no such agent or queue in the rules"
	case !slices.Contains(r.Agents[who].Queues, c.Queue):
		return false, "does not serve " + c.Queue
	}
	l := &line{queue: r.Queues[in], compact: r.CompactStates, zone: r.zoneOf(r.Queues[in].Site)}
	l.day, _ = l.zone.dayAt(now)
	g := &group{line: l, needs: needsOf(&l.queue, &contact{Contact: c})}
	a := &agent{id: to, rules: r.Agents[who]}
	if !g.hard(a) {
		return false, g.refusal(a)
	}
	return true, ""
}

// zoneOf is a site's clock; nil for UTC.
func (r Rules) zoneOf(site string) *Zone {
	if site == "" || site == "UTC" {
		return nil
	}
	for i := range r.Zones {
		if r.Zones[i].Name == site {
			return &r.Zones[i]
		}
	}
	return &Zone{Name: site}
}
