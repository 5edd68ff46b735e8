package sip

import "fmt"

// State is where a dialog stands. See transitions for the way between them.
type State uint8

const (
	// StateCalling: an INVITE of ours is out, and nothing was heard of it yet.
	StateCalling State = iota + 1
	// StateProceeding: a provisional response to our INVITE is in.
	StateProceeding
	// StateCancelling: over for the handler; our CANCEL, or the provisional
	// response that must come before it, is still on its way.
	StateCancelling
	// StateInvited: an INVITE is in, 100 is out.
	StateInvited
	// StateRinging: 180 or 183 is out.
	StateRinging
	// StateAnswered: 200 is out and resent until the ACK.
	StateAnswered
	// StateConfirmed: the ACK is in; the call is up.
	StateConfirmed
	// StateReoffered: a re-INVITE waits for the handler.
	StateReoffered
	// StateReanswered: a 200 to a re-INVITE is out and resent until the ACK.
	StateReanswered
	// StateReoffering: a re-INVITE of ours is out.
	StateReoffering
	// StateClosing: over for the handler; our BYE, or the ACK that must come
	// before it, is still on its way.
	StateClosing
	// StateClosed: nothing is owed to anyone any more.
	StateClosed
)

// States lists all states in the order of a call's life.
func States() []State {
	return []State{StateCalling, StateProceeding, StateCancelling, StateInvited, StateRinging, StateAnswered, StateConfirmed, StateReoffered, StateReanswered,
		StateReoffering, StateClosing, StateClosed}
}

// String names the state for logs.
func (s State) String() string {
	names := [...]string{"none", "calling", "proceeding", "cancelling", "invited", "ringing", "answered", "confirmed", "reoffered", "reanswered", "reoffering", "closing", "closed"}
	if int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}

// input is what can happen to a dialog: a wish of the handler, a message of the
// far side, a clock.
type input uint8

const (
	inRing input = iota + 1
	inAnswer
	inRefuse
	inHangUp
	inReofferAnswer
	inReofferRefuse
	inCancel
	inAck
	inBye
	inReinvite
	inInfo
	inAckTimeout
	inSetUpTimeout
	inReofferTimeout
	inTransportLost
	inReoffer         // the wish; it waits until it can be sent
	inReofferSent     // our re-INVITE goes out
	inReofferAccepted // by the far side
	inReofferRejected // by the far side; the session stays as it was
	inLost            // the far side doesn't know the dialog, or doesn't answer within it
	inSettled         // all that was owed is done
	inInvite          // our INVITE goes out: the first, to another hop, or with credentials
	inProvisional     // a provisional response to it
	inAccepted        // a 2xx to it
	inRejected        // any other final response, or none
	inUpdate
	inUpdateAnswer // to an offer in an UPDATE; no ACK follows
	inPrack
	inPrackTimeout
	inProgress // the wish for early media
	// What follows has its place wherever the call is up, and changes no state.
	inRefer
	inNotify
	inReplaced
	inReferSend
	inReferAccept
	inReferRefuse
	inReferProgress
	inLast = inReferProgress
)

// String names the input for logs and errors.
func (i input) String() string {
	names := [...]string{"none", "ring", "answer", "refuse", "hang up", "answer to a reoffer", "refusal of a reoffer", "CANCEL",
		"ACK", "BYE", "re-INVITE", "INFO", "ACK time-out", "set-up time-out", "reoffer time-out", "transport loss",
		"reoffer", "our re-INVITE", "acceptance of ours", "rejection of ours", "loss of the dialog", "settlement",
		"our INVITE", "provisional response", "acceptance", "rejection", "UPDATE", "answer to an UPDATE",
		"PRACK", "PRACK time-out", "progress",
		"REFER", "NOTIFY", "replacement", "transfer", "acceptance of a REFER", "refusal of a REFER", "progress of a REFER"}
	if int(i) < len(names) {
		return names[i]
	}
	return "unknown"
}

// next says where an input leads; ok is false where it has no place in the
// state. What is listed is the whole of it: a test enumerates all pairs.
func (s State) next(in input) (State, bool) {
	if in >= inRefer && s.up() {
		return s, true
	}
	switch s {
	case StateCalling, StateProceeding:
		return s.nextCalling(in)
	case StateCancelling:
		return nextCancelling(in)
	case StateInvited, StateRinging:
		return s.nextEarly(in)
	case StateAnswered:
		return nextAnswered(in)
	case StateConfirmed:
		return nextConfirmed(in)
	case StateReoffered:
		return nextReoffered(in)
	case StateReanswered:
		return nextReanswered(in)
	case StateReoffering:
		return nextReoffering(in)
	case StateClosing:
		switch in {
		case inAck, inAckTimeout, inBye, inTransportLost, inCancel:
			return StateClosing, true
		case inSettled:
			return StateClosed, true
		}
	}
	return s, false
}

