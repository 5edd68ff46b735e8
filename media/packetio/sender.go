package packetio

import (
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Sender sends on a socket of package net without ever waiting for room: a packet
// that the system can't take now is worth nothing later.
type Sender struct {
	raw    syscall.RawConn
	target unix.Sockaddr
	v4     unix.SockaddrInet4
	v6     unix.SockaddrInet6
	packet []byte
	err    error
	write  func(fd uintptr) // made once, so that sending allocates nothing
}

// NewSender makes a sender on the socket; it has many, if many goroutines send.
func NewSender(conn *net.UDPConn) (*Sender, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &Sender{raw: raw}
	s.write = func(fd uintptr) {
		s.err = unix.Sendto(int(fd), s.packet, unix.MSG_DONTWAIT, s.target)
	}
	return s, nil
}

// Aim says where Send sends to; false if that can't be sent to.
func (s *Sender) Aim(target netip.AddrPort) bool {
	switch address := target.Addr().Unmap(); {
	case !address.IsValid() || target.Port() == 0:
		s.target = nil
	case address.Is4():
		s.v4 = unix.SockaddrInet4{Port: int(target.Port()), Addr: address.As4()}
		s.target = &s.v4
	default:
		s.v6 = unix.SockaddrInet6{Port: int(target.Port()), Addr: address.As16()}
		s.target = &s.v6
	}
	return s.target != nil
}

// Send sends one packet, or drops it if there is no room.
func (s *Sender) Send(packet []byte) error {
	s.packet = packet
	// Control, not Write, whose lock all who send on the socket would share.
	err := s.raw.Control(s.write)
	s.packet = nil
	if err != nil {
		return err
	}
	return s.err
}

// expedited is the traffic class of voice, DSCP EF (RFC 3246), as the IP header
// has it.
const expedited = 46 << 2

// MarkVoice asks routers to hurry. Where the system refuses, sound goes as other
// traffic does.
func MarkVoice(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	local := plainAddress(conn.LocalAddr().(*net.UDPAddr).AddrPort()).Addr()
	_ = raw.Control(func(fd uintptr) { markVoice(int(fd), local) })
}

func markVoice(fd int, local netip.Addr) {
	level, option := unix.IPPROTO_IP, unix.IP_TOS
	if local.Is6() {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_TCLASS
	}
	_ = unix.SetsockoptInt(fd, level, option, expedited)
}
