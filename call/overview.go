package call

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"careline/acd"
)

// Overview is what a supervisor may see of a call that is up: where it is and who
// has it, and nothing of who calls (minimum necessary, 45 CFR 164.502(b)).
type Overview struct {
	ID   string
	Line string
	// Stage is where the call is: "ringing", "flow", "queue", "talk", "hold",
	// "transfer" or "external". Since is when that began.
	Stage string
	Since time.Time
	// Flow and Step where the call is, while it is in a flow.
	Flow, Step string
	// Queue, Language, Reason and State as in CallView; empty before the queue.
	Queue, Language, Reason, State string
	// Verification as in CallView.
	Verification string
	// Agent has the call, or where Ringing is set is being offered it; "" for nobody.
	Agent   acd.AgentID
	Ringing bool
	// Urgent: the caller goes before all others; Late: somebody should have had her by
	// now. Calling is the list of those on call that is being called; "" for none.
	Urgent, Late bool
	Calling      string
	Started      time.Time
}

// Overviews are the calls with a caller on the line, the one that came first at
// the head.
func (c *Center) Overviews() []Overview {
	c.mu.Lock()
	sessions := make([]*session, 0, len(c.sessions))
	for _, one := range c.sessions {
		sessions = append(sessions, one)
	}
	c.mu.Unlock()
	list := make([]Overview, 0, len(sessions))
	for _, one := range sessions {
		if shown := one.shown.Load(); shown != nil {
			list = append(list, *shown)
		}
	}
	slices.SortFunc(list, func(a, b Overview) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID)) })
	return list
}

// publish puts what supervisors see where they may read it at any time; nothing,
// once the caller is gone.
func (s *session) publish() {
	if s.stage == stageWrapUp || s.stage == stageOver {
		s.shown.Store(nil)
		return
	}
	now := s.overview()
	if before := s.shown.Load(); before == nil || *before != now {
		s.shown.Store(&now)
	}
}

func (s *session) overview() Overview {
	record := &s.chronicle.record
	o := Overview{
		ID: s.id, Line: s.line.Name, Stage: s.stage.String(), Since: s.chronicle.since(), Verification: record.Verification,
		Agent: s.agent, Started: record.Started,
	}
	if s.stage == stageFlow {
		if n := len(record.Path); n > 0 {
			o.Flow, o.Step, _ = strings.Cut(record.Path[n-1], ".")
		}
	}
	if s.request != nil {
		o.Queue, o.Language, o.Reason, o.State = s.request.Queue, s.request.Language, s.request.Reason, s.request.State
	}
	if s.stage == stageQueue {
		o.Urgent, o.Late = s.urgent != nil, !s.lateSince.IsZero()
		if s.summons != nil {
			o.Calling = s.calling.list
		}
	}
	if s.stage == stageQueue && s.offer != nil {
		o.Agent, o.Ringing = s.offer.Agent, true
	}
	return o
}
