package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
)

// linkState is how things stand with a browser.
type linkState uint8

const (
	linkWaits linkState = iota // for ICE or for the keys, at first or anew
	linkUp
	linkQuiet  // nothing comes from the browser any more; it may again
	linkFailed // for good
)

// browserLink is the way to one browser. ICE finds it and looks after it (RFC 8445, as
// a lite host), DTLS brings the keys on it (RFC 5764). Sound and reports then go straight
// between the socket of all browsers and the leg; over TCP, and till a way is chosen, by
// the library that does ICE.
type browserLink struct {
	leg      *Leg
	socket   *browserSocket
	agent    *ice.Agent
	gathered chan struct{} // all candidates are known

	conn    *ice.Conn // from accept on
	keys    *handshake
	readers sync.WaitGroup

	route     atomic.Pointer[netip.AddrPort] // the browser's address, by UDP; nil: by the library
	receiving sync.Mutex                     // the leg takes one packet after the other
	signed    time.Time                      // when the library last had a sign of life; of the socket's reader

	mu       sync.Mutex
	closed   bool
	found    ice.ConnectionState
	keyed    bool
	over     bool // DTLS came to nothing, or the browser has ended it
	told     linkState
	patience *time.Timer // with DTLS; nil before ICE has found the way
}

func newBrowserLink(leg *Leg, side *webrtcSide) (*browserLink, error) {
	agent, err := ice.NewAgentWithOptions(side.ice...)
	if err != nil {
		return nil, fmt.Errorf("media: ICE: %w", err)
	}
	b := &browserLink{leg: leg, socket: side.socket, agent: agent, gathered: make(chan struct{}, 1)}
	err = errors.Join(
		agent.OnCandidate(func(candidate ice.Candidate) {
			if candidate == nil {
				select {
				case b.gathered <- struct{}{}:
				default:
				}
			}
		}),
		agent.OnConnectionStateChange(b.iceState),
		agent.OnSelectedCandidatePairChange(b.selected),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("media: ICE: %w", err), agent.Close())
	}
	return b, nil
}

