package packetio

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// polled is a socket of a Poller.
type polled struct {
	poller *Poller
	local  netip.AddrPort
	take   Take
	failed func(error)

	// mu is held during one system call, so that a descriptor that has become
	// another socket's is never used.
	mu     sync.Mutex
	fd     int // -1 once closed
	target sockaddr

	refused atomic.Uint64 // answers; see Refused
}

func (s *polled) Local() netip.AddrPort { return s.local }

func (s *polled) Receive(take Take, failed func(error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return ErrClosed
	}
	s.take, s.failed = take, failed
	return s.poller.watch(s)
}

func (s *polled) Aim(target netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target.set(target)
	return s.target.size > 0
}

// Send doesn't tell Go's scheduler of the system call: it never waits.
func (s *polled) Send(packet []byte) error {
	if len(packet) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return ErrClosed
	}
	_, _, problem := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(&packet[0])), uintptr(len(packet)),
		unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&s.target.raw)), uintptr(s.target.size))
	if problem != 0 {
		return problem
	}
	return nil
}

// receive reads one datagram without waiting.
func (s *polled) receive(buffer []byte, from *sockaddr) (int, unix.Errno) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return 0, unix.EBADF
	}
	from.size = uint32(unsafe.Sizeof(from.raw))
	n, _, problem := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s.fd), uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)),
		unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&from.raw)), uintptr(unsafe.Pointer(&from.size)))
	return int(n), problem
}

func (s *polled) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return ErrClosed
	}
	s.poller.drop(s)
	err := unix.Close(s.fd)
	s.fd = -1
	s.poller.mu.Lock()
	defer s.poller.mu.Unlock()
	s.poller.open--
	return err
}

// sockaddr is an address as the kernel has it.
type sockaddr struct {
	raw  unix.RawSockaddrInet6 // the longer of the two
	size uint32                // 0: none
}

func (a *sockaddr) v4() *unix.RawSockaddrInet4 {
	return (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.raw))
}

func (a *sockaddr) set(target netip.AddrPort) {
	switch address := target.Addr().Unmap(); {
	case !address.IsValid() || target.Port() == 0:
		a.size = 0
	case address.Is4():
		*a.v4() = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkOrder(target.Port()), Addr: address.As4()}
		a.size = unix.SizeofSockaddrInet4
	default:
		a.raw = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: networkOrder(target.Port()), Addr: address.As16()}
		a.size = unix.SizeofSockaddrInet6
	}
}

func (a *sockaddr) address() netip.AddrPort {
	switch a.raw.Family {
	case unix.AF_INET:
		v4 := a.v4()
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), networkOrder(v4.Port))
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.raw.Addr).Unmap(), networkOrder(a.raw.Port))
	}
	return netip.AddrPort{}
}

// networkOrder turns a port into the network's order of bytes, or back.
func networkOrder(port uint16) uint16 {
	var raw [2]byte
	binary.NativeEndian.PutUint16(raw[:], port)
	return binary.BigEndian.Uint16(raw[:])
}
