package sip

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
)

// guardedPackets is a UDP socket that shows its reader only what the guard
// admits, and that doesn't end for one bad read. sipgo remembers every address
// that it has ever read a packet from, and a request takes up memory with it for
// half a minute: both is kept for those who belong here.
type guardedPackets struct {
	packetSocket
	server *Server
	tap    tap
}

// ReadFrom reads the next packet that is for us.
func (p *guardedPackets) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for failures := 0; ; {
		n, from, err := p.packetSocket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			if failures++; errors.Is(err, net.ErrClosed) || failures > maxReadFailures {
				return 0, nil, err
			}
			continue
		}
		failures = 0
		if from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port()); p.admits(from, buffer[:n]) {
			p.tap.read(from, buffer[:n])
			return n, net.UDPAddrFromAddrPort(from), nil
		}
	}
}

// WriteTo sends a packet.
func (p *guardedPackets) WriteTo(packet []byte, to net.Addr) (int, error) {
	at := p.tap.before()
	n, err := p.packetSocket.WriteTo(packet, to)
	if err == nil {
		p.tap.written(at, addrPortOf(to), packet)
	}
	return n, err
}

// admits decides on a packet, and answers it where that needs no memory.
func (p *guardedPackets) admits(from netip.AddrPort, packet []byte) bool {
	switch p.server.guard.judge(from, packet) {
	case unknown:
		return p.server.receiveUnknown(p.packetSocket, from, packet)
	case admitted:
		return !p.server.load.high() || !isInvite(packet) || !p.server.shedPacket(p.packetSocket, from, packet)
	}
	return false
}

// isInvite reports whether a packet's first word is INVITE.
func isInvite(packet []byte) bool { return bytes.HasPrefix(packet, []byte("INVITE ")) }

const maxReadFailures = 100 // in a row, before a socket counts as broken

// addrPortOf reads the address of a socket, unmapped.
func addrPortOf(address net.Addr) netip.AddrPort {
	var parsed netip.AddrPort
	switch known := address.(type) {
	case *net.UDPAddr:
		parsed = known.AddrPort()
	case *net.TCPAddr:
		parsed = known.AddrPort()
	}
	return netip.AddrPortFrom(parsed.Addr().Unmap(), parsed.Port())
}
