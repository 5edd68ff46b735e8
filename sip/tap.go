package sip

import (
	"bytes"
	"net"
	"net/netip"
	"time"

	"careline/sip/trace"
	"careline/sip/wire"
)

// tap shows the recorder what goes over one socket or connection. It sits where
// the bytes are, below sipgo, because sipgo sends much by itself that nobody else
// hears of: 100, 487, ACKs to refusals, and whatever is sent again. (Its own hook
// for that, SIPDebug, is one for the whole process, and is read unguarded.)
type tap struct {
	recorder      *trace.Recorder // nil shows nobody anything
	network       string
	local, remote netip.AddrPort // remote of a connection alone
}

// read shows a message that has come.
func (t *tap) read(remote netip.AddrPort, message []byte) {
	if t.recorder != nil {
		t.recorder.Packet(trace.NewPacket(t.recorder.Now(), true, t.network, t.local, remote, message))
	}
}

// before is the time of a message that is about to be written: taken afterwards,
// it could be later than that of the answer.
func (t *tap) before() (at time.Time) {
	if t.recorder != nil {
		at = t.recorder.Now()
	}
	return at
}

// written shows a message that has gone.
func (t *tap) written(at time.Time, remote netip.AddrPort, message []byte) {
	if t.recorder != nil {
		t.recorder.Packet(trace.NewPacket(at, false, t.network, t.local, remote, message))
	}
}

// tapped puts a tap on each connection that a listener accepts, where calls are
// traced.
func (s *Server) tapped(network string, listener net.Listener) net.Listener {
	if s.options.Trace == nil {
		return listener
	}
	return &tappedListener{listener, s, network}
}

type tappedListener struct {
	net.Listener
	server  *Server
	network string
}

// Accept waits for the next connection.
func (l *tappedListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.server.tapOn(l.network, connection), nil
}

// tapOn puts a tap on one connection, where calls are traced.
func (s *Server) tapOn(network string, connection net.Conn) net.Conn {
	if s.options.Trace == nil {
		return connection
	}
	t := tap{s.options.Trace, network, addrPortOf(connection.LocalAddr()), addrPortOf(connection.RemoteAddr())}
	if socket, ok := connection.(*webSocketConn); ok {
		socket.tap = t // it knows where messages end
		return socket
	}
	return &tappedConn{Conn: connection, tap: t, limit: s.options.MaxMessage}
}

// tappedConn is a stream of messages. What is written is a whole one each time;
// what is read is cut here, and only looked at: whoever reads the connection decides
// what is an error.
type tappedConn struct {
	net.Conn
	tap     tap
	limit   int    // bytes of one message
	pending []byte // read, and not yet a whole message
	lost    bool   // nobody knows any more where the next one begins
}

// Read reads, and shows the messages that are whole by then.
func (c *tappedConn) Read(buffer []byte) (int, error) {
	n, err := c.Conn.Read(buffer)
	if n > 0 && !c.lost {
		c.pending = append(c.pending, buffer[:n]...)
		c.look()
	}
	return n, err
}

func (c *tappedConn) look() {
	rest := c.pending
	for {
		rest = bytes.TrimLeft(rest, "\r\n\x00") // keep-alives (RFC 5626 section 3.5.1)
		end, fault := wire.Cut(rest, c.limit)
		if fault != nil {
			c.tap.read(c.tap.remote, rest) // as far as it goes
			c.lost, c.pending = true, nil
			return
		}
		if end == 0 {
			break
		}
		c.tap.read(c.tap.remote, rest[:end])
		rest = rest[end:]
	}
	c.pending = append(c.pending[:0], rest...)
	if len(rest) == 0 && cap(c.pending) > c.limit/4 {
		c.pending = nil // an idle connection holds no buffer
	}
}

// Write writes a message, and shows it once it is written.
func (c *tappedConn) Write(message []byte) (int, error) {
	at := c.tap.before()
	n, err := c.Conn.Write(message)
	if err == nil {
		c.tap.written(at, c.tap.remote, message)
	}
	return n, err
}
