package sip

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxSources     = 4096 // sources with a rate of their own; the rest share one
	maxConnections = 1024 // TCP connections in all
	maxPerSource   = 64   // TCP connections from one source
	floodFactor    = 4    // times SetUpRate: INVITEs over that aren't even read
	packetFactor   = 20   // times SetUpRate: packets of any kind that one source may send
	firstMessage   = 30 * time.Second
	idleConnection = time.Hour
	writeTimeout   = 5 * time.Second
	retryAccept    = 50 * time.Millisecond
)

// guard decides who is listened to, before anything is parsed.
type guard struct {
	sources   []netip.Prefix
	rate      int
	limit     int
	strangers atomic.Uint64
	flooded   atomic.Uint64
	hungUp    func(remote netip.AddrPort) // told of each connection that ended

	mu          sync.Mutex
	buckets     map[netip.Addr]*buckets
	overflow    *buckets
	connections map[netip.Addr]int
	open        map[*guardedConn]struct{}
	released    sync.Cond // on mu: a connection was closed
	ended       bool      // no more connections
}

// buckets are one source's rates: INVITEs answered, INVITEs read, packets read.
type buckets struct{ setUp, flood, packets *rate.Limiter }

func newGuard(options Options) *guard {
	g := &guard{
		sources: options.Sources, rate: options.SetUpRate, limit: options.MaxMessage,
		buckets: map[netip.Addr]*buckets{}, connections: map[netip.Addr]int{}, open: map[*guardedConn]struct{}{}, hungUp: func(netip.AddrPort) {},
	}
	g.released.L = &g.mu
	g.overflow = g.newBuckets()
	return g
}

func (g *guard) newBuckets() *buckets {
	limiter := func(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(n), n) }
	return &buckets{setUp: limiter(g.rate), flood: limiter(g.rate * floodFactor), packets: limiter(g.rate * packetFactor)}
}

// knows reports whether a source is one of ours.
func (g *guard) knows(source netip.Addr) bool {
	for _, prefix := range g.sources {
		if prefix.Contains(source) {
			return true
		}
	}
	return len(g.sources) == 0
}

// allows is knows for somebody who knocks.
func (g *guard) allows(source netip.Addr) bool {
	if g.knows(source) {
		return true
	}
	g.strangers.Add(1)
	return false
}

// of finds a source's buckets. When there are too many sources, those that have
// been quiet are forgotten; failing that, newcomers share one set.
func (g *guard) of(source netip.Addr) *buckets {
	g.mu.Lock()
	defer g.mu.Unlock()
	if known := g.buckets[source]; known != nil {
		return known
	}
	if len(g.buckets) >= maxSources {
		for other, known := range g.buckets {
			if known.packets.Tokens() >= float64(known.packets.Burst()) {
				delete(g.buckets, other)
			}
		}
		if len(g.buckets) >= maxSources {
			return g.overflow
		}
	}
	fresh := g.newBuckets()
	g.buckets[source] = fresh
	return fresh
}

// mayInvite takes one INVITE from a source's allowance.
func (g *guard) mayInvite(source netip.Addr) bool {
	if g.of(source).setUp.Allow() {
		return true
	}
	g.flooded.Add(1)
	return false
}

// admits decides on a packet, unread but for its first word.
func (g *guard) admits(source netip.Addr, packet []byte) bool {
	if !g.allows(source) {
		return false
	}
	known := g.of(source)
	if len(packet) > g.limit || !known.packets.Allow() || (bytes.HasPrefix(packet, []byte("INVITE ")) && !known.flood.Allow()) {
		g.flooded.Add(1)
		return false
	}
	return true
}

// connect takes a TCP connection from its source's allowance, or nil where that
// is used up; Close gives it back.
func (g *guard) connect(connection net.Conn) *guardedConn {
	source := addrPortOf(connection.RemoteAddr()).Addr()
	if !g.allows(source) {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return nil
	}
	if len(g.open) >= maxConnections || g.connections[source] >= maxPerSource {
		g.flooded.Add(1)
		return nil
	}
	return g.admitted(connection, source)
}

