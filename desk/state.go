package desk

import (
	"time"

	"careline/acd"
	"careline/call"
)

// screen is the state as the page gets it: whole, in one message. Times are
// RFC 3339 in UTC; Now lets the page reckon with a browser clock that is off.
type screen struct {
	Now        time.Time      `json:"now"`
	User       string         `json:"user"`
	Agent      string         `json:"agent"`
	Name       string         `json:"name"`
	Role       Role           `json:"role"`
	State      acd.AgentState `json:"state"`
	Reason     string         `json:"reason,omitempty"`
	Since      time.Time      `json:"since,omitzero"`
	Until      time.Time      `json:"until,omitzero"`
	NextState  acd.AgentState `json:"next_state,omitempty"`
	Media      bool           `json:"media_connected"`
	Phone      *phoneScreen   `json:"phone,omitempty"`
	Muted      bool           `json:"muted"`
	Draining   bool           `json:"draining"`
	Transfers  bool           `json:"transfers"`
	SignOutAt  time.Time      `json:"sign_out_at,omitzero"`
	SignOutFor endReason      `json:"sign_out_for,omitempty"`
	Call       *callScreen    `json:"call,omitempty"`
	// Supervision is the call that a supervisor takes part in.
	Supervision *supervisionScreen `json:"supervision,omitempty"`
	AwayReason  []string           `json:"away_reasons"`
	Disposals   []string           `json:"dispositions"`
}

// phoneScreen is the agent's desk phone; absent for who has none.
type phoneScreen struct {
	Name       string `json:"name"`
	Registered bool   `json:"registered"`
	Used       bool   `json:"used"`
}

// callScreen is the caller's card. Name is in it only when NameStatus is "shown".
type callScreen struct {
	ID           string      `json:"id"`
	Offer        acd.OfferID `json:"offer"`
	Queue        string      `json:"queue"`
	Line         string      `json:"line"`
	Language     string      `json:"language"`
	Reason       string      `json:"reason"`
	State        string      `json:"state,omitempty"`
	Verification string      `json:"verification"`
	// Role of a verified caller, by what right she is told of the member, of what, and
	// until when.
	Role       string     `json:"role,omitempty"`
	Basis      string     `json:"basis,omitempty"`
	Scope      []string   `json:"scope,omitempty"`
	Until      time.Time  `json:"until,omitzero"`
	Name       string     `json:"name,omitempty"`
	NameStatus nameStatus `json:"name_status,omitempty"`
	Path       []string   `json:"path"`
	Arrived    time.Time  `json:"arrived,omitzero"`
	Answered   time.Time  `json:"answered,omitzero"`
	Held       bool       `json:"held"`
	CallerGone bool       `json:"caller_gone"`
	// Transfer is calling, ringing or absent; TransferFailed why the last one did.
	Transfer       string `json:"transfer,omitempty"`
	TransferFailed string `json:"transfer_failed,omitempty"`
	Transferred    bool   `json:"transferred,omitempty"`
	// Third is calling, ringing, answered, together or absent.
	Third       string             `json:"third,omitempty"`
	Supervisors []supervisorScreen `json:"supervisors,omitempty"`
	// AskedBy is the colleague who asks this agent about the caller.
	AskedBy     string   `json:"asked_by,omitempty"`
	Reasons     []string `json:"reasons,omitempty"`
	Disposition string   `json:"disposition,omitempty"`
	// Callback is offered, calling or answered while the caller who asked to be called
	// isn't with the agent yet; CallbackAsked is when that was asked, of any callback.
	Callback      string    `json:"callback,omitempty"`
	CallbackAsked time.Time `json:"callback_asked,omitzero"`
	// Recording is on, paused, or absent where the call isn't recorded.
	Recording call.RecordingView `json:"recording,omitempty"`
	// Sound is how the talk sounds; absent while there is none.
	Sound *soundScreen `json:"sound,omitempty"`
}

// inCall reports whether an agent in this state is at work on a call: such an
// agent is never signed off for idleness.
func inCall(state acd.AgentState) bool {
	switch state {
	case acd.Offered, acd.Connecting, acd.Talking, acd.Holding, acd.WrapUp:
		return true
	case acd.SignedOut, acd.Available, acd.Away:
		return false
	}
	return false
}

// screenOf makes the page's state of the Center's view; Now and SignOutAt are
// the caller's to fill.
func (d *Desk) screenOf(p *presence, user User, view call.AgentView) screen {
	s := screen{
		User:       user.Name,
		Role:       user.Role,
		Agent:      string(view.Agent),
		Name:       view.Name,
		State:      view.State,
		Reason:     view.Reason,
		Since:      view.Since.UTC(),
		Until:      view.Until.UTC(),
		NextState:  view.NextState,
		Media:      view.MediaConnected,
		Muted:      view.Muted,
		Draining:   d.draining.Load(),
		Transfers:  view.Transfers,
		AwayReason: orEmpty(view.AwayReasons),
		Disposals:  orEmpty(view.Dispositions),
	}
	s.Supervision = d.supervisionOf(view.Supervision)
	if phone := view.Phone; phone != nil {
		s.Phone = &phoneScreen{Name: phone.Name, Registered: phone.Registered, Used: phone.Used}
	}
	name, status, start := p.names.look(view.Call, d.options.Now())
	if view.Call == nil {
		return s
	}
	if start {
		d.revealName(p, *view.Call)
	}
	c := view.Call
	s.Call = &callScreen{
		ID: c.ID, Offer: c.Offer, Queue: c.Queue, Line: c.Line,
		Language: c.Language, Reason: c.Reason, State: c.State,
		Verification: c.Verification, Role: c.Role, Basis: c.Basis, Scope: c.Scope, Until: c.Until, Name: name, NameStatus: status,
		Path: orEmpty(c.Path), Arrived: c.Arrived.UTC(), Answered: c.Answered.UTC(),
		Held: c.Held, CallerGone: c.CallerGone, Transfer: c.Transfer, TransferFailed: c.TransferFailed, Transferred: c.Transferred, Reasons: c.Reasons, Disposition: c.Disposition,
		Sound: soundScreenOf(c.Sound), Third: c.Third, AskedBy: c.AskedBy, Supervisors: supervisorsOf(c.Supervisors), Recording: c.Recording,
		Callback: c.Callback,
	}
	if !c.CallbackAsked.IsZero() {
		s.Call.CallbackAsked = c.CallbackAsked.UTC()
	}
	return s
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
