package sip

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"careline/sip/guard"
)

const (
	// Bans are logged at this rate: with forged addresses there may be hundreds.
	bansLogged = 1  // a second
	banBurst   = 20 // at once
	// answerTime is how long whoever we send a request to is heard for the answer:
	// as long as it may ring, and its BYE after it.
	answerTime = SetUpTimeout + time.Minute
)

// sentry decides who is listened to, before anything is parsed. There are those
// whom the list of sources doesn't have: strangers, of whom nothing is kept and
// who hear nothing. There are trunks, which are never banned. The others must
// prove who they are, where phones can.
type sentry struct {
	sources   []netip.Prefix
	trusted   []netip.Prefix
	proof     bool // of those who aren't trusted a password is asked
	rules     *guard.Guard
	pause     time.Duration // between the messages of a connection that is over its rate
	log       *zap.Logger
	logged    *rate.Limiter
	strangers atomic.Uint64
	overfull  atomic.Uint64               // connections over what a source, or all, may have
	hungUp    func(remote netip.AddrPort) // told of each connection that ended

	mu          sync.Mutex
	connections map[netip.Addr]int
	open        map[*guardedConn]struct{}
	remotes     map[netip.AddrPort]*guardedConn // of open, those that we accepted
	released    sync.Cond                       // on mu: a connection was closed
	ended       bool                            // no more connections
}

func newSentry(options Options) *sentry {
	rules := options.Guard
	rules.SetUpRate, rules.MaxMessage = options.SetUpRate, options.MaxMessage
	g := &sentry{
		sources: options.Sources, trusted: options.Trusted, proof: options.Registrar != nil,
		rules: guard.New(rules, time.Now()), pause: time.Second / time.Duration(options.SetUpRate),
		log: options.Log, logged: rate.NewLimiter(bansLogged, banBurst),
		connections: map[netip.Addr]int{}, open: map[*guardedConn]struct{}{},
		remotes: map[netip.AddrPort]*guardedConn{}, hungUp: func(netip.AddrPort) {},
	}
	g.released.L = &g.mu
	return g
}

// knows reports whether a source is on the list; everyone is on an empty one.
func (g *sentry) knows(source netip.Addr) bool {
	return len(g.sources) == 0 || within(source, g.sources) || g.trusts(source)
}

// trusts reports whether a source is a trunk's: it is never banned.
func (g *sentry) trusts(source netip.Addr) bool { return within(source, g.trusted) }

func within(address netip.Addr, prefixes []netip.Prefix) bool {
	for _, prefix := range prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// allows is knows for somebody who knocks.
func (g *sentry) allows(source netip.Addr) bool {
	if g.knows(source) {
		return true
	}
	g.strangers.Add(1)
	return false
}

// demands reports whether a flow's requests need a password.
func (g *sentry) demands(source netip.Addr) bool { return g.proof && !g.trusts(source) }

// unproven reports whether nobody on a flow has proven yet who it is.
func (g *sentry) unproven(now time.Time, flow guard.Flow) bool {
	return g.demands(flow.Remote.Addr()) && !g.rules.Proven(now, flow)
}

// source is a flow as its account is kept.
func (g *sentry) source(now time.Time, flow guard.Flow) guard.Source {
	address := flow.Remote.Addr()
	return guard.Source{
		Address: address, Connected: flow.Connected,
		Known: g.trusts(address) || g.proof && g.rules.Proven(now, flow),
	}
}

// judgement is what becomes of a packet.
type judgement uint8

const (
	dropped  judgement = iota
	admitted           // sipgo reads it
	unknown            // we read it ourselves first
)

// judge decides on a packet, unread but for its first word.
func (g *sentry) judge(from netip.AddrPort, packet []byte) judgement {
	if !g.allows(from.Addr()) {
		return dropped
	}
	now := time.Now()
	flow := guard.Flow{Remote: from}
	source := g.source(now, flow)
	verdict, ban := g.rules.Hear(now, source, len(packet), isInvite(packet))
	if ban != nil {
		g.shutOut(ban)
	}
	switch {
	case verdict != guard.Admitted:
		return dropped
	case source.Known || !g.demands(from.Addr()):
		return admitted
	case !g.rules.Unproven(now):
		return dropped
	}
	return unknown
}

// heard decides on a message that came by a connection: it is over when it sends
// more than its rate, but a trunk's, which waits.
func (g *sentry) heard(remote netip.AddrPort, invite bool) {
	now := time.Now()
	source := g.source(now, guard.Flow{Remote: remote, Connected: true})
	connection := g.accepted(remote)
	if connection != nil {
		connection.messages.Add(1)
	}
	verdict, ban := g.rules.Hear(now, source, 0, invite)
	if ban != nil {
		g.shutOut(ban)
	}
	switch {
	case verdict == guard.Admitted:
	case source.Known:
		<-time.After(g.pause) // its reader waits with it, and the far side in the end
	case connection != nil:
		_ = connection.Conn.Close() // its reader notices
	}
}

// accepted finds the connection that somebody made to us from an address.
func (g *sentry) accepted(remote netip.AddrPort) *guardedConn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.remotes[remote]
}

