package guard

import (
	"net/netip"
	"time"
)

// Flow is what one phone's messages come by: a connection's far end, or the
// address and port of datagrams. To speak for a phone that has proven who it is,
// a forger would have to know its port too.
type Flow struct {
	Remote    netip.AddrPort
	Connected bool
}

// flows are those that have proven who they are, each until some time.
type flows struct {
	limit  int
	proven map[Flow]time.Duration
}

func newFlows(limit int) flows { return flows{limit: limit, proven: map[Flow]time.Duration{}} }

// add remembers a flow. Only right passwords get anyone in here; where there are
// too many all the same, the one makes room that would go first.
func (f *flows) add(now, until time.Duration, flow Flow) {
	if _, there := f.proven[flow]; !there && len(f.proven) >= f.limit {
		f.count(now)
		if len(f.proven) >= f.limit {
			delete(f.proven, f.first())
		}
	}
	f.proven[flow] = until
}

func (f *flows) first() (first Flow) {
	soonest := time.Duration(-1)
	for flow, until := range f.proven {
		if soonest < 0 || until < soonest {
			first, soonest = flow, until
		}
	}
	return first
}

// count forgets those whose time is over and counts the rest.
func (f *flows) count(now time.Duration) int {
	for flow, until := range f.proven {
		if now >= until {
			delete(f.proven, flow)
		}
	}
	return len(f.proven)
}

// Prove remembers for a while that a flow's far end has proven who it is.
func (g *Guard) Prove(now time.Time, flow Flow, lasts time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.since(now)
	g.flows.add(at, at+lasts, flow)
}

// Proven reports whether a flow's far end has proven who it is.
func (g *Guard) Proven(now time.Time, flow Flow) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, there := g.flows.proven[flow]
	return there && g.since(now) < until
}

// Doubt forgets what a flow has proven.
func (g *Guard) Doubt(flow Flow) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.flows.proven, flow)
}