// adopt takes a connection that we made ourselves: within no allowance, but cut
// with the others. Nil, and the connection closed, once the guard has hung up.
func (g *guard) adopt(connection net.Conn) *guardedConn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		_ = connection.Close()
		return nil
	}
	return g.admitted(connection, addrPortOf(connection.RemoteAddr()).Addr())
}

// admitted makes a connection known. It is called under the lock.
func (g *guard) admitted(connection net.Conn, source netip.Addr) *guardedConn {
	guarded := &guardedConn{Conn: connection, guard: g, source: source}
	g.open[guarded] = struct{}{}
	g.connections[source]++
	return guarded
}

func (g *guard) disconnect(connection *guardedConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, connection)
	if g.connections[connection.source]--; g.connections[connection.source] <= 0 {
		delete(g.connections, connection.source)
	}
	g.released.Broadcast()
}

// hangUp cuts all TCP connections and waits until their readers have let go.
func (g *guard) hangUp() {
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

// guardedPackets is a UDP socket that shows its reader only what the guard
// admits, and that doesn't end for one bad read.
type guardedPackets struct {
	*net.UDPConn
	guard *guard
	tap   tap
}

// ReadFrom reads the next packet that is for us.
func (p *guardedPackets) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for failures := 0; ; {
		n, from, err := p.UDPConn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			if failures++; errors.Is(err, net.ErrClosed) || failures > maxReadFailures {
				return 0, nil, err
			}
			continue
		}
		failures = 0
		source := netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if p.guard.admits(source.Addr(), buffer[:n]) {
			p.tap.read(source, buffer[:n])
			return n, net.UDPAddrFromAddrPort(source), nil
		}
	}
}

// WriteTo sends a packet.
func (p *guardedPackets) WriteTo(packet []byte, to net.Addr) (int, error) {
	at := p.tap.before()
	n, err := p.UDPConn.WriteTo(packet, to)
	if err == nil {
		p.tap.written(at, addrPortOf(to), packet)
	}
	return n, err
}

const maxReadFailures = 100 // in a row, before a socket counts as broken

// guardedListener accepts TCP connections from those whom the guard allows.
type guardedListener struct {
	net.Listener
	guard *guard
	// timed: the one who accepts sets deadlines, as an HTTP server does.
	timed bool
}

// Accept waits for the next connection that is for us; want of file descriptors
// and the like is waited out.
func (l *guardedListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			<-time.After(retryAccept)
			continue
		}
		if guarded := l.guard.connect(connection); guarded != nil {
			guarded.timed.Store(l.timed)
			return guarded, nil
		}
		_ = connection.Close() // a stranger's; nothing depends on it
	}
}

// guardedConn cuts connections that say nothing and peers that don't read.
type guardedConn struct {
	net.Conn
	guard  *guard
	source netip.Addr
	spoken atomic.Bool
	timed  atomic.Bool // someone else sets the deadlines
	closed sync.Once
}

// Read waits longer once the peer has said something.
func (c *guardedConn) Read(buffer []byte) (int, error) {
	if c.timed.Load() {
		return c.Conn.Read(buffer)
	}
	patience := firstMessage
	if c.spoken.Load() {
		patience = idleConnection
	}
	if err := c.Conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(buffer)
	if n > 0 {
		c.spoken.Store(true)
	}
	return n, err
}

// Write doesn't wait for ever for a peer that has stopped reading.
func (c *guardedConn) Write(data []byte) (int, error) {
	if c.timed.Load() {
		return c.Conn.Write(data)
	}
	if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(data)
}

// Close closes once and gives the allowance back.
func (c *guardedConn) Close() error {
	err := net.ErrClosed
	c.closed.Do(func() {
		err = c.Conn.Close()
		c.guard.disconnect(c)
		c.guard.hungUp(addrPortOf(c.RemoteAddr()))
	})
	return err
}

// addrPortOf reads the address of a socket, unmapped.
func addrPortOf(address net.Addr) netip.AddrPort {
	var parsed netip.AddrPort
	switch known := address.(type) {
	case *net.UDPAddr:
		parsed = known.AddrPort()
	case *net.TCPAddr:
		parsed = known.AddrPort()
	}
	return netip.AddrPortFrom(parsed.Addr().Unmap(), parsed.Port())
}
