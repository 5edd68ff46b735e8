package acd

import "time"

// An Event is something that happened. It is a plain, serialisable value: the
// journal keeps it, replay feeds it again (contract 3). The concrete types
// below are all there are.
type Event interface{ event() }

// Started means: the process began anew, and nobody whom the engine knew is
// there any more. It is the first event of each run in a journal, so that one
// replay goes through all runs; RulesLoaded follows it.
type Started struct{}

// RulesLoaded replaces the rules.
type RulesLoaded struct{ Rules Rules }

// AgentSignedIn means: the agent has a device that can take calls. The agent starts as Away with reason "signed_in" and goes Available by AgentSet.
type AgentSignedIn struct{ Agent AgentID }

// AgentSignedOut means: the agent left, or the device vanished for good.
type AgentSignedOut struct{ Agent AgentID }

// AgentSet means: the agent asks for Available or Away with a reason. During a call
// or wrap-up it takes effect afterwards.
type AgentSet struct {
	Agent  AgentID
	State  AgentState // Available or Away
	Reason string     // for Away
}

// ContactArrived means: a contact enters a queue.
type ContactArrived struct {
	Contact Contact
}

// Contact is what the engine knows of a call that waits. It holds no PHI.
type Contact struct {
	ID    ContactID
	Queue string
	// Priority is added to the queue's.
	Priority int
	// Skills wanted besides the queue's.
	Skills map[string]int
	// Language as a BCP 47 tag.
	Language string
	// State where the caller is, two letters, as the caller said it. A queue
	// with a credential can't be served without it.
	State string
	// Credential required besides the queue's.
	Credential CredentialType
	// Verified says whether the caller's identity is established.
	Verified bool
	// Since is when the call's waiting counts from (time before the queue may count).
	Since time.Time
	// Returned: an agent had the call. It goes to the head of its line, whatever
	// QueueLimit says.
	Returned bool `json:",omitempty"`
	// Clinical: it goes before every contact that isn't, in whichever line, and no line
	// is too full for it (DOMAIN.md §5).
	Clinical bool `json:",omitempty"`
	// HandedTo is whom another agent hands the contact to by name: who is free and
	// meets what never relaxes is offered it at once, and nobody in line is passed
	// over by that, since none of them fits a free agent. Otherwise, and after an
	// offer that failed, it waits like any other.
	HandedTo AgentID `json:",omitempty"`
}

// ContactLeft means: the caller hung up, or the call left the queue by another way.
// It is accepted at any moment from arrival to the end of talk.
type ContactLeft struct {
	Contact ContactID
	Reason  LeaveReason
}

// LeaveReason says why a contact left.
type LeaveReason string

const (
	// Abandoned: the caller hung up while waiting or ringing.
	Abandoned LeaveReason = "abandoned"
	// Ended: the talk is over, whoever ended it.
	Ended LeaveReason = "ended"
	// Moved: the flow took the call elsewhere.
	Moved LeaveReason = "moved"
	// Failed: something broke; the call ended.
	Failed LeaveReason = "failed"
	// Cancelled: somebody took a callback back.
	Cancelled LeaveReason = "cancelled"
)

// OfferAccepted means: the agent took the offer. Talk begins with TalkStarted.
type OfferAccepted struct{ Offer OfferID }

// OfferRefused means: the agent declined, was busy or unreachable, or the ring's time
// ran out. Each has its own consequence (DOMAIN.md §10.4).
type OfferRefused struct {
	Offer OfferID
	Cause RefuseCause
}

// RefuseCause tells four different things apart.
type RefuseCause string

const (
	Declined    RefuseCause = "declined"
	Busy        RefuseCause = "busy"
	Unreachable RefuseCause = "unreachable"
	// NoAnswer (RONA) takes the agent out of rotation: Away, reason "no_answer".
	NoAnswer RefuseCause = "no_answer"
)

// The other causes for which a contact comes back to its line. The engine gives
// them; an OfferRefused can't.
const (
	ConnectionLost RefuseCause = "connection_lost"
	AgentLeft      RefuseCause = "signed_out"
	RulesChanged   RefuseCause = "rules_changed"
	// CalleeThere: who asked for a callback was called, and waits on the line now.
	CalleeThere RefuseCause = "callee_there"
)

// TalkStarted means: both sides are joined.
type TalkStarted struct{ Offer OfferID }

// HoldChanged means: the agent put the caller on hold (On) or took the caller back.
type HoldChanged struct {
	Agent AgentID
	On    bool
}

// AgentDropped means: the agent who accepted vanished (before the join or in talk).
// The contact goes back to the head of its line (DOMAIN.md §10.5).
type AgentDropped struct{ Agent AgentID }

// WrapUpDone means: the agent closed the wrap-up before its time.
type WrapUpDone struct{ Agent AgentID }

// WrapUpExtended means: the agent asked for more time.
type WrapUpExtended struct {
	Agent AgentID
	By    time.Duration
}

// CallbackAsked means: somebody wants to be called back. It comes again after
// Started for each callback that was open then.
type CallbackAsked struct{ Callback Callback }

// CallbackReached means: who asked for a callback was called and is there, a person.
// From now on the callback is a contact like any other.
type CallbackReached struct{ Contact ContactID }

// CallbackMissed means: an attempt at a callback is over, and nobody was reached.
type CallbackMissed struct {
	Contact ContactID
	Cause   MissCause
}

// Woke means: a time asked for by Wake has come. The engine looks what is due.
type Woke struct{}

func (Started) event()         {}
func (RulesLoaded) event()     {}
func (AgentSignedIn) event()   {}
func (AgentSignedOut) event()  {}
func (AgentSet) event()        {}
func (ContactArrived) event()  {}
func (ContactLeft) event()     {}
func (OfferAccepted) event()   {}
func (OfferRefused) event()    {}
func (TalkStarted) event()     {}
func (HoldChanged) event()     {}
func (AgentDropped) event()    {}
func (WrapUpDone) event()      {}
func (WrapUpExtended) event()  {}
func (CallbackAsked) event()   {}
func (CallbackReached) event() {}
func (CallbackMissed) event()  {}
func (Woke) event()            {}
