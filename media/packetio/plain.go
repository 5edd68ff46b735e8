package packetio

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Plain has a goroutine wait for each socket's packets.
type Plain struct {
	readers sync.WaitGroup
}

// NewPlain makes a Plain.
func NewPlain() *Plain { return new(Plain) }

// Open binds a socket.
func (p *Plain) Open(local netip.AddrPort) (Socket, error) {
	network := "udp4"
	if local.Addr().Is6() {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(local))
	if err != nil {
		return nil, err
	}
	MarkVoice(conn)
	sender, err := NewSender(conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &plainSocket{io: p, conn: conn, Sender: sender}, nil
}

// Poll does nothing: the goroutines wait.
func (p *Plain) Poll(time.Time) {}

// Look does nothing either.
func (p *Plain) Look(Socket, time.Time) {}

// Hurried is false: nobody has to call Poll.
func (p *Plain) Hurried() bool { return false }

// Close waits for the goroutines of the sockets, which are closed.
func (p *Plain) Close() error {
	p.readers.Wait()
	return nil
}

type plainSocket struct {
	*Sender
	io   *Plain
	conn *net.UDPConn
}

func (s *plainSocket) Local() netip.AddrPort {
	return plainAddress(s.conn.LocalAddr().(*net.UDPAddr).AddrPort())
}

func (s *plainSocket) Receive(take Take, failed func(error)) error {
	s.io.readers.Go(func() {
		if err := s.read(take); err != nil {
			failed(err)
		}
	})
	return nil
}

// Hurry does nothing: what comes is taken at once.
func (s *plainSocket) Hurry(bool) error { return nil }

// LimitWaiting is heeded where the system does.
func (s *plainSocket) LimitWaiting(bytes int) { _ = s.conn.SetReadBuffer(bytes) }

// read hands over each datagram until the socket is closed.
func (s *plainSocket) read(take Take) error {
	buffer := make([]byte, MaxPacket)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, syscall.ECONNREFUSED):
			// An ICMP answer to something that we sent earlier.
		case err != nil:
			return err
		default:
			take(buffer[:n], plainAddress(from), time.Now())
		}
	}
}

func (s *plainSocket) Refused() uint64 { return 0 }

func (s *plainSocket) Close() error { return s.conn.Close() }
