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
	"careline/call/insight"
	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/member"
	"careline/sip"
)

const (
	// sessionInbox bounds what waits for one call. Where it is half full, a digit
	// is dropped and an agent's command is refused; anything else that finds it
	// full ends the call, with a record that says so.
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
	number  string // that was dialed for the line
	center  *Center
	content *Content
	dialog  Dialog
	// trial is who tries a flow by this call; empty for a caller's.
	trial acd.AgentID
	leg   Leg // nil until it is made, where the caller is a browser
	log   *zap.Logger
	// ctx ends with the call; work beside the call hangs on it.
	ctx     context.Context
	cancel  context.CancelCauseFunc
	inbox   chan message
	dropped atomic.Uint64
	beside  sync.WaitGroup

	// browser: the caller's sound is WebRTC; connected once it was; acked: the
	// dialog is confirmed.
	browser, connected, acked bool

	stage     stage
	run       *ivr.Run
	visit     *insight.Visit // nil outside of the flows
	timers    *timers
	chronicle *chronicle

	// claim is the latest attempt to verify.
	claim        int
	verification *member.Verification
	// attestation is how far the originating carrier vouches for the number.
	attestation ivr.Attestation

	request  *ivr.QueueRequest
	arrived  time.Time
	answered time.Time
	offer    *acd.Offer
	agent    acd.AgentID
	agentLeg Leg
	phone    *phoneCall // the agent's desk phone, while it rings or is talked on
	muted    bool
	// wrapping are the agents who had the call and wrap it up, with the time at
	// which each answered.
	wrapping map[acd.AgentID]time.Time
	// transfer is the agent's, while somebody is called for the caller and after;
	// consult is whom the agent asks beside the caller.
	transfer transfer
	consult  *consult
	// third is whom the agent has called beside the caller, from the page;
	// supervisors are in the call with an agent.
	third *third
	asks  int // how often another agent was asked, or a line left for another
	// urgent is an escalated caller's wait, calling whom it calls; lateSince is when
	// somebody should have had her, while nobody has.
	urgent    *urgent
	wasUrgent *ivr.Urgent // before an agent had her
	calling   onCallCall
	lateSince time.Time
	// summons is our call to somebody outside, handing the flow's wish for one.
	summons *summons
	handing *handing
	// audited is closed when the latest audit entry beside the call is written.
	audited chan struct{}
	// contacts is by which contact the engine knows that each agent has to do with
	// the call.
	contacts    map[acd.AgentID]acd.ContactID
	supervisors map[acd.AgentID]*supervision
	hearing     hearing
	labels      []string
	// reached: an agent has answered, now or earlier.
	reached bool

	// callback that this call is an attempt at; nil for a call that came in.
	callback *promise
	// keeps: in the flow, the caller keeps a place in line; offered: a callback was
	// offered already; exited is why the engine let the call go meanwhile.
	keeps, offered bool
	exited         acd.QueueExit

	// What was taken and must be given back, once: a place in the engine, a
	// dialog that stands, a place among the callers.
	inEngine, hungUp, left bool

	playing playing
	music   music
	// voice is what the caller says into the flow, voices are all that was recorded so;
	// lastAgent is whom the caller talked with last.
	voice     *voice
	voices    []*voice
	lastAgent string
	// recording is the call's, while it is recorded; recorded are all of them.
	recording *callRecording
	recorded  []*callRecording
	// shown is what supervisors see of the call; they read it from elsewhere.
	shown atomic.Pointer[Overview]
	// saved is closed when the latest write of the record is done.
	saved chan struct{}
}

// post hands a message over and never waits.
func (s *session) post(m message) {
	if isDigit(m) && s.crowded() {
		s.dropped.Add(1)
		return
	}
	select {
	case s.inbox <- m:
	default:
		s.cancel(errOverflow)
	}
}

func (s *session) crowded() bool { return len(s.inbox) > cap(s.inbox)/2 }

// live is the call's goroutine.
func (s *session) live() {
	defer s.release()
	defer s.survive(func() { s.end(ledger.BySystem, "internal error", causeTemporary) })
	s.begin()
	for s.stage != stageOver {
		s.publish()
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
	if s.callback != nil {
		s.beginWaiting()
		return
	}
	now := s.center.now()
	s.chronicle.enter(now, "", ledger.Segment{Kind: ledger.SegmentRing})
	s.attest()
	s.log.Info("call arrived", zap.String("line", s.line.Name), zap.String("sip_call_id", s.dialog.ID()))
	if s.isBrowser() && !s.openBrowser() {
		return
	}
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
	case attestedMessage:
		s.onAttested(m.result)
	case factMessage:
		if s.stage == stageFlow {
			s.run.FactRead(m.name, m.text, m.err)
		}
	case voiceMessage:
		s.onVoice(m)
	case keptMessage:
		s.onKept(m)
	case recordingMessage:
		s.onRecording(m)
	case lookedUpMessage:
		if s.stage == stageFlow {
			s.run.LookedUp(m.id, m.answer)
		}
	case calledBackMessage:
		s.onCalledBack(m)
	case dialMessage, calleeMessage, callbackOverMessage:
		s.onCallback(m)
	case offerMessage:
		s.onOffer(acd.Offer(m))
	case requeuedMessage:
		s.onRequeued(acd.Requeued(m))
	case leaveMessage:
		s.onLeaveQueue(m.Contact, m.Why)
	case agentMessage:
		s.onAgent(acd.AgentChanged(m))
	case placeMessage:
		s.onPlace(m.place)
	case presentMessage:
		s.onPresent(m)
	case handedMessage:
		s.onHanded(m)
	case deviceMessage:
		s.onDevice(m.agent)
	case browserMessage:
		s.onBrowser(m)
	case noWrapUpMessage:
		s.wrapUpOver(m.agent)
	case phoneMessage:
		s.onPhone(m)
	case phoneSoundMessage:
		s.onPhoneSound(m)
	case replacedMessage:
		s.phoneReplaced(m)
	case targetMessage:
		s.onTarget(m)
	case targetSoundMessage:
		s.onTargetSound(m)
	case consultMessage:
		s.onConsult(m)
	case consultSoundMessage:
		s.onConsultSound(m)
	case superviseMessage:
		s.onSupervise(m)
	case commandMessage:
		m.reply <- s.onCommand(m.agent, m.command)
	}
}

