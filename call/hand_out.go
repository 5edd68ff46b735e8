package call

import (
	"errors"

	"go.uber.org/zap"

	"careline/ivr"
	"careline/ledger"
	"careline/sip"
)

// handing is a transfer of the flow's to a number outside, until it comes to nothing or
// whoever took the caller has hung up.
type handing struct {
	ivr.TransferRequest
	// referred: the carrier was asked to take the caller there.
	referred bool
}

// handedMessage tells the flow what came of its transfer, in a message of its own: a
// flow isn't spoken to while it speaks.
type handedMessage struct {
	handing *handing
	outcome ivr.TransferOutcome
}

// Transfer hands the caller to a number outside.
func (l flowLine) Transfer(request ivr.TransferRequest) {
	s, now := l.session, l.center.now()
	h := &handing{TransferRequest: request}
	s.handing = h
	s.chronicle.enter(now, "transfer", ledger.Segment{Kind: ledger.SegmentTransfer, Agent: s.content.Outside.label(request.Number)})
	s.enter(stageTransfer)
	if clips := s.clips(request.Announce, false); len(clips) > 0 {
		s.play(playAnnouncement, clips, 0)
	} else {
		s.playMusic()
	}
	number := s.content.Outside.number(request.Number)
	s.log.Info("flow transfers the caller", zap.String("how", string(request.How)))
	if request.How == ivr.TransferBlind && s.refer(h, number) {
		return
	}
	m := summons{early: request.How != ivr.TransferWarm, accept: DefaultOnCallAccept, taken: s.handed, over: func(why string) { s.handedBack(outcomeOf(why)) }}
	if request.How == ivr.TransferWarm {
		m.ask, m.early = s.askClips(request.Ask), false
	}
	if why := s.summon(number, request.Ring, m); why != "" {
		s.post(handedMessage{h, outcomeOf(why)})
	}
}

// label is what the record has for a number: the name that it has in outside.yaml. One
// that is written in the flow has none.
func (o Outside) label(number string) string {
	if _, named := o.Numbers[number]; named {
		return number
	}
	return ""
}

// refer asks the carrier to take the caller to the number; false where it doesn't do
// that, and the call stays here.
func (s *session) refer(h *handing, number sip.Number) bool {
	if s.center.trunks == nil || s.trial != "" {
		return false
	}
	err := s.center.trunks.Refer(s.dialog, number)
	switch {
	case err == nil:
		h.referred = true
		return true
	case !errors.Is(err, sip.ErrNoRefer):
		s.log.Warn("carrier not asked to take the caller", zap.Error(err))
	}
	return false
}

// onReferProgress follows the carrier's call to the number (RFC 3515 section 2.4.4).
func (s *session) onReferProgress(status int) {
	if s.handing == nil || !s.handing.referred || status < 200 {
		return
	}
	if status < 300 {
		s.end(ledger.BySystem, "the carrier has taken the caller to a number outside", causeNormal)
		return
	}
	s.handedBack(outcomeOf(failure(status)))
}

// outcomeOf is what a failure means for a flow. A voicemail answers, and nobody is there.
func outcomeOf(why string) ivr.TransferOutcome {
	switch why {
	case "busy", "declined", "no_answer":
		return ivr.TransferOutcome(why)
	case notAccepted:
		return ivr.TransferNoAnswer
	}
	return ivr.TransferFailed
}

// handed: somebody outside has the caller.
func (s *session) handed() { s.transfer.whom = s.content.Outside.label(s.handing.Number) }

// onHanded takes what came of a transfer that wasn't even begun.
func (s *session) onHanded(m handedMessage) {
	if m.handing == s.handing && s.stage == stageTransfer {
		s.handedBack(m.outcome)
	}
}

// handedBack lets the flow go on.
func (s *session) handedBack(outcome ivr.TransferOutcome) {
	s.log.Info("transfer over", zap.String("outcome", string(outcome)))
	s.handing = nil
	s.chronicle.enter(s.center.now(), string(outcome), ledger.Segment{Kind: ledger.SegmentIVR})
	s.stopPlaying()
	s.enter(stageFlow)
	s.arrange()
	s.run.Transferred(outcome)
}

// handedOver: whoever outside had the caller is gone; true if the flow goes on. Where
// the line broke it always does: the caller is never dropped for it.
func (s *session) handedOver(e sip.Event) bool {
	hungUp := e.By == sip.ByRemote
	if s.handing == nil || hungUp && !s.handing.After {
		return false
	}
	cause, outcome := causeNormal, ivr.TransferOver
	if !hungUp {
		cause, outcome = causeOutOfOrder, ivr.TransferFailed
	}
	s.dropTransfer(cause)
	s.handedBack(outcome)
	return true
}
