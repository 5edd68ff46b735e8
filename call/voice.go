package call

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"time"

	"go.uber.org/zap"

	"careline/ivr"
	"careline/ivr/calendar"
	"careline/ledger"
	"careline/ledger/recording"
	"careline/media"
	"careline/phi"
)

// SpeechTap is what the far side of a leg says into a flow; *media.Tap is one.
type SpeechTap interface {
	RecordSpeech(ctx context.Context, w io.Writer, options media.SpeechOptions) (media.Speech, error)
	Close()
}

// Voices keeps what callers say: sealed, and what is known of it.
type Voices interface {
	// Begin puts a recording on record, before its first sound is written; Dispose
	// destroys one that the caller doesn't want to be kept.
	Begin(ctx context.Context, r ledger.Recording) (VoiceFile, error)
	Dispose(ctx context.Context, id, actor, why string) error
	LeaveMessage(ctx context.Context, m ledger.Message, number phi.String) error
	SaveSurveyAnswer(ctx context.Context, a ledger.SurveyAnswer) error
}

// VoiceFile is a recording that is written; *recording.Writer is one.
type VoiceFile interface {
	io.Writer
	ID() string
	Close(ctx context.Context, result recording.Result) error
	Discard(ctx context.Context, why string) error
}

// Box is where messages are left.
type Box struct {
	// Queue whose agents hear them.
	Queue string
	// Class of retention.
	Class string
	// BusinessDays within which they are answered, by Calendar; else Within.
	BusinessDays int
	Calendar     *calendar.Hours
	Within       time.Duration
}

// DefaultAnswerWithin is for a box that says nothing else, and where a calendar has no
// business day in a year.
const DefaultAnswerWithin = 24 * time.Hour

// Due is by when a message is answered.
func (b Box) Due(left time.Time) time.Time {
	if b.BusinessDays > 0 && b.Calendar != nil {
		if due, ok := b.Calendar.BusinessDays(left, b.BusinessDays); ok {
			return due
		}
	}
	if b.Within > 0 {
		return left.Add(b.Within)
	}
	return left.Add(DefaultAnswerWithin)
}

// The tone after which callers speak: 440 Hz as on answering machines, at -15 dBFS.
const (
	toneHz     = 440
	toneLevel  = 5800
	toneLength = 400 * time.Millisecond
	// toneEdge is how long it takes to swell and to fade: without it, it clicks.
	toneEdge = 10 * time.Millisecond
)

// newTone makes the tone.
func newTone() *media.Clip {
	samples := make([]int16, int(toneLength*media.SampleRate/time.Second))
	edge := float64(toneEdge * media.SampleRate / time.Second)
	for i := range samples {
		swell := min(1, float64(i)/edge, float64(len(samples)-1-i)/edge)
		samples[i] = int16(toneLevel * swell * math.Sin(2*math.Pi*toneHz*float64(i)/media.SampleRate))
	}
	return media.NewClip(samples)
}

// voice is something that the caller says into a flow, from its tone to its seal. What
// lies below mu is shared with who writes it.
type voice struct {
	request ivr.RecordRequest
	// began: the tone is over.
	began time.Time
	tap   SpeechTap
	// verification and member as the call's record had them.
	verification, member string

	mu sync.Mutex
	// settled: it is decided what becomes of it; wanted: it is kept.
	settled, wanted bool
	// taken is what was said; nil until it is over.
	taken *media.Speech
	id    string
	kept  bool
}

// errNoVoices is for a server without recordings.
var errNoVoices = errors.New("call: recordings are not set up")

// RecordCaller plays the tone; then it records.
func (l flowLine) RecordCaller(request ivr.RecordRequest) {
	s := l.session
	s.settleVoice(false, "another one was begun")
	s.voice = &voice{request: request}
	s.play(playTone, []*media.Clip{s.center.tone}, request.ID)
}

func (l flowLine) StopRecording(id int) {
	if v := l.voice; v != nil && v.request.ID == id && v.tap != nil {
		v.tap.Close()
	}
}

func (l flowLine) DropRecording(int) { l.settleVoice(false, "the caller did not want it") }

// PlayRecording plays it to the caller who said it, and to nobody else.
func (l flowLine) PlayRecording(_, playback int) {
	var clips []*media.Clip
	if v := l.voice; v != nil {
		v.mu.Lock()
		if v.taken != nil {
			clips = []*media.Clip{media.NewClip(v.taken.Sound)}
		}
		v.mu.Unlock()
	}
	l.play(playFlow, clips, playback)
}

