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
	raw     syscall.RawConn
	target  sockaddr
	packet  []byte
	problem unix.Errno
	write   func(fd uintptr) // made once, so that sending allocates nothing
}

// NewSender makes a sender on the socket; it has many, if many goroutines send.
func NewSender(conn *net.UDPConn) (*Sender, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &Sender{raw: raw}
	s.write = func(fd uintptr) { s.problem = s.target.send(int(fd), s.packet) }
	return s, nil
}

// Aim says where Send sends to; false if that can't be sent to.
func (s *Sender) Aim(target netip.AddrPort) bool {
	s.target.set(target)
	return s.target.known()
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
	if s.problem != 0 {
		return s.problem
	}
	return nil
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
