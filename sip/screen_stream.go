package sip

import (
	"bytes"
	"errors"
	"net"

	"go.uber.org/zap"

	"careline/sip/guard"
	"careline/sip/wire"
)

// screenedListener accepts connections whose reader sees only what passes.
type screenedListener struct {
	net.Listener
	screen *screen
	limit  int // bytes of one message
}

// Accept waits for the next connection.
func (l *screenedListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &screenedConn{Conn: connection, screen: l.screen, limit: l.limit}, nil
}

// screenedConn cuts a stream into messages. One reader reads it; who writes, and
// from where, is no matter.
type screenedConn struct {
	net.Conn
	screen  *screen
	limit   int
	arrived []byte // of the peer, not yet a whole message
	passed  []byte // what Read has yet to hand out
	broken  bool   // where the next message begins, nobody knows
}

var errFraming = errors.New("sip: the stream can't be cut into messages any more")

// Read hands out the next message, in pieces where the buffer wants it.
func (c *screenedConn) Read(buffer []byte) (int, error) {
	for len(c.passed) == 0 {
		if c.broken {
			return 0, errFraming
		}
		if c.next() {
			continue
		}
		n, err := c.Conn.Read(buffer)
		if err != nil {
			return 0, err
		}
		c.arrived = append(c.arrived, buffer[:n]...)
	}
	n := copy(buffer, c.passed)
	c.passed = c.passed[n:]
	return n, nil
}

// next takes one message off what has arrived; false where none is whole.
func (c *screenedConn) next() bool {
	rest := bytes.TrimLeft(c.arrived, "\r\n\x00")
	if empty := len(c.arrived) - len(rest); empty > 0 && len(rest) == 0 {
		c.take(empty, c.arrived) // keep-alives between messages, which sipgo answers
		return true
	} else if empty > 0 {
		c.take(empty, nil)
	}
	if len(c.arrived) == 0 {
		return false
	}
	flow := guard.Flow{Remote: addrPortOf(c.RemoteAddr()), Connected: true}
	end, fault := wire.Cut(c.arrived, c.limit)
	if fault != nil {
		refusal, _ := c.screen.refuse(c.arrived, fault, flow)
		c.answer(refusal)
		c.arrived, c.broken = nil, true
		return true
	}
	if end == 0 {
		return false
	}
	fit, refusal, _ := c.screen.pass(c.arrived[:end], false, flow)
	c.answer(refusal)
	c.take(end, fit)
	return true
}

// take removes n bytes and hands out what they came to.
func (c *screenedConn) take(n int, passed []byte) {
	c.passed = append([]byte(nil), passed...)
	c.arrived = append(c.arrived[:0], c.arrived[n:]...)
	if len(c.arrived) == 0 && cap(c.arrived) > c.limit/4 {
		c.arrived = nil // an idle connection holds no buffer
	}
}

func (c *screenedConn) answer(refusal []byte) {
	if refusal == nil {
		return
	}
	if _, err := c.Conn.Write(refusal); err != nil {
		c.screen.log.Debug("sip refusal not sent", zap.Error(err))
	}
}
