package media

import (
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxBeside is how many reports one look takes; a far side sends one in 5 s.
	maxBeside = 4
	// besideBuffer is asked of the system for what waits between two looks: enough
	// for a telephone, too little for a flood.
	besideBuffer = 4 << 10
	// maxAsking is how many legs may wait for their port at a time.
	maxAsking = 64
	// maxReport is the longest compound packet that is read.
	maxReport = 512
)

// besideSocket is the port above a leg's sound, where telephones send their reports
// unless they mux them. It has no goroutine: it is asked at each look, and the system
// notes when each packet came.
type besideSocket struct {
	conn *net.UDPConn
	raw  syscall.RawConn

	packet [maxReport]byte
	stamp  [64]byte
	size   int
	stamps int
	from   unix.Sockaddr
	err    error
	read   func(fd uintptr)
}

func newBesideSocket(conn *net.UDPConn) (*besideSocket, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		conn.Close()
		return nil, err
	}
	_ = conn.SetReadBuffer(besideBuffer)
	b := &besideSocket{conn: conn, raw: raw}
	b.read = func(fd uintptr) {
		if b.err = unix.EAGAIN; !waiting(fd) {
			return
		}
		b.size, b.stamps, _, b.from, b.err = unix.Recvmsg(int(fd), b.packet[:], b.stamp[:], unix.MSG_DONTWAIT)
	}
	_ = raw.Control(stampArrivals)
	return b, nil
}

// receive gives one packet, which the next one overwrites, and how long ago it came;
// false if there is none. It never waits.
func (b *besideSocket) receive(now time.Time) (raw []byte, from netip.AddrPort, waited time.Duration, ok bool) {
	for range maxBeside {
		if err := b.raw.Control(b.read); err != nil {
			return nil, netip.AddrPort{}, 0, false
		}
		if b.err == unix.ECONNREFUSED { // an answer to a report of ours
			continue
		}
		if b.err != nil {
			return nil, netip.AddrPort{}, 0, false
		}
		switch address := b.from.(type) {
		case *unix.SockaddrInet4:
			from = netip.AddrPortFrom(netip.AddrFrom4(address.Addr), uint16(address.Port))
		case *unix.SockaddrInet6:
			from = plain(netip.AddrPortFrom(netip.AddrFrom16(address.Addr), uint16(address.Port)))
		}
		if came, known := arrivalStamp(b.stamp[:b.stamps]); known {
			waited = min(max(now.Sub(came), 0), time.Second)
		}
		return b.packet[:b.size], from, waited, true
	}
	return nil, netip.AddrPort{}, 0, false
}

// send puts a report on its way, or drops it where there is no room.
func (b *besideSocket) send(raw []byte, to netip.AddrPort) {
	var target unix.Sockaddr
	if to.Addr().Is4() {
		target = &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	} else {
		target = &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	_ = b.raw.Control(func(fd uintptr) { _ = unix.Sendto(int(fd), raw, unix.MSG_DONTWAIT, target) })
}

func (b *besideSocket) close() { _ = b.conn.Close() }
