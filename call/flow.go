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

var (
	errNotVerified = errors.New("call: the caller is not verified")
	errBroke       = errors.New("call: broke, as the log tells")
)

// flowTimer keeps the flow's timers apart from the call's own.
const flowTimer = "flow/"

func (l flowLine) Play(playback ivr.Playback) {
	clips := l.clips(playback.Prompts, playback.Sensitive)
	l.play(playFlow, clips, playback.ID)
}

func (l flowLine) StopPlaying() { l.stopPlaying() }

func (l flowLine) SetTimer(id ivr.TimerID, d time.Duration) { l.timers.set(flowTimer+string(id), d) }

func (l flowLine) StopTimer(id ivr.TimerID) { l.timers.stop(flowTimer + string(id)) }

// Verify asks the verifier beside the call: it takes its time on purpose.
func (l flowLine) Verify(claim ivr.Claim) {
	question := member.Claim{
		Call: l.id, Attempt: claim.Attempt, ANI: l.ani(), Role: roleOf(claim.Role),
		MemberID: claim.MemberID.Text(), MBIKeys: claim.MBIKeys.Text(), DateOfBirth: claim.DateOfBirth.Text(),
		PIN: claim.PIN.Text(), OwnBorn: claim.OwnBorn.Text(), Authorization: claim.Authorization.Text(),
		NPI: claim.NPI.Text(), TIN: claim.TIN.Text(),
	}
	s := l.session
	s.claim = claim.Attempt
	s.disclose(string(ivr.NotVerified), nil) // until the verifier says otherwise
	s.beside.Go(func() {
		answer := verifiedMessage{attempt: claim.Attempt, err: errBroke}
		defer func() { s.post(answer) }()
		defer s.survive(nil)
		answer.result, answer.err = s.center.verifier.Verify(s.ctx, question)
	})
}

// roleOf is a flow's role as the verifier knows it.
func roleOf(role ivr.Role) member.Role {
	if role == ivr.RoleMember {
		return member.Self
	}
	return member.Role(role)
}

// flowRole is the role in which somebody was verified, as flows know it.
func flowRole(verification *member.Verification) ivr.Role {
	if role := verification.Authority().Role; role != member.Self {
		return ivr.Role(role)
	}
	return ivr.RoleMember
}

func (l flowLine) Queue(request ivr.QueueRequest) { l.enqueue(request) }

func (l flowLine) HangUp(reason string) {
	l.end(ledger.BySystem, "the flow hung up: "+reason, causeNormal)
}

func (l flowLine) Entered(step ivr.StepName) {
	l.chronicle.record.Path = appendStep(l.chronicle.record.Path, step.Flow+"."+step.Step)
	if label := step.Label; label != "" {
		l.labels = appendStep(l.labels, label)
	}
	l.log.Debug("step entered", zap.String("flow", step.Flow), zap.String("step", step.Step))
}

// Took tells a call's story, way by way.
func (l flowLine) Took(edge ivr.EdgeName) {
	l.took(edge)
	l.log.Debug("edge taken", zap.String("flow", edge.Flow), zap.String("step", edge.From), zap.String("via", edge.Via))
}

// Refused is an error of the checker's: it should have refused the flow.
func (l flowLine) Refused(reason string) {
	l.log.Error("flow kept a value back", zap.String("reason", reason))
}

// Record ends the call's recording for a caller who doesn't want it, or begins anew.
func (l flowLine) Record(on bool) {
	if on {
		l.beginRecording()
	} else {
		l.endRecording()
	}
}

func (l flowLine) Now() time.Time { return l.center.now() }

// ReadFact reads beside the call, since the audit is written before the value
// comes out.
func (l flowLine) ReadFact(name string) {
	s, verification := l.session, l.verification
	flow := s.run.Flow()
	s.beside.Go(func() {
		answer := factMessage{name: name, err: errBroke}
		defer func() { s.post(answer) }()
		defer s.survive(nil)
		answer.text, answer.err = s.readFact(verification, flow, name)
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

// onVerified keeps what the verifier said, if the flow still waits for it: what
// it went on without holds for the agent's screen too. An error counts as locked
// out: the caller goes to a human, who is told "not verified".
func (s *session) onVerified(m verifiedMessage) {
	if s.stage != stageFlow || m.attempt != s.claim || !s.run.Verifying() {
		s.log.Warn("verification came too late", zap.Int("attempt", m.attempt))
		return
	}
	outcome := ivr.LockedOut
	if m.err != nil {
		s.log.Error("verification failed to run", zap.Error(m.err))
	} else {
		outcome = ivr.VerifyOutcome(m.result.Outcome)
		s.disclose(string(outcome), m.result.Verification)
	}
	s.log.Info("caller checked", zap.String("outcome", s.chronicle.record.Verification))
	s.run.Verified(outcome)
}

// disclose decides what the record and the agent's screen may say of the member.
func (s *session) disclose(outcome string, verification *member.Verification) {
	s.verification = verification
	record := &s.chronicle.record
	record.Verification, record.VerifiedAs, record.MemberToken = outcome, "", ""
	if verification != nil {
		record.VerifiedAs, record.MemberToken = verification.Authority().String(), verification.Token()
	}
}

// onDigit counts a key, and gives it to the flow while the flow speaks.
func (s *session) onDigit(digit media.Digit) {
	s.chronicle.record.DigitCount++
	switch {
	case s.stage == stageFlow:
		s.run.Digit(phi.NewDigits(string(rune(digit.Key()))))
	case s.stage == stageExternal && s.transfer.target != nil: // who may be a menu
		s.transfer.target.leg.SendDigit(digit, digitLength)
	}
}

// clips finds what a row plays. Of a row that tells something of the caller, no name
// is logged: it is a part of the value.
func (s *session) clips(prompts []ivr.Prompt, sensitive bool) []*media.Clip {
	clips := make([]*media.Clip, 0, len(prompts))
	for _, prompt := range prompts {
		clip := s.content.Prompts[prompt]
		if clip == nil {
			name := prompt.Name
			if sensitive {
				name = "a part of a value"
			}
			s.log.Error("prompt missing", zap.String("language", prompt.Language), zap.String("prompt", name))
			continue
		}
		clips = append(clips, clip)
	}
	return clips
}
