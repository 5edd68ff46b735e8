package call

import (
	"sync/atomic"
	"time"

	"careline/acd"
)

// Stats is a snapshot for metrics and readiness. It names no caller.
type Stats struct {
	// Calls with a caller on the line; Sessions counts wrap-ups too.
	Calls    int
	Sessions int
	Draining bool
	// Since the start: Offered calls were taken; Refused were not; Answered
	// reached an agent; Abandoned hung up in line before any did.
	Offered, Refused, Answered, Abandoned uint64
	// Messages were left; VoicesLost were said and could not be kept: somebody must look.
	Messages, VoicesLost uint64
	// Surveyed counts the answers of surveys.
	Surveyed []SurveyStats
	// Unrecorded calls are on lines that are recorded, but weren't, or not whole.
	Unrecorded uint64
	// Escalated callers are urgent; of those, EscalatedLate waited longer than the target
	// and OnCallTook were taken by somebody on call.
	Escalated, EscalatedLate, OnCallTook uint64
	// Unjournaled counts events that took effect though they could not be journaled.
	Unjournaled uint64
	Queues      []QueueStats
	// Sound of the legs that were in calls, by leg and way.
	Sound []SoundStats
	// Agents by state.
	Agents map[acd.AgentState]int
}

// QueueStats is one line of waiting callers.
type QueueStats struct {
	Queue   string
	Waiting int
	Longest time.Duration
}

// SurveyStats is how often a survey's question was answered so.
type SurveyStats struct {
	Survey, Question string
	Answer           int
	Count            uint64
}

type counters struct {
	offered, refused, answered, abandoned atomic.Uint64
	messages, voicesLost                  atomic.Uint64
	surveys                               surveyCounters
	escalated, escalatedLate, onCallTook  atomic.Uint64
	sound                                 soundCounters
	// unrecorded calls are on lines that are recorded.
	unrecorded atomic.Uint64
}

// Stats gives the present numbers.
func (c *Center) Stats() Stats {
	c.mu.Lock()
	calls, sessions, draining := c.callers, len(c.sessions), c.draining
	c.mu.Unlock()
	stats := Stats{
		Calls: calls, Sessions: sessions, Draining: draining,
		Offered: c.counters.offered.Load(), Refused: c.counters.refused.Load(),
		Answered: c.counters.answered.Load(), Abandoned: c.counters.abandoned.Load(), Unrecorded: c.counters.unrecorded.Load(),
		Escalated: c.counters.escalated.Load(), EscalatedLate: c.counters.escalatedLate.Load(), OnCallTook: c.counters.onCallTook.Load(),
		Unjournaled: c.router.unwritten.Load(), Agents: map[acd.AgentState]int{},
		Sound:    c.counters.sound.stats(),
		Messages: c.counters.messages.Load(), VoicesLost: c.counters.voicesLost.Load(), Surveyed: c.counters.surveys.stats(),
	}
	if lines := c.router.lines.Load(); lines != nil {
		since := c.now().Sub(lines.at) // nobody came or went meanwhile
		for _, queue := range lines.queues {
			one := QueueStats{Queue: queue.Queue, Waiting: queue.Waiting, Longest: queue.Longest}
			if one.Waiting > 0 {
				one.Longest += since
			}
			stats.Queues = append(stats.Queues, one)
		}
	}
	for _, device := range c.devices {
		stats.Agents[device.agentState()]++
	}
	return stats
}
