package media

import (
	"time"

	"careline/media/quality"
	"careline/media/rtcp"
)

// heardTally is one snapshot of what a leg has received.
type heardTally struct {
	agreed         bool
	codec          Codec
	stream         rtcp.Received // the far side's present one
	received, lost uint64        // of all its streams
	gaps           uint32
	late           uint64 // that came too late for the jitter buffer, where there is one
	jitter         time.Duration
	hearing        quality.Hearing
}

// tally counts what has come so far.
func (in *incoming) tally(now time.Time) heardTally {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := &in.stats
	t := heardTally{
		agreed: in.types != nil, codec: in.codec, received: in.received, lost: s.lostInAll(), gaps: s.gaps, jitter: s.jitterTime(),
		hearing: quality.Hearing{
			Expected: in.expects || in.browserSends, Quiet: now.Sub(in.begun) - in.soundAt,
			Gates: in.dead.gates(), Suppresses: s.suppresses,
		},
	}
	if in.dead.on {
		t.hearing.Dead = now.Sub(in.begun) - in.dead.since
	}
	if s.started {
		// A base of 1<<16 leaves room for packets before the first; the far side
		// counts its wraps from 0.
		t.stream = rtcp.Received{
			Source: s.ssrc, Expected: uint64(s.highest-s.base) + 1, Packets: s.received,
			Highest: s.highest - 1<<16, Jitter: s.jitter >> 4,
		}
	}
	return t
}

// saidTally is one snapshot of what a leg has sent.
type saidTally struct {
	aimed           bool // there is a way to the far side
	connected       bool // of WebRTC
	codec           Codec
	clock           int
	source          uint32
	sequence        uint16
	timestamp       uint32
	packets, octets uint64 // that went out
	tries           uint64 // those that the system refused, too
	refused         uint64 // those, and the answers that nobody takes them
}

func (t saidTally) sent() rtcp.Sent {
	return rtcp.Sent{Source: t.source, Packets: t.packets, Octets: t.octets, Timestamp: t.timestamp}
}

// tally counts what has gone so far, with the stream's timestamp at now.
func (o *outgoing) tally(now time.Time) saidTally {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := saidTally{
		aimed: o.aimed, connected: o.connected, codec: o.format.Codec, clock: o.format.Codec.ClockRate(), source: o.ssrc, sequence: o.sequence,
		timestamp: o.timestamp, packets: o.sent, octets: o.octets, tries: o.sent + o.errors,
	}
	if !o.next.IsZero() {
		t.timestamp += uint32(int64(now.Sub(o.next)) * int64(t.clock) / int64(time.Second))
	}
	t.refused = o.errors
	if socket, ok := o.to.(interface{ refused() uint64 }); ok {
		t.refused += socket.refused()
	}
	return t
}