// gather waits until our candidates are known. No network is asked for them.
func (b *browserLink) gather(ctx context.Context) error {
	if err := b.agent.GatherCandidates(); err != nil {
		return fmt.Errorf("media: ICE: %w", err)
	}
	select {
	case <-b.gathered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// describe adds to our description what ICE says.
func (b *browserLink) describe(own *ownSDP) error {
	var err error
	if own.ufrag, own.password, err = b.agent.GetLocalUserCredentials(); err != nil {
		return fmt.Errorf("media: ICE: %w", err)
	}
	candidates, err := b.agent.GetLocalCandidates()
	if err != nil {
		return fmt.Errorf("media: ICE: %w", err)
	}
	for _, candidate := range candidates {
		own.candidates = append(own.candidates, candidate.Marshal())
	}
	return nil
}

// accept lets the browser that has described itself come. What addresses it names
// doesn't matter: a lite host learns them from who knows the password.
func (b *browserLink) accept(remote *browserSDP) error {
	b.mu.Lock() // the library's news waits
	defer b.mu.Unlock()
	conn, err := b.agent.StartAccept(remote.ufrag, remote.password)
	if err != nil {
		return fmt.Errorf("media: ICE: %w", err)
	}
	b.conn, b.keys = conn, newHandshake(b.leg, remote.dtls)
	b.keys.send = func(raw []byte, _ netip.AddrPort) { _, _ = conn.Write(raw) } // lost, it is sent again
	b.keys.agreed, b.keys.ended = b.dtlsKeyed, b.dtlsEnded
	b.leg.in.mu.Lock()
	b.leg.in.handshake = b.keys
	b.leg.in.mu.Unlock()
	b.readers.Go(b.read)
	return nil
}

// restart begins ICE anew, under other names (RFC 8445 section 9); the keys stay.
func (b *browserLink) restart(ctx context.Context, remote *browserSDP) error {
	if err := b.agent.Restart("", ""); err != nil {
		return fmt.Errorf("media: ICE: %w", err)
	}
	if err := b.gather(ctx); err != nil {
		return err
	}
	if err := b.agent.SetRemoteCredentials(remote.ufrag, remote.password); err != nil {
		return fmt.Errorf("media: ICE: %w", err)
	}
	return nil
}

// read takes what comes by the library, until it is closed.
func (b *browserLink) read() {
	buffer := make([]byte, maxPacket)
	for {
		n, err := b.conn.Read(buffer)
		switch raw := buffer[:n]; {
		case errors.Is(err, io.ErrShortBuffer), err == nil && n <= signOfLife:
		case err != nil:
			return
		case isDTLS(raw):
			b.keys.take(raw, iceDefault, true)
		default:
			b.receive(raw, time.Now())
		}
	}
}

// receive hands the leg a packet of sound, or a report.
func (b *browserLink) receive(raw []byte, now time.Time) {
	b.receiving.Lock()
	defer b.receiving.Unlock()
	b.leg.receive(raw, netip.AddrPort{}, now)
}

// send sends a packet that is encrypted; it doesn't wait.
func (b *browserLink) send(raw []byte) error {
	if route := b.route.Load(); route != nil {
		_, err := b.socket.WriteToAddrPort(raw, *route)
		return err
	}
	if b.conn == nil {
		return ErrClosed
	}
	_, err := b.conn.Write(raw)
	return err
}

// aim: there is one way only, which opens when the browser is connected.
func (b *browserLink) aim(netip.AddrPort) bool { return true }

// selected is told of the way that ICE has chosen, by the library.
func (b *browserLink) selected(local, remote ice.Candidate) {
	address, err := netip.ParseAddr(remote.Address())
	port := remote.Port()
	direct := err == nil && local.NetworkType().IsUDP() && address.Zone() == "" && port > 0 && port <= 65535
	b.mu.Lock()
	defer b.mu.Unlock()
	var next *netip.AddrPort
	if direct && !b.closed {
		route := netip.AddrPortFrom(address.Unmap(), uint16(port))
		next = &route
	}
	b.socket.reroute(b, b.route.Swap(next), next)
}

// iceState is told how ICE stands, by the library.
func (b *browserLink) iceState(state ice.ConnectionState) {
	b.change(func() {
		b.found = state
		if state != ice.ConnectionStateConnected || b.patience != nil || b.closed {
			return
		}
		b.patience = time.AfterFunc(b.leg.engine.webrtc.limits.handshake, func() {
			b.change(func() { b.over = b.over || !b.keyed })
		})
		b.keys.begin(iceDefault)
	})
}

// dtlsEnded is told that an attempt at DTLS has failed, or that the browser is gone.
func (b *browserLink) dtlsEnded() { b.change(func() { b.over = true }) }

// dtlsKeyed is told that the keys are in force.
func (b *browserLink) dtlsKeyed() { b.change(func() { b.keyed = true }) }

// change lets the leg know what follows from a change.
func (b *browserLink) change(how func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	how()
	if state := b.state(); state != b.told && !b.closed {
		b.told = state
		if state == linkFailed {
			b.socket.reroute(b, b.route.Swap(nil), nil)
		}
		b.leg.linked(state)
	}
}

func (b *browserLink) state() linkState {
	switch {
	case b.over, b.found == ice.ConnectionStateFailed, b.found == ice.ConnectionStateClosed:
		return linkFailed
	case !b.keyed:
		return linkWaits
	case b.found == ice.ConnectionStateConnected, b.found == ice.ConnectionStateCompleted:
		return linkUp
	case b.found == ice.ConnectionStateDisconnected:
		return linkQuiet
	}
	return linkWaits
}

// close says good-bye and waits until all of the link has ended.
func (b *browserLink) close() error {
	b.mu.Lock()
	b.closed = true
	if b.patience != nil {
		b.patience.Stop()
	}
	b.socket.reroute(b, b.route.Swap(nil), nil)
	b.mu.Unlock()
	b.keys.close()
	b.keys.wait()
	err := b.agent.GracefulClose()
	b.readers.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
