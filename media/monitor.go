package media

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"careline/media/packetio"
	"careline/media/quality"
	"careline/media/rtcp"
)

// looksPerSecond is how often a monitor looks at its leg; it measures each second.
const looksPerSecond = int(time.Second / (time.Duration(timeoutEvery) * FrameDuration))

// monitor follows how a leg sounds: it exchanges reports with the far side (RTCP, RFC
// 3550 section 6), estimates the quality of both directions, and notices one-way
// sound. The pacer's visits drive it. Its lock comes before in.mu and out.mu.
type monitor struct {
	mu      sync.Mutex
	name    rtcp.Name
	session rtcp.Session
	to      netip.AddrPort  // where the far side takes reports; not valid: with its sound
	beside  packetio.Socket // receives reports; nil: they come with the sound, or not at all
	opened  bool            // beside was asked for
	off     bool            // no reports are agreed on
	closed  bool

	looks    int
	expected time.Time // since when the far side is to send; zero: it isn't
	own      span      // our own numbers
	before   heardTally
	taken    uint64 // packets sent before the sums began
	codec    Codec  // of the sums

	echo   quality.Echo
	outlet quality.Outlet
	watch  quality.Watch
	heard  quality.Meter // what the far side says
	said   quality.Meter // what it hears, by its reports

	buffer [rtcp.MaxSize + maxTagBytes + 4]byte // 4: SRTCP's index
}

// span counts how far a sequence number of 16 bits has come.
type span struct {
	begun bool
	last  uint16
	steps uint64
}

func (s *span) follow(sequence uint16) {
	if step := sequence - s.last; s.begun {
		s.steps += uint64(step)
	}
	s.begun, s.last = true, sequence
}

// observe is one look at the leg, four a second. It sends the report that is due and
// tells of one-way sound.
func (l *Leg) observe(now time.Time) {
	m := &l.monitor
	m.mu.Lock()
	heard, said := l.in.tally(now), l.out.tally(now)
	heard.late = l.ear.stats().Late
	if m.closed || !heard.agreed {
		m.mu.Unlock()
		return
	}
	if l.browser != nil {
		heard.hearing.Expected = heard.hearing.Expected && said.connected
	}
	m.own.follow(said.sequence)
	if m.looks++; m.looks%looksPerSecond == 0 {
		m.measure(heard)
	}
	l.wantBeside()
	changed := m.look(heard, said, l.listened(), now)
	if m.session.Due(now, rand.Uint32()) && said.aimed {
		l.report(now, heard, said)
	}
	events := [2]Event{m.event(quality.FromFar), m.event(quality.ToFar)}
	m.mu.Unlock()
	for i, event := range events {
		if changed[i] {
			l.tell(event)
		}
	}
}

// event tells of a direction's trouble, or of its end.
func (m *monitor) event(direction int) Event {
	if trouble := m.watch.Now(direction); trouble != quality.None {
		return Event{Kind: EventOneWay, OneWay: trouble}
	}
	return Event{Kind: EventHeardAgain}
}

// measure notes what has come since a second ago.
func (m *monitor) measure(heard heardTally) {
	came, lost := heard.received-m.before.received, uint64(0)
	if heard.lost > m.before.lost { // it falls when packets come late
		lost = heard.lost - m.before.lost
	}
	gaps := heard.gaps - m.before.gaps
	m.before, m.codec = heard, heard.codec
	m.heard.Add(heard.codec.model(), quality.Sample{
		Expected: uint32(came + lost), Lost: uint32(lost), Gaps: gaps, Late: uint32(heard.late - m.before.late),
		Jitter: heard.jitter, RoundTrip: m.session.RoundTrip(),
	})
}

// listened reports whether somebody hears the far side, and not only a script.
func (l *Leg) listened() bool { return l.peer.Load() != nil || l.conference.Load() != nil }

// look finds out who isn't heard.
func (m *monitor) look(heard heardTally, said saidTally, listened bool, now time.Time) (changed [2]bool) {
	hearing := heard.hearing
	switch {
	case !hearing.Expected:
		m.expected = time.Time{}
	case m.expected.IsZero():
		m.expected = now
	}
	hearing.Quiet = min(hearing.Quiet, now.Sub(m.expected))
	hearing.Dead = min(hearing.Dead, now.Sub(m.expected))
	var found [2]quality.Trouble
	var lasted [2]time.Duration
	found[quality.FromFar], lasted[quality.FromFar] = hearing.Trouble()
	found[quality.ToFar], lasted[quality.ToFar] = m.outlet.Look(now, said.refused)
	if found[quality.ToFar] == quality.None {
		found[quality.ToFar], lasted[quality.ToFar] = m.echo.Trouble(now)
	}
	return m.watch.Look(now, listened, found, lasted)
}

// hear takes a report of the far side's that came at that time.
func (m *monitor) hear(report *rtcp.Report, said saidTally, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.own.follow(said.sequence)
	m.session.Heard(report, at)
	told := quality.Told{
		At: at, About: report.Told, Others: report.Others, Source: said.source,
		Highest: report.About.Highest, Lost: report.About.Lost, Sent: said.packets, RoundTrip: m.session.RoundTrip(),
	}
	if behind := int16(said.sequence - 1 - uint16(report.About.Highest)); behind > 0 {
		told.Behind = uint16(behind)
	}
	if m.own.steps > said.tries {
		told.Skipped = m.own.steps - said.tries
	}
	if sample, ok := m.echo.Heard(told); ok {
		sample.Jitter = durationOf(report.About.Jitter, said.clock)
		sample.RoundTrip = m.session.RoundTrip()
		m.said.Add(said.codec.model(), sample)
	}
}

// durationOf is so many ticks of a clock.
func durationOf(ticks uint32, clock int) time.Duration {
	return min(time.Duration(ticks)*time.Second/time.Duration(clock), time.Minute)
}

// model is the codec as the estimate of quality knows it.
func (c Codec) model() quality.Codec {
	switch c {
	case G722:
		return quality.G722
	case Opus:
		return quality.Opus
	case L16:
		return quality.L16
	}
	return quality.G711
}
