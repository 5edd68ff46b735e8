package desk

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxConnections of browsers at once, sockets included: a page holds two or
	// three.
	maxConnections = 4096
	// maxOfSource bounds one address, so that one machine can't take them all;
	// a proxy of Options.Proxies speaks for many and isn't bounded.
	maxOfSource = maxConnections / 4
	// fullTime bounds the writing of the refusal.
	fullTime = 100 * time.Millisecond
	// full is what one more connection is told, before anything of it is read.
	full = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)

// bounded is a listener that counts its connections, and refuses one more than
// there may be.
type bounded struct {
	net.Listener
	isProxy func(netip.Addr) bool

	mu       sync.Mutex
	all      int
	bySource map[netip.Addr]int
}

func newBounded(listener net.Listener, isProxy func(netip.Addr) bool) *bounded {
	return &bounded{Listener: listener, isProxy: isProxy, bySource: make(map[netip.Addr]int)}
}

// Accept gives the next connection that there is room for.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		var source netip.Addr
		if address, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
			source = address.Addr().Unmap()
		}
		if b.enter(source) {
			return &counted{Conn: conn, leave: sync.OnceFunc(func() { b.leave(source) })}, nil
		}
		conn.SetWriteDeadline(time.Now().Add(fullTime))
		conn.Write([]byte(full)) // who doesn't hear it sees the close
		conn.Close()
	}
}

func (b *bounded) enter(source netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= maxConnections || b.bySource[source] >= maxOfSource && !b.isProxy(source) {
		return false
	}
	b.all++
	b.bySource[source]++
	return true
}

func (b *bounded) leave(source netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.bySource[source]--; b.bySource[source] == 0 {
		delete(b.bySource, source)
	}
}

// counted gives its place back when it is closed.
type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
