package ivr

import (
	"cmp"
	"errors"
	"time"

	"careline/phi"
)

// The run's timers. At most one is set at any moment.
const (
	// TimerFirstDigit waits for the first key of an answer.
	TimerFirstDigit TimerID = "first_digit"
	// TimerBetweenDigits waits for the next key of an answer.
	TimerBetweenDigits TimerID = "between_digits"
	// TimerGuard waits for the line to report what it was asked for.
	TimerGuard TimerID = "guard"
)

// phase is what a run waits for.
type phase string

const (
	// ready: Start has not been called.
	ready     phase = "ready"
	speaking  phase = "speaking"
	asking    phase = "asking"
	verifying phase = "verifying"
	reading   phase = "reading"
	lookingUp phase = "looking_up"
	queued    phase = "queued"
	// recording: the caller speaks after the tone; keeping: it is being kept.
	recording phase = "recording"
	keeping   phase = "keeping"
	promising phase = "promising"
	// away: whom the caller was transferred to is called, or has her.
	away phase = "away"
	// done: the call is hung up, gone or taken; nothing is done any more.
	done phase = "done"
)

// Run is one call's way through the flows. It belongs to the call's goroutine:
// each method returns at once, and none may be called from within a Line method.
// An event that nothing waits for is ignored.
type Run struct {
	set  *Set
	line Line
	flow *flow
	step *step

	phase    phase
	language string
	scope
	// calls are the flows that wait for a sub-flow to return.
	calls []suspended

	verified bool
	// role of the verified caller.
	role        Role
	lockedOut   bool
	attestation Attestation
	// attempts to verify in this call.
	attempts int

	// steps entered since the caller was last waited for.
	steps   int
	failing bool

	// playback is the last row's ID; playing says that its end is still to come.
	playback int
	playing  bool
	// patience is how much longer the caller has for keys.
	patience float64
	// split draws for split steps.
	split func(StepName) int
	// timer that is set; empty for none.
	timer TimerID

	speech   speech
	question *question
	fact     string
	gotFact  func(text string, err error)
	outcome  func(VerifyOutcome)
	exit     func(QueueExit)
	// transferred takes what came of a transfer to a number.
	transferred func(TransferOutcome)
	// lookUp is the latest look-up's ID; looked takes its answer.
	lookUp int
	looked func(LookUpAnswer)
	// recordings counts what was recorded; recorder is whom the latest is for.
	recordings int
	recorder   recorder
	// promised takes what became of a callback; aside is the queue that the caller
	// keeps a place in while something else is heard.
	promised func(CallBackOutcome)
	aside    *aside

	// ahead holds keys for questions that are not asked yet.
	ahead phi.Digits
	// closed: an answer has just ended without "#", so that a "#" that follows
	// belongs to it.
	closed bool
}

// Options of a run.
type Options struct {
	// Language to begin in; empty or unknown to the flow: the flow's first.
	Language string
	// Attestation so far; empty is none.
	Attestation Attestation
	// Verified: the caller has been, in a flow of this very call.
	Verified bool
	// Role in which; empty is RoleMember.
	Role Role
	// Patience is how much longer the caller has for each key than the flows say; below
	// 1, and so left out, it is 1.
	Patience float64
	// Split draws for split steps, as SplitBy does; nil: as for a call without a name.
	Split func(StepName) int
}

// Attestation is how far the carrier where the call began vouches for the
// calling number (RFC 8588 section 4). A number that is vouched for says nothing of
// who holds the telephone: it is a hint, never a factor of verification.
type Attestation string

const (
	// AttestationNone: the call isn't signed, or it isn't known (yet) by whom.
	AttestationNone    Attestation = "none"
	AttestationFull    Attestation = "A"
	AttestationPartial Attestation = "B"
	AttestationGateway Attestation = "C"
	// AttestationRefuted: the signature is wrong, stale or for another call.
	AttestationRefuted Attestation = "refuted"
)