func (l flowLine) KeepRecording(id int) {
	s := l.session
	v := s.voice
	if v == nil || !v.settle(true) {
		s.post(keptMessage{id: id})
		return
	}
	s.keepVoice(v)
}

// settle decides what becomes of it; false if that is decided already, or where nothing
// was said yet.
func (v *voice) settle(wanted bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.settled {
		return false
	}
	v.settled, v.wanted = true, wanted
	return v.taken != nil
}

// beginVoice records from now on: the tone is over.
func (s *session) beginVoice(id int) {
	v := s.voice
	if v == nil || v.request.ID != id {
		return
	}
	var err error
	if s.center.options.Voices == nil {
		err = errNoVoices
	} else {
		v.tap, err = s.center.sound.TapSpeech(s.leg)
	}
	v.began = s.center.now()
	v.verification, v.member = s.chronicle.record.Verification, s.chronicle.record.MemberToken
	if err != nil {
		s.log.Error("what the caller says can't be recorded", zap.Error(err))
		s.post(voiceMessage{id: id, outcome: ivr.RecordFailed})
		return
	}
	s.voices = append(s.voices, v)
	known := ledger.Recording{Call: s.id, Kind: ledger.RecordedStatement, Line: s.line.Name, Channels: 1, Class: v.request.Keep, Statement: v.request.Kind}
	if v.request.Box != "" {
		known.Kind, known.Statement = ledger.RecordedMessage, ""
		if known.Class == "" {
			known.Class = s.content.Boxes[v.request.Box].Class
		}
	}
	known.Class = cmp.Or(known.Class, recording.DefaultClass)
	s.beside.Go(func() {
		message := voiceMessage{id: id, outcome: ivr.RecordFailed}
		defer func() { s.post(message) }()
		defer s.survive(nil)
		message.outcome = s.writeVoice(v, known)
	})
}

// writeVoice writes what the caller says until that is over, be it by the end of the
// call, and keeps it then if the call is gone.
func (s *session) writeVoice(v *voice, known ledger.Recording) ivr.RecordOutcome {
	defer v.tap.Close()
	ctx := context.WithoutCancel(s.ctx)
	begin, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	file, err := s.center.options.Voices.Begin(begin, known)
	if err != nil {
		s.voiceLost(v, "a recording can't begin", err)
		return ivr.RecordFailed
	}
	speech, err := v.tap.RecordSpeech(ctx, file, media.SpeechOptions{Silence: v.request.Silence, Max: v.request.Max})
	end, cancelEnd := context.WithTimeout(ctx, saveTimeout)
	defer cancelEnd()
	v.mu.Lock()
	dropped := v.settled && !v.wanted
	v.mu.Unlock()
	if nothing := speech.Spoken < max(v.request.Shortest, 1); err == nil && (nothing || dropped) {
		if err := file.Discard(end, "nothing that is to be kept"); err != nil {
			s.log.Warn("a recording that nobody wants stays", zap.String("recording", file.ID()), zap.Error(err))
		}
		return ivr.NothingSaid
	}
	err = errors.Join(err, file.Close(end, recording.Result{Length: speech.Length, Dropped: speech.Stats.Dropped}))
	v.mu.Lock()
	v.id, v.taken = file.ID(), &speech
	wanted := v.settled && v.wanted
	dropped = v.settled && !v.wanted
	v.mu.Unlock()
	switch {
	case err != nil && speech.Spoken == 0:
		s.voiceLost(v, "it was not recorded", err)
		return ivr.RecordFailed
	case err != nil: // what there is of it is kept, as one that was cut
		s.log.Error("what the caller said is recorded in part", zap.String("recording", v.id), zap.Error(err))
	case dropped:
		s.disposeVoice(v)
		return ivr.NothingSaid
	}
	if wanted {
		s.writeKept(v)
	}
	return ivr.Spoken
}

// onVoice: what the caller says is over.
func (s *session) onVoice(m voiceMessage) {
	if s.stage == stageFlow && s.voice != nil && s.voice.request.ID == m.id {
		s.run.Recorded(m.id, m.outcome)
	}
}

// onKept: it is kept, or it can't be.
func (s *session) onKept(m keptMessage) {
	if s.stage == stageFlow {
		s.run.Kept(m.id, m.kept)
	}
}

// settleVoice ends what is said. Where the call is over, what was said so far is wanted:
// hanging up after speaking sends it.
func (s *session) settleVoice(wanted bool, why string) {
	v := s.voice
	if v == nil {
		return
	}
	s.voice = nil
	said := v.settle(wanted)
	if v.tap != nil {
		v.tap.Close()
	}
	switch {
	case !said:
	case wanted:
		s.keepVoice(v)
	default:
		s.log.Debug("a recording is dropped", zap.String("why", why))
		s.beside.Go(func() {
			defer s.survive(nil)
			s.disposeVoice(v)
		})
	}
}

