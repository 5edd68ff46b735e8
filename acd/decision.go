package acd

import "time"

// A Decision is something to be done. The concrete types below are all there are.
type Decision interface{ decision() }

// Offer means: ring this agent for this contact. It ends by an OfferRefused or
// OfferAccepted event, or by a Withdraw decision.
type Offer struct {
	ID      OfferID
	Agent   AgentID
	Contact ContactID
	Queue   string
	// Waited is the contact's time in line, without talk before an agent dropped.
	Waited time.Duration
	// Ring is how long to ring.
	Ring time.Duration
	// Reasons say why this agent and why this contact, for a supervisor.
	Reasons []string
	// Considered lists who else serves the queue and is signed in, and why not
	// they, sorted by agent: at most MaxConsidered, those who were free first.
	Considered []Considered `json:",omitempty"`
	// Unlisted is how many more were not chosen than Considered has room for.
	Unlisted int `json:",omitempty"`
}

// Considered is one agent who was not chosen, and why.
type Considered struct {
	Agent AgentID
	Why   string
}

// Withdraw means: stop ringing at once; the contact left, the ring's time ran out, or the agent signed out.
type Withdraw struct {
	Offer OfferID
	Agent AgentID
	Why   string
}

// AgentChanged means: the agent's state is now this. Sent for each change.
type AgentChanged struct {
	Agent  AgentID
	State  AgentState
	Reason string
	// Contact that the state is about, if any.
	Contact ContactID
	Since   time.Time
	// Until is when the state ends by itself (wrap-up, ring); zero if it doesn't.
	Until time.Time
}

// LeaveQueue means: the contact can't stay in line; the flow goes on by this edge. The
// engine has forgotten the contact: no ContactLeft follows, and it may arrive anew.
type LeaveQueue struct {
	Contact ContactID
	Why     QueueExit
}

// QueueExit is a way out of a queue other than an agent.
type QueueExit string

const (
	// ExitTimeout: WaitLimit reached.
	ExitTimeout QueueExit = "timeout"
	// ExitFull: QueueLimit reached on arrival.
	ExitFull QueueExit = "full"
	// ExitUnknownQueue: no such queue in the present rules.
	ExitUnknownQueue QueueExit = "unknown_queue"
	// ExitNobody: no agent in the rules, signed in or not, could lawfully take
	// it: none serves the queue, none holds the license for the caller's state
	// today, or none speaks a language that is required.
	ExitNobody QueueExit = "nobody_qualified"
	// ExitGivenUp: a callback was tried as often as the queue's rules say.
	ExitGivenUp QueueExit = "given_up"
	// ExitExpired: the hours in which a callback could be made are over.
	ExitExpired QueueExit = "expired"
)

// Requeued means: the contact is back in line at its old place, after an offer
// that failed or an agent who was lost.
type Requeued struct {
	Contact ContactID
	// Cause is for records and counts, Why for people.
	Cause RefuseCause
	Why   string
}

// Dial means: call who asked for this callback; nobody is reserved for it meanwhile. It
// ends by CallbackReached or CallbackMissed.
type Dial struct {
	Contact ContactID
	Queue   string
	// Waited since the callback was asked for.
	Waited  time.Duration
	Reasons []string
}

// Parked means: this callback may not be made before Until, and stands aside.
type Parked struct {
	Contact  ContactID
	Attempts int // so far
	Until    time.Time
}

// Wake means: send Woke at this time. Each Step that needs one says so anew; only the
// earliest outstanding matters.
type Wake struct{ At time.Time }

// Refused means: the event was illegal in the present state and changed nothing.
// It is logged loudly, never ignored.
type Refused struct {
	Event string
	Why   string
}

func (Offer) decision()        {}
func (Withdraw) decision()     {}
func (AgentChanged) decision() {}
func (LeaveQueue) decision()   {}
func (Requeued) decision()     {}
func (Dial) decision()         {}
func (Parked) decision()       {}
func (Wake) decision()         {}
func (Refused) decision()      {}

// AgentState is where an agent is.
type AgentState string

const (
	SignedOut AgentState = "signed_out"
	Available AgentState = "available"
	Offered   AgentState = "offered"
	// Connecting: accepted, not joined yet.
	Connecting AgentState = "connecting"
	Talking    AgentState = "talking"
	Holding    AgentState = "holding"
	WrapUp     AgentState = "wrap_up"
	Away       AgentState = "away"
)
