package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sync/errgroup"
)

// Listen is one address to listen on.
type Listen struct {
	// Network is one of Networks.
	Network string
	Address netip.AddrPort
}

// Networks are the transports that we speak: UDP and TCP (RFC 3261), TLS, and
// WebSocket without and with TLS (RFC 7118).
func Networks() []string { return []string{"udp", "tcp", "tls", "ws", "wss"} }

// String gives the form that the configuration uses: udp://127.0.0.1:5070.
func (l Listen) String() string { return l.Network + "://" + l.Address.String() }

// Secure reports whether what is said there is encrypted.
func (l Listen) Secure() bool { return secure(l.Network) }

func secure(network string) bool { return network == "tls" || network == "wss" }

// uriTransport is the transport parameter that leads back to a network (RFC
// 3261 section 19.1.1); RFC 7118 section 5.2.1 has ws alone.
func uriTransport(network string) string {
	if network == "wss" {
		return "ws"
	}
	return network
}

// packetSocket is what is used of a UDP socket.
type packetSocket interface {
	net.PacketConn
	ReadFromUDPAddrPort(buffer []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(packet []byte, to netip.AddrPort) (int, error)
}

// boundListener is a socket that is bound and waits for Run.
type boundListener struct {
	listen Listen
	packet packetSocket
	stream net.Listener
}

// Listen binds the addresses. An address in use is an error that names it.
func (s *Server) Listen() error {
	for _, listen := range s.options.Listen {
		bound, err := bind(listen)
		if err != nil {
			s.closeListeners()
			return fmt.Errorf("sip: can't listen on %s: %w; is another program using it? Change sip.listen, or stop the other", listen, err)
		}
		s.listeners = append(s.listeners, bound)
	}
	return nil
}

// readBuffer is what a burst may fill before the system drops packets unseen.
const readBuffer = 4 << 20 // bytes

func bind(listen Listen) (boundListener, error) {
	family := "6"
	if listen.Address.Addr().Unmap().Is4() {
		family = "4"
	}
	bound := boundListener{listen: listen}
	var local net.Addr
	if listen.Network == "udp" {
		socket, err := net.ListenUDP("udp"+family, net.UDPAddrFromAddrPort(listen.Address))
		if err != nil {
			return bound, err
		}
		_ = socket.SetReadBuffer(readBuffer) // as far as the system goes along
		bound.packet, local = socket, socket.LocalAddr()
	} else {
		socket, err := net.ListenTCP("tcp"+family, net.TCPAddrFromAddrPort(listen.Address))
		if err != nil {
			return bound, err
		}
		bound.stream, local = socket, socket.Addr()
	}
	bound.listen.Address = addrPortOf(local)
	return bound, nil
}

// Addresses are the addresses bound, with the ports that were taken for 0.
func (s *Server) Addresses() []Listen {
	var all []Listen
	for _, bound := range s.listeners {
		all = append(all, bound.listen)
	}
	return all
}

// serveListener serves one socket until it is closed. What begins a connection,
// a TLS handshake or an HTTP upgrade, is done before sipgo sees it, since sipgo
// would do it in its one loop of accepting.
func (s *Server) serveListener(bound boundListener) error {
	if bound.packet != nil {
		guarded := &guardedPackets{
			packetSocket: bound.packet, server: s, tap: tap{recorder: s.options.Trace, network: "udp", local: bound.listen.Address},
		}
		err := s.transport.ServeUDP(&screenedPackets{PacketConn: guarded, screen: s.screen})
		if err == nil {
			err = net.ErrClosed
		}
		return err
	}
	guarded := &guardedListener{Listener: bound.stream, guard: s.guard, timed: bound.listen.Network != "tcp"}
	switch bound.listen.Network {
	case "tls":
		ready := newSecureListener(guarded, s.options.TLS.server())
		return serveBoth(ready.run, func() error { return s.transport.ServeTLS(s.screened(s.tapped("tls", ready))) })
	case "ws":
		ready := newWebSocketListener(guarded, nil, s.options.MaxMessage, s.screen)
		return serveBoth(ready.run, func() error { return s.transport.ServeWS(s.tapped("ws", ready)) })
	case "wss":
		ready := newWebSocketListener(guarded, s.options.TLS.server(), s.options.MaxMessage, s.screen)
		return serveBoth(ready.run, func() error { return s.transport.ServeWSS(s.tapped("wss", ready)) })
	}
	return s.transport.ServeTCP(s.screened(s.tapped("tcp", guarded)))
}

func (s *Server) screened(listener net.Listener) net.Listener {
	return &screenedListener{Listener: listener, screen: s.screen, limit: s.options.MaxMessage}
}

// serveBoth runs what accepts and what serves; either ends with the listener.
func serveBoth(accept, serve func() error) error {
	group, _ := errgroup.WithContext(context.Background())
	group.Go(accept)
	group.Go(serve)
	return group.Wait()
}

func (s *Server) closeListeners() {
	for _, bound := range s.listeners {
		if bound.packet != nil {
			_ = bound.packet.Close() // closing twice is no harm
		} else {
			_ = bound.stream.Close()
		}
	}
}

// handover passes connections that are ready from those who made them so to the
// one who accepts them.
type handover struct {
	ready chan net.Conn
	done  chan struct{}
}

func newHandover() handover { return handover{ready: make(chan net.Conn), done: make(chan struct{})} }

// pass gives a connection over, or closes it where nobody takes it any more.
func (h handover) pass(connection net.Conn) {
	select {
	case h.ready <- connection:
	case <-h.done:
		_ = connection.Close()
	}
}

// Accept waits for the next connection that is ready.
func (h handover) Accept() (net.Conn, error) {
	select {
	case connection := <-h.ready:
		return connection, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// closedOr hides the error of a listener that was closed on purpose.
func closedOr(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return net.ErrClosed
	}
	return err
}
