package packetio

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// sharedBatch is how many datagrams one system call reads.
	sharedBatch = 64
	// sharedPause is how long the reader waits for Poll once all has been read, and
	// then looks anyway. After sharedQuiet without anything it doesn't heed Poll, and
	// looks each sharedDoze.
	sharedPause = 5 * time.Millisecond
	sharedDoze  = 20 * time.Millisecond
	sharedQuiet = time.Second
)

// mmsghdr is the kernel's, of recvmmsg.
type mmsghdr struct {
	header unix.Msghdr
	length uint32
}

// polledShared is a Shared that is read in batches, when Poll says so. As the sockets
// of a Poller it isn't known to Go's netpoller, so that a packet wakes nobody.
type polledShared struct {
	local netip.AddrPort
	done  chan struct{}
	poll  chan struct{}
	heeds atomic.Bool // the reader waits for Poll

	// guard is held for reading during one system call, so that a descriptor that
	// has become another socket's is never used.
	guard sync.RWMutex
	fd    int // -1 once closed

	// Of the one goroutine that reads.
	timer     *time.Timer
	last      time.Time // when something came
	messages  [sharedBatch]mmsghdr
	names     [sharedBatch]sockaddr
	parts     [sharedBatch]unix.Iovec
	datagrams [sharedBatch][MaxPacket]byte
	next      int // of the batch's
	count     int
}

// PollShared binds a Shared that is read in batches. Of the buffer, in bytes, the
// system may give less.
func PollShared(local netip.AddrPort, buffer int) (Shared, error) {
	fd, bound, err := bind(netip.AddrPortFrom(local.Addr().Unmap(), local.Port()))
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer)
	s := &polledShared{local: bound, fd: fd, done: make(chan struct{}), poll: make(chan struct{}, 1), timer: time.NewTimer(0), last: time.Now()}
	for i := range s.messages {
		s.parts[i].Base = &s.datagrams[i][0]
		s.parts[i].SetLen(MaxPacket)
		s.messages[i].header = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&s.names[i].raw)), Iov: &s.parts[i]}
		s.messages[i].header.SetIovlen(1)
	}
	return s, nil
}

func (s *polledShared) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for s.next == s.count {
		if s.count < sharedBatch && !s.pause() {
			return 0, netip.AddrPort{}, net.ErrClosed
		}
		s.fill()
	}
	i := s.next
	s.next++
	return copy(b, s.datagrams[i][:s.messages[i].length]), s.names[i].address(), nil
}

func (s *polledShared) Poll() {
	if s.heeds.Load() {
		select {
		case s.poll <- struct{}{}:
		default:
		}
	}
}

// pause waits for more; false once the socket is closed.
func (s *polledShared) pause() bool {
	long := sharedPause
	if time.Since(s.last) > sharedQuiet {
		long = sharedDoze
	}
	s.heeds.Store(long == sharedPause)
	s.timer.Reset(long)
	select {
	case <-s.timer.C:
		return true
	case <-s.poll:
		return true
	case <-s.done:
		s.timer.Stop()
		return false
	}
}

// fill reads what has come, up to a batch. An error is one of a packet, or passes:
// what can't be read now is tried again after a pause.
func (s *polledShared) fill() {
	for i := range s.messages {
		s.messages[i].header.Namelen = uint32(unsafe.Sizeof(s.names[i].raw))
	}
	s.next, s.count = 0, 0
	s.guard.RLock()
	defer s.guard.RUnlock()
	if s.fd < 0 {
		return
	}
	n, _, problem := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.messages[0])), sharedBatch, unix.MSG_DONTWAIT, 0, 0)
	if problem == 0 && n > 0 {
		s.count, s.last = int(n), time.Now()
	}
}

func (s *polledShared) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	var target sockaddr
	if target.set(to); target.size == 0 || len(b) == 0 {
		return 0, unix.EINVAL
	}
	s.guard.RLock()
	defer s.guard.RUnlock()
	if s.fd < 0 {
		return 0, net.ErrClosed
	}
	_, _, problem := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&target.raw)), uintptr(target.size))
	if problem != 0 {
		return 0, problem
	}
	return len(b), nil
}

// ReadFrom is for those who want a net.Addr.
func (s *polledShared) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo is for those who have a net.Addr.
func (s *polledShared) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, unix.EINVAL
	}
	return s.WriteToAddrPort(b, udp.AddrPort())
}

func (s *polledShared) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.local) }

// SetDeadline does nothing, as the next two: writing never waits, and Close ends a
// read.
func (s *polledShared) SetDeadline(time.Time) error      { return nil }
func (s *polledShared) SetReadDeadline(time.Time) error  { return nil }
func (s *polledShared) SetWriteDeadline(time.Time) error { return nil }

func (s *polledShared) Close() error {
	s.guard.Lock()
	defer s.guard.Unlock()
	if s.fd < 0 {
		return net.ErrClosed
	}
	close(s.done)
	err := unix.Close(s.fd)
	s.fd = -1
	return err
}
