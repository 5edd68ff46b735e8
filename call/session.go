package call

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/member"
	"careline/sip"
)

const (
	// sessionInbox bounds what waits for one call. A digit that finds it half
	// full is dropped; anything else that finds it full ends the call, with a
	// record that says so.
	sessionInbox = 256
	// saveTimeout bounds the writing of one call record.
	saveTimeout = 10 * time.Second
	// wrapUpLimit ends a wrap-up that nobody ends, so that no session outlives
	// its agent for ever.
	wrapUpLimit = 2 * time.Hour
)

// Q.850 causes that we send and record (ITU-T Q.850, table 1).
const (
	causeNormal      = 16  // normal call clearing
	causeOutOfOrder  = 27  // destination out of order
	causeNoResource  = 34  // no circuit or channel available
	causeTemporary   = 41  // temporary failure
	causeTimerExpiry = 102 // recovery on timer expiry
)

var (
	errOverflow = errors.New("the call's inbox was full")
	errShutDown = errors.New("the server is shutting down")
)

// session is one call: a goroutine that owns everything below `stage`.
type session struct {
	id      string
	contact acd.ContactID
	line    Line
	center  *Center
	content *Content
	dialog  Dialog
	leg     Leg
	log     *zap.Logger
	// ctx ends with the call; work beside the call hangs on it.
	ctx     context.Context
	cancel  context.CancelCauseFunc
	inbox   chan message
	dropped atomic.Uint64
	beside  sync.WaitGroup

	stage     stage
	run       *ivr.Run
	timers    *timers
	chronicle *chronicle

	verification *member.Verification
	outcome      string

	request  *ivr.QueueRequest
	arrived  time.Time
	answered time.Time
	offer    *acd.Offer
	agent    acd.AgentID
	agentLeg Leg
	muted    bool
	labels   []string

	playing playing
	music   music
	// saved is closed when the latest write of the record is done.
	saved chan struct{}
}

// post hands a message over and never waits.
func (s *session) post(m message) {
	if isDigit(m) && len(s.inbox) > cap(s.inbox)/2 {
		s.dropped.Add(1)
		return
	}
	select {
	case s.inbox <- m:
	default:
		s.cancel(errOverflow)
	}
}

func isDigit(m message) bool {
	switch m := m.(type) {
	case soundMessage:
		return m.Kind == media.EventDigit
	case sipMessage:
		return m.Kind == sip.EventDigit
	}
	return false
}

// live is the call's goroutine.
func (s *session) live() {
	defer s.release()
	defer s.survive(func() { s.end(ledger.BySystem, "internal error", causeTemporary) })
	s.begin()
	for s.stage != stageOver {
		select {
		case m := <-s.inbox:
			s.handle(m)
		case <-s.ctx.Done():
			s.end(ledger.BySystem, context.Cause(s.ctx).Error(), causeTemporary)
			s.enter(stageOver)
		}
	}
}

// survive, deferred, lets a panic end this call only: it is logged and then
// runs, if not nil, which is protected in turn.
func (s *session) survive(then func()) {
	r := recover()
	if r == nil {
		return
	}
	// The panic's value could quote what a caller said; its type can't.
	s.log.Error("call broke", zap.String("panic", fmt.Sprintf("%T", r)), zap.ByteString("stack", debug.Stack()))
	if then != nil {
		defer s.survive(nil)
		then()
	}
}

func (s *session) begin() {
	now := s.center.now()
	s.chronicle.enter(now, "", ledger.Segment{Kind: ledger.SegmentRing})
	s.log.Info("call arrived", zap.String("line", s.line.Name), zap.String("sip_call_id", s.dialog.ID()))
	if err := s.dialog.Ringing(); err != nil {
		s.log.Info("not ringing", zap.Error(err))
	}
	if err := s.dialog.Answer(s.leg.Local()); err != nil {
		s.log.Warn("not answered", zap.Error(err))
		s.end(ledger.ByCarrier, "the call could not be answered", causeTemporary)
	}
}

