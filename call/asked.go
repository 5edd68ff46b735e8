package call

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
)

// asked is a third who is an agent too: a colleague by name, or whoever of a queue the
// engine chooses, such as a nurse with a license where the caller is. To the engine it
// is a contact of its own, so that all its rules hold, and the agent who asks keeps
// the caller meanwhile (DOMAIN.md §5).
type asked struct {
	contact   acd.ContactID
	request   ivr.QueueRequest
	colleague acd.AgentID // by name; "" for whoever of the queue
	offer     *acd.Offer
	agent     acd.AgentID // who has answered
	leg       Leg         // nil while that one's sound is away
	answered  time.Time
	muted     bool
}

// askAgent asks a colleague, or a queue's agents, about the caller.
func (s *session) askAgent(a *asked) error {
	if a.colleague != "" {
		if device := s.center.devices[a.colleague]; device.agentState() != acd.Available || !device.reachable() || device.onPhone() {
			return ErrNotFree
		}
	}
	s.asks++
	a.contact = askedContact(s.id, s.asks)
	s.center.alsoKnownAs(s, a.contact)
	s.beginThird(&third{asked: a})
	contact := s.asContact(a.request)
	contact.ID, contact.HandedTo, contact.Since = a.contact, a.colleague, s.center.now()
	s.center.router.submit(acd.ContactArrived{Contact: contact})
	return nil
}

