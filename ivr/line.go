package ivr

import (
	"fmt"
	"io"
	"time"

	"careline/phi"
)

// Line is the call as a running flow sees it. Every method returns at once;
// what comes of it arrives later through the Run's methods, in the same
// goroutine, so a Run needs no lock and a simulation needs no phone.
type Line interface {
	// Play replaces whatever plays. When it has played to its end, the line
	// calls Run.Played with the same ID; a replaced or stopped one says nothing.
	Play(playback Playback)
	StopPlaying()
	// SetTimer asks for Run.TimerFired(id) after d; a timer set again begins anew.
	SetTimer(id TimerID, d time.Duration)
	StopTimer(id TimerID)
	// Verify checks a claim; Run.Verified brings the outcome.
	Verify(claim Claim)
	// Queue puts the call in line; Run.LeftQueue says if it left without an
	// agent. Nothing comes while it waits or if an agent takes it, unless the
	// request says that the flow goes on after.
	Queue(request QueueRequest)
	// Transfer hands the caller to a number outside; Run.Transferred says what came of
	// it. Nothing comes if the call ends there.
	Transfer(request TransferRequest)
	// HangUp ends the call; the run is over.
	HangUp(reason string)
	// Entered notes that a step was entered: the path that the agent sees.
	Entered(step StepName)
	// Took notes each edge that is taken, before the step that it leads to is
	// entered: inline steps too, and the flow's start (an edge from no step).
	Took(edge EdgeName)
	// Refused notes that the run kept a value from a caller or an agent who must
	// not have it. The checker proves that it never happens. The reason names
	// steps and variables, never what is in them.
	Refused(reason string)
	// Record begins the call's recording again, or ends it, as callers may wish
	// (DOMAIN.md §7). On a line that isn't recorded nothing comes of it.
	Record(on bool)
	// Now is the wall clock, for hours and dates.
	Now() time.Time
	// ReadFact reads a verified member's fact ("next_visit", "plan_year") beside
	// the call's goroutine; Run.FactRead brings it. The line holds the
	// verification, checks that it still stands, and audits the reading.
	ReadFact(name string)
	// LookUp asks a service outside, beside the call's goroutine; Run.LookedUp brings
	// the answer. The line reads the facts itself, as ReadFact does, and takes
	// down what is told to whom.
	LookUp(request LookUpRequest)
	// RecordCaller records what the caller says, after a tone; Run.Recorded brings what came
	// of it. StopRecording ends it now.
	RecordCaller(request RecordRequest)
	StopRecording(id int)
	// PlayRecording plays what was recorded to the caller, as Play does.
	PlayRecording(id, playback int)
	// KeepRecording keeps what was recorded; Run.Kept says whether it is kept.
	// DropRecording forgets it, whether it has ended or not.
	KeepRecording(id int)
	DropRecording(id int)
	// SurveyAnswered keeps an answer, beside the call's goroutine.
	SurveyAnswered(answer SurveyAnswer)
	// CallingNumber is the ten digits of the caller's number, if it is one of North
	// America's and may be called; empty otherwise. It is a hint, never a factor.
	CallingNumber() phi.Digits
	// MayCall reports whether ten digits may be called.
	MayCall(number phi.Digits) bool
	// CallBack keeps a callback, beside the call's goroutine; Run.CalledBack brings
	// what became of it. Once it is kept, a caller in line has left it.
	CallBack(request CallBackRequest)
}

// CallBackRequest asks for a callback.
type CallBackRequest struct {
	// Queue is the line that it is for; nothing is heard there.
	Queue QueueRequest
	// Number has ten digits.
	Number phi.Digits
	// Wording is the version of the words that the caller agreed to.
	Wording string
}

// CallBackOutcome is what became of a callback that was asked for.
type CallBackOutcome string

const (
	CallBackKept CallBackOutcome = "kept"
	// CallBackAlready: the number has an open callback.
	CallBackAlready CallBackOutcome = "already"
	// CallBackFailed: it could not be kept.
	CallBackFailed CallBackOutcome = "failed"
)

// StepName names a step for people and records.
type StepName struct {
	Flow string
	Step string
	// Label is what the admin calls it, for the agent's screen; Step if none is given.
	Label string
}

// EdgeName names a way on for tests, figures and drawings. It says nothing of the
// caller.
type EdgeName struct {
	// Flow and From name the step that is left; From is empty at a call's beginning.
	Flow, From string
	// Via is the admin's word for the way: "next", "no_input", `choice "1"`.
	Via string
	// ToFlow and To name the step that is entered.
	ToFlow, To string
}

