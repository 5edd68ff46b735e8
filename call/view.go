package call

import (
	"errors"
	"time"

	"careline/acd"
	"careline/phi"
	"careline/sip"
)

// AgentView is all that an agent's screen shows, as one value: the desk pushes
// it whole on every change, so a page that reloads or reconnects is right again
// with the first message.
type AgentView struct {
	Agent acd.AgentID
	Name  string
	State acd.AgentState
	// Reason of Away: "lunch", "break", "no_answer"…
	Reason string
	// Since is when the state began; Until when it ends by itself (ring,
	// wrap-up), zero if it doesn't.
	Since time.Time
	Until time.Time
	// NextState is what the agent asked for during a call: Available, Away or "" .
	NextState acd.AgentState
	// MediaConnected: the browser's sound path stands. Without it the agent is
	// offered nothing.
	MediaConnected bool
	// Phone is the agent's desk phone; nil for none. Where it is used,
	// MediaConnected says that it is registered.
	Phone *PhoneView
	// Muted as the server sees it.
	Muted bool
	// Transfers: the agent may transfer callers.
	Transfers bool
	// Draining: the server is going down; no new calls come.
	Draining bool
	// Supervision is the call that a supervisor takes part in; nil for none.
	Supervision *SupervisionView
	// Call is what is offered, talked or wrapped up; nil when idle.
	Call *CallView
	// AwayReasons, Dispositions to choose from, as configured.
	AwayReasons  []string
	Dispositions []string
}

// CallView is what an agent may know of a call (minimum necessary, 45 CFR 164.502(b)).
type CallView struct {
	ID    string
	Offer acd.OfferID
	Queue string
	Line  string
	// Language as a BCP 47 tag.
	Language string
	// Reason is what the flow set as "reason".
	Reason string
	// State where the caller is, on clinical calls.
	State string
	// Verification: "verified", "not_verified", "locked_out" or "none".
	Verification string
	// Role of a verified caller: "self", "representative" or "provider"; Basis is by what
	// right she is told of the member, Scope of what, Until when her right ends (zero:
	// no end is known). See member.Authority.
	Role, Basis string
	Scope       []string
	Until       time.Time
	// MemberName is set only when verified. The desk reveals it, audited, to
	// the agent who has the offer or the call.
	MemberName phi.String
	// MemberToken names the member in the audit.
	MemberToken string
	// Path is the labels of the steps that the caller took in the IVR.
	Path []string
	// Arrived in the queue at; Answered by the agent at (zero before).
	Arrived  time.Time
	Answered time.Time
	// Held: the caller is on hold. CallerGone: the caller hung up (wrap-up).
	Held       bool
	CallerGone bool
	// Transfer is how far a transfer is: "calling", "ringing", or "" for none.
	// TransferFailed is why the last one of this talk failed: "busy", "declined",
	// "no_answer" or "unreachable".
	Transfer, TransferFailed string
	// Third is how far a call to somebody beside the caller is: "calling", "ringing",
	// "answered" (the agent speaks with the third alone), "together" (a conference), or
	// "" for none. TransferFailed is also why the last one failed.
	Third string
	// Callback is how far a callback is: "offered", "calling" or "answered" (by somebody
	// who isn't put through yet), "" once they talk, and for any other call.
	// CallbackAsked is when it was asked for; zero for any other call.
	Callback      string
	CallbackAsked time.Time
	// AskedBy is the colleague who asks this agent about the caller; the caller hears
	// music until Third is "together".
	AskedBy string
	// Supervisors are in the call, of those that the site shows.
	Supervisors []SupervisorView
	// Transferred: the caller is gone from this agent, and talks or waits elsewhere.
	Transferred bool
	// Reconnecting: the agent's own sound is away; the caller hears music.
	Reconnecting bool
	// Reasons of the engine for this offer.
	Reasons []string
	// Recording says whether the call is recorded, to the agent who has it.
	Recording RecordingView
	// Disposition as chosen so far, in wrap-up or before.
	Disposition string
	// Sound is how the two hear each other now; nil while they don't talk.
	Sound *SoundView

	talk *talkSound // what Sound is measured on
}

