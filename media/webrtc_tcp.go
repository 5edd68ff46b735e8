package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"

	"careline/media/packetio"
)

const (
	// maxStreams is how many TCP connections of browsers may be open at once; one more
	// is closed. A browser has one, or a few while it looks for its way.
	maxStreams = 1024
	// streamHello is how long a connection may take to say whose it is, and may wait
	// for a leg that knows it.
	streamHello = 5 * time.Second
	// streamBuffer is how much, in bytes, may wait for a slow network; beyond, packets
	// are dropped, as on UDP.
	streamBuffer = 64 << 10
	// streamPackets of one browser may wait for us to read them.
	streamPackets = 8
	// acceptPause is how long a listener rests that the system gives no connection,
	// such as for want of file descriptors.
	acceptPause = 100 * time.Millisecond
)

// listenStreams binds the TCP socket that browsers use where no UDP gets through
// (RFC 6544, passive; packets framed as in RFC 4571). Nothing is dialed from here.
func listenStreams(bind netip.AddrPort, logs pionLogs) (*ice.TCPMuxDefault, error) {
	listener, err := net.Listen("tcp", bind.String())
	if packetio.IsAddressInUse(err) {
		return nil, fmt.Errorf("media: TCP %s is in use by another program; stop it or change media.webrtc_tcp: %w", bind, err)
	}
	if err != nil {
		return nil, fmt.Errorf("media: TCP %s (media.webrtc_tcp): %w", bind, err)
	}
	bounded := newStreamListener(listener, maxStreams)
	return ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: bounded, Logger: logs.NewLogger("tcp"), ReadBufferSize: streamPackets, WriteBufferSize: streamBuffer,
		FirstStunBindTimeout: streamHello, AliveDurationForConnFromStun: streamHello,
	}), nil
}

// streamListener bounds the connections that are open at once.
type streamListener struct {
	net.Listener
	limit   int64
	open    atomic.Int64
	closing chan struct{}
	closed  sync.Once
}

func newStreamListener(listener net.Listener, limit int64) *streamListener {
	return &streamListener{Listener: listener, limit: limit, closing: make(chan struct{})}
}

// Accept returns the next connection for which there is room. It ends with the
// listener, whatever else the system says.
func (l *streamListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil, err
		case err != nil:
			select {
			case <-time.After(acceptPause):
			case <-l.closing:
				return nil, net.ErrClosed
			}
		case l.open.Add(1) > l.limit:
			l.open.Add(-1)
			_ = conn.Close()
		default:
			return &streamConn{Conn: conn, listener: l}, nil
		}
	}
}

// Close closes the socket; Accept ends.
func (l *streamListener) Close() error {
	l.closed.Do(func() { close(l.closing) })
	return l.Listener.Close()
}

// streamConn is one connection, which gives its place back once.
type streamConn struct {
	net.Conn
	listener *streamListener
	closed   sync.Once
}

// Close gives the place back.
func (s *streamConn) Close() error {
	s.closed.Do(func() { s.listener.open.Add(-1) })
	return s.Conn.Close()
}
