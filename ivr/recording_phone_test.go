package ivr_test

import (
	"time"

	"careline/ivr"
)

// saying is what is recorded of the phone's caller.
type saying struct {
	request ivr.RecordRequest
	begun   time.Duration
	// said is how much was said; ends is when it is over.
	said, ends time.Duration
	over       bool
}

func (p *phone) RecordCaller(request ivr.RecordRequest) {
	p.ask()
	if request.Max <= 0 || request.Silence <= 0 {
		p.t.Fatalf("a recording without an end: %+v", request)
	}
	begun := p.now + 500*time.Millisecond // of the tone
	p.saying = &saying{request: request, begun: begun, ends: begun + request.Silence}
	if p.unrecorded {
		p.saying = nil
		p.pending = append(p.pending, reply{p.now + time.Millisecond, func() { p.run.Recorded(request.ID, ivr.RecordFailed) }, true})
	}
}

func (p *phone) StopRecording(id int) {
	p.ask()
	if s := p.saying; s != nil && s.request.ID == id { // else it has failed a moment ago
		s.ends = p.now
	}
}

func (p *phone) DropRecording(id int) {
	p.ask()
	p.saying = nil
	p.dropped++
}

func (p *phone) PlayRecording(id, playback int) {
	p.ask()
	if p.saying == nil || !p.saying.over {
		p.t.Fatalf("a recording is played that isn't there")
	}
	p.playing, p.ends = &ivr.Playback{ID: playback}, p.now+p.saying.said
	p.heard = append(p.heard, "(recorded)")
}

func (p *phone) KeepRecording(id int) {
	p.ask()
	if p.saying == nil || !p.saying.over {
		p.t.Fatalf("a recording is kept that isn't there")
	}
	kept, request := !p.unkept, p.saying.request
	p.pending = append(p.pending, reply{p.now + 100*time.Millisecond, func() {
		if kept {
			p.kept = append(p.kept, request)
		}
		p.saying = nil
		p.run.Kept(id, kept)
	}, true})
}

func (p *phone) SurveyAnswered(answer ivr.SurveyAnswer) {
	p.ask()
	p.answers = append(p.answers, answer)
}

// recordingOver tells that what is recorded has ended.
func (p *phone) recordingOver() {
	s := p.saying
	s.over = true
	outcome := ivr.Spoken
	if s.said < max(s.request.Shortest, 1) {
		p.saying, outcome = nil, ivr.NothingSaid
	}
	p.run.Recorded(s.request.ID, outcome)
}

// speak says something for so long, if anything is recorded, and waits for its end.
func (p *phone) speak(d time.Duration) *phone {
	p.t.Helper()
	s := p.saying
	if s == nil || s.over {
		return p
	}
	p.wait(max(s.begun-p.now, 0))
	s.said += d
	s.ends = min(s.begun+s.request.Max, p.now+d+s.request.Silence)
	for p.saying == s && !s.over && p.next(p.now+time.Hour) {
	}
	return p
}