// mayInvite takes one INVITE from a source's allowance.
func (g *sentry) mayInvite(flow guard.Flow) bool {
	now := time.Now()
	return g.rules.SetUp(now, g.source(now, flow))
}

// offend notes what a flow did; true if its source is banned by now. A wrong
// password undoes what the flow has proven before.
func (g *sentry) offend(flow guard.Flow, offence guard.Offence) bool {
	if g.trusts(flow.Remote.Addr()) {
		return false
	}
	now := time.Now()
	if offence == guard.WrongPassword {
		g.rules.Doubt(flow)
	}
	source := g.source(now, flow)
	ban := g.rules.Offend(now, source, offence)
	if ban != nil {
		g.shutOut(ban)
	}
	return ban != nil || !source.Known && g.rules.Shut(now, source)
}

// prove notes that a flow has given the right password.
func (g *sentry) prove(flow guard.Flow, lasts time.Duration) {
	now := time.Now()
	g.rules.Excuse(now, guard.Source{Address: flow.Remote.Addr(), Connected: flow.Connected})
	g.rules.Prove(now, flow, lasts)
}

// expect lets whoever we send a request to answer it.
func (g *sentry) expect(flow guard.Flow) {
	if now := time.Now(); g.unproven(now, flow) {
		g.rules.Prove(now, flow, answerTime)
	}
}

// shutOut tells of a new ban and cuts the connections that it is for.
func (g *sentry) shutOut(ban *guard.Ban) {
	if g.logged.Allow() {
		g.log.Warn("source banned", zap.String("source", ban.Name()), zap.Bool("connected", ban.Connected),
			zap.Time("until", ban.Until.UTC()), zap.Int("times", ban.Times), zap.Stringer("because", ban.Because))
	}
	if !ban.Connected {
		return
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for connection := range g.open {
		remote := addrPortOf(connection.RemoteAddr())
		if ban.Source.Contains(remote.Addr()) && g.unproven(now, guard.Flow{Remote: remote, Connected: true}) {
			_ = connection.Conn.Close()
		}
	}
}

// connect takes a TCP connection from its source's allowance, or nil where that
// is used up; Close gives it back.
func (g *sentry) connect(connection net.Conn) *guardedConn {
	source := addrPortOf(connection.RemoteAddr()).Addr()
	if !g.allows(source) {
		return nil
	}
	account := guard.Source{Address: source, Connected: true}
	if !g.trusts(source) && g.rules.Shut(time.Now(), account) {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return nil
	}
	if len(g.open) >= maxConnections || g.connections[source] >= maxPerSource {
		g.overfull.Add(1)
		return nil
	}
	guarded := g.admitted(connection, source)
	g.remotes[addrPortOf(connection.RemoteAddr())] = guarded
	return guarded
}

// adopt takes a connection that we made ourselves: within no allowance, but cut
// with the others. Nil, and the connection closed, once the guard has hung up.
func (g *sentry) adopt(connection net.Conn) *guardedConn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		_ = connection.Close()
		return nil
	}
	return g.admitted(connection, addrPortOf(connection.RemoteAddr()).Addr())
}

// admitted makes a connection known. It is called under the lock.
func (g *sentry) admitted(connection net.Conn, source netip.Addr) *guardedConn {
	guarded := &guardedConn{Conn: connection, guard: g, source: source}
	g.open[guarded] = struct{}{}
	g.connections[source]++
	return guarded
}

func (g *sentry) disconnect(connection *guardedConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, connection)
	if remote := addrPortOf(connection.RemoteAddr()); g.remotes[remote] == connection {
		delete(g.remotes, remote)
	}
	if g.connections[connection.source]--; g.connections[connection.source] <= 0 {
		delete(g.connections, connection.source)
	}
	g.released.Broadcast()
}

// hangUp cuts all TCP connections and waits until their readers have let go.
func (g *sentry) hangUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	for connection := range g.open {
		_ = connection.Conn.Close() // its reader notices, and closes the guarded one
	}
	for len(g.open) > 0 {
		g.released.Wait()
	}
}