func (s *session) disposeVoice(v *voice) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), saveTimeout)
	defer cancel()
	if err := s.center.options.Voices.Dispose(ctx, v.id, "caller", "the caller did not want it to be kept"); err != nil {
		s.log.Warn("a recording that the caller doesn't want stays", zap.String("recording", v.id), zap.Error(err))
	}
}

// keepVoice keeps it beside the call, and tells the flow.
func (s *session) keepVoice(v *voice) {
	s.beside.Go(func() {
		m := keptMessage{id: v.request.ID}
		defer func() { s.post(m) }()
		defer s.survive(nil)
		m.kept = s.writeKept(v)
	})
}

// writeKept keeps what was said: the recording is sealed already, and a message is put
// into its box.
func (s *session) writeKept(v *voice) bool {
	if s.trial != "" { // an admin tries a flow: nobody is waiting for an answer
		s.disposeVoice(v)
		return true
	}
	if v.request.Box != "" {
		message, number := s.messageOf(v)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), saveTimeout)
		defer cancel()
		if err := s.center.options.Voices.LeaveMessage(ctx, message, number); err != nil {
			s.voiceLost(v, "a message is in no box", err)
			return false
		}
		s.center.counters.messages.Add(1)
		s.log.Info("message left", zap.String("box", message.Box), zap.String("message", message.ID), zap.Duration("length", message.Length))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.kept = true
	return true
}

// messageOf is what is known of a message. The number that the caller entered comes
// before that of the call, which is a hint.
func (s *session) messageOf(v *voice) (ledger.Message, phi.String) {
	m := ledger.Message{
		ID: v.id, Box: v.request.Box, Call: s.id, Line: s.line.Name, Language: v.request.Language, Left: v.began.UTC(), Length: v.taken.Length,
		Verification: v.verification, MemberToken: v.member, Number: ledger.NumberNone, Due: s.content.Boxes[v.request.Box].Due(v.began).UTC(),
	}
	number := v.request.Number.Text()
	switch calling := phi.NewString(s.dialog.Caller().Reveal()); {
	case !number.IsEmpty():
		m.Number = ledger.NumberEntered
	case !calling.IsEmpty():
		m.Number, number = ledger.NumberCalling, calling
	}
	return m, number
}

// voiceLost says loudly that something is not kept.
func (s *session) voiceLost(v *voice, what string, err error) {
	s.center.counters.voicesLost.Add(1)
	s.log.Error("what the caller said is not kept: "+what, zap.String("box", v.request.Box), zap.String("kind", v.request.Kind), zap.String("recording", v.id), zap.Error(err))
}

// noteVoices puts on record what was kept of what the caller said.
func (s *session) noteVoices() {
	s.chronicle.record.Said = nil
	for _, v := range s.voices {
		v.mu.Lock()
		if v.kept {
			s.chronicle.record.Said = append(s.chronicle.record.Said, v.id)
		}
		v.mu.Unlock()
	}
}

// SurveyAnswered keeps an answer beside the call. One that can't be kept is missing in
// the figures, and the caller isn't told.
func (l flowLine) SurveyAnswered(answer ivr.SurveyAnswer) {
	s := l.session
	if s.trial != "" {
		return
	}
	kept := ledger.SurveyAnswer{
		Call: s.id, Survey: answer.Survey, Question: answer.Question, Time: s.center.now().UTC(), Agent: s.lastAgent,
		Language: s.run.Language(), Answer: answer.Answer, Scale: answer.Scale,
	}
	if s.request != nil {
		kept.Queue = s.request.Queue
	}
	if v := s.voice; v != nil && answer.Scale == 0 {
		v.mu.Lock()
		kept.Recording = v.id
		v.mu.Unlock()
	}
	s.center.counters.surveys.add(answer)
	if s.center.options.Voices == nil {
		s.log.Error("a survey's answer is not kept", zap.Error(errNoVoices))
		return
	}
	s.beside.Go(func() {
		defer s.survive(nil)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), saveTimeout)
		defer cancel()
		if err := s.center.options.Voices.SaveSurveyAnswer(ctx, kept); err != nil {
			s.log.Error("a survey's answer is not kept", zap.String("survey", kept.Survey), zap.String("question", kept.Question), zap.Error(err))
		}
	})
}
