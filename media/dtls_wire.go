package media

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// wirePackets of a handshake may wait to be read; more are dropped and come again.
const wirePackets = 16

// dtlsWire is the network as one handshake sees it: what has come to the leg from the
// one address that it is with, and the leg's socket for what goes there. It is the
// net.PacketConn that the library asks for.
type dtlsWire struct {
	send    func(packet []byte, to netip.AddrPort)
	local   netip.AddrPort
	remote  netip.AddrPort
	packets chan []byte
	closed  chan struct{}
	closing sync.Once

	mu       sync.Mutex
	deadline time.Time     // of reading; zero: none
	changed  chan struct{} // closed when the deadline changes
}

func newDTLSWire(local, remote netip.AddrPort, send func([]byte, netip.AddrPort)) *dtlsWire {
	return &dtlsWire{
		send: send, local: local, remote: remote, packets: make(chan []byte, wirePackets),
		closed: make(chan struct{}), changed: make(chan struct{}),
	}
}

// put takes a packet from the network; it doesn't wait.
func (w *dtlsWire) put(raw []byte) {
	select {
	case w.packets <- append([]byte(nil), raw...):
	default:
	}
}

// ReadFrom waits for a packet, for the deadline or for the end.
func (w *dtlsWire) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for {
		w.mu.Lock()
		deadline, changed := w.deadline, w.changed
		w.mu.Unlock()
		var late <-chan time.Time
		if !deadline.IsZero() {
			left := time.Until(deadline)
			if left <= 0 {
				return 0, nil, os.ErrDeadlineExceeded
			}
			timer := time.NewTimer(left)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case raw := <-w.packets:
			return copy(buffer, raw), net.UDPAddrFromAddrPort(w.remote), nil
		case <-w.closed:
			return 0, nil, net.ErrClosed
		case <-late:
			return 0, nil, os.ErrDeadlineExceeded
		case <-changed:
		}
	}
}

// WriteTo sends to the one address.
func (w *dtlsWire) WriteTo(packet []byte, _ net.Addr) (int, error) {
	select {
	case <-w.closed:
		return 0, net.ErrClosed
	default:
	}
	w.send(packet, w.remote)
	return len(packet), nil
}

// Close ends reading. It may be called again.
func (w *dtlsWire) Close() error {
	w.closing.Do(func() { close(w.closed) })
	return nil
}

// LocalAddr is the leg's.
func (w *dtlsWire) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(w.local) }

// SetDeadline is SetReadDeadline: nothing waits to write.
func (w *dtlsWire) SetDeadline(t time.Time) error { return w.SetReadDeadline(t) }

// SetReadDeadline ends a ReadFrom that waits beyond t.
func (w *dtlsWire) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	close(w.changed)
	w.changed = make(chan struct{})
	return nil
}

// SetWriteDeadline does nothing: nothing waits to write.
func (w *dtlsWire) SetWriteDeadline(time.Time) error { return nil }