// isState reports the two letters of a state.
func isState(text string) bool {
	return len(text) == 2 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// askedContact names what the engine knows whom a call's agent asks by.
func askedContact(call string, ask int) acd.ContactID {
	return acd.ContactID(fmt.Sprintf("%s/%d", call, ask))
}

// alsoKnownAs lets what is about the contact reach the call, until that is over.
func (c *Center) alsoKnownAs(s *session, contact acd.ContactID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.also[contact] = s
}

// askable finds whom to ask by what was typed: a colleague, or a queue.
func (s *session) askable(typed string) (*asked, error) {
	if colleague, known := s.center.colleagues.find(typed); known {
		if colleague == s.agent {
			return nil, ErrNoNumber
		}
		request, ok := s.requestFor(colleague)
		if !ok {
			return nil, ErrMayNotTake
		}
		return &asked{colleague: colleague, request: request}, nil
	}
	at := slices.IndexFunc(s.content.Rules.Queues, func(q acd.Queue) bool { return strings.EqualFold(q.Name, typed) })
	if at < 0 {
		return nil, nil
	}
	if queue := s.content.Rules.Queues[at]; queue.Credential != "" && s.request.State == "" {
		return nil, ErrNoState // licenses go by where the caller is (DOMAIN.md §5)
	}
	request := *s.request
	request.Queue, request.Skills, request.Credential = s.content.Rules.Queues[at].Name, nil, ""
	return &asked{request: request}, nil
}

// Queues are those whose agents can be asked about a caller; none where transfers are
// off.
func (c *Center) Queues() []string {
	if !c.options.Transfers {
		return nil
	}
	var names []string
	for _, queue := range c.options.Content.Rules.Queues {
		names = append(names, queue.Name)
	}
	return names
}

// isAsked reports whether a contact is the one by whom the agent asks now.
func (s *session) isAsked(contact acd.ContactID) bool {
	return contact != "" && s.third != nil && s.third.asked != nil && s.third.asked.contact == contact
}

// askedOffered rings whom the engine chose.
func (s *session) askedOffered(offer acd.Offer) {
	a := s.third.asked
	device := s.center.devices[offer.Agent]
	if device == nil || !device.reachable() || device.onPhone() || offer.Agent == s.agent {
		s.center.router.submit(acd.OfferRefused{Offer: offer.ID, Cause: acd.Unreachable})
		return
	}
	a.offer = &offer
	s.contacts[offer.Agent] = a.contact
	s.chronicle.ringAgent(s.center.now(), offer.Queue, string(offer.Agent))
	s.log.Info("agent asked", zap.String("agent", string(offer.Agent)), zap.Strings("reasons", offer.Reasons))
	s.showTo(offer.Agent)
	s.show()
}

// askedChanged follows the state of whoever is asked.
func (s *session) askedChanged(change acd.AgentChanged) {
	a := s.third.asked
	if change.State != acd.Connecting || a.offer == nil || a.offer.Agent != change.Agent {
		s.showTo(change.Agent)
		return
	}
	now := s.center.now()
	leg := s.center.devices[change.Agent].sound()
	if leg == nil {
		s.chronicle.ringEnded(now, string(acd.ConnectionLost))
		s.center.router.submit(acd.AgentDropped{Agent: change.Agent})
		return
	}
	s.timers.stop(timerThird)
	s.chronicle.ringEnded(now, "answered")
	a.agent, a.leg, a.answered = change.Agent, leg, now
	beginSound(leg)
	s.center.router.submit(acd.TalkStarted{Offer: a.offer.ID})
	s.log.Info("asked agent answered", zap.String("agent", string(a.agent)))
	s.arrange()
	s.showTo(a.agent)
	s.show()
}

// askedRequeued: whoever was chosen doesn't answer, or is lost. One who was asked by
// name is asked no further; of a queue the next one rings.
func (s *session) askedRequeued(requeued acd.Requeued) {
	a := s.third.asked
	s.chronicle.ringEnded(s.center.now(), string(requeued.Cause))
	if a.colleague == "" && a.agent == "" {
		a.offer = nil
		s.show()
		return
	}
	if a.agent == "" {
		s.transfer.failed = string(requeued.Cause)
	}
	s.dropThird(causeNormal, string(requeued.Cause))
}

// askedLeft: nobody of the queue can be asked.
func (s *session) askedLeft(why acd.QueueExit) {
	s.third.asked.contact = "" // the engine has forgotten it
	s.transfer.failed = "unreachable"
	s.dropThird(causeNormal, string(why))
}

// askedCommand is what whoever is asked may do.
func (s *session) askedCommand(c Command) error {
	a := s.third.asked
	switch c.Kind {
	case HangUp, Leave:
		s.dropThird(causeNormal, "ended")
	case Mute:
		a.muted = c.On
		if a.leg != nil {
			a.leg.Mute(c.On)
		}
		s.center.devices[a.agent].setMuted(c.On)
	default:
		return ErrBadCommand
	}
	return nil
}

// askedSound follows the sound of whoever is asked.
func (s *session) askedSound(agent acd.AgentID) {
	if s.third == nil || s.third.asked == nil || s.third.asked.agent != agent {
		return
	}
	a := s.third.asked
	if leg := s.center.devices[agent].sound(); leg != a.leg {
		if a.leg = leg; leg != nil {
			leg.Mute(a.muted)
		}
		s.arrange()
	}
}

// releaseAsked ends the part of whoever is asked, whose wrap-up follows if there was
// one.
func (s *session) releaseAsked(a *asked) {
	s.chronicle.ringEnded(s.center.now(), "withdrawn")
	reason := acd.Moved
	if a.agent != "" {
		reason = acd.Ended
	}
	if a.contact != "" {
		s.center.router.submit(acd.ContactLeft{Contact: a.contact, Reason: reason})
	}
	if a.agent == "" {
		return
	}
	if leg := a.leg; leg != nil {
		s.noteSound(ledger.SoundAgent, a.agent, leg)
		a.leg = nil
		s.arrange()
		leg.Mute(false)
	}
	s.wrapping[a.agent] = a.answered
	s.chronicle.wrapUp(s.center.now(), string(a.agent))
	s.showTo(a.agent)
	s.askWrapUp(a.agent)
}

// askedTakes gives the caller to whoever was asked, who has answered: the call goes on
// with that agent, under the contact that the engine knows that one by.
func (s *session) askedTakes(a *asked, outcome string) {
	s.chronicle.enter(s.center.now(), outcome, ledger.Segment{Kind: ledger.SegmentTalk, Agent: string(a.agent), Queue: a.request.Queue})
	s.agent, s.agentLeg, s.answered, s.muted = a.agent, a.leg, a.answered, a.muted
	s.contact, s.request, s.offer, s.inEngine = a.contact, &a.request, a.offer, true
	s.transfer = transfer{}
	s.enter(stageTalk)
	s.log.Info("asked agent takes the caller", zap.String("agent", string(s.agent)))
	if s.agentLeg != nil {
		s.hearEachOther()
	} else {
		s.playMusic()
	}
	s.show()
	s.saveBeside()
}

// viewAsked is what whoever is asked sees of it.
func (s *session) viewAsked(v *CallView, agent acd.AgentID) {
	if s.third == nil || s.third.asked == nil {
		return
	}
	a := s.third.asked
	if a.offer == nil || a.offer.Agent != agent {
		return
	}
	v.Offer, v.Reasons, v.Queue, v.Answered = a.offer.ID, a.offer.Reasons, a.request.Queue, a.answered
	v.Held, v.Reconnecting = false, a.agent != "" && a.leg == nil
	v.AskedBy, v.Third = s.center.devices[s.agent].agent.Name, ""
	if s.third.together {
		v.Third = "together"
	}
}

// contactOf is the contact by which the engine knows that an agent has to do with the
// call.
func (s *session) contactOf(agent acd.AgentID) acd.ContactID {
	if contact, known := s.contacts[agent]; known {
		return contact
	}
	return s.contact
}
