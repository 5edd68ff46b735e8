package call

import (
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/sip"
)

// Q.850 cause of a number that we let ring in vain (ITU-T Q.850, table 1).
const causeNoAnswer = 19

// transfer is the caller's way to somebody outside.
type transfer struct {
	target *target
	// by is the dialog that asked for it and is told how it goes; nil for the page.
	by Referrer
	// before is what the agent comes back to if nobody takes the caller.
	before stage
	// failed is why the last one failed, and failedAt when.
	failed   string
	failedAt time.Time
	// whom is who took the caller, as the record names them; urgent is the wait that the
	// caller goes back to if one on call is lost.
	whom   string
	urgent *ivr.Urgent
}

// failedGrace is how long after a transfer that failed a phone's hanging up is
// taken for its own doing: some end the call whatever came of their REFER. The
// caller, whom the agent meant to go on, isn't cut off by that.
const failedGrace = 3 * time.Second

// progress is what the agent's page says of it.
func (t *transfer) progress() string {
	switch {
	case t.target == nil || t.target.answered:
		return ""
	case t.target.status > 100:
		return "ringing"
	}
	return "calling"
}

// holds notes the hold key of a phone while somebody is called: some phones press
// it by themselves.
func (t *transfer) holds(s *session, on bool) {
	if on == (t.before == stageHold) {
		return
	}
	t.before = stageTalk
	if on {
		t.before = stageHold
	}
	s.center.router.submit(acd.HoldChanged{Agent: s.agent, On: on})
}

// withAgent reports whether an agent has the caller, also while somebody else is
// called for the caller.
func (s *session) withAgent() bool {
	return s.stage.withAgent() || s.stage == stageTransfer && s.agent != ""
}

// onRefer: the agent pressed the phone's transfer key (RFC 3515). Where the REFER
// asks for a host of somebody's, only the number counts, and the dial plan decides.
func (s *session) onRefer(by Referrer, refer sip.Refer) {
	status := 603
	switch {
	case !s.center.options.Transfers:
		status = 403
	case !s.stage.withAgent(), s.third != nil:
	case refer.Attended():
		status = s.transferConsulted(by, refer.With)
	default:
		status = s.transferTo(refer.Target.User(), by)
	}
	if status != 0 {
		s.transfer.failedAt = s.center.now()
		s.refuseRefer(by, status)
	}
}

// phoneGaveUp: the phone hung up because its transfer failed. The caller goes back
// to the line.
func (s *session) phoneGaveUp() bool {
	if s.transfer.failedAt.IsZero() || s.center.now().Sub(s.transfer.failedAt) > failedGrace {
		return false
	}
	s.log.Info("agent's phone hung up after a transfer that failed", zap.String("agent", string(s.agent)))
	s.agentDone()
	s.backInLine("transfer_failed")
	return true
}

// backInLine puts the caller at the head of the line that she came from.
func (s *session) backInLine(outcome string) {
	s.chronicle.enter(s.center.now(), outcome, ledger.Segment{Kind: ledger.SegmentQueue, Queue: s.request.Queue})
	s.enter(stageQueue)
	s.waitWithMusic()
	contact := s.asContact(*s.request)
	contact.Returned = true
	s.arrive(contact)
	s.hurryAgain()
}

// transferByPage is the page's Transfer button.
func (s *session) transferByPage(number sip.Number) error {
	if !s.center.options.Transfers {
		return ErrNoTransfers
	}
	if s.third != nil {
		return ErrBadCommand
	}
	if colleague, known := s.colleague(number); known {
		return s.handTo(colleague, nil)
	}
	if status := s.transferTo(number, nil); status != 0 {
		return dialError(status)
	}
	return nil
}

// onTransferCommand is what the page may ask for while somebody is called.
func (s *session) onTransferCommand(c Command) error {
	switch c.Kind {
	case HangUp:
		s.log.Info("agent left the transfer", zap.String("agent", string(s.agent)))
		s.agentDone()
	case CancelTransfer:
		s.transferFailed(487, "cancelled")
	case Mute:
		s.mute(c.On)
	default:
		return ErrBadCommand
	}
	return nil
}

// colleague is the agent whom a number or name stands for, unless it is a line's.
func (s *session) colleague(number sip.Number) (acd.AgentID, bool) {
	if _, ours := s.content.Lines[number.Reveal()]; ours {
		return "", false
	}
	return s.center.colleagues.find(number.Reveal())
}

// transferTo transfers the caller to one of our lines, a colleague, or a number
// outside. The status says why it doesn't; 0 if it does.
func (s *session) transferTo(number sip.Number, by Referrer) int {
	if colleague, known := s.colleague(number); known {
		return handStatus(s.handTo(colleague, by))
	}
	if line, ours := s.content.Lines[number.Reveal()]; ours {
		s.transferToLine(number.Reveal(), line, by)
		return 0
	}
	t, status := s.callTarget(number)
	if status == 0 {
		s.handOver(t, by)
	}
	return status
}

// handOver begins the transfer: the caller hears music until the target takes her.
func (s *session) handOver(t *target, by Referrer) {
	s.log.Info("transfer begun", zap.String("agent", string(s.agent)))
	s.transfer = transfer{target: t, by: by, before: s.stage}
	s.accept(by)
	s.chronicle.enter(s.center.now(), "transfer", ledger.Segment{Kind: ledger.SegmentTransfer, Agent: string(s.agent)})
	s.enter(stageTransfer)
	s.arrange()
	s.playMusic()
	s.timers.set(timerTransfer, s.center.options.TransferRing)
	s.show()
	s.hearTarget()
}