// NewRun prepares a call's way through a flow. Nothing happens before Start. A
// flow that the set doesn't have makes a run that apologises and hangs up.
func NewRun(set *Set, flow string, line Line, options Options) *Run {
	r := &Run{set: set, line: line, flow: set.flows[flow], phase: ready, attestation: options.Attestation, verified: options.Verified, patience: options.Patience, split: options.Split, scope: newScope()}
	if r.verified {
		r.role = cmp.Or(options.Role, RoleMember)
	}
	if r.split == nil {
		r.split = SplitBy("")
	}
	if r.flow != nil {
		r.language = r.flow.languages[0]
		for _, language := range r.flow.languages {
			if language == options.Language {
				r.language = language
			}
		}
	}
	return r
}

// Start enters the flow's first step.
func (r *Run) Start() {
	if r.phase != ready {
		return
	}
	if r.flow == nil {
		r.hangUp("there is no such flow")
		return
	}
	r.follow(&r.flow.start)
}

// Stop says that the call is gone or taken by a person: the run asks nothing
// more of its line. Its answers (Reason, State, …) stay.
func (r *Run) Stop() { r.phase = done }

// Done reports whether the run is over.
func (r *Run) Done() bool { return r.phase == done }

// Language is the call's language, such as "es-US".
func (r *Run) Language() string { return r.language }

// Reason is the flow's variable "reason": why the caller calls, for the agent.
// One that tells of a member is empty unless the caller is verified.
func (r *Run) Reason() string {
	if refusal(shown, r.label("reason"), r.verified) != "" {
		return ""
	}
	text, _ := r.text("reason")
	return text
}

// State is where the caller is, two letters; empty if not asked.
func (r *Run) State() string { return r.variables["state"] }

// Variable gives a variable that the flow set; empty if it did not. What a
// caller keyed in is not among them.
func (r *Run) Variable(name string) string { return r.variables[name] }

// Attested tells what came of the call's signature, whenever it comes.
func (r *Run) Attested(attestation Attestation) { r.attestation = attestation }

func (r *Run) attested() Attestation { return cmp.Or(r.attestation, AttestationNone) }

// Flow is the flow that the call is in now.
func (r *Run) Flow() string {
	if r.flow == nil {
		return ""
	}
	return r.flow.name
}

// follow takes an edge into the next step.
func (r *Run) follow(e *edge) {
	if r.phase == done || r.failing {
		return
	}
	r.idle()
	if e.to == nil || e.to.action == nil {
		r.fail("a step leads nowhere")
		return
	}
	if r.steps++; r.steps > StepBudget {
		r.fail("the flow went on without waiting for the caller")
		return
	}
	r.line.Took(r.edgeName(e))
	r.step, r.flow = e.to, e.to.flow
	if !r.step.inline || r.step.label != "" {
		r.line.Entered(r.step.public())
	}
	r.step.action.enter(r)
}

// edgeName names an edge that leads out of the run's step.
func (r *Run) edgeName(e *edge) EdgeName {
	name := EdgeName{Via: e.via, ToFlow: e.to.flow.name, To: e.to.name}
	if r.step != nil {
		name.Flow, name.From = r.step.flow.name, r.step.name
	}
	return name
}

// public names a step as records and screens show it.
func (s *step) public() StepName {
	name := StepName{Flow: s.flow.name, Step: s.name, Label: s.label}
	if name.Label == "" {
		name.Label = s.name
	}
	return name
}

// idle ends whatever was waited for.
func (r *Run) idle() {
	r.stopTimer()
	r.question, r.gotFact, r.outcome, r.exit, r.looked, r.promised, r.transferred = nil, nil, nil, nil, nil, nil, nil
	r.speech, r.recorder = speech{}, recorder{}
}

// fail is the safe exit: an apology in the caller's language, then hanging up.
// The reason goes to the log; it says nothing of the caller.
func (r *Run) fail(reason string) {
	if r.phase == done || r.failing {
		return
	}
	r.idle()
	r.failing = true
	r.ahead = phi.Digits{}
	if r.step != nil {
		reason += ": " + r.where()
	}
	r.speak([]Prompt{{Language: r.language, Name: promptApology}}, speech{then: func() { r.hangUp("flow failed: " + reason) }})
}

func (r *Run) hangUp(reason string) {
	r.idle()
	r.phase = done
	r.line.HangUp(reason)
}

