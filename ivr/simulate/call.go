package simulate

import (
	"errors"
	"slices"
	"time"

	"careline/ivr"
	"careline/phi"
)

// maxHappenings bounds what one request may bring about: a flow that plays on
// and on without asking is told, not waited for.
const maxHappenings = 10_000

var (
	// ErrOver: the call has ended.
	ErrOver = errors.New("the call is over")
	// ErrQueued: the call waits in a queue, where keys are not heard.
	ErrQueued = errors.New("the call waits in a queue, where keys are not heard")
	// ErrNotQueued: the call is in no queue.
	ErrNotQueued = errors.New("the call is in no queue")
	// ErrNeverListens: the flow goes on and on without waiting for the caller.
	ErrNeverListens = errors.New("the flow never waits for the caller")
)

// Call is one simulated call. It belongs to one goroutine.
type Call struct {
	world World
	set   *ivr.Set
	run   *ivr.Run
	watch func(Event)

	now    time.Duration
	timers map[ivr.TimerID]time.Duration
	later  []happening
	row    *row

	member   *Member
	verified ivr.VerifyOutcome
	queued   *ivr.QueueRequest
	announce time.Duration
	// offer is when a callback is offered; offered: it has been.
	offer    time.Duration
	offered  bool
	recorded *recorded
	kept     []ivr.RecordRequest
	answers  []ivr.SurveyAnswer
	hurry    time.Duration // when others are called for an urgent caller
	// onCallTried is the wait whose people on call have been called.
	onCallTried *ivr.QueueRequest
	out         outside
	over        bool
	hungUp      string
	// taken counts the ways on.
	taken int
}

// row is what plays.
type row struct {
	id      int
	prompts []ivr.Prompt
	// begun prompts of the row; next is when the following one begins, or the row ends.
	begun int
	next  time.Duration
}

// New begins a call in a flow. watch hears of everything that happens; it may be nil.
func New(set *ivr.Set, flow string, world World, watch func(Event)) *Call {
	if watch == nil {
		watch = func(Event) {}
	}
	c := &Call{world: world, set: set, watch: watch, timers: map[ivr.TimerID]time.Duration{}}
	c.run = ivr.NewRun(set, flow, line{c}, ivr.Options{
		Language: world.Language, Attestation: world.Attestation, Split: func(ivr.StepName) int { return world.Split },
	})
	c.run.Start()
	c.begin()
	return c
}

// Run is the flow's side of the call, to read from.
func (c *Call) Run() *ivr.Run { return c.run }

// Now is the time since the call's beginning.
func (c *Call) Now() time.Duration { return c.now }

// Verified is what the verifier said last; empty if it was not asked.
func (c *Call) Verified() ivr.VerifyOutcome { return c.verified }

// Queued is the line that the call waits in; nil if it waits in none.
func (c *Call) Queued() *ivr.QueueRequest { return c.queued }

// HungUp reports whether the flow has ended the call, and why.
func (c *Call) HungUp() (reason string, over bool) { return c.hungUp, c.over }

// Taken counts the ways on that were taken so far.
func (c *Call) Taken() int { return c.taken }

// Speaking reports whether something plays, or is about to.
func (c *Call) Speaking() bool {
	return !c.over && c.queued == nil && (c.row != nil || len(c.later) > 0)
}

// Listen lets time pass until the flow has said what it has to say: it waits
// for a key, the call is queued, or it is over.
func (c *Call) Listen() error {
	for range maxHappenings {
		if !c.Speaking() {
			return nil
		}
		c.Next()
	}
	return ErrNeverListens
}

// Press keys, each KeyEvery after the other, whatever plays.
func (c *Call) Press(keys string) error {
	for _, key := range keys {
		switch {
		case c.over:
			return ErrOver
		case c.queued != nil:
			return ErrQueued
		case c.out.name != "":
			return ErrOutside
		}
		c.run.Digit(phi.NewDigits(string(key)))
		c.begin()
		c.Pass(KeyEvery)
	}
	return nil
}