func (s *session) handle(m message) {
	switch m := m.(type) {
	case sipMessage:
		s.onSIP(sip.Event(m))
	case soundMessage:
		s.onSound(media.Event(m))
	case timerMessage:
		if s.timers.fired(m) {
			s.onTimer(m.name)
		}
	case verifiedMessage:
		s.onVerified(m)
	case factMessage:
		if s.stage == stageFlow {
			s.run.FactRead(m.name, m.text, m.err)
		}
	case offerMessage:
		s.onOffer(acd.Offer(m))
	case acceptedMessage:
		s.onAccepted(m.offer)
	case withdrawnMessage:
		s.onOfferOver(m.Offer, m.Why)
	case requeuedMessage:
		s.onRequeued(m.Why)
	case leaveMessage:
		s.onLeaveQueue(m.Why)
	case agentMessage:
		s.onAgent(acd.AgentChanged(m))
	case placeMessage:
		s.onPlace(m.place)
	case deviceMessage:
		s.onDevice(m)
	case commandMessage:
		m.reply <- s.onCommand(m.agent, m.command)
	}
}

func (s *session) onSIP(e sip.Event) {
	switch e.Kind {
	case sip.EventAcked:
		s.onAcked(e)
	case sip.EventCancelled:
		s.chronicle.record.SIPStatus = 487
		s.end(ledger.ByCaller, "cancelled before the call was up", causeNormal)
	case sip.EventEnded:
		s.onEnded(e)
	case sip.EventReoffer:
		s.onReoffer(e)
	case sip.EventDigit:
		s.onDigit(e.Digit)
	}
}

// onAcked: the dialog is confirmed; the script begins to speak now, so that
// nothing of it is said into an unfinished call.
func (s *session) onAcked(e sip.Event) {
	if s.stage != stageRinging {
		return
	}
	agreement, ok := s.dialog.Agreement()
	if !ok {
		s.end(ledger.BySystem, "no codec was agreed", causeTemporary)
		return
	}
	if err := s.leg.Agree(agreement.Remote, agreement.Format); err != nil {
		s.log.Warn("sound not agreed", zap.Error(err))
		s.end(ledger.BySystem, "the sound could not be agreed", causeTemporary)
		return
	}
	now := s.center.now()
	s.chronicle.record.Answered = now
	s.chronicle.enter(now, "answered", ledger.Segment{Kind: ledger.SegmentIVR})
	s.enter(stageFlow)
	s.saveBeside() // so that even a crash leaves a record of this call
	s.log.Info("call answered", zap.Stringer("codec", agreement.Format.Codec))
	s.run = ivr.NewRun(s.content.Flows, s.line.Flow, flowLine{s}, ivr.Options{})
	s.run.Start()
}

func (s *session) onEnded(e sip.Event) {
	if e.Cause != 0 {
		s.chronicle.record.Q850Cause = e.Cause
	}
	switch e.By {
	case sip.ByRemote:
		s.end(ledger.ByCaller, "the caller hung up", 0)
	case sip.ByTimeout:
		s.end(ledger.ByCarrier, "the carrier stopped answering", 0)
	case sip.ByTransport:
		s.end(ledger.ByCarrier, "the carrier's connection was lost", 0)
	default:
		s.end(ledger.BySystem, "the dialog ended", 0)
	}
}

func (s *session) onReoffer(e sip.Event) {
	status := 488
	err := s.leg.Agree(e.Agreement.Remote, e.Agreement.Format)
	if err == nil {
		status = 500
		err = s.dialog.AnswerReoffer(s.leg.Local())
	}
	if err != nil {
		s.log.Info("new offer refused", zap.Error(err))
		if err := s.dialog.RefuseReoffer(status); err != nil {
			s.log.Info("new offer not refused", zap.Error(err))
		}
	}
}

