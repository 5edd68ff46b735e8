package call

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/member"
	"careline/phi"
)

// flowLine is the call as its flow sees it (ivr.Line). All of it runs in the
// call's goroutine.
type flowLine struct{ *session }

var errNotVerified = errors.New("call: the caller is not verified")

// flowTimer keeps the flow's timers apart from the call's own.
const flowTimer = "flow/"

func (l flowLine) Play(playback ivr.Playback) {
	clips := l.clips(playback.Prompts)
	l.play(playFlow, clips, playback.ID)
}

func (l flowLine) StopPlaying() { l.stopPlaying() }

func (l flowLine) SetTimer(id ivr.TimerID, d time.Duration) { l.timers.set(flowTimer+string(id), d) }

func (l flowLine) StopTimer(id ivr.TimerID) { l.timers.stop(flowTimer + string(id)) }

// Verify asks the verifier beside the call: it takes its time on purpose.
func (l flowLine) Verify(claim ivr.Claim) {
	question := member.Claim{
		Call: l.id, Attempt: claim.Attempt, ANI: phi.NewString(l.dialog.Caller().Reveal()),
		MemberID: claim.MemberID.Text(), DateOfBirth: claim.DateOfBirth.Text(),
	}
	s := l.session
	s.beside.Go(func() {
		result, err := s.center.verifier.Verify(s.ctx, question)
		s.post(verifiedMessage{result: result, err: err})
	})
}

func (l flowLine) Queue(request ivr.QueueRequest) { l.enqueue(request) }

func (l flowLine) HangUp(reason string) {
	l.end(ledger.BySystem, "the flow hung up: "+reason, causeNormal)
}

func (l flowLine) Entered(step ivr.StepName) {
	l.chronicle.record.Path = append(l.chronicle.record.Path, step.Flow+"."+step.Step)
	if label := step.Label; label != "" {
		l.labels = append(l.labels, label)
	}
	l.log.Debug("step entered", zap.String("flow", step.Flow), zap.String("step", step.Step))
}

// ReadFact reads beside the call, since the audit is written before the value
// comes out.
func (l flowLine) ReadFact(name string) {
	s, verification := l.session, l.verification
	flow := s.line.Flow
	s.beside.Go(func() {
		text, err := s.readFact(verification, flow, name)
		s.post(factMessage{name: name, text: text, err: err})
	})
}

func (s *session) readFact(verification *member.Verification, flow, name string) (string, error) {
	if verification == nil {
		return "", errNotVerified
	}
	if err := verification.Valid(s.id, s.center.now()); err != nil {
		return "", err
	}
	value, err := verification.Fact(name)
	if err != nil {
		return "", err
	}
	return value.Reveal(s.ctx, s.center.records, phi.Access{
		Call: s.id, Actor: "flow:" + flow, Subject: verification.Token(), Field: name, Purpose: phi.SelfService,
	})
}

// onVerified keeps what the verifier said. An error counts as locked out: the
// caller goes to a human, who is told "not verified".
func (s *session) onVerified(m verifiedMessage) {
	outcome := ivr.LockedOut
	if m.err != nil {
		s.log.Error("verification failed to run", zap.Error(m.err))
		s.outcome = string(ivr.NotVerified)
	} else {
		s.outcome = string(m.result.Outcome)
		outcome = ivr.VerifyOutcome(m.result.Outcome)
		s.verification = m.result.Verification
	}
	record := &s.chronicle.record
	record.Verification = s.outcome
	if s.verification != nil {
		record.MemberToken = s.verification.Token()
	}
	s.log.Info("caller checked", zap.String("outcome", s.outcome))
	if s.stage == stageFlow {
		s.run.Verified(outcome)
	}
}

// onDigit counts a key, and gives it to the flow while the flow speaks.
func (s *session) onDigit(digit media.Digit) {
	s.chronicle.record.DigitCount++
	if s.stage == stageFlow {
		s.run.Digit(phi.NewDigits(string(rune(digit.Key()))))
	}
}

func (s *session) clips(prompts []ivr.Prompt) []*media.Clip {
	clips := make([]*media.Clip, 0, len(prompts))
	for _, prompt := range prompts {
		clip := s.content.Prompts[prompt]
		if clip == nil {
			s.log.Error("prompt missing", zap.String("language", prompt.Language), zap.String("prompt", prompt.Name))
			continue
		}
		clips = append(clips, clip)
	}
	return clips
}
