// Package packetio moves the datagrams of many UDP sockets: RTP has one for each
// telephone, and each brings and takes 50 packets a second.
//
// What lives here: opening such sockets, reading them, sending on them. What must
// not: anything that knows what is in a packet.
//
//	io, err := packetio.NewPoller()              // or packetio.NewPlain()
//	socket, err := io.Open(local)
//	err = socket.Receive(func(raw []byte, from netip.AddrPort, at time.Time) { … }, failed)
//	socket.Aim(remote)
//	err = socket.Send(packet)
//	io.Look(socket, now)                         // when its turn comes, or
//	err = socket.Hurry(true)
//	io.Poll(until)                               // every 2 ms
//
// The one socket of all browsers is a Shared: ListenShared, or PollShared, which
// reads in batches.
//
// Of the two ways, Poller is the cheaper: one goroutine reads what has come to
// hundreds of sockets. Plain waits at each socket, with a goroutine of its own
// and Go's netpoller. docs/decisions/0010-packet-io.md says what was measured.
package packetio

import (
	"errors"
	"net/netip"
	"syscall"
	"time"
)

// MaxPacket is what one read can take, in bytes: a longer datagram is cut.
const MaxPacket = 1500

var (
	// ErrClosed is returned by a closed IO and by a closed Socket.
	ErrClosed = errors.New("packetio: closed")
	// ErrUnsupported says that the system has no means to read in batches.
	ErrUnsupported = errors.New("packetio: packets are read in batches on Linux only")
)

// Take is given each datagram: whom it is from, and when it came. Its bytes are
// overwritten by the next.
type Take func(raw []byte, from netip.AddrPort, at time.Time)

// IO is one way to move the packets of many sockets.
type IO interface {
	// Open binds a socket; port 0 is any. Of a port in use the error is
	// syscall.EADDRINUSE.
	Open(local netip.AddrPort) (Socket, error)
	// Poll lets the sockets that are in a hurry take what has come, in the calling
	// goroutine, and returns when that is done, or soon after until. It never waits.
	// Poll and Look are called by one goroutine at a time, again and again.
	Poll(until time.Time)
	// Look lets one socket take what has come by now, in the calling goroutine, unless
	// it is in a hurry. It may be a socket of another IO of the same kind.
	Look(socket Socket, now time.Time)
	// Hurried reports whether any socket is in a hurry, so that Poll has to be called.
	Hurried() bool
	// Close ends it, once all its sockets are closed, and returns when nothing of
	// it runs any more.
	Close() error
}

// Socket is a UDP socket. It is closed by Close alone.
type Socket interface {
	// Local is the address that it is bound to.
	Local() netip.AddrPort
	// Receive lets take have what comes from now on, one datagram at a time; it
	// must not wait. failed hears of an error that ends that. It is called once.
	Receive(take Take, failed func(error)) error
	// Hurry says whether what comes is to be taken soon, by Poll, or can wait for Look,
	// as it does at first. On an error it waits for Look.
	Hurry(on bool) error
	// LimitWaiting asks the system to keep no more than so many bytes of what waits to be
	// taken.
	LimitWaiting(bytes int)
	// Aim says where Send sends to; false if that can't be sent to.
	Aim(target netip.AddrPort) bool
	// Send puts a packet on its way, or drops it if the system has no room. Aim and
	// Send are called by one goroutine at a time.
	Send(packet []byte) error
	// Refused counts the answers by ICMP that say that nobody takes what is sent where
	// Send sends to now; Plain, and a system other than Linux, knows none.
	Refused() uint64
	// Close frees the port. A datagram may still be taken while it runs.
	Close() error
}

// IsAddressInUse reports whether an error of Open, or of package net, says that
// another socket has the port.
func IsAddressInUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// plainAddress strips what makes equal addresses differ, IPv4 in IPv6 form.
func plainAddress(address netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
}