// Command is what an agent does. Kind is one of the constants; the other
// fields belong to the kinds that say so.
type Command struct {
	Kind CommandKind
	// State and Reason: for SetState (acd.Available, or acd.Away with a reason).
	State  acd.AgentState
	Reason string
	// Offer: for Accept and Decline; an offer that is gone is ErrOfferGone.
	Offer acd.OfferID
	// On: for Hold, Mute, UsePhone and PauseRecording.
	On bool
	// Digit: for SendDigit, one of "0123456789*#".
	Digit string
	// CallerState is where the caller says to be, two letters: for Consult, where a nurse
	// is asked; empty keeps what is known.
	CallerState string
	// Disposition: for SetDisposition and FinishWrapUp.
	Disposition string
	// Number: for Transfer and Consult; where to: a number, or for Transfer a
	// colleague's name or extension.
	Number Number
}

// Number is a telephone number to dial. It is PHI, and prints as •••.
type Number = sip.Number

// NewNumber takes a number as it was typed.
func NewNumber(text string) Number { return sip.NewNumber(text) }

// CommandKind names a Command.
type CommandKind string

const (
	SetState  CommandKind = "set_state"
	Accept    CommandKind = "accept"
	Decline   CommandKind = "decline"
	HangUp    CommandKind = "hang_up"
	Hold      CommandKind = "hold"
	Mute      CommandKind = "mute"
	SendDigit CommandKind = "send_digit"
	// PauseRecording leaves what is said out of the recording (On), or takes it in again;
	// a pause ends by itself after three minutes, and with the agent's part in the call.
	// ErrNotRecorded where the call isn't recorded.
	PauseRecording CommandKind = "pause_recording"
	// UsePhone moves the agent's calls to the desk phone (On) or back to the
	// browser: ErrNoPhone, ErrPhoneAway, or ErrInCall.
	UsePhone CommandKind = "use_phone"
	// Transfer calls a number for the caller, who hears music meanwhile; the agent
	// may hang up. CancelTransfer takes the caller back.
	Transfer       CommandKind = "transfer"
	CancelTransfer CommandKind = "cancel_transfer"
	// Consult calls a number beside the caller, who is on hold meanwhile. Then
	// BringTogether makes a conference of the three, Leave lets the agent go while the
	// others talk on, DropThird hangs the number up.
	Consult        CommandKind = "consult"
	BringTogether  CommandKind = "bring_together"
	Leave          CommandKind = "leave"
	DropThird      CommandKind = "drop_third"
	SetDisposition CommandKind = "set_disposition"
	FinishWrapUp   CommandKind = "finish_wrap_up"
	ExtendWrapUp   CommandKind = "extend_wrap_up"
	// SignOut ends the agent's turn at once: no grace for a reload. Refused
	// with ErrInCall while a call is up.
	SignOut CommandKind = "sign_out"
)

// Errors that the desk shows to the agent.
var (
	ErrUnknownAgent = errors.New("call: no such agent in the configuration")
	ErrOfferGone    = errors.New("call: the offer is gone: the caller hung up or the ring ended")
	ErrNoCall       = errors.New("call: there is no call to do this with")
	ErrDisplaced    = errors.New("call: signed in at another window")
	ErrDraining     = errors.New("call: the server is shutting down")
	ErrBadCommand   = errors.New("call: that can't be done now")
	ErrInCall       = errors.New("call: end the call first")
	ErrNoSound      = errors.New("call: the sound is not connected yet: allow the microphone and wait for the connection")
	ErrNoPhone      = errors.New("call: the agent has no desk phone; phones.yaml gives one")
	ErrPhoneAway    = errors.New("call: the desk phone is not registered")
	ErrNotAllowed   = errors.New("call: the dial plan doesn't allow this number; dialplan.yaml does")
	ErrNoNumber     = errors.New("call: that isn't a telephone number")
	ErrNoTrunk      = errors.New("call: no line to the outside is free")
	ErrNoTransfers  = errors.New("call: transfers are off; sip.transfers switches them on")
	ErrNotFree      = errors.New("call: the colleague isn't free")
	ErrMayNotTake   = errors.New("call: the colleague may not take this call: by license, language or queue")
	ErrAnswerPhone  = errors.New("call: answer on the desk phone")
	ErrNoTalk       = errors.New("call: no agent talks in this call, or it is the supervisor's own")
	ErrNoState      = errors.New("call: agents there are licensed by state; say where the caller is")
	ErrNotAudited   = errors.New("call: what must be in the audit can't be written there")
	ErrNotRecorded  = errors.New("call: the call isn't recorded")
	ErrNoCallback   = errors.New("call: there is no such open callback")
	ErrBusy         = errors.New("call: too much at once; try again")
)