func (s *session) accept(by Referrer) {
	if by == nil {
		return
	}
	if err := by.AcceptRefer(); err != nil {
		s.log.Debug("transfer not acknowledged", zap.Error(err))
	}
}

// tellReferrer tells the phone how the transfer stands.
func (s *session) tellReferrer(status int) {
	if s.transfer.by == nil || s.agent == "" {
		return
	}
	if err := s.transfer.by.ReferProgress(status); err != nil {
		s.log.Debug("transfer's state not told", zap.Error(err))
	}
}

// hearTarget lets the caller hear the target's ringing or announcement instead of
// our music, once there is any.
func (s *session) hearTarget() {
	if t := s.transfer.target; s.stage == stageTransfer && t.audible() {
		s.stopPlaying()
		s.arrange()
	}
}

// onTransferTarget takes what the target of the transfer did.
func (s *session) onTransferTarget(e sip.Event) {
	t := s.transfer.target
	switch e.Kind {
	case sip.EventProgress:
		s.tellReferrer(e.Status)
		s.hearTarget()
		s.show()
	case sip.EventAnswered:
		s.targetTakes()
	case sip.EventDigit:
		s.leg.SendDigit(e.Digit, digitLength)
	case sip.EventEnded:
		s.onTransferEnded(t, e)
	}
}

func (s *session) onTransferEnded(t *target, e sip.Event) {
	switch {
	case s.stage == stageTransfer:
		status := refusalOf(e)
		s.transferFailed(status, failure(status))
	case s.handedOver(e), s.urgentAgain(e):
	case e.By == sip.ByRemote:
		s.end(ledger.ByTarget, "whom the caller was transferred to hung up", causeNormal)
	case e.Cause == causeTimerExpiry:
		s.end(ledger.ByCarrier, "no sound came from whom the caller was transferred to (RTP time-out)", causeTimerExpiry)
	default:
		s.end(ledger.ByCarrier, "the carrier of the transfer was lost", causeOutOfOrder)
	}
}

// targetTakes joins caller and target; the agent's part is over.
func (s *session) targetTakes() {
	s.log.Info("transfer answered")
	s.timers.stop(timerTransfer)
	s.stopPlaying()
	s.tellReferrer(200)
	if s.agent != "" {
		s.agentDone()
	}
	s.transfer.by = nil
	s.chronicle.enter(s.center.now(), "answered", ledger.Segment{Kind: ledger.SegmentExternal, Agent: s.transfer.whom})
	s.enter(stageExternal)
	s.arrange()
	s.saveBeside()
}

// transferRangOut: nobody picked up.
func (s *session) transferRangOut() {
	if s.stage == stageTransfer {
		s.transferFailed(408, "no_answer")
	}
}

// transferFailed brings the caller back to the agent, or if that one has hung up,
// to the head of the line that she came from.
func (s *session) transferFailed(status int, outcome string) {
	s.log.Info("transfer failed", zap.Int("status", status), zap.String("outcome", outcome))
	now := s.center.now()
	s.tellReferrer(status)
	cause := causeNormal
	if outcome == "no_answer" {
		cause = causeNoAnswer
	}
	s.dropTransfer(cause)
	s.transfer.failed, s.transfer.failedAt = outcome, now
	if s.agent == "" {
		s.backInLine(outcome)
		return
	}
	kind := ledger.SegmentTalk
	if s.transfer.before == stageHold {
		kind = ledger.SegmentHold
	}
	s.chronicle.enter(now, outcome, ledger.Segment{Kind: kind, Agent: string(s.agent), Queue: s.request.Queue})
	s.enter(s.transfer.before)
	if s.stage == stageTalk && s.agentLeg != nil {
		s.hearEachOther()
	} else {
		s.playMusic()
	}
	s.show()
}

// dropTransfer gives the target up and its sound back.
func (s *session) dropTransfer(cause int) {
	s.timers.stop(timerTransfer)
	t := s.transfer.target
	if t == nil {
		return
	}
	s.transfer.target = nil
	s.arrange()
	s.noteSound(ledger.SoundTarget, "", t.leg)
	t.drop(cause, s.log)
}

// transferToLine begins one of our lines' flow for the caller: it is the same call,
// so who she is needn't be asked again while the verification stands.
func (s *session) transferToLine(number string, line Line, by Referrer) {
	now := s.center.now()
	s.log.Info("transferred to line", zap.String("agent", string(s.agent)), zap.String("line", line.Name))
	s.transfer = transfer{by: by}
	s.accept(by)
	s.tellReferrer(200)
	s.chronicle.enter(now, "transfer", ledger.Segment{Kind: ledger.SegmentTransfer, Agent: string(s.agent)})
	s.chronicle.enter(now, "line", ledger.Segment{Kind: ledger.SegmentIVR})
	s.agentDone()
	s.timers.stopAll()
	s.stopPlaying()
	s.enter(stageFlow)
	// Whoever needs time for keys needs it on the other line too.
	line.Patience = max(line.Patience, s.line.Patience)
	s.line, s.number, s.request, s.claim = line, number, nil, 0
	verified := s.verification != nil && s.verification.Valid(s.id, now) == nil
	language, role := s.run.Language(), ivr.Role("")
	if verified {
		role = flowRole(s.verification)
	}
	s.run.Stop()
	s.run = ivr.NewRun(s.content.Flows, line.Flow, flowLine{s}, ivr.Options{
		Language: language, Attestation: s.attestation, Verified: verified, Role: role, Patience: line.Patience, Split: ivr.SplitBy(s.id),
	})
	s.run.Start()
}
