package sip

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"

	gosip "github.com/emiago/sipgo/sip"
	"golang.org/x/sync/singleflight"
)

// connect makes sure of a TLS connection to a hop that has a name, since sipgo
// would ask for a certificate of its address (RFC 5922 section 7.1 wants the
// trunk's domain). Other connections are sipgo's to make.
func (s *Server) connect(ctx context.Context, p peer) error {
	if p.network != "tls" || p.serverName == "" {
		return nil
	}
	if up, err := s.connected(p); up || err != nil {
		return err
	}
	_, err, _ := s.dialed.connecting.Do(p.serverName+" "+p.source.String(), func() (any, error) {
		connection, err := s.dialTLS(ctx, p)
		if err != nil {
			return nil, err
		}
		return nil, s.dialed.serve(ctx, connection)
	})
	return err
}

// connected reports whether a connection to the peer is up. One that we made for
// another name must not carry this one's calls: two trunks may share an address.
func (s *Server) connected(p peer) (up bool, err error) {
	open, err := s.transport.GetConnection(p.network, p.source.String())
	if err != nil || open == nil {
		return false, nil
	}
	if _, err := open.TryClose(); err != nil { // gives back what GetConnection took
		return false, nil
	}
	if known, ok := open.(*gosip.TCPConnection); ok {
		if served, ok := known.Conn.(*servedConn); ok {
			return true, served.isFor(p.serverName)
		}
	}
	return true, nil
}

func (s *Server) dialTLS(ctx context.Context, p peer) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	config := s.options.TLS.client()
	config.ServerName = p.serverName
	var dialer net.Dialer
	if local := p.socket.Addr(); local.IsValid() && !local.IsUnspecified() {
		dialer.LocalAddr = &net.TCPAddr{IP: local.AsSlice()} // the address that the carrier knows; any port
	}
	plain, err := dialer.DialContext(ctx, "tcp", p.source.String())
	if err != nil {
		return nil, fmt.Errorf("sip: TLS to %s: %w", p.source, err)
	}
	guarded := s.guard.adopt(plain)
	if guarded == nil {
		return nil, net.ErrClosed
	}
	encrypted := tls.Client(guarded, config)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = guarded.Close()
		return nil, fmt.Errorf("sip: TLS to %s as %s: %w", p.source, p.serverName, err)
	}
	return encrypted, nil
}

// dialed hands the connections that we made to sipgo as if it had accepted them.
type dialed struct {
	handover
	connecting singleflight.Group // by address: calls that want one connection share it
}

func newDialed() *dialed { return &dialed{handover: newHandover()} }

// serve gives a connection to sipgo and waits until it is known there.
func (d *dialed) serve(ctx context.Context, connection *tls.Conn) error {
	served := &servedConn{Conn: connection, served: make(chan struct{})}
	d.pass(served)
	select {
	case <-served.served:
		return nil
	case <-d.done:
		return net.ErrClosed
	case <-ctx.Done():
		_ = connection.Close()
		return ctx.Err()
	}
}

// Close ends Accept.
func (d *dialed) Close() error { close(d.done); return nil }

// Addr is nobody's: this listener has no socket.
func (*dialed) Addr() net.Addr { return &net.TCPAddr{} }

// servedConn tells when sipgo begins to read, which it does once the connection
// can be found.
type servedConn struct {
	*tls.Conn
	served chan struct{}
	once   sync.Once
}

// isFor checks that the certificate shown at the handshake is for a name.
func (c *servedConn) isFor(name string) error {
	if err := c.ConnectionState().PeerCertificates[0].VerifyHostname(name); err != nil {
		return fmt.Errorf("sip: a TLS connection to %s is up for another name than %s; give the trunks addresses of their own", c.RemoteAddr(), name)
	}
	return nil
}

// Read tells, and reads.
func (c *servedConn) Read(buffer []byte) (int, error) {
	c.once.Do(func() { close(c.served) })
	return c.Conn.Read(buffer)
}
