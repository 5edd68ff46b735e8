package desk

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"careline/ivr"
	"careline/ivr/simulate"
	"careline/phi"
)

const (
	// maxTrial bounds what a tried call does and brings about.
	maxTrial       = 500
	maxTrialEvents = 5000
	maxTrialWait   = time.Hour
)

// trial is a call that is tried by typing: what the caller does, from the beginning.
// The server keeps nothing of it; the page sends it whole each time, and the same
// deeds give the same call.
type trial struct {
	Files    draftFiles `json:"files"`
	Flow     string     `json:"flow"`
	Language string     `json:"language"`
	// Time is the wall clock at the call's beginning; zero is now.
	Time time.Time `json:"time"`
	// Member is invented; who keys this in is verified.
	Member *trialMember `json:"member"`
	Deeds  []trialDeed  `json:"deeds"`
}

type trialMember struct {
	ID    string            `json:"id"`
	Born  string            `json:"born"`
	Facts map[string]string `json:"facts"`
}

// trialDeed is one thing that the caller, or the world, does: one field is set.
type trialDeed struct {
	Press string `json:"press,omitempty"`
	// Wait so many seconds.
	Wait float64 `json:"wait,omitempty"`
	// Silent until the flow goes on by itself.
	Silent bool `json:"silent,omitempty"`
	// Leave the queue: "timeout", "full", "unavailable".
	Leave ivr.QueueExit `json:"leave,omitempty"`
}

// trialEvent is something that happened, as the page tells it.
type trialEvent struct {
	// At is seconds since the call's beginning; Deed is the number of deeds before it.
	At       float64 `json:"at"`
	Deed     int     `json:"deed"`
	Kind     string  `json:"kind"`
	Prompt   string  `json:"prompt,omitempty"`
	Language string  `json:"language,omitempty"`
	Words    string  `json:"words,omitempty"`
	Flow     string  `json:"flow,omitempty"`
	Step     string  `json:"step,omitempty"`
	Label    string  `json:"label,omitempty"`
	Via      string  `json:"via,omitempty"`
	Queue    string  `json:"queue,omitempty"`
	Outcome  string  `json:"outcome,omitempty"`
	Reason   string  `json:"reason,omitempty"`
}

// trialBody is how a tried call stands.
type trialBody struct {
	Events []trialEvent `json:"events"`
	// State is "asking", "queued" or "over".
	State string `json:"state"`
	Flow  string `json:"flow"`
	Step  string `json:"step"`
	// Trouble says why a deed could not be done.
	Trouble string `json:"trouble,omitempty"`
}

// try serves POST /api/flows/try.
func (d *Desk) try(w http.ResponseWriter, r *http.Request, _ *session) {
	var t trial
	if !readBody(w, r, maxDraft, &t) || !fitting(w, t.Files, "") {
		return
	}
	if len(t.Deeds) > maxTrial {
		answerTrouble(w, http.StatusRequestEntityTooLarge, "too_big", "The trial is too long. Begin a new one.")
		return
	}
	found, ok := d.readDraft(w, r, t.Files)
	if !ok {
		return
	}
	if found.Flows == nil || !found.Flows.Has(t.Flow) {
		answer(w, http.StatusUnprocessableEntity, map[string]any{
			"error": trouble{"mistakes", "The flow can't be tried while it has mistakes."}, "problems": problemRows(found.Problems),
		})
		return
	}
	answer(w, http.StatusOK, t.play(found, d.options.Now()))
}

// play plays the whole call.
func (t *trial) play(found Draft, now time.Time) trialBody {
	begins := t.Time
	if begins.IsZero() {
		begins = now
	}
	world := simulate.World{Begins: begins, Language: t.Language, Position: 2}
	if t.Member != nil {
		world.Members = []simulate.Member{{ID: phi.NewDigits(t.Member.ID), Born: phi.NewDigits(t.Member.Born), Facts: t.Member.Facts}}
	}
	told := &trialEvents{words: found.Words}
	call := simulate.New(found.Flows, t.Flow, world, told.add)
	err := call.Listen()
	for i := 0; i < len(t.Deeds) && err == nil; i++ {
		told.deed = i + 1
		err = t.Deeds[i].do(call)
	}
	body := trialBody{Events: told.list, State: "asking", Flow: call.Run().Flow(), Step: told.step}
	switch _, over := call.HungUp(); {
	case over:
		body.State = "over"
	case call.Queued() != nil:
		body.State = "queued"
	}
	if err != nil {
		body.Trouble = trialTrouble(err)
	}
	return body
}

// do does one deed, and lets the flow say what it has to say.
func (deed trialDeed) do(call *simulate.Call) error {
	switch {
	case deed.Press != "":
		if err := call.Press(deed.Press); err != nil {
			return err
		}
	case deed.Silent:
		if err := call.Silence(); err != nil {
			return err
		}
	case deed.Leave != "":
		if !slices.Contains([]ivr.QueueExit{ivr.ExitTimeout, ivr.ExitFull, ivr.ExitUnavailable}, deed.Leave) {
			return errNoDeed
		}
		if err := call.Leave(deed.Leave); err != nil {
			return err
		}
	case deed.Wait > 0:
		call.Pass(min(time.Duration(deed.Wait*float64(time.Second)), maxTrialWait))
		return nil
	default:
		return errNoDeed
	}
	return call.Listen()
}

var errNoDeed = errors.New("desk: a deed presses keys, is silent, waits or leaves the queue")

// trialTrouble is an error of a trial in words for the page.
func trialTrouble(err error) string {
	switch {
	case errors.Is(err, simulate.ErrOver):
		return "The call is over."
	case errors.Is(err, simulate.ErrQueued):
		return "The caller waits in line, where keys are not heard."
	case errors.Is(err, simulate.ErrNotQueued):
		return "The caller is in no line."
	case errors.Is(err, simulate.ErrNeverListens):
		return "The flow goes on and on without waiting for the caller."
	}
	return "That can't be done here."
}

// trialEvents collects what happens, for the page.
type trialEvents struct {
	words func(ivr.Prompt) string
	deed  int
	step  string
	list  []trialEvent
}

func (t *trialEvents) add(e simulate.Event) {
	if e.Kind == simulate.Took {
		t.step = e.Edge.To
	}
	if len(t.list) == maxTrialEvents {
		return
	}
	one := trialEvent{At: e.At.Seconds(), Deed: t.deed, Kind: string(e.Kind), Outcome: string(e.Outcome), Reason: e.Reason}
	switch e.Kind {
	case simulate.Heard, simulate.Announced:
		one.Prompt, one.Language = e.Prompt.Name, e.Prompt.Language
		if t.words != nil {
			one.Words = t.words(e.Prompt)
		}
	case simulate.Entered:
		one.Flow, one.Step, one.Label = e.Step.Flow, e.Step.Step, e.Step.Label
	case simulate.Took:
		one.Flow, one.Step, one.Via = e.Edge.ToFlow, e.Edge.To, e.Edge.Via
	case simulate.Queued:
		one.Queue = e.Request.Queue
	}
	t.list = append(t.list, one)
}
