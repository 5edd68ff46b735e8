package trace

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// What Options fall back to.
const (
	DefaultCalls     = 500
	DefaultCallBytes = 64 << 10
	DefaultHold      = 15 * time.Minute

	// MaxMessages of one leg are kept, and FirstMessages of them are those that
	// began it; between them and the latest, messages are left out and counted.
	MaxMessages   = 400
	FirstMessages = 8

	// settle is how long after a call's end its last messages may take.
	settle = 5 * time.Second
	// tidyEvery is how often ended calls are stored and forgotten.
	tidyEvery = time.Second
	// unnamedShare of the legs may be such that never became a call of ours, so
	// that a flood of INVITEs pushes no call out.
	unnamedShare = 4
	maxCallID    = 256 // bytes of a Call-ID that is traced
	maxLegs      = 64  // of one call
)

// Options make a Recorder. What is left zero takes its default.
type Options struct {
	// Calls is how many legs (dialogs) are held in memory; beyond, the oldest
	// that ended makes room.
	Calls int
	// CallBytes is how much of one leg is held.
	CallBytes int
	// Hold is how long a call is held in memory after its end.
	Hold time.Duration
	// Keep stores the masked traces of calls that ended; nil stores none.
	Keep Keeper
	Log  *zap.Logger
	Now  func() time.Time
}

// Recorder holds the latest calls' signalling in memory. Its methods may be called
// from any goroutine; those of a nil Recorder do nothing.
type Recorder struct {
	options  Options
	log      *zap.Logger
	now      func() time.Time
	captures atomic.Int32 // that run; so that a packet need not ask under the lock

	mu      sync.Mutex
	legs    map[string]*leg   // by SIP Call-ID
	calls   map[string][]*leg // by our ID, in the order in which they began
	lists   [3]*list.List     // by standing, the oldest first
	follows map[*Capture]struct{}
	newest  string // call that was named last
	unkept  uint64
}

// standing decides who makes room for whom.
type standing int

const (
	unnamed standing = iota // no call of ours, perhaps not yet
	ended
	live
)

// leg is one dialog's signalling.
type leg struct {
	id, call  string
	packets   []Packet
	bytes     int
	dropped   int
	standing  standing
	place     *list.Element
	began     time.Time
	endedAt   time.Time
	kept      bool
	followers []*Capture
}

