package call

import (
	"sync/atomic"
	"time"

	"careline/acd"
	"careline/ledger"
)

// Stats is a snapshot for metrics and readiness. It names no caller.
type Stats struct {
	// Calls with a caller on the line; Sessions counts wrap-ups too.
	Calls    int
	Sessions int
	Draining bool
	// Since the start: Offered calls were taken; Refused were not; Answered
	// reached an agent; Abandoned hung up in line.
	Offered, Refused, Answered, Abandoned uint64
	// Unjournaled counts events that took effect though they could not be journaled.
	Unjournaled uint64
	Queues      []QueueStats
	// Agents by state.
	Agents map[acd.AgentState]int
}

// QueueStats is one line of waiting callers.
type QueueStats struct {
	Queue   string
	Waiting int
	Longest time.Duration
}

type counters struct {
	offered, refused, answered, abandoned atomic.Uint64
	// ended counts callers who left; offered less ended is who is up.
	ended atomic.Uint64
}

// count counts a call whose caller has left at this stage.
func (c *counters) count(record *ledger.CallRecord, at stage) {
	c.ended.Add(1)
	switch {
	case at.withAgent():
		c.answered.Add(1)
	case at == stageQueue && record.EndedBy == ledger.ByCaller:
		c.abandoned.Add(1)
	}
}

// Stats gives the present numbers.
func (c *Center) Stats() Stats {
	ended := c.counters.ended.Load()
	offered := c.counters.offered.Load()
	c.mu.Lock()
	sessions, draining := len(c.sessions), c.draining
	c.mu.Unlock()
	stats := Stats{
		Calls: int(offered - ended), Sessions: sessions, Draining: draining,
		Offered: offered, Refused: c.counters.refused.Load(),
		Answered: c.counters.answered.Load(), Abandoned: c.counters.abandoned.Load(),
		Unjournaled: c.router.unwritten.Load(), Agents: map[acd.AgentState]int{},
	}
	if queues := c.router.queues.Load(); queues != nil {
		for _, queue := range *queues {
			stats.Queues = append(stats.Queues, QueueStats{Queue: queue.Queue, Waiting: queue.Waiting, Longest: queue.Longest})
		}
	}
	if agents := c.router.agents.Load(); agents != nil {
		for _, agent := range *agents {
			stats.Agents[agent.State]++
		}
	}
	return stats
}
