package media

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket sends an RTP leg's packets without ever waiting for room: a packet that
// the system can't take now is worth nothing later.
type socket struct {
	raw    syscall.RawConn
	target unix.Sockaddr
	v4     unix.SockaddrInet4
	v6     unix.SockaddrInet6
	packet []byte
	err    error
	write  func(fd uintptr) // made once, so that sending allocates nothing
}

func newSocket(conn *net.UDPConn) (*socket, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &socket{raw: raw}
	s.write = func(fd uintptr) {
		s.err = unix.Sendto(int(fd), s.packet, unix.MSG_DONTWAIT, s.target)
	}
	return s, nil
}

func (s *socket) aim(target netip.AddrPort) bool {
	target = plain(target)
	switch {
	case !target.IsValid():
		s.target = nil
	case target.Addr().Is4():
		s.v4 = unix.SockaddrInet4{Port: int(target.Port()), Addr: target.Addr().As4()}
		s.target = &s.v4
	default:
		s.v6 = unix.SockaddrInet6{Port: int(target.Port()), Addr: target.Addr().As16()}
		s.target = &s.v6
	}
	return s.target != nil
}

func (s *socket) send(packet []byte) error {
	s.packet = packet
	// Control, not Write, whose lock all browsers would share.
	if err := s.raw.Control(s.write); err != nil {
		return err
	}
	return s.err
}

// expedited is the traffic class of voice, DSCP EF (RFC 3246), as the IP header
// has it.
const expedited = 46 << 2

// markVoice asks routers to hurry. Where the system refuses, sound goes as other
// traffic does.
func markVoice(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	level, option := unix.IPPROTO_IP, unix.IP_TOS
	if plain(conn.LocalAddr().(*net.UDPAddr).AddrPort()).Addr().Is6() {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_TCLASS
	}
	_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), level, option, expedited) })
}

func isAddressInUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// readDatagrams hands each datagram to take until the socket is closed. A datagram's
// bytes are overwritten by the next.
func readDatagrams(conn *net.UDPConn, take func(raw []byte, from netip.AddrPort)) error {
	buffer := make([]byte, maxPacket)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, syscall.ECONNREFUSED):
			// An ICMP answer to something that we sent earlier.
		case err != nil:
			return err
		default:
			take(buffer[:n], plain(from))
		}
	}
}

// sharedSocket is the socket of all browsers, which many goroutines send on. As
// on a socket of its own, sending never waits.
type sharedSocket struct {
	*net.UDPConn
	sends sync.Pool
}

func newSharedSocket(conn *net.UDPConn) (*sharedSocket, error) {
	if _, err := newSocket(conn); err != nil {
		return nil, err
	}
	return &sharedSocket{UDPConn: conn, sends: sync.Pool{New: func() any {
		s, err := newSocket(conn)
		if err != nil {
			return nil // the socket is closed
		}
		return s
	}}}, nil
}

// ReadFromAddrPort and WriteToAddrPort are what the ICE library looks for, so as
// to allocate no address for each packet.
func (s *sharedSocket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	return s.ReadFromUDPAddrPort(b)
}

// WriteToAddrPort sends one packet, or drops it if there is no room.
func (s *sharedSocket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	send, ok := s.sends.Get().(*socket)
	if !ok || !send.aim(to) {
		return 0, net.ErrClosed
	}
	defer s.sends.Put(send)
	err := send.send(b)
	send.packet = nil
	if err != nil {
		return 0, err
	}
	return len(b), nil
}
