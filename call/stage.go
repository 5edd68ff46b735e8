package call

import "slices"

// stage is where a call is in its life.
type stage uint8

const (
	// stageRinging: the INVITE is here, the ACK isn't yet.
	stageRinging stage = iota
	// stageFlow: the script speaks with the caller.
	stageFlow
	// stageQueue: in line, perhaps while an agent rings.
	stageQueue
	// stageTalk: joined with an agent.
	stageTalk
	// stageHold: with an agent, who has put the caller on hold.
	stageHold
	// stageTransfer: somebody is being called for the caller, who hears music. The
	// agent may still be there, or have hung up already.
	stageTransfer
	// stageExternal: joined with a number outside; no agent has the caller.
	stageExternal
	// stageWrapUp: the caller is gone; the agent's work after the call goes on.
	stageWrapUp
	// stageOver: all that is left is to release and to keep the record.
	stageOver
)

// transitions says which stage may follow which. Whatever else is asked for is
// refused and logged: it would be a mistake of ours.
var transitions = map[stage][]stage{
	stageRinging: {stageFlow, stageQueue, stageOver}, // a callback waits first
	stageFlow:    {stageQueue, stageTalk, stageTransfer, stageWrapUp, stageOver},
	stageQueue:   {stageFlow, stageTalk, stageRinging, stageExternal, stageWrapUp, stageOver},
	stageTalk:    {stageHold, stageQueue, stageFlow, stageTransfer, stageWrapUp, stageOver},
	stageHold:    {stageTalk, stageQueue, stageFlow, stageTransfer, stageWrapUp, stageOver},
	// Back where it came from if nobody takes the caller.
	stageTransfer: {stageTalk, stageHold, stageQueue, stageFlow, stageExternal, stageWrapUp, stageOver},
	// The flow may go on after it, and an urgent caller is back in line where it breaks.
	stageExternal: {stageFlow, stageQueue, stageWrapUp, stageOver},
	stageWrapUp:   {stageOver},
	stageOver:     {},
}

func (s stage) mayBecome(next stage) bool { return slices.Contains(transitions[s], next) }

// withAgent reports whether an agent has the caller, and nobody else is called.
func (s stage) withAgent() bool { return s == stageTalk || s == stageHold }

// String names the stage for logs.
func (s stage) String() string {
	return [...]string{"ringing", "flow", "queue", "talk", "hold", "transfer", "external", "wrap_up", "over"}[s]
}
