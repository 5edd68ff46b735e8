package sip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"sync"
	"time"
)

// TLS is what encrypted signalling needs.
type TLS struct {
	// Certificate is what we show: as a server always, as a client where the
	// far side asks.
	Certificate *Certificate
	// ClientCAs says whose certificates a source must show to be let in (mutual
	// TLS); nil asks for none. It must not block.
	ClientCAs func(source netip.Addr) *x509.CertPool
	// Roots are trusted to sign the certificates of those whom we connect to;
	// nil takes the machine's.
	Roots *x509.CertPool
}

// handshakeTimeout is how long a far side may take for the TLS handshake and
// the HTTP upgrade.
const handshakeTimeout = 10 * time.Second

// server is the configuration for those who connect to us: TLS 1.2 or later
// (RFC 8996 retired what was before).
func (t TLS) server() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: t.Certificate.forServer}
	if t.ClientCAs == nil {
		return config
	}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		pool := t.ClientCAs(addrPortOf(hello.Conn.RemoteAddr()).Addr())
		if pool == nil {
			return nil, nil // the configuration as it is
		}
		// Its tickets must not let anyone in who has shown no certificate here.
		return &tls.Config{
			MinVersion: tls.VersionTLS12, GetCertificate: t.Certificate.forServer,
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, SessionTicketsDisabled: true,
		}, nil
	}
	return config
}

// client is the configuration for those whom we connect to.
func (t TLS) client() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.Roots}
	if t.Certificate != nil {
		config.GetClientCertificate = t.Certificate.forClient
	}
	return config
}

// secureListener accepts TLS connections whose handshake is through. A far side
// that dawdles holds up nobody but itself.
type secureListener struct {
	handover
	listener net.Listener
	config   *tls.Config
	hands    sync.WaitGroup
}

func newSecureListener(listener net.Listener, config *tls.Config) *secureListener {
	return &secureListener{handover: newHandover(), listener: listener, config: config}
}

// run shakes hands until the listener is closed, and waits for those it is at.
func (l *secureListener) run() error {
	defer l.hands.Wait()
	defer close(l.done)
	for {
		connection, err := l.listener.Accept()
		if err != nil {
			return closedOr(err)
		}
		l.hands.Go(func() { l.shake(connection) })
	}
}

func (l *secureListener) shake(connection net.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	encrypted := tls.Server(connection, l.config)
	if err := encrypted.HandshakeContext(ctx); err != nil { // ends with the connection too, which the guard cuts
		_ = connection.Close()
		return
	}
	if guarded, ok := connection.(*guardedConn); ok {
		guarded.timed.Store(false)
	}
	l.pass(encrypted)
}

// Close closes the socket; run and Accept end.
func (l *secureListener) Close() error { return l.listener.Close() }

// Addr is the socket's address.
func (l *secureListener) Addr() net.Addr { return l.listener.Addr() }
