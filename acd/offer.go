package acd

import (
	"fmt"
	"slices"
	"time"
)

// makeOffer takes a contact out of line and rings an agent for it.
func (e *Engine) makeOffer(a *agent, c *contact) {
	reasons, considered, unlisted := e.explain(a, c)
	l := c.group.line
	e.takeOut(c)
	e.offers++
	c.phase, c.agent = ringing, a
	c.offer = OfferID(fmt.Sprintf("%s/%d", c.ID, e.offers))
	l.ringing = append(l.ringing, c)
	a.contact, a.offer, a.subject = c, c.offer, c.ID
	ring := orDefault(l.queue.RingTimeout, DefaultRing)
	e.decide(Offer{
		ID: c.offer, Agent: a.id, Contact: c.ID, Queue: l.queue.Name,
		Waited: e.now.Sub(c.inLineFrom), Ring: ring,
		Reasons: reasons, Considered: considered, Unlisted: unlisted,
	})
	e.change(a, Offered, "", e.now.Add(ring))
}

// offered finds the agent and contact of an offer that is in this state.
func (e *Engine) offered(id OfferID, state AgentState) (*agent, *contact) {
	cut := len(id) - 1
	for cut >= 0 && id[cut] != '/' {
		cut--
	}
	if cut < 0 {
		return nil, nil
	}
	c := e.contacts[ContactID(id[:cut])]
	if c == nil || c.offer != id || c.agent == nil || c.agent.state != state {
		return nil, nil
	}
	return c.agent, c
}

const offerGone = "the offer is gone"

func (e *Engine) offerAccepted(ev OfferAccepted) string {
	a, c := e.offered(ev.Offer, Offered)
	if a == nil {
		return offerGone
	}
	e.stopRinging(c)
	c.phase, c.outOfLine = inCall, e.now
	e.change(a, Connecting, "", e.now.Add(e.timing.Connect))
	return ""
}

func (e *Engine) talkStarted(ev TalkStarted) string {
	a, _ := e.offered(ev.Offer, Connecting)
	if a == nil {
		return "the offer is gone or was not accepted"
	}
	a.calls++
	e.change(a, Talking, "", time.Time{})
	return ""
}

func (e *Engine) offerRefused(ev OfferRefused) string {
	a, c := e.offered(ev.Offer, Offered)
	if a == nil {
		return offerGone
	}
	var wait time.Duration
	var why string
	switch ev.Cause {
	case Declined:
		wait, why = e.timing.AfterDeclined, "declined"
	case Busy:
		wait, why = e.timing.AfterBusy, "was busy"
	case Unreachable:
		wait, why = e.timing.AfterUnreachable, "was unreachable"
	case NoAnswer:
		e.noAnswer(a, c)
		return ""
	default:
		return fmt.Sprintf("%q is not a cause", string(ev.Cause))
	}
	e.stopRinging(c)
	a.notBefore = e.now.Add(wait)
	e.rest(a)
	e.requeue(c, ev.Cause, fmt.Sprintf("%s %s", a.id, why))
	return ""
}

// ringEnded is RONA: nobody said anything until the ring's time ran out.
func (e *Engine) ringEnded(a *agent) {
	e.decide(Withdraw{Offer: a.offer, Agent: a.id, Why: "not answered within " + short(e.now.Sub(a.since))})
	e.noAnswer(a, a.contact)
}

func (e *Engine) noAnswer(a *agent, c *contact) {
	e.stopRinging(c)
	a.notBefore = e.now.Add(e.timing.AfterNoAnswer)
	if a.next != Away {
		a.next, a.nextReason = Away, ReasonNoAnswer
	}
	e.rest(a)
	e.requeue(c, NoAnswer, fmt.Sprintf("%s did not answer", a.id))
}

func (e *Engine) agentDropped(ev AgentDropped) string {
	a := e.agents[ev.Agent]
	if a == nil || (a.state != Connecting && a.state != Talking && a.state != Holding) {
		return "the agent is in no call"
	}
	e.dropAgent(a, "the connection was lost")
	return ""
}

// dropAgent takes an agent who vanished from a call out of rotation; the caller
// goes back to the head of the line (DOMAIN.md §10.5).
func (e *Engine) dropAgent(a *agent, why string) {
	c := a.contact
	if a.next != Away {
		a.next, a.nextReason = Away, ReasonConnectionLost
	}
	e.rest(a)
	e.requeue(c, ConnectionLost, fmt.Sprintf("%s dropped: %s", a.id, why))
}

// stopRinging takes a contact out of the ringing ones of its line.
func (e *Engine) stopRinging(c *contact) {
	if l := e.lines[c.Queue]; l != nil {
		l.ringing = slices.DeleteFunc(l.ringing, func(other *contact) bool { return other == c })
	}
}

// withdraw stops a ring for a reason that is not the agent's.
func (e *Engine) withdraw(c *contact, why string) {
	a := c.agent
	e.decide(Withdraw{Offer: c.offer, Agent: a.id, Why: why})
	e.stopRinging(c)
	e.rest(a)
}
