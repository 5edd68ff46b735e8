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
	// stageWrapUp: the caller is gone; the agent's work after the call goes on.
	stageWrapUp
	// stageOver: all that is left is to release and to keep the record.
	stageOver
)

// transitions says which stage may follow which. Whatever else is asked for is
// refused and logged: it would be a mistake of ours.
var transitions = map[stage][]stage{
	stageRinging: {stageFlow, stageOver},
	stageFlow:    {stageQueue, stageOver},
	stageQueue:   {stageFlow, stageTalk, stageOver},
	stageTalk:    {stageHold, stageQueue, stageFlow, stageWrapUp, stageOver},
	stageHold:    {stageTalk, stageQueue, stageFlow, stageWrapUp, stageOver},
	stageWrapUp:  {stageOver},
	stageOver:    {},
}

func (s stage) mayBecome(next stage) bool { return slices.Contains(transitions[s], next) }

// withAgent reports whether an agent has the caller.
func (s stage) withAgent() bool { return s == stageTalk || s == stageHold }

// String names the stage for logs.
func (s stage) String() string {
	return [...]string{"ringing", "flow", "queue", "talk", "hold", "wrap_up", "over"}[s]
}
