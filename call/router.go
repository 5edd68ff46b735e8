package call

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ledger"
)

const (
	// routerInbox bounds what waits for the engine. When it is full, senders
	// wait: the engine needs microseconds an event, so that only a stalled disk
	// fills it, and no event may be lost.
	routerInbox = 4096
	// routerBatch is how many events share one write of the journal.
	routerBatch = 128
	// journalTimeout bounds one write of the journal.
	journalTimeout = 5 * time.Second
)

// router owns the ACD engine: one goroutine that takes events, journals them,
// steps the engine and hands its decisions out (contracts 2 and 3).
type router struct {
	engine  *acd.Engine
	records Records
	log     *zap.Logger
	now     func() time.Time
	outlet  outlet
	inbox   chan request
	closed  chan struct{}

	wakeAt time.Time
	wake   *time.Timer
	// offers leads from an offer to its contact while it stands; about from an
	// agent to the contact that the agent's state is about.
	offers map[acd.OfferID]acd.ContactID
	about  map[acd.AgentID]acd.ContactID

	queues atomic.Pointer[[]acd.QueueStatus]
	agents atomic.Pointer[[]acd.AgentStatus]
	// unwritten counts journal entries that could not be written.
	unwritten atomic.Uint64
}

// outlet is where decisions go. Its methods must not block.
type outlet interface {
	toCall(contact acd.ContactID, m message)
	toAgent(change acd.AgentChanged)
}

// request is an event for the engine, or a question about it.
type request struct {
	event acd.Event
	reply chan<- error
	ask   func(*acd.Engine)
}

func newRouter(records Records, log *zap.Logger, now func() time.Time, outlet outlet) *router {
	return &router{
		engine: acd.NewEngine(), records: records, log: log, now: now, outlet: outlet,
		inbox: make(chan request, routerInbox), closed: make(chan struct{}),
		offers: map[acd.OfferID]acd.ContactID{}, about: map[acd.AgentID]acd.ContactID{},
	}
}

// submit hands an event over. It waits only while the inbox is full.
func (r *router) submit(event acd.Event) { r.send(request{event: event}) }

// ask runs a question on the engine's goroutine; the question must not block.
func (r *router) ask(question func(*acd.Engine)) { r.send(request{ask: question}) }

func (r *router) send(q request) bool {
	select {
	case r.inbox <- q:
		return true
	case <-r.closed:
		return false
	}
}

// do hands an event over and waits until it took effect; the error says why it
// was refused.
func (r *router) do(ctx context.Context, event acd.Event) error {
	reply := make(chan error, 1)
	if !r.send(request{event: event, reply: reply}) {
		return ErrDraining
	}
	select {
	case err := <-reply:
		return err
	case <-r.closed:
		return ErrDraining
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run serves until ctx ends. What came before is still served.
func (r *router) run(ctx context.Context) {
	defer close(r.closed)
	r.wake = time.NewTimer(time.Hour)
	defer r.wake.Stop()
	r.wake.Stop()
	batch := make([]request, 0, routerBatch)
	for {
		batch = batch[:0]
		select {
		case q := <-r.inbox:
			batch = append(batch, q)
		case <-r.wake.C:
			r.wakeAt = time.Time{}
			batch = append(batch, request{event: acd.Woke{}})
		case <-ctx.Done():
			for len(r.inbox) > 0 {
				r.serve([]request{<-r.inbox})
			}
			return
		}
		for len(batch) < routerBatch && len(r.inbox) > 0 {
			batch = append(batch, <-r.inbox)
		}
		r.serve(batch)
	}
}

func (r *router) serve(batch []request) {
	now := r.now()
	r.journal(now, batch)
	for _, q := range batch {
		if q.ask != nil {
			q.ask(r.engine)
			continue
		}
		err := r.step(now, q.event)
		if q.reply != nil {
			q.reply <- err
		}
	}
	queues, agents := r.engine.Waiting(now), r.engine.Agents()
	r.queues.Store(&queues)
	r.agents.Store(&agents)
}

// journal writes the batch's events before any of them acts. If that fails, the
// calls that are up go on: a caller who holds the line comes before the
// journal's completeness; readiness turns off, so that no new call comes.
func (r *router) journal(now time.Time, batch []request) {
	entries := make([]ledger.JournalEntry, 0, len(batch))
	for _, q := range batch {
		if q.event == nil {
			continue
		}
		body, err := acd.EncodeEvent(q.event)
		if err != nil {
			r.log.Error("event not encoded", zap.String("event", fmt.Sprintf("%T", q.event)), zap.Error(err))
			continue
		}
		entries = append(entries, ledger.JournalEntry{Time: now, Body: body})
	}
	if len(entries) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), journalTimeout)
	defer cancel()
	if err := r.records.AppendJournal(ctx, entries); err != nil {
		r.unwritten.Add(uint64(len(entries)))
		r.log.Error("journal not written", zap.Int("events", len(entries)), zap.Error(err))
	}
}

func (r *router) step(now time.Time, event acd.Event) error {
	var refused error
	for _, decision := range r.engine.Step(now, event) {
		if d, ok := decision.(acd.Refused); ok {
			r.log.Warn("event refused", zap.String("event", d.Event), zap.String("why", d.Why))
			refused = errors.New(d.Why)
			continue
		}
		r.handOut(decision)
	}
	if accepted, ok := event.(acd.OfferAccepted); ok && refused == nil {
		if contact, ok := r.offers[accepted.Offer]; ok {
			r.outlet.toCall(contact, acceptedMessage{offer: accepted.Offer})
		}
	}
	return refused
}

func (r *router) handOut(decision acd.Decision) {
	switch d := decision.(type) {
	case acd.Offer:
		r.offers[d.ID] = d.Contact
		r.outlet.toCall(d.Contact, offerMessage(d))
	case acd.Withdraw:
		contact := r.offers[d.Offer]
		delete(r.offers, d.Offer)
		r.outlet.toCall(contact, withdrawnMessage(d))
	case acd.Requeued:
		r.outlet.toCall(d.Contact, requeuedMessage(d))
	case acd.LeaveQueue:
		r.outlet.toCall(d.Contact, leaveMessage(d))
	case acd.AgentChanged:
		r.agentChanged(d)
	case acd.Wake:
		if r.wakeAt.IsZero() || d.At.Before(r.wakeAt) {
			r.wakeAt = d.At
			r.wake.Reset(max(d.At.Sub(r.now()), 0))
		}
	}
}

// agentChanged tells the agent's device, the call that the state is about, and
// the call that it was about until now.
func (r *router) agentChanged(d acd.AgentChanged) {
	r.outlet.toAgent(d)
	before := r.about[d.Agent]
	if before != "" && before != d.Contact {
		r.outlet.toCall(before, agentMessage(d))
	}
	if d.Contact == "" {
		delete(r.about, d.Agent)
		return
	}
	r.about[d.Agent] = d.Contact
	r.outlet.toCall(d.Contact, agentMessage(d))
}

// forget drops what is kept of a contact that is gone.
func (r *router) forget(contact acd.ContactID) {
	r.ask(func(*acd.Engine) {
		for offer, of := range r.offers {
			if of == contact {
				delete(r.offers, offer)
			}
		}
	})
}
