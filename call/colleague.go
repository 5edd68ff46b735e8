package call

import (
	"slices"
	"strings"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
)

// Colleague is whom an agent may hand a caller to by name.
type Colleague struct {
	Agent acd.AgentID
	Name  string
	// Extension is what a phone dials for the agent; "" for none.
	Extension string
}

// colleagues are the agents who take calls, and what is dialed for each: the user
// name, the extension, or the desk phone's name. A line of ours goes before them.
type colleagues struct {
	list     []Colleague // sorted by name
	byDialed map[string]acd.AgentID
}

func newColleagues(content *Content) colleagues {
	c := colleagues{byDialed: map[string]acd.AgentID{}}
	for _, agent := range content.Rules.Agents {
		if len(agent.Queues) == 0 {
			continue
		}
		one := Colleague{Agent: agent.ID, Name: agent.Name, Extension: content.Extensions[agent.ID]}
		c.list = append(c.list, one)
		for _, dialed := range []string{string(agent.ID), one.Extension, content.Phones[agent.ID]} {
			if dialed != "" {
				c.byDialed[dialed] = agent.ID
			}
		}
	}
	slices.SortFunc(c.list, func(a, b Colleague) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// Colleagues are those whom an agent may hand a caller to, by name; none where
// transfers are off.
func (c *Center) Colleagues(agent acd.AgentID) []Colleague {
	if !c.options.Transfers {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.colleagues.list), func(one Colleague) bool { return one.Agent == agent })
}

func (c colleagues) find(dialed string) (acd.AgentID, bool) {
	agent, known := c.byDialed[strings.ToLower(dialed)]
	return agent, known
}

// handTo hands the caller to a colleague: the agent's part is over, and the engine
// offers the call to the colleague at once, by all its rules. Who doesn't take it
// leaves the caller first in line. Where it can't begin, the agent keeps the caller.
func (s *session) handTo(colleague acd.AgentID, by Referrer) error {
	if colleague == s.agent {
		return ErrNoNumber
	}
	request, ok := s.requestFor(colleague)
	if !ok {
		return ErrMayNotTake
	}
	if device := s.center.devices[colleague]; device.agentState() != acd.Available || !device.reachable() {
		return ErrNotFree
	}
	now := s.center.now()
	s.log.Info("handed to colleague", zap.String("agent", string(s.agent)), zap.String("colleague", string(colleague)))
	s.transfer = transfer{by: by}
	s.accept(by)
	s.tellReferrer(200)
	s.chronicle.enter(now, "transfer", ledger.Segment{Kind: ledger.SegmentTransfer, Agent: string(s.agent)})
	s.chronicle.enter(now, "colleague", ledger.Segment{Kind: ledger.SegmentQueue, Queue: request.Queue})
	s.agentDone()
	s.request = &request
	s.enter(stageQueue)
	s.waitWithMusic()
	contact := s.asContact(request)
	contact.Returned, contact.HandedTo = true, colleague
	s.arrive(contact)
	return nil
}

// requestFor is what the caller waits for when handed to a colleague: in the line
// where she was, if the colleague serves it, and there by the colleague's license
// alone; else in the first line of the colleague's where that one may take her. What
// the flow wanted of agents of the former line doesn't hold in another.
func (s *session) requestFor(colleague acd.AgentID) (ivr.QueueRequest, bool) {
	rules := &s.content.Rules
	at := slices.IndexFunc(rules.Agents, func(a acd.Agent) bool { return a.ID == colleague })
	if at < 0 {
		return ivr.QueueRequest{}, false
	}
	why := ""
	serves := rules.Agents[at].Queues
	if slices.Contains(serves, s.request.Queue) {
		serves = []string{s.request.Queue}
	}
	for _, queue := range serves {
		request := *s.request
		if queue != request.Queue {
			request.Queue, request.Skills, request.Credential = queue, nil, ""
		}
		var ok bool
		if ok, why = rules.MayHandOver(colleague, s.asContact(request), s.center.now()); ok {
			return request, true
		}
	}
	s.log.Info("not handed to colleague", zap.String("colleague", string(colleague)), zap.String("why", why))
	return ivr.QueueRequest{}, false
}

// handStatus is the SIP status that says why a caller wasn't handed over.
func handStatus(err error) int {
	switch err {
	case nil:
		return 0
	case ErrNotFree:
		return 480
	case ErrMayNotTake:
		return 403
	}
	return 404
}
