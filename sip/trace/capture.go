package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of captures.
const (
	// MaxCaptures may run at once.
	MaxCaptures = 4
	// DefaultCaptureTime and MaxCaptureTime bound how long one follows.
	DefaultCaptureTime = 10 * time.Minute
	MaxCaptureTime     = time.Hour
	// DefaultCaptureBytes and MaxCaptureBytes bound what one takes.
	DefaultCaptureBytes = 8 << 20
	MaxCaptureBytes     = 64 << 20
	// captureQueue is how many messages may wait for the one who writes them; a
	// message more is left out, and counted.
	captureQueue = 1024

	minReason = 8   // characters of a reason that says something
	maxReason = 200 // and that the audit takes
)

// Errors that callers decide on.
var (
	// ErrUnknown: the call isn't held in memory, or not any more.
	ErrUnknown = errors.New("trace: the call isn't in memory; after its end it is held as long as sip.trace.hold says, and what is stored is masked")
	// ErrWarrant: the request says too little, or what has no place in an audit.
	ErrWarrant = errors.New("trace: refused")
	// ErrCaptures: MaxCaptures run already.
	ErrCaptures = errors.New("trace: as many captures run as may; end one first")
)

// Warrant is who wants to see what unmasked, and why. It goes into the audit
// before anything is shown.
type Warrant struct {
	// Call is our ID or a SIP Call-ID; Number what calls are to be from or to. One
	// of them is given.
	Call, Number string
	// Actor asks, for Reason.
	Actor, Reason string
}

// Auditor writes a capture down; *ledger.Ledger is one. The number may be empty, is
// without separators and country code, and is not to be written as it is.
type Auditor interface {
	RecordCapture(ctx context.Context, call, number, actor, reason string) error
}

func (w Warrant) check() error {
	reason := strings.TrimSpace(w.Reason)
	switch {
	case w.Actor == "":
		return fmt.Errorf("%w: nobody asks", ErrWarrant)
	case (w.Call == "") == (w.Number == ""):
		return fmt.Errorf("%w: name a call or a number", ErrWarrant)
	case w.Number != "" && !isNumber(keyOf(w.Number)):
		return fmt.Errorf("%w: that isn't a number", ErrWarrant)
	case len(reason) < minReason || len(reason) > maxReason:
		return fmt.Errorf("%w: the reason has %d characters; from %d to %d are wanted, for whoever reads the audit", ErrWarrant, len(reason), minReason, maxReason)
	case longRuns(reason) != reason:
		return fmt.Errorf("%w: the reason holds a number; the audit must not", ErrWarrant)
	}
	return nil
}

// Reveal shows the messages of a call in memory, numbers and names included; never
// keys pressed, keys of SRTP or credentials. Where the audit can't be written,
// nothing is shown.
func (r *Recorder) Reveal(ctx context.Context, audit Auditor, warrant Warrant) ([]Frame, error) {
	if err := warrant.check(); err != nil {
		return nil, err
	}
	call, strands := r.find(warrant.Call)
	if len(strands) == 0 {
		return nil, ErrUnknown
	}
	if call == "" {
		call = mask("", strands).Legs[0] // never named; its SIP Call-ID has to do
	}
	if err := audit.RecordCapture(ctx, call, "", warrant.Actor, warrant.Reason); err != nil {
		return nil, fmt.Errorf("trace: nothing is shown, since the audit can't be written: %w", err)
	}
	var frames []Frame
	for _, one := range strands {
		for _, p := range one.packets {
			frames = append(frames, reveal(p))
		}
	}
	slices.SortStableFunc(frames, func(a, b Frame) int { return a.At.Compare(b.At) })
	return frames, nil
}

func reveal(p Packet) Frame { return Frame{p.At, p.from(), p.to(), withoutSecrets(p.message)} }

// Capture follows calls as they go on. Its reader is told io.EOF when its time is
// over, when it has taken as much as it may, and after Close.
type Capture struct {
	recorder *Recorder
	key      string // of the number
	call     string
	frames   chan Frame
	until    <-chan time.Time
	timer    *time.Timer
	closed   chan struct{}
	close    sync.Once

	// Guarded by the recorder.
	left    int // bytes
	skipped int
}

