package call

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/call/insight"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// Center takes calls from sip and commands from the desk, and owns all that
// runs between them. It is a sip.Handler.
type Center struct {
	options  Options
	log      *zap.Logger
	now      func() time.Time
	sound    Sound
	verifier Verifier
	records  Records
	router   *router
	counters counters
	// tone is heard before a caller speaks.
	tone *media.Clip
	// content is what calls begin with from now on.
	content atomic.Pointer[Content]
	insight *insight.Tally
	// devices by agent; the map itself never changes.
	devices map[acd.AgentID]*device
	// phones reaches the desk phones, byPhone finds whose they are; both are set
	// before Run or stay empty.
	phones  Phones
	byPhone map[string]*device
	// colleagues whom callers may be handed to.
	colleagues colleagues
	trials     trials
	callbacks  callbacks
	// trunks reach numbers outside; set before Run, nil for none.
	trunks Trunks

	// ctx is what calls live under; cancel ends them at shutdown.
	ctx    context.Context
	cancel context.CancelCauseFunc
	// running counts sessions and the writing of refused calls' records.
	running sync.WaitGroup

	// refusals bounds the refused calls whose records are being written.
	refusals chan struct{}

	mu       sync.Mutex
	sessions map[acd.ContactID]*session
	// also are sessions by the contacts of those whom agents ask.
	also map[acd.ContactID]*session
	// callers are on the line; sessions in wrap-up have none.
	callers  int
	draining bool
	// ended: Run waits for what runs, and nothing more may begin.
	ended bool
}

// maxRefusals is how many records of refused calls may wait for the disk at
// once. Those of a flood beyond it are counted and logged alone.
const maxRefusals = 64

// NewCenter checks the options and makes a center; Run starts it. A call that
// comes before Run is refused with 503.
func NewCenter(options Options) (*Center, error) {
	if err := options.fill(); err != nil {
		return nil, err
	}
	c := &Center{
		options: options, log: options.Log, now: options.Now, sound: options.Sound, verifier: options.Verifier,
		records: options.Records, tone: newTone(), devices: map[acd.AgentID]*device{}, byPhone: map[string]*device{}, sessions: map[acd.ContactID]*session{}, also: map[acd.ContactID]*session{},
		colleagues: newColleagues(options.Content), insight: insight.NewTally(), draining: true, refusals: make(chan struct{}, maxRefusals),
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.content.Store(options.Content)
	c.router = newRouter(options.Records, options.Log, options.Now, c)
	for _, agent := range options.Content.Rules.Agents {
		c.devices[agent.ID] = newDevice(c, agent)
	}
	return c, nil
}

// Run serves until ctx ends, then ends what is still up, with a record each,
// and returns when all is released.
func (c *Center) Run(ctx context.Context) error {
	c.closeUnfinished(ctx)
	routerCtx, stopRouter := context.WithCancel(context.WithoutCancel(ctx))
	var routing sync.WaitGroup
	routing.Go(func() { c.router.run(routerCtx) })
	c.router.submit(acd.Started{})
	c.router.submit(acd.RulesLoaded{Rules: c.options.Content.Rules})
	c.restoreCallbacks(ctx)
	c.mu.Lock()
	c.draining = false
	c.mu.Unlock()

	<-ctx.Done()
	c.mu.Lock()
	c.draining, c.ended = true, true
	c.mu.Unlock()
	c.cancel(errShutDown)
	c.running.Wait()
	for _, device := range c.devices {
		device.close()
	}
	stopRouter()
	routing.Wait()
	return nil
}

// Drain takes no more calls and waits until the callers that are up have gone,
// or ctx ends; the error is then ctx's. Wrap-up is not waited for.
func (c *Center) Drain(ctx context.Context) error {
	c.mu.Lock()
	c.draining = true
	c.mu.Unlock()
	for _, device := range c.devices {
		device.notify()
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for c.Stats().Calls > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

func (c *Center) isDraining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.draining
}

// Invite takes a new call, or refuses it with the status that says why. It is
// called on the dialog's goroutine and doesn't block.
func (c *Center) Invite(dialog *sip.Dialog) { c.invite(dialog) }

func (c *Center) invite(dialog Dialog) {
	id := c.options.NewID()
	dialog.Name(id)
	content := c.content.Load()
	line, known := content.Lines[dialog.Dialed()]
	if !known {
		c.inviteElsewhere(id, dialog)
		return
	}
	session, refused := c.admit(id, dialog, line, content)
	if refused != nil {
		c.refuse(id, dialog, *refused)
		c.keepRefused(c.newRecord(id, dialog, line, content), *refused)
		return
	}
	dialog.Notify(func(e sip.Event) { session.post(sipMessage(e)) })
	go func() {
		defer c.running.Done()
		defer c.forget(session)
		session.live()
	}()
}

// refusal is why a call is not taken.
type refusal struct {
	status int
	reason string
	log    string
	retry  time.Duration
}

// admit makes the call's session, if there is room, and takes its sound.
func (c *Center) admit(id string, dialog Dialog, line Line, content *Content) (*session, *refusal) {
	if err := dialog.Check(); err != nil {
		return nil, &refusal{status: sip.RefusalStatus(err), log: err.Error()}
	}
	s := c.newSession(id, dialog, line, content)
	if refused := c.register(s); refused != nil {
		s.cancel(nil)
		return nil, refused
	}
	if s.isBrowser() {
		c.counters.offered.Add(1)
		return s, nil
	}
	leg, err := c.sound.OpenRTP(media.LegOptions{ID: s.id, Notify: func(e media.Event) { s.post(soundMessage(e)) }})
	if err != nil {
		s.cancel(err)
		c.callerLeft()
		c.forget(s)
		c.running.Done()
		return nil, c.full(err.Error())
	}
	s.leg = leg
	c.counters.offered.Add(1)
	return s, nil
}

func (c *Center) full(why string) *refusal {
	return &refusal{status: 503, reason: "Service Unavailable", log: why, retry: c.options.RetryAfter}
}

// register gives the call its place among those that are up.
func (c *Center) register(s *session) *refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining {
		return c.full("draining")
	}
	if c.callers >= c.options.MaxCalls {
		return c.full("all lines are taken")
	}
	c.callers++
	c.sessions[s.contact] = s
	c.running.Add(1)
	return nil
}

func (c *Center) callerLeft() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.callers--
}

