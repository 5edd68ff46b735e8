package simulate

import (
	"time"

	"careline/ivr"
)

// Event is something that happens in a call, for whoever watches.
type Event struct {
	// At is the time since the call's beginning.
	At   time.Duration
	Kind EventKind
	// Prompt that begins to be heard, with Heard and Announced.
	Prompt ivr.Prompt
	// Step with Entered; Edge with Took.
	Step ivr.StepName
	Edge ivr.EdgeName
	// CallBack with CalledBack, and Request: for which queue.
	CallBack ivr.CallBackOutcome
	// Request with Queued.
	Request *ivr.QueueRequest
	// Outcome with Checked.
	Outcome ivr.VerifyOutcome
	// LookUp and Found with LookedUp: its name, and how it went.
	LookUp string
	Found  ivr.LookUpOutcome
	// Recording with Recorded and Kept, and with Recorded what came of it.
	Recording *ivr.RecordRequest
	Recorded  ivr.RecordOutcome
	// Answer with Answered.
	Answer ivr.SurveyAnswer
	// Outside with Called and Taken: a number, or a list of those on call.
	Outside string
	// Reason with HungUp, Recording and Refused.
	Reason string
}

// EventKind says what happens.
type EventKind string

const (
	// Heard: a prompt begins to be heard.
	Heard EventKind = "heard"
	// Stopped: a key ends what plays.
	Stopped EventKind = "stopped"
	// Entered: a step is entered. Took: a way on is taken.
	Entered EventKind = "entered"
	Took    EventKind = "took"
	// Checked: the verifier has judged a claim.
	Checked EventKind = "checked"
	// LookedUp: a service has answered, or hasn't.
	LookedUp EventKind = "looked_up"
	// Queued: the call is put in line; Announced: a prompt is heard there over
	// the music.
	Queued    EventKind = "queued"
	Announced EventKind = "announced"
	// Recorded: a recording is over; Kept: it is kept. Answered: of a survey.
	Recorded EventKind = "recorded"
	Kept     EventKind = "kept"
	Answered EventKind = "answered"
	// CalledBack: a callback was asked for, and was kept or not.
	CalledBack EventKind = "called_back"
	// Called: a number outside is called, or a list of those on call. Taken: somebody
	// there has the caller.
	Called EventKind = "called"
	Taken  EventKind = "taken"
	// HungUp: the flow ends the call.
	HungUp EventKind = "hung_up"
	// Recording: the flow ends the call's recording, or begins it again: "off" or "on".
	Recording EventKind = "recording"
	// Refused: the run kept a value from a caller or an agent who must not have it.
	Refused EventKind = "refused"
)
