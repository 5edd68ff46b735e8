package call

import (
	"math"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/media/quality"
)

// maxSounds is how many legs' sound is on one record: an agent whose page is loaded
// anew takes one more each time.
const maxSounds = 32

// deadAfter is how long two must have been talking before a microphone that gives
// digital silence is told of: who is idle needn't make a noise. With the time between
// two looks of the page it is seen within 5 s.
const deadAfter = 2 * time.Second

// SoundView is how the sound of a talk is, as the agent's page shows it.
type SoundView struct {
	// Grade is the worse way's: "good", "fair" or "bad"; "" until it is known.
	Grade string
	// NotHeard: the caller may not hear the agent. NotHearing: the agent may not hear
	// the caller.
	NotHeard, NotHearing bool
	// Hears is the way from the caller to the agent, Heard the way back.
	Hears, Heard WayView
}

// WayView is one way of the sound, rounded, so that a page is told of changes that
// one hears and no others.
type WayView struct {
	// Loss in percent; Delay from mouth to ear, estimated.
	Loss  int
	Delay time.Duration
}

// talkSound is the sound of two who talk; it never changes.
type talkSound struct {
	caller, agent Leg
	since         time.Time
}

// talkSound is that of the present talk; nil while there is none.
func (s *session) talkSound(agent acd.AgentID) *talkSound {
	if s.stage != stageTalk || s.agentLeg == nil || agent != s.agent {
		return nil
	}
	return &talkSound{caller: s.leg, agent: s.agentLeg, since: s.chronicle.since()}
}

// view measures the sound now.
func (t *talkSound) view(muted bool, now time.Time) *SoundView {
	caller, agent := t.caller.Stats(), t.agent.Stats()
	settled := now.Sub(t.since) >= deadAfter
	silent := func(side media.SoundStats) bool {
		return side.OneWay != quality.None && (settled || side.OneWay != quality.Dead)
	}
	return &SoundView{
		Grade:      worst(caller.Heard, caller.Said, agent.Heard, agent.Said).String(),
		NotHearing: silent(caller.Heard) || silent(agent.Said),
		NotHeard:   !muted && (silent(agent.Heard) || silent(caller.Said)),
		Hears:      wayView(caller.Heard, agent.Said),
		Heard:      wayView(agent.Heard, caller.Said),
	}
}

// worst is the worst of the grades that are known.
func worst(sides ...media.SoundStats) quality.Grade {
	grade := quality.Unknown
	for _, side := range sides {
		grade = max(grade, quality.GradeOf(side.MOS))
	}
	return grade
}

// wayView is the way in by one leg and out by another: losses add up, and so do the
// networks' delays; packet and jitter buffer delay once.
func wayView(in, out media.SoundStats) WayView {
	loss := 1 - (1-in.Loss)*(1-out.Loss)
	delay := max(in.Delay-in.RoundTrip/2, out.Delay-out.RoundTrip/2) + in.RoundTrip/2 + out.RoundTrip/2
	return WayView{Loss: int(math.Round(100 * loss)), Delay: delay.Round(20 * time.Millisecond)}
}

// oneWay notes that a side isn't heard, or is again. It ends nothing: the agent's page
// shows it, and the record has how long it was.
func (s *session) oneWay(leg ledger.SoundLeg, e media.Event) {
	if e.Kind == media.EventOneWay && (s.stage == stageTalk || s.stage == stageExternal) {
		s.log.Info("one-way sound", zap.String("leg", string(leg)), zap.Stringer("why", e.OneWay))
	}
	if device := s.center.devices[s.agent]; device != nil {
		device.notify()
	}
}

// beginSound forgets how a leg sounded before it came to this call.
func beginSound(leg Leg) {
	if leg != nil {
		leg.TakeQuality()
	}
}

// noteSound puts on record how a leg sounded since it came to this call, or since it
// was last noted.
func (s *session) noteSound(kind ledger.SoundLeg, agent acd.AgentID, leg Leg) {
	if leg == nil {
		return
	}
	sum := leg.TakeQuality()
	if sum.Sent == 0 && sum.Heard.Expected == 0 {
		return
	}
	s.center.counters.sound.note(kind, sum)
	record := &s.chronicle.record
	if len(record.Sound) >= maxSounds {
		return
	}
	record.Sound = append(record.Sound, ledger.LegSound{
		Leg: kind, Agent: string(agent), Codec: sum.Codec.String(),
		RoundTripMS:    milliseconds(sum.Heard.RoundTrip),
		MaxRoundTripMS: milliseconds(sum.Heard.MaxRoundTrip),
		Received:       wayOf(sum.Heard, sum.Heard.Expected-sum.Heard.Lost),
		Sent:           wayOf(sum.Said, sum.Sent),
	})
}

func wayOf(sum media.DirectionSum, packets uint64) ledger.SoundWay {
	return ledger.SoundWay{
		Packets: packets, Lost: sum.Lost, Late: sum.Late,
		JitterMS: milliseconds(sum.Jitter), MaxJitterMS: milliseconds(sum.MaxJitter),
		MOS: hundredths(sum.MOS), WorstMOS: hundredths(sum.Worst),
		OneWaySeconds: math.Round(sum.OneWay.Seconds()),
	}
}

// milliseconds rounds up, so that what is known isn't 0.
func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

func hundredths(score float64) float64 { return math.Round(100*score) / 100 }