func (c *Center) newSession(id string, dialog Dialog, line Line, content *Content) *session {
	s := &session{
		id: id, contact: acd.ContactID(id), line: line, number: dialog.Dialed(), center: c, content: content, dialog: dialog,
		log: c.log.With(zap.String("call", id)), inbox: make(chan message, sessionInbox),
		wrapping: map[acd.AgentID]time.Time{}, supervisors: map[acd.AgentID]*supervision{}, contacts: map[acd.AgentID]acd.ContactID{},
	}
	s.ctx, s.cancel = context.WithCancelCause(c.ctx)
	s.timers = newTimers(s.post)
	s.chronicle = newChronicle(c.newRecord(id, dialog, line, content))
	return s
}

func (c *Center) newRecord(id string, dialog Dialog, line Line, content *Content) ledger.CallRecord {
	return ledger.CallRecord{
		ID: id, Line: line.Name, Flow: line.Flow, FlowVersion: content.Flows.Version(),
		SIPCallID: dialog.ID(), Started: c.now(), Verification: "none",
	}
}

func (c *Center) refuse(id string, dialog Dialog, r refusal) {
	c.counters.refused.Add(1)
	log := c.log.With(zap.String("call", id))
	log.Info("call refused", zap.Int("status", r.status), zap.String("why", r.log), zap.String("sip_call_id", dialog.ID()))
	dialog.Notify(func(sip.Event) {})
	if err := dialog.Refuse(r.status, r.reason, r.retry); err != nil {
		log.Info("not refused", zap.Error(err))
	}
}

// keepRefused keeps the record of a refused call on a known line: blockage is
// blocked ÷ attempts (DOMAIN.md §6), so attempts must be on record.
func (c *Center) keepRefused(record ledger.CallRecord, r refusal) {
	record.Ended, record.EndedBy, record.SIPStatus, record.Why = record.Started, ledger.BySystem, r.status, "refused: "+r.log
	log := c.log.With(zap.String("call", record.ID))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	select {
	case c.refusals <- struct{}{}:
	default:
		log.Warn("refused call not on record", zap.Int("waiting", maxRefusals))
		return
	}
	c.running.Go(func() {
		defer func() { <-c.refusals }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), saveTimeout)
		defer cancel()
		if err := c.records.SaveCall(ctx, record); err != nil {
			log.Error("call record not written", zap.Error(err), zap.Any("record", record))
		}
	})
}

func (c *Center) forget(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.callback != nil {
		delete(c.sessions, acd.ContactID(s.callback.kept.ID))
	}
	delete(c.sessions, acd.ContactID(s.id))
	for i := range s.asks {
		delete(c.also, askedContact(s.id, i+1))
	}
	s.refuseLate()
}

func (c *Center) session(contact acd.ContactID) *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.sessions[contact]; s != nil {
		return s
	}
	return c.also[contact]
}

// toCall and toAgent are where the router's decisions go.
func (c *Center) toCall(contact acd.ContactID, m message) {
	if left, ok := m.(leaveMessage); ok {
		c.closeCallback(contact, ledger.CallbackGivenUp, string(left.Why))
	}
	if s := c.session(contact); s != nil {
		s.post(m)
		return
	}
	c.forCallback(contact, m)
}

func (c *Center) toAgent(change acd.AgentChanged) {
	if device := c.devices[change.Agent]; device != nil {
		device.apply(change)
	}
}
