package call

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"careline/acd"
	"careline/call/insight"
	"careline/ledger"
	"careline/sip"
)

// end ends the caller's part of the call, once; whoever is first stays on
// record. With an agent, the agent's wrap-up follows.
func (s *session) end(by ledger.EndedBy, why string, cause int) {
	if s.stage == stageWrapUp || s.stage == stageOver {
		return
	}
	now := s.center.now()
	record := &s.chronicle.record
	if record.Q850Cause == 0 {
		record.Q850Cause = cause
	}
	s.leaveFlows(s.howEnded(by))
	s.stopFlow()
	s.settleVoice(true, "the call is over")
	s.hangUp(cause, why)
	s.stopAllSupervising()
	s.hangUpThird(cause, "ended")
	s.stopUrgent()
	s.dropSummons(cause)
	s.partFromAgent()
	s.dropTransfer(cause)
	s.closeSound()
	s.chronicle.end(now, by, why, s.endOutcome(by))
	s.callerLeft()
	s.log.Info("call ended", zap.String("by", string(by)), zap.String("why", why), zap.Stringer("stage", s.stage),
		zap.Int("q850", record.Q850Cause), zap.Duration("lasted", now.Sub(record.Started)))
	s.leaveEngine()
	agent, had := s.agent, s.withAgent()
	if had {
		s.wrapUp(agent)
	}
	if len(s.wrapping) == 0 {
		s.enter(stageOver)
		return
	}
	s.enter(stageWrapUp)
	s.timers.set(timerWrapUp, wrapUpLimit)
	for agent := range s.wrapping {
		s.showTo(agent)
	}
	s.saveBeside()
	if had {
		s.askWrapUp(agent)
	}
}

func (s *session) endOutcome(by ledger.EndedBy) string {
	if s.stage == stageQueue && by == ledger.ByCaller {
		return string(acd.Abandoned)
	}
	return "ended_by_" + string(by)
}

func (s *session) stopFlow() {
	s.timers.stopAll()
	if s.run != nil {
		s.run.Stop()
	}
}

// hangUp ends the dialog, if it stands. Where its mailbox is full, release
// tries again.
func (s *session) hangUp(cause int, why string) {
	if s.hungUp {
		return
	}
	err := s.dialog.HangUp(cause, why)
	if errors.Is(err, sip.ErrBusy) {
		s.log.Warn("not hung up yet", zap.Error(err))
		return
	}
	s.hungUp = true
	if err != nil {
		s.log.Debug("nothing to hang up", zap.Error(err))
	}
}

// closeSound notes what passed and gives the port back.
func (s *session) closeSound() {
	if s.leg == nil {
		return
	}
	stats := s.leg.Stats()
	s.chronicle.record.Media = ledger.MediaStats{
		PacketsReceived: stats.PacketsReceived, PacketsSent: stats.PacketsSent, PacketsLost: stats.PacketsLost,
	}
	s.noteSound(ledger.SoundCaller, "", s.leg)
	s.endRecording()
	s.leg.Close()
}

// leaveEngine tells the engine that the contact is gone, if it knows of it.
func (s *session) leaveEngine() {
	if !s.inEngine {
		return
	}
	s.inEngine = false
	if s.pending() {
		s.center.missedCallback(s.contact, s.id, s.missCause())
		return
	}
	reason := acd.Failed
	switch {
	case s.withAgent():
		reason = acd.Ended
	case s.chronicle.record.EndedBy == ledger.ByCaller:
		reason = acd.Abandoned
		if !s.reached && s.trial == "" && s.callback == nil {
			s.center.counters.abandoned.Add(1)
		}
	}
	s.center.router.submit(acd.ContactLeft{Contact: s.contact, Reason: reason})
}

// callerLeft gives the caller's place to the next; wrap-up takes none.
func (s *session) callerLeft() {
	if s.left {
		return
	}
	s.left = true
	s.center.callerLeft()
}

// release gives back all that the call took and keeps its record. Each step
// stands alone: what a panic kept one from doing, the others still do.
func (s *session) release() {
	for _, step := range []func(){
		func() { s.shown.Store(nil) },
		func() { s.cancel(nil) },
		s.stopFlow,
		func() { s.hangUp(causeTemporary, "internal error") },
		s.stopAllSupervising,
		func() { s.hangUpThird(causeTemporary, "ended") },
		s.partFromAgent,
		s.stopUrgent,
		func() { s.dropSummons(causeTemporary) },
		func() { s.dropTransfer(causeTemporary) },
		s.leaveRoom,
		func() { s.dropConsult("ended") },
		func() { closeLeg(s.leg) },
		s.leaveEngine,
		s.callerLeft,
		s.beside.Wait,
		s.keepRecord,
	} {
		func() {
			defer s.survive(nil)
			step()
		}()
	}
	if n := s.dropped.Load(); n > 0 {
		s.log.Warn("digits dropped", zap.Uint64("count", n))
	}
	s.log.Info("call closed")
}

// keepRecord writes the call's last record.
func (s *session) keepRecord() {
	now := s.center.now()
	s.leaveFlows(insight.Broken)
	s.chronicle.end(now, ledger.BySystem, "internal error", "ended_by_system")
	if s.withAgent() { // what broke the call kept it from its wrap-up
		s.chronicle.wrapUp(now, string(s.agent))
	}
	s.chronicle.wrapUpsEnded(now, "finished")
	s.noteVoices()
	s.noteRecordings()
	s.save(s.chronicle.snapshot())
}

// saveBeside writes the record as it stands without holding the call up. One
// write follows the other, so that an older one can't overtake.
func (s *session) saveBeside() {
	record, before := s.chronicle.snapshot(), s.saved
	done := make(chan struct{})
	s.saved = done
	s.beside.Go(func() {
		defer s.survive(nil)
		defer close(done)
		if before != nil {
			<-before
		}
		s.save(record)
	})
}

// save writes the record. What the ledger doesn't take stays in the log: it
// holds no PHI.
func (s *session) save(record ledger.CallRecord) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), saveTimeout)
	defer cancel()
	if err := s.center.records.SaveCall(ctx, record); err != nil {
		s.log.Error("call record not written", zap.Error(err), zap.Any("record", record))
	}
}