// Silence lets time pass until the flow goes on by itself: it has asked for the
// last time.
func (c *Call) Silence() error {
	if err := c.Listen(); err != nil {
		return err
	}
	switch {
	case c.over:
		return ErrOver
	case c.queued != nil:
		return ErrQueued
	case c.out.name != "":
		return ErrOutside
	}
	before := c.taken
	for range maxHappenings {
		if c.taken != before || c.over || c.queued != nil || c.out.name != "" || !c.Next() {
			return nil
		}
	}
	return ErrNeverListens
}

// Leave takes the call out of its queue without an agent. Of an urgent one, those who
// are on call are called first, if they haven't been.
func (c *Call) Leave(exit ivr.QueueExit) error {
	if c.queued == nil {
		return ErrNotQueued
	}
	if request := c.queued; request.Urgent == nil || c.onCallTried == request || !c.tryOnCall(request) {
		c.leave(exit)
	}
	c.begin()
	return nil
}

func (c *Call) leave(exit ivr.QueueExit) {
	c.queued = nil
	c.offered = c.offered || exit == ivr.ExitOffer
	c.run.LeftQueue(exit)
}

// Pass lets time pass.
func (c *Call) Pass(d time.Duration) {
	until := c.now + d
	for {
		at, do := c.first()
		if do == nil || at > until {
			break
		}
		c.happen(at, do)
	}
	c.now = max(c.now, until)
}

// Next lets time pass until the next thing happens; false if nothing ever will.
func (c *Call) Next() bool {
	at, do := c.first()
	if do == nil {
		return false
	}
	c.happen(at, do)
	return true
}

// happening is something that comes by itself.
type happening struct {
	at time.Duration
	do func()
}

func (c *Call) happen(at time.Duration, do func()) {
	c.now = max(c.now, at)
	do()
	c.begin()
}

// first finds what comes next by itself. At one moment, what plays comes before
// what was asked for, and that before the timers.
func (c *Call) first() (time.Duration, func()) {
	if c.over {
		return 0, nil
	}
	var at time.Duration
	var do func()
	offer := func(when time.Duration, what func()) {
		if do == nil || when < at {
			at, do = when, what
		}
	}
	if c.row != nil {
		offer(c.row.next, c.play)
	}
	for i, h := range c.later {
		offer(h.at, func() { c.later = slices.Delete(c.later, i, i+1); h.do() })
	}
	if r := c.recorded; r != nil && !r.ended {
		offer(r.ends, c.recordingOver)
	}
	for id, when := range c.timers {
		offer(when, func() { delete(c.timers, id); c.run.TimerFired(id) })
	}
	if c.queued != nil && c.queued.Hold.Every > 0 && c.queued.Hold.Announce != nil {
		offer(c.announce, c.announced)
	}
	if c.queued != nil && c.queued.OfferAfter > 0 && !c.offered {
		offer(c.offer, func() { c.leave(ivr.ExitOffer) })
	}
	if c.queued != nil && c.queued.Urgent != nil && c.queued.Urgent.Within > 0 && c.onCallTried != c.queued {
		offer(c.hurry, c.hurried)
	}
	return at, do
}

// play goes on in the row: its next prompt begins, or it ends.
func (c *Call) play() {
	r := c.row
	if r.begun < len(r.prompts) {
		c.begin()
		return
	}
	c.row = nil
	c.run.Played(r.id)
}

// begin lets prompts be heard whose time has come.
func (c *Call) begin() {
	r := c.row
	if r == nil || r.begun == len(r.prompts) || r.next > c.now {
		return
	}
	lasts := PromptLasts
	if prompt := r.prompts[r.begun]; prompt.Name == ivr.PromptPause { // nothing to hear
		lasts = PauseLasts
	} else {
		c.tell(Event{Kind: Heard, Prompt: prompt})
	}
	r.begun++
	r.next = c.now + lasts
}

func (c *Call) announced() {
	for _, prompt := range c.queued.Hold.Announce(c.world.Position) {
		c.tell(Event{Kind: Announced, Prompt: prompt})
	}
	c.announce = c.now + c.queued.Hold.Every
}

func (c *Call) tell(e Event) {
	e.At = c.now
	c.watch(e)
}

// after has something happen later.
func (c *Call) after(d time.Duration, do func()) {
	c.later = append(c.later, happening{c.now + d, do})
}
