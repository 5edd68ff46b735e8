package call

import (
	"context"
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
	// about leads from an agent to the contact that the agent's state is about.
	about map[acd.AgentID]acd.ContactID

	lines atomic.Pointer[lines]
	// unwritten counts journal entries that could not be written.
	unwritten atomic.Uint64
}

// lines is who waited in each queue at a moment.
type lines struct {
	at     time.Time
	queues []acd.QueueStatus
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
		about: map[acd.AgentID]acd.ContactID{},
	}
}

// submit hands an event over. It waits only while the inbox is full.
func (r *router) submit(event acd.Event) { r.send(request{event: event}) }

// ask runs a question on the engine's goroutine; the question must not block.
func (r *router) ask(question func(*acd.Engine)) { r.send(request{ask: question}) }

// answer runs a question on the engine's goroutine and waits until it was answered.
func (r *router) answer(ctx context.Context, question func(*acd.Engine)) error {
	answered := make(chan struct{})
	if !r.send(request{ask: func(engine *acd.Engine) { defer close(answered); question(engine) }}) {
		return ErrDraining
	}
	select {
	case <-answered:
		return nil
	case <-r.closed:
		return ErrDraining
	case <-ctx.Done():
		return ctx.Err()
	}
}

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

// run serves until ctx ends. What came before is still served. All that waits
// shares one write of the journal, so that a slow disk costs every event the
// same and the inbox doesn't fill behind it.
func (r *router) run(ctx context.Context) {
	defer close(r.closed)
	r.wake = time.NewTimer(time.Hour)
	defer r.wake.Stop()
	r.wake.Stop()
	batch := make([]request, 0, routerInbox)
	for {
		batch = batch[:0]
		select {
		case q := <-r.inbox:
			batch = append(batch, q)
		case <-r.wake.C:
			r.wakeAt = time.Time{}
			batch = append(batch, request{event: acd.Woke{}})
		case <-ctx.Done():
			for batch = r.gather(batch); len(batch) > 0; batch = r.gather(batch[:0]) {
				r.serve(batch)
			}
			return
		}
		batch = r.gather(batch)
		r.serve(batch)
		clear(batch)
	}
}

// gather takes what waits.
func (r *router) gather(batch []request) []request {
	for len(batch) < routerInbox {
		select {
		case q := <-r.inbox:
			batch = append(batch, q)
		default:
			return batch
		}
	}
	return batch
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
	r.lines.Store(&lines{at: now, queues: r.engine.Waiting(now)})
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
			refused = fmt.Errorf("%w: %s", ErrBadCommand, d.Why)
			continue
		}
		r.handOut(decision)
	}
	return refused
}

// handOut passes a decision on. A Withdraw needs no messenger: with it come the
// agent's new state, which ends the ring, and what becomes of the contact.
func (r *router) handOut(decision acd.Decision) {
	switch d := decision.(type) {
	case acd.Offer:
		r.outlet.toCall(d.Contact, offerMessage(d))
	case acd.Dial:
		r.outlet.toCall(d.Contact, dialMessage(d))
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