// Follow begins a capture of calls from or to a number, or of one call that is up,
// for at most so long and so much; zero takes the default. What memory holds of
// calls that are up comes first. Close ends it.
func (r *Recorder) Follow(ctx context.Context, audit Auditor, warrant Warrant, length time.Duration, limit int) (*Capture, error) {
	if r == nil {
		return nil, fmt.Errorf("%w: tracing is off (sip.trace.calls)", ErrWarrant)
	}
	if err := warrant.check(); err != nil {
		return nil, err
	}
	if length <= 0 {
		length = DefaultCaptureTime
	}
	if limit <= 0 {
		limit = DefaultCaptureBytes
	}
	c := &Capture{
		recorder: r, frames: make(chan Frame, captureQueue), closed: make(chan struct{}),
		left: min(limit, MaxCaptureBytes),
	}
	if warrant.Number != "" {
		c.key = keyOf(warrant.Number)
	} else {
		call, strands := r.find(warrant.Call)
		if len(strands) == 0 || call == "" {
			return nil, ErrUnknown
		}
		c.call = call
	}
	if err := audit.RecordCapture(ctx, c.call, c.key, warrant.Actor, warrant.Reason); err != nil {
		return nil, fmt.Errorf("trace: nothing is captured, since the audit can't be written: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.follows) >= MaxCaptures {
		return nil, ErrCaptures
	}
	c.timer = time.NewTimer(min(length, MaxCaptureTime))
	c.until = c.timer.C
	r.follows[c] = struct{}{}
	r.captures.Add(1)
	for place := r.lists[live].Front(); place != nil; place = place.Next() {
		r.join(c, place.Value.(*leg))
	}
	return c, nil
}

// join lets a capture have a leg, from its first message, if it is one that is
// wanted.
func (r *Recorder) join(c *Capture, one *leg) {
	if slices.Contains(one.followers, c) || !c.wants(one) {
		return
	}
	one.followers = append(one.followers, c)
	for _, p := range one.packets {
		c.offer(p)
	}
}

func (c *Capture) wants(one *leg) bool {
	if c.call != "" {
		return one.call == c.call
	}
	for _, p := range one.packets {
		if p.invites() {
			l := newLabels()
			l.message(p.message)
			if _, found := l.known[c.key]; found {
				return true
			}
		}
	}
	return false
}

// follow hands a packet that was just added to those who follow its leg.
func (r *Recorder) follow(one *leg, p Packet) {
	for _, c := range one.followers {
		c.offer(p)
	}
	if p.invites() {
		for c := range r.follows {
			r.join(c, one)
		}
	}
}

// followCall looks at a leg again that has just become a call's.
func (r *Recorder) followCall(one *leg) {
	for c := range r.follows {
		r.join(c, one)
	}
}

// offer puts a packet into the queue if it has room.
func (c *Capture) offer(p Packet) {
	if c.left -= len(p.message); c.left < 0 {
		c.end()
		return
	}
	select {
	case c.frames <- reveal(p):
	default:
		c.skipped++
	}
}

func (c *Capture) end() { c.close.Do(func() { close(c.closed) }) }

// Next waits for the next message.
func (c *Capture) Next(ctx context.Context) (Frame, error) {
	select {
	case frame := <-c.frames: // first, what is there
		return frame, nil
	default:
	}
	select {
	case frame := <-c.frames:
		return frame, nil
	case <-c.until:
		c.end()
		return Frame{}, io.EOF
	case <-c.closed:
		return Frame{}, io.EOF
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
}

// Close ends the capture and says how many messages it had no room for.
func (c *Capture) Close() (skipped int) {
	c.end()
	c.timer.Stop()
	r := c.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, runs := r.follows[c]; runs {
		delete(r.follows, c)
		r.captures.Add(-1)
		for _, one := range r.legs {
			one.followers = slices.DeleteFunc(one.followers, func(other *Capture) bool { return other == c })
		}
	}
	return c.skipped
}