func (s *session) onSIP(e sip.Event) {
	if s.onCalleeSIP(e) {
		return
	}
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
	case sip.EventRenegotiated:
		s.onRenegotiated(e)
	case sip.EventDigit:
		s.onDigit(e.Digit)
	case sip.EventRefer: // a caller who could transfer would dial at our expense
		s.refuseRefer(s.dialog, 403)
	case sip.EventReferProgress:
		s.onReferProgress(e.Status)
	case sip.EventReplaced:
		s.turnAway(e.Dialog, 403)
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
	if !s.agreeSound(agreement) {
		return
	}
	s.acked = true
	s.log.Info("call answered", zap.Stringer("codec", agreement.Format.Codec), zap.String("encrypted_by", encryptedBy(agreement.Remote)))
	s.beginFlow()
}

// beginFlow lets the script begin, once the call is up and its sound is.
func (s *session) beginFlow() {
	if s.stage != stageRinging || !s.acked || s.browser && !s.connected {
		return
	}
	now := s.center.now()
	s.chronicle.record.Answered = now
	s.chronicle.enter(now, "answered", ledger.Segment{Kind: ledger.SegmentIVR})
	s.enter(stageFlow)
	s.beginRecording()
	s.saveBeside() // so that even a crash leaves a record of this call
	s.run = ivr.NewRun(s.content.Flows, s.line.Flow, flowLine{s}, ivr.Options{Language: s.chronicle.record.Language, Attestation: s.attestation, Patience: s.line.Patience, Split: ivr.SplitBy(s.id)})
	s.run.Start()
}

func (s *session) onEnded(e sip.Event) {
	s.hungUp = true
	record := &s.chronicle.record
	if e.Cause != 0 {
		record.Q850Cause = e.Cause
	}
	if e.Status != 0 {
		record.SIPStatus = e.Status
	}
	switch e.By {
	case sip.ByRemote:
		s.end(ledger.ByCaller, "the caller hung up", causeNormal)
	case sip.ByTimeout:
		s.end(ledger.ByCarrier, "the carrier stopped answering", causeTimerExpiry)
	case sip.ByTransport:
		s.end(ledger.ByCarrier, "the carrier's connection was lost", causeOutOfOrder)
	default:
		s.end(ledger.BySystem, "the dialog ended", causeTemporary)
	}
}

func (s *session) onReoffer(e sip.Event) {
	if s.browser {
		s.renegotiate(s.dialog, s.leg, e.Agreement.Remote.WebRTC, func() {})
		return
	}
	status := 488
	err := s.leg.Agree(e.Agreement.Remote, e.Agreement.Format)
	if err == nil {
		status = 500
		err = s.dialog.AnswerReoffer(s.leg.Local())
	}
	if err != nil {
		s.log.Info("new offer refused", zap.Error(err))
		s.refuseReoffer(s.dialog, status)
	}
}

// onRenegotiated: the far side answered the offer that our answer to its empty
// re-INVITE was. Only now is it known where its sound comes from and goes to.
func (s *session) onRenegotiated(e sip.Event) {
	if s.browser {
		return // by an answer to what had been answered already: nothing changes
	}
	if err := s.leg.Agree(e.Agreement.Remote, e.Agreement.Format); err != nil {
		s.log.Warn("sound not agreed anew", zap.Error(err))
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
	case media.EventConnected, media.EventFailed:
		s.onConnection(e.Kind)
	case media.EventOneWay, media.EventHeardAgain:
		s.oneWay(ledger.SoundCaller, e)
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
	switch next {
	case stageTalk:
		s.leaveFlows(insight.Taken)
		s.urgentTalk()
	case stageExternal:
		s.leaveFlows(insight.Taken)
	}
	s.stage = next
	if !next.withAgent() {
		s.resumeRecording()
	}
	if s.leg != nil {
		// What is keyed into the script is for the script alone, whoever listens in.
		s.leg.Shield(next == stageFlow)
	}
}
