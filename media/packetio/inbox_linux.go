package packetio

import (
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// longestWait is how long a datagram may have waited; one that seems to be older came
// before the clock on the wall was set.
const longestWait = 5 * time.Second

// inbox reads datagrams, several in one system call, without waiting. One goroutine
// has it.
type inbox struct {
	longest  int
	messages []mmsghdr
	parts    []unix.Iovec
	names    []sockaddr
	stamps   []stamp
	buffer   []byte
}

// mmsghdr is the kernel's, of recvmmsg.
type mmsghdr struct {
	header unix.Msghdr
	length uint32
}

// stamp is control data with the time at which a datagram came.
type stamp struct {
	header unix.Cmsghdr
	came   unix.Timespec
}

// newInbox makes one for so many datagrams of so many bytes; longer ones are cut.
func newInbox(count, longest int) *inbox {
	b := &inbox{
		longest: longest, messages: make([]mmsghdr, count), parts: make([]unix.Iovec, count),
		names: make([]sockaddr, count), stamps: make([]stamp, count), buffer: make([]byte, count*longest),
	}
	for i := range b.messages {
		b.parts[i].Base = &b.buffer[i*longest]
		b.parts[i].SetLen(longest)
		header := &b.messages[i].header
		header.Name, header.Iov = (*byte)(unsafe.Pointer(&b.names[i].raw)), &b.parts[i]
		header.Control = (*byte)(unsafe.Pointer(&b.stamps[i]))
		header.SetIovlen(1)
	}
	return b
}

// read reads as many datagrams as there are, and most at most, from a socket's
// descriptor. They replace those that were read before. The error is EAGAIN if
// there are none. Go's scheduler isn't told of the system call, as of that of
// sending.
func (b *inbox) read(fd, most int) (count int, problem unix.Errno) {
	for i := range b.messages[:most] {
		header := &b.messages[i].header
		header.Namelen = uint32(unsafe.Sizeof(b.names[i].raw))
		header.SetControllen(int(unsafe.Sizeof(b.stamps[i])))
	}
	n, _, problem := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.messages[0])), uintptr(most), unix.MSG_DONTWAIT, 0, 0)
	if problem != 0 {
		return 0, problem
	}
	return int(n), 0
}

// datagram is the i-th that was read, and whom it is from.
func (b *inbox) datagram(i int) (raw []byte, from netip.AddrPort) {
	return b.buffer[i*b.longest:][:b.messages[i].length], b.names[i].address()
}

// came is when the i-th came, where stampArrivals was asked; otherwise now, which is
// when it was read, or a little before. The system notes it on the wall's clock, which
// may have been set since.
func (b *inbox) came(i int, now time.Time) time.Time {
	stamp := &b.stamps[i]
	if b.messages[i].header.Controllen == 0 || stamp.header.Level != unix.SOL_SOCKET || stamp.header.Type != unix.SO_TIMESTAMPNS {
		return now
	}
	waited := time.Duration(now.UnixNano() - stamp.came.Nano())
	if waited < 0 || waited > longestWait {
		return now
	}
	return now.Add(-waited)
}

// stampArrivals lets the system note when datagrams come to a socket.
func stampArrivals(fd int) { _ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) }
