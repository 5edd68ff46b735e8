package media

import (
	"net/netip"
	"time"
)

// rekey begins the handshake that an agreement asks for, and lets what is in force go
// on where it asks for the same; in.mu and out.mu are held. The handshake that is over
// by it is to be closed, and the new one begun, without them.
func (l *Leg) rekey(remote Description) (over, begun *handshake) {
	if remote.DTLS.Used() && l.in.handshake.fits(remote.DTLS) {
		return nil, nil
	}
	over = l.in.handshake
	l.in.handshake = nil
	l.in.keying, l.out.keying = remote.DTLS.Used(), remote.DTLS.Used()
	if !l.in.keying {
		return over, nil
	}
	l.in.handshake = newHandshake(l, remote.DTLS)
	return over, l.in.handshake
}

// handshakes reports whether keys come by DTLS.
func (in *incoming) handshakes() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.handshake != nil
}

// keyed puts the keys of a handshake in force, if that is still the one agreed on.
func (l *Leg) keyed(h *handshake, own, theirs Crypto) error {
	open, err := newOpener(theirs)
	if err != nil {
		return err
	}
	seal, err := newSealer(own)
	if err != nil {
		return err
	}
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	if l.in.handshake != h || h.settled.Load() { // another address was faster
		return ErrClosed
	}
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	h.settled.Store(true)
	l.in.secure = &decryption{current: open}
	l.in.keying, l.out.keying = false, false
	l.out.seal = seal
	if l.in.latch != nil {
		l.out.retarget(l.in.latch.target)
	}
	return nil
}

// receiveDTLS takes a packet of a handshake, if it comes from where sound may. Of those
// that overtook signalling the latest is kept: with it the far side begins.
func (l *Leg) receiveDTLS(raw []byte, from netip.AddrPort, now time.Time) {
	l.in.mu.Lock()
	h, may, named := l.in.handshake, false, false
	switch {
	case l.in.latch == nil: // of a browser, whose link takes it
	case l.in.types == nil:
		l.in.early, l.in.earlyFrom = append(l.in.early[:0], raw...), from
	case h == nil:
		l.in.ignored++
	default:
		may, named = l.in.latch.listens(from, now), from == l.in.latch.expected
	}
	l.in.mu.Unlock()
	if h != nil && (may || h.with(from)) {
		h.take(raw, from, named)
	}
}

// overtaken hands a handshake what came before it was agreed on.
func (l *Leg) overtaken(h *handshake, now time.Time) {
	l.in.mu.Lock()
	raw, from := l.in.early, l.in.earlyFrom
	l.in.early = nil
	l.in.mu.Unlock()
	if h != nil && len(raw) > 0 {
		l.receiveDTLS(raw, from, now)
	}
}

// sendDTLS sends a packet of a handshake; the sound's aim stays as it was.
func (l *Leg) sendDTLS(packet []byte, to netip.AddrPort) {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.out.to.aim(to) {
		_ = l.out.to.send(packet) // lost, it is sent again
	}
	l.out.retarget(l.in.latch.target)
}
