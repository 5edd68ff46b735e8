package sip

import (
	"time"

	"careline/media"
)

// EventKind says what happened to a dialog.
type EventKind uint8

const (
	// EventAcked: the far side has acknowledged our 200; the call is up.
	// Agreement is set, also after an INVITE without an offer.
	EventAcked EventKind = iota + 1
	// EventCancelled: the caller gave up before the answer. 487 has been sent
	// by us (RFC 3261 section 9.2). EventEnded follows at once.
	EventCancelled
	// EventReoffer: a re-INVITE asks for a changed session, such as hold or
	// another address. AnswerReoffer or RefuseReoffer is due within
	// ReofferTimeout. Agreement is what the far side now wants.
	EventReoffer
	// EventRenegotiated: the session has changed without anybody having to be
	// asked; Agreement is the new one. The ACK to a re-INVITE without an offer
	// carried the answer to ours, a caller's early session moved before the call was
	// answered, or the answer to a refresh of ours says something new.
	EventRenegotiated
	// EventDigit: a key came by SIP INFO.
	EventDigit
	// EventReofferAnswered: the far side accepted our re-INVITE; Agreement is
	// the new one.
	EventReofferAnswered
	// EventReofferRefused: the far side didn't take our re-INVITE, as Status
	// says; the session stays as it was. 408 and 503 also stand for silence and
	// for a broken connection.
	EventReofferRefused
	// EventProgress: a provisional response to our INVITE, as Status says: 180
	// rings, 183 and some others bring early media. Agreement is then set; each
	// of the far sides that forking reached may have its own, and the latest
	// counts.
	EventProgress
	// EventHopFailed: a hop of ours couldn't take the call, and the next one is
	// tried. Hop, Status and RetryAfter are set.
	EventHopFailed
	// EventAnswered: our INVITE was accepted and the ACK is out; the call is up.
	EventAnswered
	// EventRefer: the far side wants us to call somebody, as Refer says.
	// AcceptRefer or RefuseRefer is due within ReferTimeout, then ReferProgress.
	EventRefer
	// EventReferProgress: how our own Refer or ReferTo stands, as Status says:
	// 100 when it is accepted, what the far side hears of its call, and at the
	// end one from 200 up: 2xx, the transfer is done; else nothing came of it.
	EventReferProgress
	// EventReplaced: Dialog, whose INVITE names this one in Replaces (RFC 3891),
	// is to take its place. Give it a Notify and Answer it, which ends this
	// dialog, or Refuse it, within ReferTimeout.
	EventReplaced
	// EventEnded: the dialog is over for the handler. It comes exactly once and
	// last, whichever way the dialog ended.
	EventEnded
)

// String names the kind for logs.
func (k EventKind) String() string {
	switch k {
	case EventAcked:
		return "acked"
	case EventCancelled:
		return "cancelled"
	case EventReoffer:
		return "reoffer"
	case EventRenegotiated:
		return "renegotiated"
	case EventDigit:
		return "digit"
	case EventReofferAnswered:
		return "reoffer answered"
	case EventReofferRefused:
		return "reoffer refused"
	case EventProgress:
		return "progress"
	case EventHopFailed:
		return "hop failed"
	case EventAnswered:
		return "answered"
	case EventRefer:
		return "refer"
	case EventReferProgress:
		return "refer progress"
	case EventReplaced:
		return "replaced"
	case EventEnded:
		return "ended"
	}
	return "unknown"
}

// EndedBy says who ended a dialog.
type EndedBy uint8

const (
	// ByRemote: their BYE or CANCEL.
	ByRemote EndedBy = iota + 1
	// ByLocal: our HangUp or Refuse.
	ByLocal
	// ByTimeout: something due never came: the ACK within 64*T1 (RFC 3261
	// section 13.3.1.4), or our own final answer within SetUpTimeout.
	ByTimeout
	// ByTransport: the far side can't be reached any more.
	ByTransport
)

// String names the side for logs and records.
func (b EndedBy) String() string {
	switch b {
	case ByRemote:
		return "remote"
	case ByLocal:
		return "local"
	case ByTimeout:
		return "timeout"
	case ByTransport:
		return "transport"
	}
	return "unknown"
}

// Event is one thing that happened to a dialog. Only the fields that its kind
// names are set.
type Event struct {
	Kind EventKind
	// By is set in EventEnded.
	By EndedBy
	// Status is the SIP status that ended the INVITE: ours where we refused,
	// 487 after a CANCEL, the far side's where it refused a call of ours, 0 once
	// the call had been answered. Elsewhere it is the far side's answer.
	Status int
	// Cause is the Q.850 cause from the far side's Reason header, or the one
	// that we sent; 0 if none was given (RFC 3326).
	Cause int
	// Reason is the Reason header's text, printable ASCII, at most 64 bytes.
	Reason    string
	Agreement Agreement
	// Hop is the index of the invitation's hop that a call of ours was at.
	Hop int
	// RetryAfter is how long a far side that refused a call of ours asks us to
	// stay away; 0 if it doesn't say, at most an hour.
	RetryAfter time.Duration
	// Refer is set in EventRefer.
	Refer Refer
	// Dialog is set in EventReplaced.
	Dialog *Dialog
	// Digit is set in EventDigit; it is PHI.
	Digit media.Digit
}
