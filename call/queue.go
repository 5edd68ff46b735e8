package call

import (
	"maps"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
)

// enqueue puts the call in line: music for the caller, a contact for the engine.
func (s *session) enqueue(request ivr.QueueRequest) {
	if s.pending() {
		s.calleeReady(request)
		return
	}
	if s.returned(request) {
		return
	}
	now := s.center.now()
	if s.request = &request; request.Urgent == nil || request.Urgent.Line == 0 {
		s.arrived = now // further lines of an escalation count from its beginning
	}
	record := &s.chronicle.record
	record.Language, record.Reason, record.State = request.Language, request.Reason, request.State
	s.inLine(now)
	s.log.Info("call queued", zap.String("queue", request.Queue))
	s.arrive(s.asContact(request))
	if request.Urgent != nil {
		s.hurry(*request.Urgent)
	}
}

// arrive tells the engine of the caller.
func (s *session) arrive(contact acd.Contact) {
	s.inEngine = true
	s.center.router.submit(acd.ContactArrived{Contact: contact})
}

// asContact is what the engine may know of the caller with a request.
func (s *session) asContact(request ivr.QueueRequest) acd.Contact {
	return acd.Contact{
		ID: s.contact, Queue: request.Queue, Priority: request.Priority, Skills: maps.Clone(request.Skills),
		Language: request.Language, State: request.State, Credential: acd.CredentialType(request.Credential),
		Verified: s.verification != nil, Since: s.arrived, Clinical: request.Urgent != nil,
	}
}

func (s *session) waitWithMusic() {
	s.playMusic()
	if s.request.Hold.Announce != nil && s.request.Hold.Every > 0 {
		s.timers.set(timerAnnounce, s.request.Hold.Every)
	}
	if after := s.request.OfferAfter; after > 0 && !s.offered {
		s.timers.set(timerOffer, max(after-s.center.now().Sub(s.arrived), 0))
	}
}

// askPlace asks for the place in line, for an announcement.
func (s *session) askPlace() {
	if s.stage != stageQueue {
		return
	}
	contact := s.contact
	s.center.router.ask(func(engine *acd.Engine) {
		place, ok := engine.Position(contact)
		if !ok {
			place = 0
		}
		s.post(placeMessage{place: place})
	})
}

func (s *session) onPlace(place int) {
	if s.stage != stageQueue {
		return
	}
	s.timers.set(timerAnnounce, s.request.Hold.Every)
	// An agent is about to answer: a voice that breaks off in mid-sentence
	// would be worse than music.
	if s.offer != nil {
		return
	}
	if clips := s.clips(s.request.Hold.Announce(place), false); len(clips) > 0 {
		s.play(playAnnouncement, clips, 0)
	}
}

// onOffer rings the agent that the engine chose.
func (s *session) onOffer(offer acd.Offer) {
	if s.isAsked(offer.Contact) {
		s.askedOffered(offer)
		return
	}
	if s.stage != stageQueue && !s.keeps && !s.pending() || offer.Contact != s.contact {
		return // the engine learns of it by the ContactLeft that is on its way
	}
	s.offer = &offer
	s.contacts[offer.Agent] = s.contact
	s.chronicle.ringAgent(s.center.now(), offer.Queue, string(offer.Agent))
	s.log.Info("agent offered", zap.String("agent", string(offer.Agent)), zap.Strings("reasons", offer.Reasons))
	if device := s.center.devices[offer.Agent]; device == nil || !device.reachable() {
		s.center.router.submit(acd.OfferRefused{Offer: offer.ID, Cause: acd.Unreachable})
		return
	}
	s.show()
	if s.center.devices[offer.Agent].onPhone() {
		s.ringPhone(offer)
	}
}

// ringOver: the ring is over without an answer.
func (s *session) ringOver(outcome, why string) {
	if s.offer == nil {
		return
	}
	s.log.Info("offer over", zap.String("agent", string(s.offer.Agent)), zap.String("why", why))
	s.chronicle.ringEnded(s.center.now(), outcome)
	s.dropPhone(causeNormal)
	s.offer = nil
	s.askPresent()
	s.further()
}

