package sip

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"careline/sip/guard"
	"careline/sip/wire"
)

// screen stands between the guard and sipgo: it answers what is no SIP, where
// RFC 3261 wants it answered (sipgo drops it without a word), and writes what is
// in the one form that sipgo reads.
type screen struct {
	tagKey    []byte
	malformed *atomic.Uint64
	guard     *sentry
	log       *zap.Logger
}

func newScreen(s *Server) *screen {
	return &screen{tagKey: s.options.TagKey, malformed: &s.counters.malformed, guard: s.guard, log: s.log}
}

// pass gives the message as sipgo is to have it, nil where it isn't to have it,
// and the refusal to send, nil where there is none.
func (s *screen) pass(message []byte, datagram bool, flow guard.Flow) (fit, refusal []byte, to netip.AddrPort) {
	fit, fault := wire.Read(message, datagram)
	if fault == nil {
		return fit, nil, flow.Remote
	}
	refusal, to = s.refuse(message, fault, flow)
	return nil, refusal, to
}

// refuse answers without a transaction: the same request has the same answer
// (RFC 3261 section 8.2.7). Those who haven't proven who they are hear nothing.
func (s *screen) refuse(message []byte, fault *wire.Fault, flow guard.Flow) ([]byte, netip.AddrPort) {
	source := flow.Remote
	offence := guard.Probe
	if !fault.Unknown() {
		s.malformed.Add(1)
		offence = guard.Unreadable
	}
	unproven := s.guard.unproven(time.Now(), flow)
	if unproven || offence == guard.Unreadable {
		s.guard.offend(flow, offence)
	}
	if unproven {
		return nil, source
	}
	s.log.Debug("sip message refused", zap.String("because", fault.About), zap.Int("status", fault.Status), zap.Stringer("source", source))
	refusal, to, ok := wire.Refuse(message, fault, s.tag(message), source)
	if !ok {
		return nil, source
	}
	return refusal, to
}

func (s *screen) tag(message []byte) string {
	mac := hmac.New(sha256.New, s.tagKey)
	mac.Write(message)
	return hex.EncodeToString(mac.Sum(nil)[:10])
}

// isKeepAlive reports what is no message: the empty lines of RFC 5626 section
// 3.5.1, and the zeros that some send instead.
func isKeepAlive(data []byte) bool {
	for _, c := range data {
		if c != '\r' && c != '\n' && c != 0 {
			return false
		}
	}
	return true
}

// screenedPackets is a UDP socket whose reader sees only what passes.
type screenedPackets struct {
	net.PacketConn
	screen *screen
}

// ReadFrom reads the next message.
func (p *screenedPackets) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for {
		n, from, err := p.PacketConn.ReadFrom(buffer)
		if err != nil || isKeepAlive(buffer[:n]) {
			return n, from, err
		}
		fit, refusal, to := p.screen.pass(buffer[:n], true, guard.Flow{Remote: addrPortOf(from)})
		if refusal != nil {
			if _, err := p.PacketConn.WriteTo(refusal, net.UDPAddrFromAddrPort(to)); err != nil {
				p.screen.log.Debug("sip refusal not sent", zap.Error(err))
			}
		}
		if fit != nil && len(fit) <= len(buffer) {
			return copy(buffer, fit), from, nil
		}
	}
}