// up reports a call that both sides have confirmed.
func (s State) up() bool {
	switch s {
	case StateConfirmed, StateReoffered, StateReanswered, StateReoffering:
		return true
	}
	return false
}

// nextCalling: a call of ours. A BYE there overtook its 200.
func (s State) nextCalling(in input) (State, bool) {
	switch in {
	case inInvite:
		return StateCalling, true
	case inProvisional:
		return StateProceeding, true
	case inAccepted:
		return StateConfirmed, true
	case inRejected:
		return StateClosed, true
	case inHangUp, inSetUpTimeout, inBye:
		return StateCancelling, true
	case inReinvite, inInfo, inUpdate:
		return s, true
	case inReplaced: // of an early dialog, if it was begun here (RFC 3891 section 3)
		return s, s == StateProceeding
	}
	return 0, false
}

// nextCancelling: a 200 that crosses the CANCEL is acknowledged and ended by BYE.
func nextCancelling(in input) (State, bool) {
	switch in {
	case inProvisional, inBye, inReinvite:
		return StateCancelling, true
	case inAccepted:
		return StateClosing, true
	case inRejected, inAckTimeout:
		return StateClosed, true
	}
	return 0, false
}

func (s State) nextEarly(in input) (State, bool) {
	switch in {
	case inRing, inProgress:
		return StateRinging, true
	case inUpdate, inPrack:
		return s, true
	case inAnswer:
		return StateAnswered, true
	case inRefuse, inHangUp, inCancel, inBye, inSetUpTimeout, inPrackTimeout, inTransportLost:
		return StateClosed, true
	}
	return 0, false
}

func nextAnswered(in input) (State, bool) {
	switch in {
	case inAck:
		return StateConfirmed, true
	case inReinvite: // overtook the ACK: kept until the ACK is in
		return StateAnswered, true
	case inInfo, inReoffer, inUpdate, inPrack: // a PRACK may be overtaken by our 200
		return StateAnswered, true
	case inHangUp, inCancel, inAckTimeout: // RFC 3261 section 15: no BYE before the ACK
		return StateClosing, true
	case inBye, inTransportLost:
		return StateClosed, true
	}
	return 0, false
}

func nextConfirmed(in input) (State, bool) {
	switch in {
	case inAck, inInfo, inCancel, inReoffer, inPrack: // ACK to a 200 that crossed; CANCEL of what is long answered
		return StateConfirmed, true
	case inReinvite, inUpdate: // an UPDATE without an offer changes nothing, and doesn't get here
		return StateReoffered, true
	case inReofferSent:
		return StateReoffering, true
	case inHangUp, inLost:
		return StateClosing, true
	case inBye:
		return StateClosed, true
	}
	return 0, false
}

func nextReoffered(in input) (State, bool) {
	switch in {
	case inReofferAnswer:
		return StateReanswered, true
	case inReofferRefuse, inReofferTimeout, inCancel, inTransportLost: // the session stays as it was (RFC 3261 section 14.1)
		return StateConfirmed, true
	case inUpdateAnswer:
		return StateConfirmed, true
	case inAck, inInfo, inReoffer, inReinvite, inUpdate: // the second re-INVITE is refused
		return StateReoffered, true
	case inHangUp, inLost:
		return StateClosing, true
	case inBye:
		return StateClosed, true
	}
	return 0, false
}

func nextReanswered(in input) (State, bool) {
	switch in {
	case inAck:
		return StateConfirmed, true
	case inInfo, inReinvite, inUpdate, inReoffer, inCancel:
		return StateReanswered, true
	case inHangUp, inAckTimeout, inLost:
		return StateClosing, true
	case inBye, inTransportLost:
		return StateClosed, true
	}
	return 0, false
}

// nextReoffering is where two re-INVITEs meet: theirs is refused with 491 (RFC
// 3261 section 14.2). Their BYE leaves an ACK of ours owed.
func nextReoffering(in input) (State, bool) {
	switch in {
	case inReofferAccepted, inReofferRejected:
		return StateConfirmed, true
	case inAck, inInfo, inReinvite, inUpdate, inReoffer, inCancel:
		return StateReoffering, true
	case inHangUp, inBye, inLost:
		return StateClosing, true
	}
	return 0, false
}

// StateError says that something was asked of a dialog that its state doesn't
// allow, such as answering a call that the caller has just cancelled.
type StateError struct {
	Asked string
	State State
}

// Error says what was asked, and where the dialog stands.
func (e *StateError) Error() string {
	return fmt.Sprintf("sip: %s has no place in a dialog that is %s", e.Asked, e.State)
}
