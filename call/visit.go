package call

import (
	"careline/call/insight"
	"careline/ivr"
	"careline/ledger"
)

// visit counts the caller's way through the flows, from the first step until a person
// takes the call or it ends.

// took counts a way that the flow takes. A caller whom an agent hands back to a flow
// begins anew. Trials are no callers.
func (s *session) took(edge ivr.EdgeName) {
	if s.trial != "" {
		return
	}
	if s.visit == nil {
		s.visit = s.center.insight.Begin()
	}
	s.visit.Took(edge, s.center.now())
}

// leaveFlows counts how the caller's time in the flows ended, if it hasn't.
func (s *session) leaveFlows(how insight.Ending) {
	if s.visit != nil {
		s.visit.End(how, s.center.now())
		s.visit = nil
	}
}

// howEnded is what an ending means for the flows. Where the system ended a call that
// was in a flow, the flow did.
func (s *session) howEnded(by ledger.EndedBy) insight.Ending {
	switch {
	case by == ledger.ByCaller:
		return insight.HungUp
	case by == ledger.BySystem && s.stage == stageFlow && s.run != nil && s.run.Done():
		return insight.Served
	}
	return insight.Broken
}

// Insight is what callers did in the flows since the start.
func (c *Center) Insight() insight.Figures { return c.insight.Figures() }
