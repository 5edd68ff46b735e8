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

// atOnce is how many sockets one look at the kernel's list tells of.
const atOnce = 256

// Poller reads all sockets to which something has come, a packet each, over and
// over until nothing is left. They aren't known to Go's netpoller, so a packet
// that comes wakes nobody: it waits for the next Poll.
type Poller struct {
	epoll  int
	events [atOnce]unix.EpollEvent
	buffer [MaxPacket]byte
	name   sockaddr // whom the last packet was from

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
	p := &Poller{epoll: epoll}
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
	return &polled{poller: p, local: bound, fd: fd}, nil
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
	hearRefusals(fd, local.Addr())
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

// Poll reads what has come.
func (p *Poller) Poll(until time.Time) {
	for {
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
				if s := sockets[fd].Load(); s != nil {
					if p.events[i].Events&unix.EPOLLERR != 0 {
						s.readAnswers()
					}
					p.read(s, now)
				}
			}
		}
		if !now.Before(until) {
			return
		}
	}
}

// read lets one socket take its next packet.
func (p *Poller) read(s *polled, now time.Time) {
	n, problem := s.receive(p.buffer[:], &p.name)
	switch {
	case problem == 0:
		s.take(p.buffer[:n], p.name.address(), now)
	case problem == unix.EAGAIN, problem == unix.EINTR:
	case isAnswer(problem):
		s.readAnswers()
	case problem == unix.EBADF: // closed
	default:
		p.forget(s)
		s.failed(fmt.Errorf("packetio: UDP %s: %w", s.local, problem))
	}
}

// watch puts a socket into the list.
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
	return nil
}

// forget takes a socket out of the list, while it is open.
func (p *Poller) forget(s *polled) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.drop(s)
}

// drop is forget with s.mu held.
func (p *Poller) drop(s *polled) {
	if s.fd < 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	sockets := *p.sockets.Load()
	if s.fd < len(sockets) && sockets[s.fd].CompareAndSwap(s, nil) {
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