// New makes a recorder; Run stores and forgets what has ended.
func New(options Options) *Recorder {
	if options.Calls <= 0 {
		options.Calls = DefaultCalls
	}
	if options.CallBytes <= 0 {
		options.CallBytes = DefaultCallBytes
	}
	if options.Hold <= 0 {
		options.Hold = DefaultHold
	}
	if options.Log == nil {
		options.Log = zap.NewNop()
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Recorder{
		options: options, log: options.Log, now: options.Now,
		legs: map[string]*leg{}, calls: map[string][]*leg{}, follows: map[*Capture]struct{}{},
		lists: [3]*list.List{list.New(), list.New(), list.New()},
	}
}

// Now is the recorder's clock, for those who make packets.
func (r *Recorder) Now() time.Time { return r.now() }

// Packet takes a message that was read or written. An INVITE begins a leg; what
// belongs to none is let go. The bytes are copied.
func (r *Recorder) Packet(p Packet) {
	if r == nil {
		return
	}
	id := callID(p.message)
	if len(id) == 0 || len(id) > maxCallID {
		return
	}
	r.mu.Lock()
	known := r.legs[string(id)] // allocates nothing
	r.mu.Unlock()
	if known == nil && !p.invites() {
		return
	}
	copied := p.kept() // outside the lock
	if len(copied.message) > r.options.CallBytes {
		copied.message = copied.message[:r.options.CallBytes]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.legs[string(id)]
	if one == nil {
		if known != nil {
			return // it was forgotten meanwhile
		}
		one = r.begin(string(id))
	}
	one.add(copied, r.options.CallBytes)
	if r.captures.Load() > 0 {
		r.follow(one, copied)
	}
}

// add keeps a packet and lets others go where there is no room: not the first
// ones, which say what the call was, but those after them.
func (l *leg) add(p Packet, limit int) {
	l.packets = append(l.packets, p)
	l.bytes += len(p.message)
	for len(l.packets) > MaxMessages || (l.bytes > limit && len(l.packets) > 1) {
		out := min(FirstMessages, len(l.packets)-2)
		l.bytes -= len(l.packets[out].message)
		l.packets = slices.Delete(l.packets, out, out+1)
		l.dropped++
	}
}

// Name says which call of ours a SIP Call-ID belongs to. Legs of one call are
// shown together. It may come before the first packet, as for calls of ours.
func (r *Recorder) Name(sipCallID, call string) {
	if r == nil || len(sipCallID) > maxCallID || call == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.legs[sipCallID]
	if one == nil {
		one = r.begin(sipCallID)
	}
	if one.call == "" && len(r.calls[call]) < maxLegs {
		one.call = call
		r.calls[call] = append(r.calls[call], one)
		r.move(one, live)
	}
	r.newest = call
	r.followCall(one)
}

// Ended says that a dialog is over. What comes for it still is kept for a while.
func (r *Recorder) Ended(sipCallID string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.legs[sipCallID]; one != nil && one.standing == live {
		one.endedAt = r.now()
		r.move(one, ended)
	}
}

func (r *Recorder) begin(id string) *leg {
	r.makeRoom()
	one := &leg{id: id, began: r.now()}
	one.place = r.lists[unnamed].PushBack(one)
	r.legs[id] = one
	return one
}

func (r *Recorder) move(one *leg, to standing) {
	r.lists[one.standing].Remove(one.place)
	one.standing, one.place = to, r.lists[to].PushBack(one)
}

// makeRoom forgets a leg where there are as many as may be.
func (r *Recorder) makeRoom() {
	if len(r.legs) < r.options.Calls {
		return
	}
	order := []standing{ended, unnamed, live}
	if r.lists[unnamed].Len() > r.options.Calls/unnamedShare {
		order = []standing{unnamed}
	}
	for _, from := range order {
		if oldest := r.lists[from].Front(); oldest != nil {
			r.forget(oldest.Value.(*leg))
			return
		}
	}
}

func (r *Recorder) forget(one *leg) {
	if one.call != "" && !one.kept && r.options.Keep != nil {
		r.unkept++
	}
	r.lists[one.standing].Remove(one.place)
	delete(r.legs, one.id)
	if one.call == "" {
		return
	}
	rest := slices.DeleteFunc(r.calls[one.call], func(other *leg) bool { return other == one })
	if len(rest) == 0 {
		delete(r.calls, one.call)
	} else {
		r.calls[one.call] = rest
	}
}

// Trace is a call's signalling, masked: the call with our ID, or the leg with that
// SIP Call-ID; "last" is the one that came last.
func (r *Recorder) Trace(id string) (Trace, bool) {
	call, strands := r.find(id)
	if len(strands) == 0 {
		return Trace{}, false
	}
	return mask(call, strands), true
}

// find copies a call's legs, so that they are masked outside the lock.
func (r *Recorder) find(id string) (call string, strands []strand) {
	if r == nil {
		return "", nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == "last" {
		id = r.newest
	}
	legs := r.calls[id]
	if len(legs) == 0 {
		one := r.legs[id]
		if one == nil {
			return "", nil
		}
		legs = []*leg{one}
		if one.call != "" {
			legs = r.calls[one.call]
		}
	}
	for _, one := range legs {
		strands = append(strands, strand{one.id, slices.Clone(one.packets), one.dropped})
	}
	return legs[0].call, strands
}

// Stats are counts for metrics.
type Stats struct {
	// Legs held now, and Bytes of their messages.
	Legs, Bytes int
	// Unkept are calls that were forgotten before they could be stored.
	Unkept uint64
}

// Stats counts.
func (r *Recorder) Stats() Stats {
	if r == nil {
		return Stats{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	stats := Stats{Legs: len(r.legs), Unkept: r.unkept}
	for _, one := range r.legs {
		stats.Bytes += one.bytes
	}
	return stats
}
