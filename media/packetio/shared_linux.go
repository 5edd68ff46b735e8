package packetio

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

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
	timer *time.Timer
	last  time.Time // when something came
	inbox *inbox
	next  int // of what the inbox holds
	count int
}

// PollShared binds a Shared that is read in batches. Of the buffer, in bytes, the
// system may give less.
func PollShared(local netip.AddrPort, buffer int) (Shared, error) {
	fd, bound, err := bind(netip.AddrPortFrom(local.Addr().Unmap(), local.Port()))
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer)
	s := &polledShared{
		local: bound, fd: fd, done: make(chan struct{}), poll: make(chan struct{}, 1),
		timer: time.NewTimer(0), last: time.Now(), inbox: newInbox(sharedBatch, MaxPacket),
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
	raw, from := s.inbox.datagram(s.next)
	s.next++
	return copy(b, raw), from, nil
}

func (s *polledShared) Heeds() bool { return s.heeds.Load() }

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
	s.next, s.count = 0, 0
	s.guard.RLock()
	defer s.guard.RUnlock()
	if s.fd < 0 {
		return
	}
	if count, problem := s.inbox.read(s.fd, sharedBatch); problem == 0 && count > 0 {
		s.count, s.last = count, time.Now()
	}
}

func (s *polledShared) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	var target sockaddr
	target.set(to)
	s.guard.RLock()
	defer s.guard.RUnlock()
	if s.fd < 0 {
		return 0, net.ErrClosed
	}
	if problem := target.send(s.fd, b); problem != 0 {
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
