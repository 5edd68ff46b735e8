package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/coder/websocket"

	"careline/sip/guard"
)

// subprotocol is what a SIP client over WebSocket asks for (RFC 7118 section 4).
const subprotocol = "sip"

const maxUpgrade = 8 << 10 // bytes of an HTTP request's head

// webSocketListener accepts WebSocket connections that are up. The upgrade and
// the framing (fragments, pings, masks, limits) are not left to sipgo, which
// does the first in its loop of accepting, and answers no ping.
type webSocketListener struct {
	handover
	listener net.Listener
	limit    int
	screen   *screen
	server   *http.Server
}

// newWebSocketListener wants a configuration for wss, nil for ws.
func newWebSocketListener(listener net.Listener, config *tls.Config, limit int, screen *screen) *webSocketListener {
	l := &webSocketListener{handover: newHandover(), listener: listener, limit: limit, screen: screen}
	if config != nil {
		l.listener = tls.NewListener(listener, config)
	}
	l.server = &http.Server{
		Handler: l, ReadHeaderTimeout: handshakeTimeout, IdleTimeout: handshakeTimeout, MaxHeaderBytes: maxUpgrade,
		ErrorLog: log.New(io.Discard, "", 0), // strangers cause it, at any rate they like
		ConnContext: func(ctx context.Context, connection net.Conn) context.Context {
			return context.WithValue(ctx, addressesKey{}, addresses{connection.LocalAddr(), connection.RemoteAddr()})
		},
	}
	return l
}

// addresses are a connection's two ends.
type addresses struct{ local, remote net.Addr }

type addressesKey struct{}

// run takes upgrades until the listener is closed.
func (l *webSocketListener) run() error {
	defer close(l.done)
	err := l.server.Serve(l.listener)
	_ = l.server.Close() // those who have not upgraded; the guard knows the rest
	if errors.Is(err, http.ErrServerClosed) {
		return net.ErrClosed
	}
	return closedOr(err)
}

// ServeHTTP upgrades a connection and hands it over. Any page may connect:
// nothing is granted to a browser for where its page came from, since each
// request proves itself by digest.
func (l *webSocketListener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["Date"] = nil // none: it would say what kind of server this is
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return // answered
	}
	if socket.Subprotocol() != subprotocol {
		_ = socket.Close(websocket.StatusPolicyViolation, "sip is the only subprotocol here")
		return
	}
	socket.SetReadLimit(int64(l.limit))
	ends, _ := r.Context().Value(addressesKey{}).(addresses)
	l.pass(newWebSocketConn(socket, ends, l.screen))
}

// Close closes the socket; run and Accept end.
func (l *webSocketListener) Close() error { return l.listener.Close() }

// Addr is the socket's address.
func (l *webSocketListener) Addr() net.Addr { return l.listener.Addr() }

// webSocketConn shows a WebSocket connection to sipgo as it wants one: first an
// upgrade, which has long been done, then each message as one unfragmented
// frame of text, masked by zeros.
type webSocketConn struct {
	addresses
	socket   *websocket.Conn
	screen   *screen
	tap      tap
	alive    context.Context
	kill     context.CancelFunc
	incoming []byte // what Read has yet to hand out
	outgoing []byte // what Write has of a frame that isn't whole
	upgraded bool   // the answer to the upgrade has been swallowed
}

// upgradeRequest is what sipgo reads first.
const upgradeRequest = "GET / HTTP/1.1\r\nHost: careline\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

func newWebSocketConn(socket *websocket.Conn, ends addresses, screen *screen) *webSocketConn {
	alive, kill := context.WithCancel(context.Background())
	return &webSocketConn{addresses: ends, socket: socket, screen: screen, alive: alive, kill: kill, incoming: []byte(upgradeRequest)}
}

// Read hands out the next frame, in pieces where the buffer wants it.
func (c *webSocketConn) Read(buffer []byte) (int, error) {
	for len(c.incoming) == 0 {
		message, err := c.receive()
		if err != nil {
			return 0, err
		}
		if !isKeepAlive(message) {
			fit, refusal, _ := c.screen.pass(message, true, guard.Flow{Remote: addrPortOf(c.RemoteAddr()), Connected: true})
			if refusal != nil && c.send(refusal) != nil {
				return 0, io.EOF
			}
			if message = fit; message == nil {
				continue
			}
		}
		c.incoming = appendFrame(c.incoming[:0], message)
	}
	n := copy(buffer, c.incoming)
	c.incoming = c.incoming[n:]
	return n, nil
}

func (c *webSocketConn) receive() ([]byte, error) {
	ctx, cancel := context.WithTimeout(c.alive, idleConnection)
	defer cancel()
	_, message, err := c.socket.Read(ctx)
	if err != nil {
		return nil, io.EOF // closed, idle, or too long: over for us in each case
	}
	c.tap.read(c.tap.remote, message)
	return message, nil
}

func (c *webSocketConn) send(message []byte) error {
	ctx, cancel := context.WithTimeout(c.alive, writeTimeout)
	defer cancel()
	at := c.tap.before()
	if err := c.socket.Write(ctx, websocket.MessageText, message); err != nil {
		return net.ErrClosed
	}
	c.tap.written(at, c.tap.remote, message)
	return nil
}

// Write sends each frame that has become whole. sipgo never writes two at once.
func (c *webSocketConn) Write(data []byte) (int, error) {
	c.outgoing = append(c.outgoing, data...)
	if !c.upgraded {
		rest, found := cutUpgrade(c.outgoing)
		if !found {
			return len(data), nil
		}
		c.upgraded, c.outgoing = true, rest
	}
	for {
		message, rest, whole := cutFrame(c.outgoing)
		if !whole {
			return len(data), nil
		}
		if err := c.send(message); err != nil {
			return 0, err
		}
		c.outgoing = append(c.outgoing[:0], rest...)
	}
}

// Close cuts the connection.
func (c *webSocketConn) Close() error {
	c.kill()
	return c.socket.CloseNow()
}

// LocalAddr is our end.
func (c *webSocketConn) LocalAddr() net.Addr { return tcpAddress(c.local) }

// RemoteAddr is the far end.
func (c *webSocketConn) RemoteAddr() net.Addr { return tcpAddress(c.remote) }

func tcpAddress(address net.Addr) net.Addr {
	if address == nil {
		return net.TCPAddrFromAddrPort(netip.AddrPort{})
	}
	return address
}

// SetDeadline does nothing: reads and writes have limits of their own.
func (*webSocketConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (*webSocketConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (*webSocketConn) SetWriteDeadline(time.Time) error { return nil }
