package signalling

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// relay stands between us and SIPp on TCP, since SIPp can't break a connection
// and make a new one. SIPp's side stays; ours breaks whenever the test says so,
// and whoever speaks next makes it anew.
type relay struct {
	t       *testing.T
	listen  *net.TCPListener
	address netip.AddrPort
	us      netip.AddrPort // where a new connection to us goes; unset where we connect
	running sync.WaitGroup

	mu    sync.Mutex
	far   net.Conn // SIPp's side
	near  net.Conn // ours; nil while it is broken
	ended bool
}

func startRelay(t *testing.T) *relay {
	t.Helper()
	listen, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	r := &relay{t: t, listen: listen, address: listen.Addr().(*net.TCPAddr).AddrPort()}
	t.Cleanup(func() {
		_ = listen.Close()
		r.mu.Lock()
		r.ended = true
		for _, conn := range []net.Conn{r.far, r.near} {
			if conn != nil {
				_ = conn.Close()
			}
		}
		r.mu.Unlock()
		r.running.Wait()
	})
	return r
}

// toUs carries the connection that SIPp makes to the relay on to us.
func (r *relay) toUs(us netip.AddrPort) {
	r.us = us
	r.running.Go(func() {
		conn, err := r.listen.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.far = conn
		r.mu.Unlock()
		r.carryOut()
	})
}

// toSIPp carries each connection that we make to the relay on to SIPp's one.
func (r *relay) toSIPp(sipp netip.AddrPort) {
	r.t.Helper()
	conn, err := net.Dial("tcp", sipp.String())
	must(r.t, err)
	r.far = conn
	r.running.Go(r.carryOut)
	r.running.Go(func() {
		for {
			conn, err := r.listen.Accept()
			if err != nil {
				return
			}
			r.joined(conn)
		}
	})
}

// joined makes a connection our side, and carries what we say on it to SIPp.
func (r *relay) joined(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		_ = conn.Close()
		return
	}
	r.near = conn
	r.running.Go(func() { _, _ = io.Copy(r.far, conn) })
}

// carryOut carries what SIPp says to us, by a new connection where ours broke.
func (r *relay) carryOut() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := r.far.Read(buffer)
		if err != nil {
			return
		}
		r.mu.Lock()
		near := r.near
		r.mu.Unlock()
		if near == nil {
			if near, err = net.Dial("tcp", r.us.String()); err != nil {
				return
			}
			r.joined(near)
		}
		if _, err := near.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut breaks the connection between the relay and us.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.near.Close()
	r.near = nil
}
