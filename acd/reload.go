package acd

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// loadRules replaces the rules: waiting contacts, rings and agents come under
// the new ones at once; calls are finished (DOMAIN.md §10.10).
func (e *Engine) loadRules(rules Rules) string {
	if why := twice(rules); why != "" {
		return why
	}
	e.rules, e.timing = rules, rules.Timing.withDefaults()
	e.loadAgents()
	old := e.byName
	e.loadLines()
	e.midnight = time.Time{}
	e.updateDays()
	for _, a := range slices.Clone(e.roster) {
		e.bringUnderRules(a)
	}
	e.moveContacts(old)
	e.recheckRings()
	e.freshAll = true
	return ""
}

// twice names an agent or queue that is there twice: which one held would
// depend on the order.
func twice(rules Rules) string {
	agents := make(map[AgentID]bool, len(rules.Agents))
	for _, a := range rules.Agents {
		if a.ID == "" || agents[a.ID] {
			return fmt.Sprintf("agent %q is without a name or there twice", string(a.ID))
		}
		agents[a.ID] = true
	}
	queues := make(map[string]bool, len(rules.Queues))
	for _, q := range rules.Queues {
		if q.Name == "" || queues[q.Name] {
			return fmt.Sprintf("queue %q is without a name or there twice", q.Name)
		}
		queues[q.Name] = true
	}
	return ""
}

func (e *Engine) loadAgents() {
	for _, a := range e.roster {
		a.known, a.ready = false, false
		a.lines = nil
	}
	for _, r := range e.rules.Agents {
		a := e.agents[r.ID]
		if a == nil {
			a = newAgent(r.ID)
			e.agents[r.ID] = a
			e.roster = append(e.roster, a)
		}
		a.rules, a.known = r, true
	}
	slices.SortFunc(e.roster, byAgentID)
}

func (e *Engine) loadLines() {
	e.lines = make(map[string]*line, len(e.rules.Queues))
	e.byName = nil
	for _, q := range e.rules.Queues {
		l := &line{queue: q, aging: agingOf(q.AgingPerSecond), compact: e.rules.CompactStates, zone: e.rules.zoneOf(q.Site)}
		e.lines[q.Name] = l
		e.byName = append(e.byName, l)
	}
	slices.SortFunc(e.byName, func(a, b *line) int { return cmp.Compare(a.queue.Name, b.queue.Name) })
	for _, l := range e.byName {
		for _, a := range e.roster {
			if a.known && slices.Contains(a.rules.Queues, l.queue.Name) {
				l.members = append(l.members, a)
				a.lines = append(a.lines, l)
			}
		}
	}
}

// bringUnderRules signs out an idle agent who is gone from the rules (one in a
// call or wrap-up goes afterwards) and puts a free one before the new lines.
func (e *Engine) bringUnderRules(a *agent) {
	if !a.known {
		switch a.state {
		case SignedOut:
			e.forget(a)
		case Available, Away:
			e.signOut(a, ReasonRemoved)
		}
		return
	}
	if a.state == Available && !a.notBefore.After(e.now) {
		e.makeReady(a)
	}
}

// moveContacts puts the contacts of the old lines into the new ones.
func (e *Engine) moveContacts(old []*line) {
	e.licensed = 0
	var rang, waited []*contact
	for _, l := range old {
		rang = append(rang, l.ringing...)
		for _, g := range l.groups {
			waited = append(waited, g.returned...)
			waited = append(waited, g.fresh...)
		}
	}
	for _, c := range rang {
		if l := e.lines[c.Queue]; l != nil {
			l.ringing = append(l.ringing, c)
		}
	}
	slices.SortFunc(waited, func(a, b *contact) int { return cmp.Compare(a.sequence, b.sequence) })
	for _, c := range waited {
		c.group = nil
		e.alarms.set(&c.alarm, time.Time{})
		l := e.lines[c.Queue]
		if l == nil {
			e.leave(c, ExitUnknownQueue)
			continue
		}
		e.putIn(c, e.groupFor(l, c))
	}
	e.countCalling()
	e.dropUnservable()
}

// dropUnservable lets contacts leave that nobody in the rules may take today.
func (e *Engine) dropUnservable() {
	for _, l := range e.byName {
		for _, g := range slices.Clone(l.groups) {
			if g.servable() {
				continue
			}
			for _, c := range slices.Concat(g.returned, g.fresh) {
				e.leave(c, ExitNobody)
			}
		}
	}
}

// recheckRings withdraws offers that the present rules or day forbid.
func (e *Engine) recheckRings() {
	for _, a := range slices.Clone(e.roster) {
		if a.state != Offered {
			continue
		}
		c := a.contact
		l := e.lines[c.Queue]
		why := ""
		switch {
		case !a.known:
			why = "the agent was removed from the rules"
		case l == nil:
			why = "the queue was removed from the rules"
		case !slices.Contains(l.members, a):
			why = "the agent no longer serves the queue"
		default:
			g := group{line: l, needs: needsOf(&l.queue, c)}
			if !g.hard(a) {
				why = "the agent may no longer take it: " + g.refusal(a)
			}
		}
		if why != "" {
			e.withdraw(c, why)
			e.requeue(c, RulesChanged, why)
		}
	}
}

// beginDay renews the license days when one has ended at some site.
func (e *Engine) beginDay() {
	if e.midnight.IsZero() || e.now.Before(e.midnight) {
		return
	}
	e.updateDays()
	for _, l := range e.byName {
		for _, g := range l.groups {
			clear(g.fits)
		}
	}
	e.dropUnservable()
	e.recheckRings()
	e.freshAll = true
}

func (e *Engine) updateDays() {
	e.midnight = time.Time{}
	for _, l := range e.byName {
		if !e.now.Before(l.dayEnds) {
			l.day, l.dayEnds = l.zone.dayAt(e.now)
		}
		if e.midnight.IsZero() || l.dayEnds.Before(e.midnight) {
			e.midnight = l.dayEnds
		}
	}
}
