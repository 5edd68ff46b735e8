package packetio

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

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

func (a *sockaddr) known() bool { return a.size > 0 }

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

// send sends a packet there, or drops it if there is no room. It never waits, so Go's
// scheduler isn't told of the system call: that would wake its watchdog, a thread that
// sleeps while little else goes on.
func (a *sockaddr) send(fd int, packet []byte) unix.Errno {
	if !a.known() || len(packet) == 0 {
		return unix.EINVAL
	}
	_, _, problem := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&packet[0])), uintptr(len(packet)),
		unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&a.raw)), uintptr(a.size))
	return problem
}
