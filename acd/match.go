package acd

import (
	"cmp"
	"slices"
)

// dispatch offers what can be offered. Between steps no ready agent fits a
// waiting contact, so only what is fresh is looked at: fresh agents against
// each group's first, fresh contacts against the ready agents of their line.
func (e *Engine) dispatch() {
	if e.scanAll {
		e.freshAll = true
	}
	if !e.freshAll && len(e.freshAgents)+len(e.freshContacts) == 0 {
		return
	}
	for _, l := range e.byName {
		l.lend(e.now)
	}
	if e.freshAll {
		e.dispatchAll()
	} else {
		e.dispatchFresh()
	}
	e.freshAll = false
	clear(e.freshAgents)
	clear(e.freshContacts)
	e.freshAgents, e.freshContacts = e.freshAgents[:0], e.freshContacts[:0]
}

// candidate is a contact that some ready agent can take.
type candidate struct {
	contact *contact
	rank    rank
}

// dispatchAll goes through all contacts in order; each gets the best agent left.
func (e *Engine) dispatchAll() {
	var all []candidate
	for _, l := range e.byName {
		if len(l.ready) == 0 {
			continue
		}
		for _, g := range l.groups {
			for _, row := range [...][]*contact{g.returned, g.fresh} {
				for _, c := range row {
					all = append(all, candidate{c, g.rankOf(c, e.now)})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return a.rank.compare(b.rank) })
	for _, next := range all {
		if a := e.bestAgent(next.contact); a != nil {
			e.serve(a, next.contact)
		}
	}
}

// dispatchFresh offers the first in order among what fresh agents can take and
// fresh contacts that can be taken, until nothing is left.
func (e *Engine) dispatchFresh() {
	for {
		var best candidate
		consider := func(c *contact) {
			if r := c.group.rankOf(c, e.now); best.contact == nil || r.compare(best.rank) < 0 {
				best = candidate{c, r}
			}
		}
		// Who finds nobody now will not in this dispatch: both sides only shrink.
		e.freshAgents = slices.DeleteFunc(e.freshAgents, func(a *agent) bool {
			c := e.firstFor(a)
			if c != nil {
				consider(c)
			}
			return c == nil
		})
		e.freshContacts = slices.DeleteFunc(e.freshContacts, func(c *contact) bool {
			if c.group == nil || e.bestAgent(c) == nil {
				return true
			}
			consider(c)
			return false
		})
		if best.contact == nil {
			return
		}
		e.serve(e.bestAgent(best.contact), best.contact)
	}
}

// serve offers a contact, or has its caller called.
func (e *Engine) serve(a *agent, c *contact) {
	if c.group.callerFirst {
		e.dial(a, c)
		return
	}
	e.makeOffer(a, c)
}

// firstFor is the contact that goes first to this agent, if any.
func (e *Engine) firstFor(a *agent) *contact {
	if !a.ready {
		return nil
	}
	var best candidate
	for _, l := range a.lines {
		for _, g := range l.groups {
			c := g.first(g.fit(a), e.now)
			if c == nil {
				continue
			}
			if r := g.rankOf(c, e.now); best.contact == nil || r.compare(best.rank) < 0 {
				best = candidate{c, r}
			}
		}
	}
	return best.contact
}

// bestAgent is who among the ready agents of the contact's line takes it: over
// all rings that have opened so far, who speaks its language first, then by the
// queue's strategy.
func (e *Engine) bestAgent(c *contact) *agent {
	g := c.group
	if g.callsEnough() {
		return nil
	}
	open := g.ringOf(c, e.now)
	var best *agent
	var bestFit fit
	for _, a := range g.line.ready {
		f := g.fit(a)
		if f.ring == never || f.ring > open {
			continue
		}
		if best == nil || g.prefer(a, f, best, bestFit) < 0 {
			best, bestFit = a, f
		}
	}
	return best
}

// prefer compares two fitting agents; negative if a goes first.
func (g *group) prefer(a *agent, f fit, b *agent, other fit) int {
	if f.speaks != other.speaks {
		if f.speaks {
			return -1
		}
		return 1
	}
	by := 0
	switch g.line.queue.Strategy {
	case FewestCalls:
		by = cmp.Compare(a.calls, b.calls)
	case HighestSkill:
		by = cmp.Compare(other.skill, f.skill)
	}
	return cmp.Or(by, a.idleSince.Compare(b.idleSince), cmp.Compare(a.id, b.id))
}
