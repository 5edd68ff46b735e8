package media

import (
	"net/netip"
	"time"

	"careline/media/rtcp"
)

// agreeReports sets where reports go and come: with the sound where the far side
// takes them there (RFC 5761), else to the port that it names (RFC 3605), or the one
// above its sound's. Then we listen beside our own, as soon as the call has lasted a
// second: it is a socket more.
func (l *Leg) agreeReports(remote Description) {
	m := &l.monitor
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	// DTLS keys only what comes with the sound; a port beside it would need a handshake
	// of its own (RFC 5764 section 4.1).
	m.off = remote.DTLS.Used() && !remote.ReportsMuxed
	if remote.ReportsMuxed || m.off {
		m.to = netip.AddrPort{}
		m.closeBeside()
		return
	}
	m.to = plain(remote.Reports)
	if sound := plain(remote.Address); !m.to.IsValid() && sound.IsValid() && sound.Port() < 65535 {
		m.to = netip.AddrPortFrom(sound.Addr(), sound.Port()+1)
	}
}

// report sends what is to be said now; the monitor's lock is held.
func (l *Leg) report(now time.Time, heard heardTally, said saidTally) {
	m := &l.monitor
	l.sendReport(m.session.Append(m.buffer[:0], m.name, now, said.sent(), heard.stream))
}

// sendReport sends a compound packet, which lies in the monitor's buffer; its lock
// is held. What can't be sent now is worth nothing later.
func (l *Leg) sendReport(raw []byte) {
	m := &l.monitor
	o := &l.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.keying || m.off {
		return
	}
	if o.seal != nil {
		var err error
		if raw, err = o.seal.sealReport(raw); err != nil {
			return
		}
	}
	switch {
	case !m.to.IsValid():
		_ = o.to.send(raw)
	case m.beside != nil:
		m.sendBeside(raw)
	}
}

// receiveReport takes a packet of RTCP. beside: it came to the port beside the
// sound's.
func (l *Leg) receiveReport(raw []byte, from netip.AddrPort, beside bool, now time.Time) {
	said := l.out.tally(now)
	report, ok := l.in.takeReport(raw, from, said.source, beside, now)
	if !ok {
		return
	}
	if beside {
		l.monitor.answerTo(from)
	}
	if l.browser != nil && report.Sends {
		// Browsers keep two books: of what they send, which never has a block, and of
		// what they receive, in receiver reports.
		report.Others = true
	}
	l.monitor.hear(&report, said, now)
}

// answerTo sends reports where the far side's come from: behind NAT its SDP says it
// wrong.
func (m *monitor) answerTo(from netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.beside != nil {
		m.to = from
	}
}

// leave says good-bye to the far side's reports (RFC 3550 section 6.6) and gives up
// the port beside. It may be called again.
func (l *Leg) leave(now time.Time) {
	m := &l.monitor
	heard, said := l.in.tally(now), l.out.tally(now)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.closed = true
	if heard.agreed && said.aimed {
		raw := m.session.Append(m.buffer[:0], m.name, now, said.sent(), heard.stream)
		l.sendReport(rtcp.AppendGoodbye(raw, said.source))
	}
	m.closeBeside()
}

// takeReport judges a packet of RTCP. us is the SSRC of our stream.
func (in *incoming) takeReport(raw []byte, from netip.AddrPort, us uint32, beside bool, now time.Time) (rtcp.Report, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.types == nil || in.latch != nil && !in.latch.reports(from, beside) {
		in.ignored++
		return rtcp.Report{}, false
	}
	if in.keying {
		in.unauthentic++
		return rtcp.Report{}, false
	}
	if in.secure != nil {
		var ok bool
		if raw, ok = in.secure.readReport(raw); !ok {
			in.unauthentic++
			return rtcp.Report{}, false
		}
	}
	report, err := rtcp.Read(raw, us)
	if err != nil {
		in.malformed++
		return rtcp.Report{}, false
	}
	in.quietSince, in.timedOut = now, false
	return report, true
}

// reports says whether reports from that address are the far side's: those that
// come with sound must come from where that does; NAT may give those that come
// beside it another port.
func (l *latch) reports(from netip.AddrPort, beside bool) bool {
	if !beside {
		return l.knows(from)
	}
	return l.state != latchShut && (from.Addr() == l.expected.Addr() || from.Addr() == l.target.Addr())
}
