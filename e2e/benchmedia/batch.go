package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// batch is how many datagrams one system call moves.
	batch = 64
	// queue is asked of the system for each socket of the load: nothing may be
	// lost on our side while another process has the core.
	queue     = 8 << 20
	datagram  = 1500
	nanotimes = 64 // bytes of control data: room for a time stamp
)

// mmsghdr is the kernel's, of recvmmsg and sendmmsg.
type mmsghdr struct {
	header unix.Msghdr
	length uint32
	_      [4]byte
}

// batchSocket is a UDP socket that is read and written many datagrams at a time,
// without ever waiting. The kernel says when each has come.
type batchSocket struct {
	fd      int
	address netip.AddrPort

	in      [batch]mmsghdr
	names   [batch]unix.RawSockaddrInet4
	parts   [batch]unix.Iovec
	buffers [batch][datagram]byte
	control [batch][nanotimes]byte
}

func newBatchSocket(address netip.Addr) (*batchSocket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	s := &batchSocket{fd: fd}
	if err := s.prepare(address); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return s, nil
}

func (s *batchSocket) prepare(address netip.Addr) error {
	if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, queue) != nil {
		if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, queue); err != nil {
			return fmt.Errorf("receive buffer: %w", err)
		}
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return fmt.Errorf("time stamps: %w", err)
	}
	if err := unix.Bind(s.fd, &unix.SockaddrInet4{Addr: address.As4()}); err != nil {
		return fmt.Errorf("bind %s: %w", address, err)
	}
	bound, err := unix.Getsockname(s.fd)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	s.address = netip.AddrPortFrom(address, uint16(bound.(*unix.SockaddrInet4).Port))
	for i := range s.in {
		s.parts[i] = unix.Iovec{Base: &s.buffers[i][0], Len: datagram}
		s.in[i].header = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&s.names[i])), Iov: &s.parts[i], Iovlen: 1, Control: &s.control[i][0]}
	}
	return nil
}

// receive takes all that has come; at is in ns since 1970, by the kernel's clock.
func (s *batchSocket) receive(take func(port uint16, at int64, raw []byte)) error {
	for {
		for i := range s.in {
			s.in[i].header.Namelen = unix.SizeofSockaddrInet4
			s.in[i].header.SetControllen(nanotimes)
		}
		n, _, problem := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.in[0])), batch, unix.MSG_DONTWAIT, 0, 0)
		switch problem {
		case 0:
		case unix.EAGAIN:
			return nil
		case unix.EINTR, unix.ECONNREFUSED:
			continue
		default:
			return fmt.Errorf("recvmmsg: %w", problem)
		}
		for i := range int(n) {
			take(networkPort(s.names[i].Port), stampOf(s.control[i][:]), s.buffers[i][:s.in[i].length])
		}
		if n < batch {
			return nil
		}
	}
}

// stampOf reads the time stamp that the kernel puts first into the control data.
func stampOf(control []byte) int64 {
	header := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	if header.Level != unix.SOL_SOCKET || header.Type != unix.SO_TIMESTAMPNS {
		return 0
	}
	return (*unix.Timespec)(unsafe.Pointer(&control[unix.SizeofCmsghdr])).Nano()
}

// send hands all of them to the kernel; what it has no room for is dropped, and
// not counted as sent.
func (s *batchSocket) send(messages []mmsghdr) (sent int, err error) {
	for len(messages) > 0 {
		n, _, problem := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&messages[0])), uintptr(len(messages)), unix.MSG_DONTWAIT, 0, 0)
		switch problem {
		case 0:
			sent += int(n)
			messages = messages[n:]
		case unix.EINTR, unix.ECONNREFUSED: // an ICMP answer to something earlier
		case unix.EAGAIN:
			messages = messages[1:]
		default:
			return sent, fmt.Errorf("sendmmsg: %w", problem)
		}
	}
	return sent, nil
}

func (s *batchSocket) close() { unix.Close(s.fd) }

// networkPort turns a port from the network's order of bytes, and back.
func networkPort(port uint16) uint16 {
	var raw [2]byte
	binary.NativeEndian.PutUint16(raw[:], port)
	return binary.BigEndian.Uint16(raw[:])
}
