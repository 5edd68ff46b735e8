//go:build !linux

package packetio

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// sockaddr is an address as the kernel has it.
type sockaddr struct{ to unix.Sockaddr } // nil: none

func (a *sockaddr) set(target netip.AddrPort) {
	switch address := target.Addr().Unmap(); {
	case !address.IsValid() || target.Port() == 0:
		a.to = nil
	case address.Is4():
		a.to = &unix.SockaddrInet4{Port: int(target.Port()), Addr: address.As4()}
	default:
		a.to = &unix.SockaddrInet6{Port: int(target.Port()), Addr: address.As16()}
	}
}

func (a *sockaddr) known() bool { return a.to != nil }

// send sends a packet there, or drops it if there is no room.
func (a *sockaddr) send(fd int, packet []byte) unix.Errno {
	if a.to == nil || len(packet) == 0 {
		return unix.EINVAL
	}
	problem, _ := unix.Sendto(fd, packet, unix.MSG_DONTWAIT, a.to).(unix.Errno)
	return problem
}
