// Package acd decides which agent is offered which contact, when, and why.
//
// Here live the agents' states, the lines of waiting contacts, the license
// predicate and the choice. Here must not live: a clock, a goroutine, I/O,
// randomness, or anything that knows of SIP, sound or web pages. The engine is
// pure (contract 2): the same events at the same times give the same decisions,
// byte for byte, so one engine serves live calls, replay, simulation and tests.
//
// The three calls a newcomer needs:
//
//	engine := acd.NewEngine()
//	engine.Step(now, acd.RulesLoaded{Rules: rules})
//	for _, decision := range engine.Step(now, event) { … }
//
// An Engine belongs to one goroutine.
package acd

import (
	"fmt"
	"time"
)

// Engine is the state of all agents and contacts. Make it by NewEngine; it is
// not safe for use by several goroutines.
type Engine struct {
	now      time.Time
	sequence uint64 // of arrivals
	offers   uint64 // made so far
	rules    Rules
	timing   Timing

	agents   map[AgentID]*agent
	roster   []*agent // all of agents, sorted by ID
	lines    map[string]*line
	byName   []*line // all of lines, sorted by name
	contacts map[ContactID]*contact
	alarms   alarms
	// midnight is when the first line's license day ends; licensed counts the
	// waiting contacts that need a license.
	midnight time.Time
	licensed int

	// What may have new matches since the last dispatch: pairs of a waiting
	// contact and a ready agent outside these are known not to fit.
	freshAgents   []*agent
	freshContacts []*contact
	freshAll      bool
	// scanAll makes each Step look at everything; tests compare with it.
	scanAll bool

	out []Decision
}

// NewEngine makes an engine without rules; its first event is Started or
// RulesLoaded.
func NewEngine() *Engine {
	return &Engine{
		agents:   map[AgentID]*agent{},
		lines:    map[string]*line{},
		contacts: map[ContactID]*contact{},
		timing:   Timing{}.withDefaults(),
	}
}

// Step takes one event and says what is to be done, in order. Time that runs
// backwards counts as the latest time seen. The event comes first, then what is
// due by now, then offers; the last decision is a Wake if anything is
// outstanding. An event that is illegal in the present state changes nothing
// and gives Refused.
func (e *Engine) Step(now time.Time, event Event) []Decision {
	if _, ok := event.(Started); ok {
		scanAll := e.scanAll
		*e = *NewEngine()
		e.scanAll = scanAll
	}
	now = now.Round(0).UTC()
	if now.After(e.now) {
		e.now = now
	}
	e.out = nil
	e.beginDay()
	if why := e.apply(event); why != "" {
		e.decide(Refused{Event: EventName(event), Why: why})
	}
	e.soundAlarms()
	e.dispatch()
	e.askWake()
	out := e.out
	e.out = nil
	return out
}

func (e *Engine) decide(d Decision) { e.out = append(e.out, d) }

// apply lets the event take effect; a reason means that it was refused.
func (e *Engine) apply(event Event) (refusal string) {
	switch ev := event.(type) {
	case RulesLoaded:
		return e.loadRules(ev.Rules)
	case AgentSignedIn:
		return e.agentSignedIn(ev)
	case AgentSignedOut:
		return e.agentSignedOut(ev)
	case AgentSet:
		return e.agentSet(ev)
	case ContactArrived:
		return e.contactArrived(ev)
	case ContactLeft:
		return e.contactLeft(ev)
	case OfferAccepted:
		return e.offerAccepted(ev)
	case OfferRefused:
		return e.offerRefused(ev)
	case TalkStarted:
		return e.talkStarted(ev)
	case HoldChanged:
		return e.holdChanged(ev)
	case AgentDropped:
		return e.agentDropped(ev)
	case WrapUpDone:
		return e.wrapUpDone(ev)
	case WrapUpExtended:
		return e.wrapUpExtended(ev)
	case CallbackAsked:
		return e.callbackAsked(ev)
	case CallbackReached:
		return e.callbackReached(ev)
	case CallbackMissed:
		return e.callbackMissed(ev)
	case Started, Woke:
		return ""
	default:
		return fmt.Sprintf("%T is not an event of this engine", event)
	}
}

// askWake names the next moment at which something is due by itself.
func (e *Engine) askWake() {
	var at time.Time
	if len(e.alarms) > 0 {
		at = e.alarms[0].at
	}
	if e.licensed > 0 && !e.midnight.IsZero() && (at.IsZero() || e.midnight.Before(at)) {
		at = e.midnight
	}
	if !at.IsZero() {
		e.decide(Wake{At: at})
	}
}

func (t Timing) withDefaults() Timing {
	return Timing{
		AfterDeclined:    orDefault(t.AfterDeclined, DefaultAfterDeclined),
		AfterBusy:        orDefault(t.AfterBusy, DefaultAfterBusy),
		AfterUnreachable: orDefault(t.AfterUnreachable, DefaultAfterUnreachable),
		AfterNoAnswer:    orDefault(t.AfterNoAnswer, DefaultAfterNoAnswer),
		Connect:          orDefault(t.Connect, DefaultConnect),
	}
}

// orDefault gives d within (0, MaxWait], or the default.
func orDefault(d, standard time.Duration) time.Duration {
	if d <= 0 {
		return standard
	}
	return min(d, MaxWait)
}
