package packetio

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// How a socket's datagrams are taken.
const (
	byNobody uint32 = iota
	byLook
	byPoll
)

// polled is a socket of a Poller.
type polled struct {
	// mu is held during one system call, so that a descriptor that has become
	// another socket's is never used.
	mu     sync.Mutex
	fd     int // -1 once closed
	target sockaddr

	taken atomic.Uint32 // by whom; written under mu
	// taking is held while a datagram is read and taken: where a socket begins or ends
	// to be in a hurry, two goroutines may be at it.
	taking   sync.Mutex
	looks    uint8
	expected int // by the next Look
	take     Take
	failed   func(error)

	poller *Poller
	local  netip.AddrPort

	refused  atomic.Uint64 // answers; see Refused
	answered atomic.Bool   // Send has heard of one
}

func (s *polled) Local() netip.AddrPort { return s.local }

func (s *polled) Receive(take Take, failed func(error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return ErrClosed
	}
	s.take, s.failed = take, failed
	s.taken.Store(byLook)
	return nil
}

func (s *polled) Hurry(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch taken := s.taken.Load(); {
	case s.fd < 0:
		return ErrClosed
	case on && taken == byLook:
		if err := s.poller.watch(s); err != nil {
			return err
		}
		s.taken.Store(byPoll)
	case !on && taken == byPoll:
		s.poller.drop(s)
		s.taken.Store(byLook)
	}
	return nil
}

func (s *polled) LimitWaiting(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd >= 0 {
		_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes)
	}
}

// fail ends the taking.
func (s *polled) fail(problem error) {
	s.mu.Lock()
	if s.fd >= 0 {
		s.poller.drop(s)
	}
	s.taken.Store(byNobody)
	s.mu.Unlock()
	s.failed(fmt.Errorf("packetio: UDP %s: %w", s.local, problem))
}

func (s *polled) Aim(target netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target.set(target)
	return s.target.known()
}

func (s *polled) Send(packet []byte) error {
	if len(packet) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return ErrClosed
	}
	problem := s.target.send(s.fd, packet)
	if problem == 0 {
		return nil
	}
	if isAnswer(problem) {
		s.answered.Store(true)
	}
	return problem
}

// receive reads datagrams without waiting.
func (s *polled) receive(into *inbox, most int) (count int, problem unix.Errno) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd < 0 {
		return 0, unix.EBADF
	}
	return into.read(s.fd, most)
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
