package desk

import (
	"context"
	"errors"
	"strings"

	"careline/acd"
	"careline/call"
)

// message is what the page sends over the socket: a command, or
// {"kind":"activity"} when somebody touched the page.
type message struct {
	ID          int64            `json:"id"`
	Kind        call.CommandKind `json:"kind"`
	State       acd.AgentState   `json:"state"`
	Reason      string           `json:"reason"`
	Offer       acd.OfferID      `json:"offer"`
	On          bool             `json:"on"`
	Digit       string           `json:"digit"`
	Disposition string           `json:"disposition"`
	// Number to transfer to, or a colleague, as typed. It is PHI; nothing but the
	// Center gets it.
	Number string `json:"number"`
	// CallerState is where the caller is, of consult.
	CallerState string `json:"caller_state"`
	// Call and Mode: of supervise.
	Call string    `json:"call"`
	Mode call.Mode `json:"mode"`
}

const (
	// activity tells that the agent is at the page; it keeps the session.
	activity call.CommandKind = "activity"
	// alive asks for a reply, so that the page knows that the socket still
	// works; it keeps nothing.
	alive call.CommandKind = "alive"
)

// push is what the server sends: a state, or the answer to a message.
type push struct {
	Kind  string   `json:"kind"` // "state" or "reply"
	State *screen  `json:"state,omitempty"`
	ID    int64    `json:"id,omitempty"`
	Error *trouble `json:"error,omitempty"`
}

// trouble is an error as the page shows it: a code to decide on and a sentence
// for the agent.
type trouble struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

const maxWord = 200 // bytes of a reason, an offer or a disposition

// command checks a message before it goes to the Center.
func (m message) command() (call.Command, error) {
	if len(m.Reason) > maxWord || len(m.Offer) > maxWord || len(m.Disposition) > maxWord || len(m.Number) > maxWord || len(m.CallerState) > maxWord {
		return call.Command{}, call.ErrBadCommand
	}
	c := call.Command{Kind: m.Kind}
	switch m.Kind {
	case call.SetState:
		if m.State != acd.Available && m.State != acd.Away {
			return c, call.ErrBadCommand
		}
		c.State, c.Reason = m.State, m.Reason
	case call.Accept, call.Decline:
		c.Offer = m.Offer
	case call.Hold, call.Mute, call.UsePhone, call.PauseRecording:
		c.On = m.On
	case call.SendDigit:
		if len(m.Digit) != 1 || !strings.Contains("0123456789*#", m.Digit) {
			return c, call.ErrBadCommand
		}
		c.Digit = m.Digit
	case call.SetDisposition, call.FinishWrapUp:
		c.Disposition = m.Disposition
	case call.Transfer, call.Consult:
		if m.Number == "" {
			return c, call.ErrNoNumber
		}
		c.Number = call.NewNumber(m.Number)
		c.CallerState = strings.ToUpper(strings.TrimSpace(m.CallerState))
	case call.HangUp, call.ExtendWrapUp, call.CancelTransfer, call.BringTogether, call.Leave, call.DropThird:
	default:
		return c, call.ErrBadCommand
	}
	return c, nil
}

// troubleOf puts an error into words for the agent. What isn't known stays in
// the log: an error's text may hold what a page must not show.
func troubleOf(err error) *trouble {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, call.ErrOfferGone):
		return &trouble{"offer_gone", "The call has gone: the caller hung up, or it rang too long."}
	case errors.Is(err, call.ErrNoCall):
		return &trouble{"no_call", "There is no call to do this with any more."}
	case errors.Is(err, call.ErrDraining):
		return &trouble{"draining", "The server is shutting down; no new calls come."}
	case errors.Is(err, call.ErrDisplaced):
		return &trouble{"displaced", "You are signed in at another window."}
	case errors.Is(err, call.ErrUnknownAgent):
		return &trouble{"unknown_agent", "You aren't set up as an agent. Ask your administrator."}
	case errors.Is(err, call.ErrBadCommand):
		return &trouble{"bad_command", "That can't be done now."}
	case errors.Is(err, call.ErrInCall):
		return &trouble{"in_call", "End or decline the call first."}
	case errors.Is(err, call.ErrNoSound):
		return &trouble{"no_sound", "The sound isn't connected yet. Allow the microphone, wait for “Sound: connected”, then go available."}
	case errors.Is(err, call.ErrNoPhone):
		return &trouble{"no_phone", "You have no desk phone here. Ask your administrator for one."}
	case errors.Is(err, call.ErrPhoneAway):
		return &trouble{"phone_away", "Your desk phone isn't connected. Check its network cable and its password, then try again."}
	case errors.Is(err, call.ErrAnswerPhone):
		return &trouble{"on_phone", "Pick up your desk phone to answer."}
	case errors.Is(err, call.ErrNotAllowed):
		return &trouble{"not_allowed", "That number may not be called from here. Your administrator decides which may."}
	case errors.Is(err, call.ErrNotFree):
		return &trouble{"not_free", "That colleague isn't free just now. You still have the caller."}
	case errors.Is(err, call.ErrMayNotTake):
		return &trouble{"may_not_take", "That colleague may not take this call, by license, language or queue. You still have the caller."}
	case errors.Is(err, call.ErrNoNumber):
		return &trouble{"no_number", "That is neither a colleague nor a telephone number. Type a number with its area code, as in 202 555 0142."}
	case errors.Is(err, call.ErrNoTrunk):
		return &trouble{"no_trunk", "No line to the outside is free. Wait a moment and try again."}
	case errors.Is(err, call.ErrNoTransfers):
		return &trouble{"no_transfers", "Transfers are switched off here. Ask your administrator."}
	case errors.Is(err, errNotSupervisor):
		return &trouble{"not_supervisor", "Only supervisors may do this. Ask your administrator."}
	case errors.Is(err, call.ErrNoState):
		return &trouble{"no_state", "Ask where the caller is, and give the state: nurses may help by where the caller is."}
	case errors.Is(err, call.ErrNoTalk):
		return &trouble{"no_talk", "No agent talks with this caller just now. Try again when one does."}
	case errors.Is(err, call.ErrNotRecorded):
		return &trouble{"not_recorded", "This call isn't recorded, so there is nothing to pause."}
	case errors.Is(err, call.ErrNotAudited):
		return &trouble{"unrecorded", "That you listen can't be recorded, so you hear nothing. Tell your administrator."}
	case errors.Is(err, call.ErrBusy), errors.Is(err, errTooFast):
		return &trouble{"too_fast", "Too much at once. Wait a moment and try again."}
	case errors.Is(err, context.DeadlineExceeded):
		return &trouble{"timeout", "The server took too long. Try again."}
	}
	return &trouble{"failed", "That didn't work. Try again; if it goes on, tell your administrator."}
}
