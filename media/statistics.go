package media

import (
	"time"

	"careline/media/jitter"
)

// LegStats is one snapshot of a leg's counters.
type LegStats struct {
	// PacketsReceived are RTP packets taken from the far side, digits included.
	PacketsReceived uint64
	// PacketsLost is how many the far side's sequence numbers say are missing
	// (RFC 3550 section 6.4.1, never negative); it corrects itself when they come late.
	PacketsLost uint64
	// PacketsSent are RTP packets that went out.
	PacketsSent uint64
	// Ignored are packets from a stranger, of an unknown payload type, or that
	// came before anything was agreed.
	Ignored uint64
	// Malformed are packets that aren't RTP or RTCP.
	Malformed uint64
	// Unauthentic are SRTP and SRTCP packets that the far side's key doesn't
	// vouch for, or that came twice.
	Unauthentic uint64
	// RelayLate are packets of the joined leg that came too late to be passed on.
	RelayLate uint64
	// SendErrors are packets that the operating system refused or had no room for.
	SendErrors uint64
	// DigitsLost are digits that couldn't be sent: too many waited, or the far
	// side takes none.
	DigitsLost uint64
	// Jitter is the interarrival jitter of received sound (RFC 3550 section 6.4.1).
	Jitter time.Duration
	// Heard is how the far side sounds to us, Said how we sound to it by its own
	// reports, both over the last seconds.
	Heard, Said SoundStats
	// Buffer is what the jitter buffer did while the far side was decoded; nothing
	// where payloads pass through.
	Buffer jitter.Stats
	// Remote is where sound goes to, as ip:port; empty on a WebRTC leg.
	Remote string
}

// maxDropout is the jump in sequence numbers above which a source counts as
// begun anew (MAX_DROPOUT, RFC 3550 appendix A.1).
const maxDropout = 3000

// receiverStats follows one source's sequence numbers and arrival times
// (RFC 3550 appendices A.1, A.3 and A.8).
type receiverStats struct {
	started  bool
	ssrc     uint32
	base     uint32 // extended
	highest  uint32 // extended
	received uint64 // of this source
	lost     uint64 // of the sources before
	gaps     uint32 // runs of packets that hadn't come
	last     uint32 // the latest timestamp of sound
	transit  int32
	jitter   uint32 // in ticks of the clock, times 16
	clock    int    // of the timestamps, in Hz
	timed    bool
	// suppresses: the far side stops sending between words: timestamps go on by more
	// than 0.4 s from one packet to the next.
	suppresses bool
}

// arrival notes a packet; at is when it came, clock the rate of its timestamps, 0
// where they say nothing of its time of sending: only sound's do.
func (s *receiverStats) arrival(p *packet, clock int, at time.Duration) {
	delta := int16(p.sequence - uint16(s.highest))
	if !s.started || s.ssrc != p.ssrc || int(delta) > maxDropout || int(delta) < -maxDropout {
		s.lost = s.lostInAll()
		s.started, s.ssrc, s.timed = true, p.ssrc, false
		s.base = 1<<16 | uint32(p.sequence) // room for packets before the first
		s.highest, s.received = s.base, 0
		delta = 0
	}
	s.received++
	if delta > 0 {
		s.highest += uint32(delta)
	}
	if delta > 1 {
		s.gaps++
	}
	if clock == 0 {
		return
	}
	if s.clock != clock { // another codec: what was measured is in other units
		s.clock, s.jitter, s.timed = clock, 0, false
	}
	if delta == 1 && s.timed && int(int32(p.timestamp-s.last)) > clock*2/5 {
		s.suppresses = true
	}
	s.last = p.timestamp
	transit := int32(ticksOf(at, clock) - p.timestamp)
	if s.timed {
		change := transit - s.transit
		if change < 0 {
			change = -change
		}
		// A change of seconds is a new beginning, not jitter.
		if change >= 0 && int(change) < 4*clock {
			s.jitter += uint32(change) - (s.jitter+8)>>4
		}
	}
	s.transit, s.timed = transit, true
}

func (s *receiverStats) lostInAll() uint64 {
	if !s.started {
		return s.lost
	}
	expected := uint64(s.highest-s.base) + 1
	if expected < s.received {
		return s.lost
	}
	return s.lost + expected - s.received
}

func (s *receiverStats) jitterTime() time.Duration {
	if s.clock == 0 {
		return 0
	}
	return time.Duration(s.jitter>>4) * time.Second / time.Duration(s.clock)
}

// ticksOf is how far a clock goes in a time, however long.
func ticksOf(t time.Duration, clock int) uint32 {
	whole, rest := t/time.Second, t%time.Second
	return uint32(int64(whole)*int64(clock) + int64(rest)*int64(clock)/int64(time.Second))
}
