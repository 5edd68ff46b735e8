package call

import (
	"time"

	"go.uber.org/zap"

	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// summons is our call to somebody outside who is to have the caller. Where ask is set,
// whoever answers hears it until a key says yes or no: machines press none.
type summons struct {
	target *target
	ask    []*media.Clip
	accept time.Duration
	// early: the caller hears how it rings there.
	early bool
	// taken: somebody has the caller now. over: nobody does, and why.
	taken func()
	over  func(why string)
}

// timerSummons bounds the ringing, and then the thinking.
const timerSummons = "summons"

// notAccepted is why a call that was answered came to nothing: no key was pressed.
const notAccepted = "not_accepted"

// notCalled is why there was no call at all: the dial plan or the trunks are against it.
const notCalled = "unreachable"

// summon calls a number; why says what keeps it from being called, empty if nothing.
func (s *session) summon(number sip.Number, ring time.Duration, m summons) (why string) {
	if s.trial != "" {
		s.log.Info("a trial calls nobody outside")
		return notCalled
	}
	t, status := s.callTarget(number)
	if status != 0 {
		return notCalled // as the log tells
	}
	m.target = t
	s.summons = &m
	s.timers.set(timerSummons, ring)
	return ""
}

func (s *session) isSummoned(t *target) bool { return s.summons != nil && s.summons.target == t }

// onSummons takes what somebody does who is called for the caller.
func (s *session) onSummons(e sip.Event) {
	m := s.summons
	switch e.Kind {
	case sip.EventProgress:
		s.hearSummoned()
	case sip.EventAnswered:
		s.log.Info("somebody outside answered", zap.Bool("asked", m.ask != nil))
		if m.ask == nil {
			s.summonsTakes()
			return
		}
		s.timers.set(timerSummons, m.accept)
		m.target.leg.Play(media.Playback{Clips: m.ask, Loop: true})
	case sip.EventDigit:
		s.summonsKeyed(e.Digit)
	case sip.EventEnded:
		why := "declined" // hung up without a key
		if !m.target.answered {
			why = failure(refusalOf(e))
		}
		s.summonsOver(causeNormal, why)
	}
}

// hearSummoned lets the caller hear the ringing there, once there is any, and once what
// is announced to her is over.
func (s *session) hearSummoned() {
	if m := s.summons; m != nil && m.early && m.target.audible() && s.playing.kind != playAnnouncement {
		s.stopPlaying()
		s.arrange()
	}
}

// summonsKeyed takes a key of whoever is asked.
func (s *session) summonsKeyed(digit media.Digit) {
	if m := s.summons; m == nil || m.ask == nil || !m.target.answered {
		return
	}
	switch digit.Key() {
	case ivr.KeyTakes:
		s.summonsTakes()
	case ivr.KeyDeclines:
		s.summonsOver(causeNormal, "declined")
	}
}

// summonsTimedOut: it rang in vain, or nobody pressed a key.
func (s *session) summonsTimedOut() {
	switch m := s.summons; {
	case m == nil:
	case m.target.answered:
		s.summonsOver(causeNormal, notAccepted)
	default:
		s.summonsOver(causeNoAnswer, "no_answer")
	}
}

// summonsTakes gives the caller to whoever was called.
func (s *session) summonsTakes() {
	m := s.summons
	s.summons = nil
	s.timers.stop(timerSummons)
	m.target.leg.StopPlaying()
	s.transfer = transfer{target: m.target}
	m.taken()
	s.targetTakes()
}

// summonsOver: nobody there takes the caller.
func (s *session) summonsOver(cause int, why string) {
	m := s.summons
	s.dropSummons(cause)
	m.over(why)
}

// dropSummons gives the call up.
func (s *session) dropSummons(cause int) {
	m := s.summons
	if m == nil {
		return
	}
	s.summons = nil
	s.timers.stop(timerSummons)
	if m.early {
		s.arrange()
	}
	s.noteSound(ledger.SoundTarget, "", m.target.leg)
	m.target.drop(cause, s.log)
}

// askClips gives what whoever is called hears, with a pause before it begins again.
func (s *session) askClips(row []ivr.Prompt) []*media.Clip {
	clips := s.clips(row, false)
	if len(row) > 0 {
		pause := ivr.Prompt{Language: row[0].Language, Name: ivr.PromptPause}
		if clip := s.content.Prompts[pause]; clip != nil {
			for range askPauses {
				clips = append(clips, clip)
			}
		}
	}
	return clips
}

// askPauses between two times that it is asked.
const askPauses = 4