// agentLost: the agent is gone, the caller isn't.
func (s *session) agentLost(why string) {
	s.log.Warn("agent lost", zap.String("agent", string(s.agent)), zap.String("why", why))
	s.dropConsult(string(acd.ConnectionLost))
	s.hangUpThird(causeNormal, string(acd.ConnectionLost))
	s.forgetAgent()
}

// forgetAgent: the call goes on without the agent whom it had.
func (s *session) forgetAgent() {
	s.stopAllSupervising()
	s.partFromAgent()
	s.agent, s.offer, s.muted, s.answered = "", nil, false, time.Time{}
}

// onRequeued: back at the old place, after a failed offer or a lost agent.
func (s *session) onRequeued(requeued acd.Requeued) {
	switch {
	case s.isAsked(requeued.Contact):
		s.askedRequeued(requeued)
	case requeued.Contact != s.contact: // of one who is asked no more
	case s.pending():
		s.ringOver(string(requeued.Cause), requeued.Why)
		s.callback.agent = ""
	case s.stage == stageQueue, s.keeps:
		s.ringOver(string(requeued.Cause), requeued.Why)
	case s.stage.withAgent() && s.third.takes():
		s.center.router.submit(acd.ContactLeft{Contact: s.contact, Reason: acd.Moved})
		s.thirdTakes(string(requeued.Cause), requeued.Why)
	case s.stage.withAgent():
		s.agentLost(requeued.Why)
		s.chronicle.enter(s.center.now(), string(requeued.Cause), ledger.Segment{Kind: ledger.SegmentQueue, Queue: s.request.Queue})
		s.enter(stageQueue)
		s.waitWithMusic()
		s.hurryAgain()
	case s.withAgent(): // the transfer that the agent began goes on
		s.agentLost(requeued.Why)
		s.inEngine = false
		s.center.router.submit(acd.ContactLeft{Contact: s.contact, Reason: acd.Moved})
	}
}

// onLeaveQueue: the engine can't keep the call in line, or not take it back
// after its agent was lost; the flow goes on.
func (s *session) onLeaveQueue(contact acd.ContactID, why acd.QueueExit) {
	switch {
	case s.isAsked(contact):
		s.askedLeft(why)
		return
	case contact != s.contact: // of one who is asked no more
		return
	case s.stage == stageQueue && s.urgent != nil:
		s.ringOver(string(why), string(why))
		s.lineOver(exitOf(why))
		return
	case s.pending():
		s.ringOver(string(why), string(why))
		s.callback.agent, s.inEngine = "", false
		if s.stage == stageQueue {
			s.end(ledger.BySystem, "callback: "+string(why), causeNormal)
		}
		return
	case s.keeps:
		s.ringOver(string(why), string(why))
		s.inEngine, s.exited = false, why
		return
	case s.stage == stageQueue:
		s.ringOver(string(why), string(why))
	case s.stage.withAgent() && s.third.takes():
		s.thirdTakes(string(why), string(why))
		return
	case s.stage.withAgent():
		s.agentLost(string(why))
	case s.withAgent(): // the transfer that the agent began goes on
		s.agentLost(string(why))
		s.inEngine = false
		return
	default:
		return
	}
	s.inEngine = false
	s.log.Info("call left queue", zap.String("why", string(why)))
	s.backToFlow(string(why), exitOf(why))
}

// exitOf is what it means for the flow that the engine let a caller go.
func exitOf(why acd.QueueExit) ivr.QueueExit {
	switch why {
	case acd.ExitTimeout:
		return ivr.ExitTimeout
	case acd.ExitFull:
		return ivr.ExitFull
	}
	return ivr.ExitUnavailable
}

// backToFlow goes on with the flow after a queue.
func (s *session) backToFlow(outcome string, exit ivr.QueueExit) {
	s.stopUrgent()
	s.timers.stop(timerAnnounce)
	s.stopPlaying()
	s.chronicle.enter(s.center.now(), outcome, ledger.Segment{Kind: ledger.SegmentIVR})
	s.enter(stageFlow)
	s.run.LeftQueue(exit)
}
