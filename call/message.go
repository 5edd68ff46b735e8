package call

import (
	"careline/acd"
	"careline/ivr"
	"careline/media"
	"careline/member"
	"careline/sip"
	"careline/sip/passport"
)

// message is what a call's inbox takes. The types below are all there are.
type message interface{}

type (
	sipMessage      sip.Event
	soundMessage    media.Event
	offerMessage    acd.Offer
	requeuedMessage acd.Requeued
	leaveMessage    acd.LeaveQueue
	agentMessage    acd.AgentChanged

	// timerMessage: a timer ran out; a timer set again has a new generation.
	timerMessage struct {
		name       string
		generation int
	}
	// verifiedMessage brings what the verifier said to a claim.
	verifiedMessage struct {
		attempt int
		result  member.Result
		err     error
	}
	// attestedMessage brings what came of the call's signature.
	attestedMessage struct{ result passport.Result }
	// factMessage brings a member's fact; text is never logged.
	factMessage struct {
		name, text string
		err        error
	}
	// voiceMessage: what the caller says is over; keptMessage: it is kept, or not.
	voiceMessage struct {
		id      int
		outcome ivr.RecordOutcome
	}
	keptMessage struct {
		id   int
		kept bool
	}
	// recordingMessage: a recording has begun, or can't.
	recordingMessage struct {
		recording *callRecording
		id        string
		err       error
	}
	// lookedUpMessage brings what a service answered; it is never logged.
	lookedUpMessage struct {
		id     int
		answer ivr.LookUpAnswer
	}
	// calledBackMessage brings what became of a callback that the caller asked for.
	calledBackMessage struct {
		id      string
		outcome ivr.CallBackOutcome
	}
	// dialMessage: who asked for a callback is to be called.
	dialMessage acd.Dial
	// calleeMessage brings the number of a callback.
	calleeMessage struct {
		number sip.Number
		err    error
	}
	// callbackOverMessage: the callback was closed by somebody.
	callbackOverMessage struct{ why string }
	// placeMessage brings the place in line for an announcement, 0 if unknown.
	placeMessage struct{ place int }
	// deviceMessage: the agent's sound came, changed or went; the device knows.
	deviceMessage struct{ agent acd.AgentID }
	// noWrapUpMessage: the engine says that this agent doesn't wrap the call up.
	noWrapUpMessage struct{ agent acd.AgentID }
	// commandMessage is an agent's command about this call.
	commandMessage struct {
		agent   acd.AgentID
		command Command
		reply   chan<- error
	}
)

// isDigit reports a key, which may be dropped where a call is crowded.
func isDigit(m message) bool {
	switch m := m.(type) {
	case soundMessage:
		return m.Kind == media.EventDigit
	case sipMessage:
		return m.Kind == sip.EventDigit
	case phoneMessage:
		return m.event.Kind == sip.EventDigit
	case phoneSoundMessage:
		return m.event.Kind == media.EventDigit
	case targetMessage:
		return m.event.Kind == sip.EventDigit
	case targetSoundMessage:
		return m.event.Kind == media.EventDigit
	case consultMessage:
		return m.event.Kind == sip.EventDigit
	case consultSoundMessage:
		return m.event.Kind == media.EventDigit
	}
	return false
}