// queue puts the caller in line. Keys are not heard there.
func (r *Run) queue(request QueueRequest, exit func(QueueExit)) {
	r.phase, r.exit, r.aside = queued, exit, nil
	r.ahead = phi.Digits{}
	r.line.Queue(request)
}

// LeftQueue says that the call left its queue without an agent.
func (r *Run) LeftQueue(exit QueueExit) {
	if r.phase == queued {
		r.exit(exit)
	}
}

// aside is a queue that the caller keeps a place in.
type aside struct {
	step *step
	exit func(QueueExit)
}

// Taken says that an agent has taken a caller who kept a place in line while
// something else was heard: the run waits in that queue again.
func (r *Run) Taken() {
	if r.aside == nil || r.phase == done {
		return
	}
	kept := r.aside
	r.idle()
	r.playing, r.ahead, r.aside = false, phi.Digits{}, nil
	r.step, r.flow = kept.step, kept.step.flow
	r.phase, r.exit = queued, kept.exit
}

// verify has a claim checked.
func (r *Run) verify(claim Claim, outcome func(VerifyOutcome)) {
	r.attempts++
	r.unverify()
	r.phase, r.outcome = verifying, outcome
	r.setTimer(TimerGuard, VerifyGuard)
	r.line.Verify(claim)
}

// Verified brings a claim's outcome. An outcome that is none of the three counts
// as not verified.
func (r *Run) Verified(outcome VerifyOutcome) {
	if r.phase != verifying {
		return
	}
	then := r.outcome
	r.idle()
	then(outcome)
}

// Verifying reports whether the run waits for a claim's outcome.
func (r *Run) Verifying() bool { return r.phase == verifying }

// readFacts reads facts one after another; known is false if one can't be read.
func (r *Run) readFacts(names []string, facts map[string]string, then func(facts map[string]string, known bool)) {
	if len(names) == 0 {
		then(facts, true)
		return
	}
	if !r.may(spoken, memberPrefix+names[0]) {
		r.fail("a member's fact was wanted before verification")
		return
	}
	if !r.told(names[0]) {
		then(nil, false)
		return
	}
	r.phase, r.fact = reading, names[0]
	r.gotFact = func(text string, err error) {
		if err != nil || text == "" {
			then(nil, false)
			return
		}
		facts[names[0]] = text
		r.readFacts(names[1:], facts, then)
	}
	r.setTimer(TimerGuard, FactGuard)
	r.line.ReadFact(names[0])
}

// FactRead brings a fact that ReadFact asked for: its text (a date as
// YYYY-MM-DD), or why there is none.
func (r *Run) FactRead(name, text string, err error) {
	if r.phase != reading || name != r.fact {
		return
	}
	then := r.gotFact
	r.idle()
	then(text, err)
}

func (r *Run) setTimer(id TimerID, d time.Duration) {
	r.stopTimer()
	r.timer = id
	if id == TimerFirstDigit || id == TimerBetweenDigits {
		d = time.Duration(float64(d) * max(r.patience, 1))
	}
	r.line.SetTimer(id, d)
}

func (r *Run) stopTimer() {
	if r.timer != "" {
		r.line.StopTimer(r.timer)
		r.timer = ""
	}
}

// TimerFired says that a timer has run out. One that was stopped or set again
// must not be reported.
func (r *Run) TimerFired(id TimerID) {
	if r.phase == done || id != r.timer {
		return
	}
	r.timer = ""
	switch r.phase {
	case asking:
		if id == TimerGuard {
			r.finished()
			return
		}
		r.question.timeout(r, id)
	case speaking:
		r.finished()
	case verifying:
		r.Verified(NotVerified)
	case reading:
		r.FactRead(r.fact, "", errTooSlow)
	case promising:
		r.CalledBack(CallBackFailed)
	case lookingUp:
		r.LookedUp(r.lookUp, LookUpAnswer{Outcome: LookUpFailed})
	case recording:
		r.line.DropRecording(r.recorder.id)
		r.Recorded(r.recorder.id, RecordFailed)
	case keeping:
		r.Kept(r.recorder.id, false)
	}
}

var errTooSlow = errors.New("ivr: the fact was not read in time")
