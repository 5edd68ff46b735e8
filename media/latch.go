package media

import (
	"net/netip"
	"time"
)

const (
	// LearnWindow is how long after Agree a leg may learn that its far side sends
	// from another address than its SDP says (symmetric RTP, RFC 4961, behind NAT).
	LearnWindow = 10 * time.Second
	// learnPackets is how many consistent packets in a row an unexpected address
	// needs.
	learnPackets = 5
	// learnStep is the largest step in sequence numbers that is consistent.
	learnStep = 3
	// maxCandidates is how many unexpected addresses may prove themselves at once,
	// so that one who sprays packets doesn't keep the others from it.
	maxCandidates = 4
)

// latchState says whom a leg listens to.
type latchState uint8

const (
	// latchShut: nothing agreed, nobody is heard.
	latchShut latchState = iota
	// latchLearning: the SDP's address is heard; another one may prove itself
	// while the window is open.
	latchLearning
	// latchLocked: one address is heard until signalling reopens, or the SDP's own
	// turns up.
	latchLocked
)

// latch decides whose packets a leg takes. It prefers the address in the SDP, and
// never follows a stranger once it has locked: that would let anyone who guesses
// the port take over a call's sound (RTP bleed).
type latch struct {
	state      latchState
	expected   netip.AddrPort // as the SDP says
	target     netip.AddrPort // where we send, and whom we hear once locked
	deadline   time.Time
	learn      bool
	candidates [maxCandidates]candidate
}

// candidate is an unexpected address that is proving itself.
type candidate struct {
	from        netip.AddrPort
	ssrc        uint32
	timestamp   uint32
	sequence    uint16
	payloadType uint8
	run         int
}

// reopen begins anew with what signalling says. learn is whether the far side is
// to send at all; if not, only its own address is heard. Where the SDP's address
// is the same as before, an address learned earlier is kept until another proves
// itself.
func (l *latch) reopen(expected netip.AddrPort, learn bool, now time.Time) {
	expected = plain(expected)
	if expected != l.expected || !l.target.IsValid() {
		l.target = expected
	}
	l.expected, l.learn = expected, learn
	l.deadline = now.Add(LearnWindow)
	l.candidates = [maxCandidates]candidate{}
	l.state = latchLearning
}

// accept reports whether a packet from that address is the far side's, and
// whether the target has changed by it. The SDP's own address always wins over a
// learned one: signalling vouches for it, and a stranger who was faster is out.
func (l *latch) accept(from netip.AddrPort, p *packet, now time.Time) (ok, moved bool) {
	if l.state == latchShut {
		return false, false
	}
	switch {
	case from == l.expected:
		moved = l.target != from
		l.state, l.target = latchLocked, from
		return true, moved
	case from == l.target:
		l.state = latchLocked
		return true, false
	case l.state == latchLocked, !l.learn, !now.Before(l.deadline):
		return false, false
	}
	if l.candidate(from).advance(p) < learnPackets {
		return false, false
	}
	l.state, l.target = latchLocked, from
	return true, true
}

// candidate finds the one from that address; a new one takes the place of the one
// that has proved the least.
func (l *latch) candidate(from netip.AddrPort) *candidate {
	weakest := &l.candidates[0]
	for i := range l.candidates {
		c := &l.candidates[i]
		if c.from == from {
			return c
		}
		if c.run < weakest.run {
			weakest = c
		}
	}
	*weakest = candidate{from: from}
	return weakest
}

// advance returns how many packets in a row are consistent, p included.
func (c *candidate) advance(p *packet) int {
	if !c.consistent(p) {
		c.run = 0
	}
	c.ssrc, c.sequence, c.timestamp, c.payloadType = p.ssrc, p.sequence, p.timestamp, p.payloadType
	c.run++
	return c.run
}

// consistent reports whether p goes on from the candidate's last packet.
func (c *candidate) consistent(p *packet) bool {
	step := p.sequence - c.sequence
	return c.ssrc == p.ssrc && c.payloadType == p.payloadType &&
		step >= 1 && step <= learnStep && int32(p.timestamp-c.timestamp) >= 0 &&
		p.timestamp-c.timestamp <= learnStep*maxPacketTicks
}

// knows reports whether packets from that address are taken without more ado.
func (l *latch) knows(from netip.AddrPort) bool {
	return l.state != latchShut && (from == l.expected || from == l.target)
}

// listens reports whether a packet from that address would be looked at: it is
// known, or may still prove itself.
func (l *latch) listens(from netip.AddrPort, now time.Time) bool {
	return l.knows(from) || l.state == latchLearning && l.learn && now.Before(l.deadline)
}

// plain strips what makes equal addresses differ: IPv4 in IPv6 form. An address
// that can't be sent to becomes the zero value.
func plain(address netip.AddrPort) netip.AddrPort {
	ip := address.Addr().Unmap()
	if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || address.Port() == 0 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip, address.Port())
}
