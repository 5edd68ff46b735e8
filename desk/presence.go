package desk

import (
	"sync"
	"sync/atomic"
	"time"

	"careline/acd"
	"careline/call"
)

// presence is an agent at a window, or whose window was there a moment ago. The
// Center has a grace of its own for agents whose window vanished; here what
// was read of the caller's name stays as long, so that a reload doesn't read
// (and audit) it again.
type presence struct {
	agent acd.AgentID
	// window that shows the agent's state; nil while the page is away. Atomic,
	// because the Center calls changed from its own goroutines.
	window atomic.Pointer[window]
	names  nameCache

	// Guarded by presences.mu.
	// page that holds, or held a moment ago, the agent.
	page    string
	release func() // nil while the page is away
	grace   *time.Timer
}

func (p *presence) changed() {
	if w := p.window.Load(); w != nil {
		w.poke()
	}
}

// presences are the agents who are there. One window at a time shows an agent;
// a newer one displaces the older.
type presences struct {
	center Center
	grace  time.Duration

	mu      sync.Mutex
	closed  bool
	byAgent map[acd.AgentID]*presence
}

func newPresences(center Center, grace time.Duration) *presences {
	return &presences{center: center, grace: grace, byAgent: make(map[acd.AgentID]*presence)}
}

// attach makes w the agent's window. take says that a person asked for it (by
// loading the page, signing in, or choosing it). A page that comes back by
// itself gets its own place, never another page's: a forgotten one that wakes
// up must not take a call, and the microphone with it, to an empty room.
func (ps *presences) attach(w *window, take bool) (*presence, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.closed {
		return nil, errClosing
	}
	p := ps.byAgent[w.session.user.Agent]
	if p != nil && !take && p.page != w.page {
		return nil, call.ErrDisplaced
	}
	if p == nil {
		p = &presence{agent: w.session.user.Agent}
	}
	if p.release == nil {
		release, err := ps.center.Connect(p.agent, p.changed)
		if err != nil {
			return nil, err
		}
		p.release = release
		ps.byAgent[p.agent] = p
	}
	if p.grace != nil {
		p.grace.Stop()
		p.grace = nil
	}
	p.page = w.page
	if older := p.window.Swap(w); older != nil {
		older.displace()
	}
	return p, nil
}

// detach takes the window away and tells the Center, whose grace begins.
func (ps *presences) detach(p *presence, w *window) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.closed || ps.byAgent[p.agent] != p || !p.window.CompareAndSwap(w, nil) {
		return
	}
	p.release()
	p.release = nil
	var timer *time.Timer
	timer = time.AfterFunc(ps.grace, func() {
		ps.mu.Lock()
		defer ps.mu.Unlock()
		if p.grace == timer && ps.byAgent[p.agent] == p {
			ps.drop(p)
		}
	})
	p.grace = timer
}

// shownBy reports whether the session is the one that shows the agent, or
// nobody else does.
func (ps *presences) shownBy(s *session) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.byAgent[s.user.Agent]
	if p == nil {
		return true
	}
	w := p.window.Load()
	return w == nil || w.session == s
}

// signOut forgets the agent at once.
func (ps *presences) signOut(agent acd.AgentID) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p := ps.byAgent[agent]; p != nil {
		ps.drop(p)
	}
}

func (ps *presences) drop(p *presence) {
	delete(ps.byAgent, p.agent)
	if p.grace != nil {
		p.grace.Stop()
	}
	p.window.Store(nil)
	if p.release != nil {
		p.release()
		p.release = nil
	}
}

func (ps *presences) pokeAll() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.byAgent {
		p.changed()
	}
}

func (ps *presences) close() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.closed = true
	for _, p := range ps.byAgent {
		ps.drop(p)
	}
}
