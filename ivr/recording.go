package ivr

import (
	"time"

	"careline/phi"
)

// Bounds and defaults of what callers say into a flow.
const (
	// DefaultMessageMax is how long a message may be, DefaultStatementMax a statement.
	DefaultMessageMax   = 3 * time.Minute
	DefaultStatementMax = 30 * time.Second
	MinRecording        = 5 * time.Second
	MaxRecording        = 10 * time.Minute
	// DefaultMessageSilence is the silence that ends a message, DefaultStatementSilence
	// a statement. People pause to look things up, and relays to type.
	DefaultMessageSilence   = 6 * time.Second
	DefaultStatementSilence = 4 * time.Second
	MinRecordingSilence     = 2 * time.Second
	MaxRecordingSilence     = 20 * time.Second
	// DefaultShortestMessage is the least that is kept as a message, and
	// DefaultShortestStatement as a statement: less is a cough.
	DefaultShortestMessage   = 2 * time.Second
	DefaultShortestStatement = 500 * time.Millisecond
	MaxShortest              = 10 * time.Second
	// RecordGuard is how much longer than its own limits a recording is waited for;
	// KeepGuard is how long its keeping is. Then it has failed.
	RecordGuard = 15 * time.Second
	KeepGuard   = 20 * time.Second
)

// RecordRequest asks the line to record what the caller says, after a tone. It ends
// by Line.StopRecording, by silence, at its longest, or with the call; what is long
// enough then waits for Line.KeepRecording or Line.DropRecording. A caller who hangs
// up meanwhile has it kept.
type RecordRequest struct {
	// ID is unique within the run, from 1.
	ID int
	// Box that it is a message for; empty for a statement.
	Box string
	// Kind of a statement ("consent"), or of a survey's comment ("survey").
	Kind string
	// Keep is the retention class; empty: the box's, or the site's for statements.
	Keep string
	// Language of the call.
	Language string
	// Number to call back on, as keyed in by the caller; empty: none was asked for.
	Number phi.Digits
	// Max is how long it may be, Silence what ends it; what has less than Shortest of
	// speech is nothing.
	Max, Silence, Shortest time.Duration
}

// PromptRecorded stands for what the caller has said where that is played to her.
const PromptRecorded = "recorded"

// RecordOutcome is what came of a recording.
type RecordOutcome string

const (
	// Spoken: something was said, and waits to be kept or dropped.
	Spoken RecordOutcome = "spoken"
	// NothingSaid: silence, or less than the shortest. Nothing is left of it.
	NothingSaid RecordOutcome = "silent"
	// RecordFailed: it could not be recorded.
	RecordFailed RecordOutcome = "failed"
)

// recorder is what a step that records waits for.
type recorder struct {
	id      int
	keys    func(key phi.Digits) bool
	outcome func(RecordOutcome)
	kept    func(bool)
}

// record records what the caller says. keys is asked about each key but "#", which
// ends it; true: the step has gone on.
func (r *Run) record(request RecordRequest, keys func(phi.Digits) bool, outcome func(RecordOutcome)) {
	r.idle()
	r.steps = 0
	r.ahead, r.closed = phi.Digits{}, false // what was keyed ahead was meant for no recording
	r.recordings++
	request.ID, request.Language = r.recordings, r.language
	r.phase = recording
	r.recorder = recorder{id: request.ID, keys: keys, outcome: outcome}
	r.setTimer(TimerGuard, request.Max+request.Silence+RecordGuard)
	r.line.RecordCaller(request)
}

// Recorded brings what came of a recording; one that nothing waits for is ignored.
func (r *Run) Recorded(id int, outcome RecordOutcome) {
	if r.phase != recording || id != r.recorder.id {
		return
	}
	then := r.recorder.outcome
	r.idle()
	then(outcome)
}

// recordingKey takes a key while the caller speaks.
func (r *Run) recordingKey(key phi.Digits) {
	if key.Is("#") {
		r.line.StopRecording(r.recorder.id)
		return
	}
	if keys := r.recorder.keys; keys != nil {
		keys(key)
	}
}

// keep has what was recorded kept, and goes on once that is certain.
func (r *Run) keep(then func(kept bool)) {
	r.idle()
	r.phase = keeping
	r.recorder = recorder{id: r.recordings, kept: then}
	r.setTimer(TimerGuard, KeepGuard)
	r.line.KeepRecording(r.recordings)
}

// Kept says whether a recording is kept.
func (r *Run) Kept(id int, kept bool) {
	if r.phase != keeping || id != r.recorder.id {
		return
	}
	then := r.recorder.kept
	r.idle()
	then(kept)
}

// dropRecording forgets what was recorded: the caller has chosen so.
func (r *Run) dropRecording() { r.line.DropRecording(r.recordings) }

// replay plays what was recorded, to this caller alone. A key ends it.
func (r *Run) replay(then func()) {
	r.idle()
	r.phase, r.speech = speaking, speech{bargeIn: true, then: then}
	r.playback++
	r.playing = true
	r.setTimer(TimerGuard, PlaybackGuard)
	r.line.PlayRecording(r.recordings, r.playback)
}

// SurveyAnswer is one answer of a caller's.
type SurveyAnswer struct {
	Survey, Question string
	// Answer is from 1 to Scale; 0: a comment was recorded.
	Answer, Scale int
}
