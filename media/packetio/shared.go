package packetio

import (
	"errors"
	"net"
	"net/netip"
	"sync"
)

// Shared is a socket that many goroutines send on, as that of all browsers. As on
// a socket of one's own, sending never waits. One goroutine reads.
type Shared interface {
	net.PacketConn
	// ReadFromAddrPort and WriteToAddrPort are what the ICE library looks for, so as
	// to allocate no address for each packet.
	ReadFromAddrPort(b []byte) (int, netip.AddrPort, error)
	// WriteToAddrPort sends one packet, or drops it if there is no room.
	WriteToAddrPort(b []byte, to netip.AddrPort) (int, error)
	// Poll lets the reader look for what has come; it may be called by anybody, at
	// any time. One that is read in batches looks by itself too, less often.
	Poll()
	// Heeds reports whether the reader waits for Poll.
	Heeds() bool
}

// ListenShared binds a Shared whose reader waits at the socket. Of the buffer, in
// bytes, the system may give less.
func ListenShared(local netip.AddrPort, buffer int) (Shared, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(local))
	if err != nil {
		return nil, err
	}
	MarkVoice(conn)
	_ = conn.SetReadBuffer(buffer)
	shared, err := newPlainShared(conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return shared, nil
}

type plainShared struct {
	*net.UDPConn
	senders sync.Pool
}

func newPlainShared(conn *net.UDPConn) (*plainShared, error) {
	if _, err := NewSender(conn); err != nil {
		return nil, err
	}
	return &plainShared{UDPConn: conn, senders: sync.Pool{New: func() any {
		s, err := NewSender(conn)
		if err != nil {
			return nil // the socket is closed
		}
		return s
	}}}, nil
}

// Poll does nothing: the reader waits at the socket.
func (s *plainShared) Poll() {}

// Heeds is false.
func (s *plainShared) Heeds() bool { return false }

func (s *plainShared) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	return s.ReadFromUDPAddrPort(b)
}

func (s *plainShared) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	sender, ok := s.senders.Get().(*Sender)
	if !ok || !sender.Aim(to) {
		return 0, net.ErrClosed
	}
	defer s.senders.Put(sender)
	if err := sender.Send(b); err != nil {
		return 0, err
	}
	return len(b), nil
}
