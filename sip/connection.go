package sip

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"careline/sip/guard"
)

const (
	maxConnections = 1024 // connections in all
	maxPerSource   = 64   // connections from one source
	firstMessage   = 30 * time.Second
	idleConnection = time.Hour
	writeTimeout   = 5 * time.Second
	retryAccept    = 50 * time.Millisecond
)

// guardedListener accepts TCP connections from those whom the guard allows.
type guardedListener struct {
	net.Listener
	guard *sentry
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
	guard    *sentry
	source   netip.Addr
	spoken   atomic.Bool
	messages atomic.Uint64 // that could be read
	timed    atomic.Bool   // someone else sets the deadlines
	closed   sync.Once
}

// Read waits longer once the peer has said something.
func (c *guardedConn) Read(buffer []byte) (int, error) {
	if c.timed.Load() {
		return c.hear(c.Conn.Read(buffer))
	}
	patience := firstMessage
	if c.spoken.Load() {
		patience = idleConnection
	}
	if err := c.Conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return c.hear(c.Conn.Read(buffer))
}

func (c *guardedConn) hear(n int, err error) (int, error) {
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
		remote := addrPortOf(c.RemoteAddr())
		accepted := c.guard.accepted(remote) == c
		c.guard.disconnect(c)
		c.guard.rules.Doubt(guard.Flow{Remote: remote, Connected: true})
		if accepted && c.spoken.Load() && c.messages.Load() == 0 {
			c.guard.offend(guard.Flow{Remote: remote, Connected: true}, guard.Unreadable) // whatever it was, it wasn't SIP
		}
		c.guard.hungUp(remote)
	})
	return err
}
