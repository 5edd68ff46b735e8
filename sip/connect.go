package sip

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"sync"

	gosip "github.com/emiago/sipgo/sip"
	"golang.org/x/sync/singleflight"
)

// connect makes sure of a TCP or TLS connection to where a request goes. sipgo
// would ask for a certificate of the address (RFC 5922 section 7.1 wants the trunk's
// domain), waits for ever for a peer that doesn't read, and shows nobody what it
// sends by itself. What it makes all the same is a connection to a host that has a
// name and no address.
func (s *Server) connect(ctx context.Context, out *outgoing) error {
	p := out.peer
	served := s.dialed[p.network]
	if served == nil {
		return nil
	}
	if up, err := s.connected(p); up || err != nil {
		return err
	}
	if p.serverName == "" { // else the hop is meant, whatever the request names
		to, err := netip.ParseAddrPort(out.request.Destination())
		if err != nil {
			return nil
		}
		p.source = to
		if up, err := s.connected(p); up || err != nil {
			return err
		}
	}
	_, err, _ := served.connecting.Do(p.serverName+" "+p.source.String(), func() (any, error) {
		connection, err := s.dial(ctx, p)
		if err != nil {
			return nil, err
		}
		return nil, served.serve(ctx, connection)
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
		if served, ok := known.Conn.(*servedConn); ok && served.encrypted != nil && p.serverName != "" {
			return true, served.isFor(p.serverName)
		}
	}
	return true, nil
}

// hasConnection reports whether there is a connection to an address.
func (s *Server) hasConnection(network, address string) bool {
	open, err := s.transport.GetConnection(network, address)
	if err != nil || open == nil {
		return false
	}
	_, err = open.TryClose() // gives back what GetConnection took
	return err == nil
}

func (s *Server) dial(ctx context.Context, p peer) (*servedConn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	var dialer net.Dialer
	if local := p.socket.Addr(); local.IsValid() && !local.IsUnspecified() {
		dialer.LocalAddr = &net.TCPAddr{IP: local.AsSlice()} // the address that the carrier knows; any port
	}
	plain, err := dialer.DialContext(ctx, "tcp", p.source.String())
	if err != nil {
		return nil, fmt.Errorf("sip: %s to %s: %w", p.network, p.source, err)
	}
	guarded := s.guard.adopt(plain)
	if guarded == nil {
		return nil, net.ErrClosed
	}
	if p.network != "tls" {
		return &servedConn{Conn: s.tapOn(p.network, guarded), served: make(chan struct{})}, nil
	}
	config := s.options.TLS.client()
	if config.ServerName = p.serverName; p.serverName == "" {
		config.ServerName = p.source.Addr().String()
	}
	encrypted := tls.Client(guarded, config)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = guarded.Close()
		return nil, fmt.Errorf("sip: TLS to %s as %s: %w", p.source, config.ServerName, err)
	}
	return &servedConn{Conn: s.tapOn(p.network, encrypted), encrypted: encrypted, served: make(chan struct{})}, nil
}

// dialed hands the connections that we made to sipgo as if it had accepted them.
type dialed struct {
	handover
	connecting singleflight.Group // by address: calls that want one connection share it
}

func newDialed() *dialed { return &dialed{handover: newHandover()} }

// serve gives a connection to sipgo and waits until it is known there.
func (d *dialed) serve(ctx context.Context, served *servedConn) error {
	d.pass(served)
	select {
	case <-served.served:
		return nil
	case <-d.done:
		return net.ErrClosed
	case <-ctx.Done():
		_ = served.Close()
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
	net.Conn
	encrypted *tls.Conn // nil where it isn't
	served    chan struct{}
	once      sync.Once
}

// isFor checks that the certificate shown at the handshake is for a name.
func (c *servedConn) isFor(name string) error {
	if err := c.encrypted.ConnectionState().PeerCertificates[0].VerifyHostname(name); err != nil {
		return fmt.Errorf("sip: a TLS connection to %s is up for another name than %s; give the trunks addresses of their own", c.RemoteAddr(), name)
	}
	return nil
}

// Read tells, and reads.
func (c *servedConn) Read(buffer []byte) (int, error) {
	c.once.Do(func() { close(c.served) })
	return c.Conn.Read(buffer)
}
