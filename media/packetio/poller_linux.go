package packetio

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// atOnce is how many sockets one look at the kernel's list tells of.
	atOnce = 256
	// lookMost is how many packets a Look takes. A socket to which more have come is
	// polled from then on, as one in a hurry: it may be flooded, and then it shares the
	// time that there is with those.
	lookMost = 16
	// lookThrough is how many Looks may pass until one asks for more than came last: that
	// nothing is left costs a third as much to find out as a packet to read.
	lookThrough = 4
)

// Poller reads sockets in one goroutine. They aren't known to Go's netpoller, so a
// packet that comes wakes nobody. Of those in a hurry all to which something has
// come, a packet each, over and over until nothing is left, are read by Poll; the
// others by Look.
type Poller struct {
	epoll  int
	events [atOnce]unix.EpollEvent
	inbox  *inbox
	// watched is how many sockets are in a hurry.
	watched atomic.Int32

	// sockets by file descriptor. Poll reads it without a lock; the list is
	// replaced by a longer one, its places are changed.
	sockets atomic.Pointer[[]atomic.Pointer[polled]]

	mu     sync.Mutex // for those who open and close
	open   int
	closed bool
}

// NewPoller makes a Poller. The error says that the system has no epoll for us.
func NewPoller() (*Poller, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("packetio: epoll: %w", err)
	}
	p := &Poller{epoll: epoll, inbox: newInbox(lookMost, MaxPacket)}
	p.sockets.Store(new([]atomic.Pointer[polled]))
	return p, nil
}

// Open binds a socket.
func (p *Poller) Open(local netip.AddrPort) (Socket, error) {
	fd, bound, err := bind(local)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errors.Join(ErrClosed, unix.Close(fd))
	}
	p.open++
	stampArrivals(fd)
	hearRefusals(fd, bound.Addr())
	return &polled{poller: p, local: bound, fd: fd, expected: lookMost}, nil
}

// bind opens and binds a socket. Its own name and its port are the system's.
func bind(local netip.AddrPort) (fd int, bound netip.AddrPort, err error) {
	family := unix.AF_INET
	if local.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, bound, os.NewSyscallError("socket", err)
	}
	if family == unix.AF_INET6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if err == nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, sockaddrOf(local)))
	}
	var name unix.Sockaddr
	if err == nil {
		name, err = unix.Getsockname(fd)
	}
	if err != nil {
		return -1, bound, errors.Join(err, unix.Close(fd))
	}
	markVoice(fd, local.Addr())
	if family == unix.AF_INET {
		// No router cuts what we send into fragments, so it needs no number of its own.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE)
	}
	return fd, netip.AddrPortFrom(local.Addr(), portOf(name)), nil
}

func sockaddrOf(address netip.AddrPort) unix.Sockaddr {
	if address.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(address.Port()), Addr: address.Addr().As16()}
}

func portOf(name unix.Sockaddr) uint16 {
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return uint16(name.Port)
	case *unix.SockaddrInet6:
		return uint16(name.Port)
	}
	return 0
}

// Hurried reports whether there is any socket to be polled.
func (p *Poller) Hurried() bool { return p.watched.Load() > 0 }

// Poll reads what has come to the sockets in a hurry.
func (p *Poller) Poll(until time.Time) {
	for p.Hurried() {
		// Raw, as the calls that follow: it never waits, and a system call that the
		// scheduler is told of wakes its watchdog where little else goes on.
		ready, _, problem := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.events[0])), atOnce, 0, 0, 0)
		if problem != 0 || ready == 0 {
			return // interrupted, or closed: the next Poll sees what there is
		}
		now := time.Now()
		sockets := *p.sockets.Load()
		for i := range int(ready) {
			// A socket closed meanwhile is gone from the list; another that has got its
			// descriptor since has nothing yet, or is read a little early.
			if fd := int(p.events[i].Fd); fd < len(sockets) {
				if s := sockets[fd].Load(); s != nil && s.taking.TryLock() {
					if p.events[i].Events&unix.EPOLLERR != 0 {
						s.readAnswers()
					}
					p.read(s, 1, now)
					s.taking.Unlock()
				}
			}
		}
		if !now.Before(until) {
			return
		}
	}
}

// Look reads what has come to a socket that isn't in a hurry.
func (p *Poller) Look(socket Socket, now time.Time) {
	s, ok := socket.(*polled)
	if !ok || s.taken.Load() != byLook || !s.taking.TryLock() {
		return
	}
	defer s.taking.Unlock()
	if s.answered.Load() {
		s.answered.Store(false)
		s.readAnswers()
	}
	most := s.expected
	if s.looks++; s.looks%lookThrough == 0 {
		most = lookMost
	}
	came := p.read(s, most, now)
	if s.expected = max(came, 1); came < most && most < lookMost {
		s.expected = lookMost // late ones come with the next
	}
	if came == lookMost {
		_ = s.Hurry(true) // or what is left waits for the next Look
	}
}

// read lets one socket take its next packets, and says how many. taking is held.
func (p *Poller) read(s *polled, most int, now time.Time) int {
	count, problem := s.receive(p.inbox, most)
	switch {
	case problem == 0:
		for i := range count {
			raw, from := p.inbox.datagram(i)
			s.take(raw, from, p.inbox.came(i, now))
		}
	case problem == unix.EAGAIN, problem == unix.EINTR:
	case isAnswer(problem):
		s.readAnswers()
	case problem == unix.EBADF: // closed
	default:
		s.fail(problem)
	}
	return count
}

// watch puts a socket into the list; s.mu is held.
func (p *Poller) watch(s *polled) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	sockets := *p.sockets.Load()
	if s.fd >= len(sockets) {
		longer := make([]atomic.Pointer[polled], 2*s.fd+1)
		for i := range sockets {
			longer[i].Store(sockets[i].Load())
		}
		sockets = longer
		p.sockets.Store(&longer)
	}
	sockets[s.fd].Store(s)
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.fd)}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, s.fd, &event); err != nil {
		sockets[s.fd].Store(nil)
		return fmt.Errorf("packetio: epoll: %w", err)
	}
	p.watched.Add(1)
	return nil
}

// drop takes a socket out of the list; s.mu is held.
func (p *Poller) drop(s *polled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sockets := *p.sockets.Load()
	if s.fd < len(sockets) && sockets[s.fd].CompareAndSwap(s, nil) {
		p.watched.Add(-1)
		_ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, s.fd, nil) // closing would do the same
	}
}

// Close ends it. Nobody polls any more.
func (p *Poller) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	err := unix.Close(p.epoll)
	if p.open > 0 {
		err = errors.Join(err, fmt.Errorf("packetio: closed with %d sockets open", p.open))
	}
	return err
}