// TimerID names a timer of a run.
type TimerID string

// Prompt is one recorded piece in one language, such as {"es-US", "welcome"} or
// {"en-US", "digits/4"}.
type Prompt struct {
	Language string
	Name     string
}

// Playback is a row of prompts played one after another.
type Playback struct {
	// ID is unique within the run, from 1.
	ID      int
	Prompts []Prompt
	// Sensitive: the row tells something of the member; it is not logged.
	Sensitive bool
}

// Claim is what a caller says of herself to be verified.
type Claim struct {
	// Attempt counts from 1.
	Attempt int
	// Role that she claims.
	Role     Role
	MemberID phi.Digits
	// MBIKeys in its place: the keys of the Medicare number, one for each place.
	MBIKeys     phi.Digits
	DateOfBirth phi.Digits // MMDDYYYY as keyed in
	// What a representative says of herself, and a provider.
	PIN, OwnBorn, Authorization phi.Digits
	NPI, TIN                    phi.Digits
}

// VerifyOutcome is what the verifier said.
type VerifyOutcome string

const (
	Verified VerifyOutcome = "verified"
	// NotVerified: the claim failed; another attempt may be made.
	NotVerified VerifyOutcome = "not_verified"
	// LockedOut: too many failures; no further attempt is heard (DOMAIN.md §4).
	LockedOut VerifyOutcome = "locked_out"
)

// LookUpRequest asks a service outside.
type LookUpRequest struct {
	// ID is unique within the run, from 1.
	ID   int
	Name string
	// Values by the look-up's names for them.
	Values map[string]phi.String
	// Facts of the verified member, by the look-up's names for them.
	Facts map[string]string
}

// LookUpOutcome is how a look-up went.
type LookUpOutcome string

const (
	// Found: every field that the look-up gives is there.
	Found LookUpOutcome = "found"
	// NothingFound: the service answered that it has none.
	NothingFound LookUpOutcome = "missing"
	// LookUpFailed: there is no answer, or none that can be used.
	LookUpFailed LookUpOutcome = "failed"
)

// LookUpAnswer is what came of a look-up. It prints as a mask.
type LookUpAnswer struct {
	Outcome LookUpOutcome
	// Fields by name, with Found: numbers as "3", truths as "true", days as
	// YYYY-MM-DD, money as "12.50".
	Fields map[string]string
}

// Format prints the mask for every verb.
func (LookUpAnswer) Format(state fmt.State, _ rune) { io.WriteString(state, phi.Mask) }

// QueueRequest puts the call in line.
type QueueRequest struct {
	Queue    string
	Skills   map[string]int
	Priority int
	// Language of the call so far.
	Language string
	// State where the caller is, two letters; empty if not asked.
	State string
	// Credential required besides the queue's own; empty for none.
	Credential string
	// Reason is the flow's variable "reason", for the agent's screen.
	Reason string
	Hold   Hold
	// After: the flow goes on when the agent hangs up and the caller stays.
	After bool
	// OfferAfter: who has waited so long leaves by ExitOffer, once in a call, and keeps
	// the place in line until the flow goes on elsewhere; 0 for never.
	OfferAfter time.Duration
	// Urgent makes of the wait a part of a clinical escalation; nil for others.
	Urgent *Urgent
}

// Hold is what a waiting caller hears.
type Hold struct {
	// Music names a file of the music folder; it loops.
	Music string
	// Every so often Announce is played over the music; zero for never.
	Every time.Duration
	// Announce gives the row for a caller at this place in line (from 1; 0 if
	// not known); nil for none.
	Announce func(position int) []Prompt
}

// QueueExit says by which edge a call left the queue without an agent.
type QueueExit string

const (
	ExitTimeout QueueExit = "timeout"
	ExitFull    QueueExit = "full"
	// ExitOffer: a callback is offered. The place in line is kept; Run.Taken says if an
	// agent takes the call meanwhile.
	ExitOffer QueueExit = "callback"
	// ExitUnavailable: nobody could ever serve it: no such queue, no qualified agent.
	ExitUnavailable QueueExit = "unavailable"
	// ExitAfter: an agent had the call and hung up first; it comes only where
	// QueueRequest.After is set.
	ExitAfter QueueExit = "after"
)
