package simulate

import (
	"errors"
	"time"

	"careline/ivr"
)

const (
	// ToneLasts is how long the tone is after which a caller speaks.
	ToneLasts = 500 * time.Millisecond
	// KeepTakes is how long it takes to keep what was recorded.
	KeepTakes = 200 * time.Millisecond
)

// ErrNotRecording says that nothing that the caller says is recorded now.
var ErrNotRecording = errors.New("nothing that the caller says is recorded now")

// recorded is what a caller says.
type recorded struct {
	request ivr.RecordRequest
	// begun is the tone's end; spoken is how much was said; ends is when it is over.
	begun, spoken, ends time.Duration
	ended               bool
}

// Recording is what the caller's words are recorded for; nil if they aren't.
func (c *Call) Recording() *ivr.RecordRequest {
	if c.recorded == nil || c.recorded.ended {
		return nil
	}
	return &c.recorded.request
}

// Kept are the recordings that were kept so far.
func (c *Call) Kept() []ivr.RecordRequest { return c.kept }

// Answers are those of surveys so far.
func (c *Call) Answers() []ivr.SurveyAnswer { return c.answers }

// Speak says something for so long, and nothing from then on until the recording is
// over.
func (c *Call) Speak(d time.Duration) error {
	r := c.recorded
	if c.over {
		return ErrOver
	}
	if r == nil || r.ended {
		return ErrNotRecording
	}
	c.Pass(max(r.begun-c.now, 0))
	r.spoken += d
	r.ends = min(r.begun+r.request.Max, c.now+d+r.request.Silence)
	for c.recorded == r && !r.ended && c.Next() {
	}
	return nil
}

// recordingOver ends what is recorded.
func (c *Call) recordingOver() {
	r := c.recorded
	r.ended = true
	outcome := ivr.Spoken
	if r.spoken < max(r.request.Shortest, 1) {
		outcome = ivr.NothingSaid
	}
	c.tell(Event{Kind: Recorded, Recording: &r.request, Recorded: outcome})
	c.run.Recorded(r.request.ID, outcome)
}

func (l line) RecordCaller(request ivr.RecordRequest) {
	begun := l.now + ToneLasts
	l.recorded = &recorded{request: request, begun: begun, ends: begun + request.Silence}
}

func (l line) StopRecording(id int) {
	if r := l.recorded; r != nil && !r.ended && r.request.ID == id {
		r.ends = l.now
	}
}

func (l line) DropRecording(id int) { l.recorded = nil }

func (l line) PlayRecording(_, playback int) {
	l.row = &row{id: playback, prompts: []ivr.Prompt{{Language: l.run.Language(), Name: ivr.PromptRecorded}}, next: l.now}
}

func (l line) KeepRecording(id int) {
	c, r := l.Call, l.recorded
	c.after(KeepTakes, func() {
		kept := r != nil && !c.world.Unkept
		if kept {
			c.kept = append(c.kept, r.request)
			c.tell(Event{Kind: Kept, Recording: &r.request})
		}
		c.recorded = nil
		c.run.Kept(id, kept)
	})
}

func (l line) SurveyAnswered(answer ivr.SurveyAnswer) {
	l.answers = append(l.answers, answer)
	l.tell(Event{Kind: Answered, Answer: answer})
}
