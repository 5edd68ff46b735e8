package packetio

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// answersAtOnce is how many answers one look at a socket reads.
	answersAtOnce = 8
	// answerRoom holds an answer's control data: when it came, struct sock_extended_err,
	// and who answered.
	answerRoom = 128
	// unreachable and unreachable6 are the types of ICMP that say so (RFC 792, RFC 4443
	// section 3.1).
	unreachable  = 3
	unreachable6 = 1
)

// hearRefusals lets the system keep the answers by ICMP to what a socket sends. They
// must be read: until then the socket counts as ready, and they take its room.
func hearRefusals(fd int, local netip.Addr) {
	level, option := unix.IPPROTO_IP, unix.IP_RECVERR
	if local.Is6() {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_RECVERR
	}
	_ = unix.SetsockoptInt(fd, level, option, 1)
}

// isAnswer reports whether an error of a socket is an answer by ICMP to something that
// it sent earlier, and not the socket's own.
func isAnswer(problem unix.Errno) bool {
	switch problem {
	case unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.EHOSTDOWN, unix.ENONET,
		unix.EACCES, unix.EPERM, unix.EPROTO, unix.EOPNOTSUPP, unix.EMSGSIZE, unix.ENOPROTOOPT:
		return true
	}
	return false
}

// readAnswers reads the answers, and counts those to what was sent where the socket is
// aimed now.
func (s *polled) readAnswers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range answersAtOnce {
		if s.fd < 0 {
			return
		}
		var control [answerRoom]byte
		var about sockaddr
		var message unix.Msghdr
		message.Name, message.Namelen = (*byte)(unsafe.Pointer(&about.raw)), uint32(unsafe.Sizeof(about.raw))
		message.Control = &control[0]
		message.SetControllen(len(control))
		_, _, problem := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&message)), unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if problem != 0 {
			return
		}
		if about.address() == s.target.address() && isUnreachable(control[:message.Controllen]) {
			s.refused.Add(1)
		}
	}
}

// Refused counts the answers so far that say that nobody takes what is sent.
func (s *polled) Refused() uint64 { return s.refused.Load() }

// isUnreachable reads an answer's control data: messages of a header each; the one
// sought holds an error number, where it is from, and the answer's type. Another says
// when it came.
func isUnreachable(control []byte) bool {
	const header = unix.SizeofCmsghdr
	for len(control) >= header+6 {
		message := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		number := unix.Errno(binary.NativeEndian.Uint32(control[header:]))
		origin, kind := control[header+4], control[header+5]
		switch {
		case message.Level == unix.IPPROTO_IP && message.Type == unix.IP_RECVERR:
			return origin == unix.SO_EE_ORIGIN_ICMP && kind == unreachable && number != unix.EMSGSIZE
		case message.Level == unix.IPPROTO_IPV6 && message.Type == unix.IPV6_RECVERR:
			return origin == unix.SO_EE_ORIGIN_ICMP6 && kind == unreachable6
		}
		next := unix.CmsgSpace(max(int(message.Len)-header, 0))
		if next > len(control) {
			return false
		}
		control = control[next:]
	}
	return false
}
