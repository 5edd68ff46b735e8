package call

import (
	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
)

// agentDone: the agent's part of the call is over, the caller's isn't.
func (s *session) agentDone() {
	agent := s.agent
	s.inEngine = false
	s.center.router.submit(acd.ContactLeft{Contact: s.contact, Reason: acd.Ended})
	s.wrapUp(agent)
	s.forgetAgent()
	s.showTo(agent)
	s.saveBeside()
	s.askWrapUp(agent)
}

// goesOnAfter lets the caller go on in the flow after the agent has hung up, where the
// queue's step says so; else false, and the call ends with the agent.
func (s *session) goesOnAfter() bool {
	if s.request == nil || !s.request.After || !s.stage.withAgent() || s.run.Done() {
		return false
	}
	s.log.Info("agent hung up, the caller goes on", zap.String("agent", string(s.agent)))
	s.chronicle.enter(s.center.now(), "agent_hung_up", ledger.Segment{Kind: ledger.SegmentSurvey, Queue: s.request.Queue, Agent: string(s.agent)})
	s.stopPlaying()
	s.agentDone()
	s.enter(stageFlow)
	s.run.LeftQueue(ivr.ExitAfter)
	return true
}

// wrapUp begins an agent's wrap-up.
func (s *session) wrapUp(agent acd.AgentID) {
	s.wrapping[agent] = s.answered
	s.chronicle.wrapUp(s.center.now(), string(agent))
}

// wrapUpOver: an agent is done with the call. Once all are, and the caller is
// gone, so is the call.
func (s *session) wrapUpOver(agent acd.AgentID) {
	if _, wraps := s.wrapping[agent]; !wraps {
		return
	}
	delete(s.wrapping, agent)
	s.chronicle.wrapUpEnded(s.center.now(), string(agent), "finished")
	if s.consult != nil && s.consult.agent == agent {
		s.dropConsult("ended")
	}
	if s.stage == stageWrapUp && len(s.wrapping) == 0 {
		s.enter(stageOver)
	}
}

// askWrapUp asks the engine whether the agent wraps this call up. It doesn't if
// the queue gives no time for it, or if the agent was lost at the very moment at
// which the caller left.
func (s *session) askWrapUp(agent acd.AgentID) {
	contact := s.contactOf(agent)
	s.center.router.ask(func(engine *acd.Engine) {
		if status, ok := engine.Agent(agent); !ok || status.State != acd.WrapUp || status.Contact != contact {
			s.post(noWrapUpMessage{agent})
		}
	})
}