func (s *session) onSound(e media.Event) {
	switch e.Kind {
	case media.EventDigit:
		s.onDigit(e.Digit)
	case media.EventPlayed:
		s.onPlayed(e.Playback)
	case media.EventTimeout:
		s.end(ledger.ByCarrier, "no sound came from the caller's side (RTP time-out)", causeTimerExpiry)
	}
}

// enter changes the stage.
func (s *session) enter(next stage) {
	if s.stage == next {
		return
	}
	if !s.stage.mayBecome(next) {
		s.log.Error("stage refused", zap.Stringer("from", s.stage), zap.Stringer("to", next))
		return
	}
	s.stage = next
}

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
	s.stopFlow()
	if err := s.dialog.HangUp(max(cause, causeNormal), why); err != nil {
		s.log.Debug("nothing to hang up", zap.Error(err))
	}
	s.partFromAgent()
	stats := s.leg.Stats()
	record.Media = ledger.MediaStats{PacketsReceived: stats.PacketsReceived, PacketsSent: stats.PacketsSent, PacketsLost: stats.PacketsLost}
	s.leg.Close()
	s.chronicle.end(now, by, why, s.endOutcome(by))
	s.center.counters.count(record, s.stage)
	s.log.Info("call ended", zap.String("by", string(by)), zap.String("why", why), zap.Stringer("stage", s.stage),
		zap.Int("q850", record.Q850Cause), zap.Duration("lasted", now.Sub(record.Started)))
	s.leaveEngine()
	if !s.stage.withAgent() {
		s.enter(stageOver)
		return
	}
	s.enter(stageWrapUp)
	s.chronicle.wrapUp(now, string(s.agent))
	s.timers.set(timerWrapUp, wrapUpLimit)
	s.show()
	s.saveBeside()
}

func (s *session) endOutcome(by ledger.EndedBy) string {
	if s.stage == stageQueue && by == ledger.ByCaller {
		return string(acd.Abandoned)
	}
	return "ended_by_" + string(by)
}

// leaveEngine tells the engine that the contact is gone, if it knows of it.
func (s *session) leaveEngine() {
	reason := acd.Ended
	switch {
	case s.stage == stageQueue && s.chronicle.record.EndedBy == ledger.ByCaller:
		reason = acd.Abandoned
	case s.stage == stageQueue:
		reason = acd.Failed
	case !s.stage.withAgent():
		return
	}
	s.center.router.submit(acd.ContactLeft{Contact: s.contact, Reason: reason})
}

func (s *session) stopFlow() {
	s.timers.stopAll()
	if s.run != nil {
		s.run.Stop()
	}
}

// saveBeside writes the record as it stands without holding the call up. One
// write follows the other, so that an older one can't overtake.
func (s *session) saveBeside() {
	record, before := s.chronicle.snapshot(), s.saved
	done := make(chan struct{})
	s.saved = done
	s.beside.Go(func() {
		defer close(done)
		if before != nil {
			<-before
		}
		s.save(record)
	})
}

func (s *session) save(record ledger.CallRecord) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), saveTimeout)
	defer cancel()
	if err := s.center.records.SaveCall(ctx, record); err != nil {
		// It holds no PHI; so it is in the log at least.
		s.log.Error("call record not written", zap.Error(err), zap.Any("record", record))
	}
}

// release gives back all that the call took and keeps its record.
func (s *session) release() {
	s.stopFlow()
	s.cancel(nil)
	s.leg.Close()
	s.beside.Wait()
	s.chronicle.wrapUpEnded(s.center.now(), "finished")
	s.save(s.chronicle.snapshot())
	if s.request != nil {
		s.center.router.forget(s.contact)
	}
	if n := s.dropped.Load(); n > 0 {
		s.log.Warn("digits dropped", zap.Uint64("count", n))
	}
	s.log.Info("call closed")
}
