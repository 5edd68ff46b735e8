package media

import "time"

const (
	// maxRelayJump is the largest step between what was sent and a relayed
	// timestamp that is still taken to be the same talkspurt.
	maxRelayJump = time.Second
	// maxRelayStep is the same for sequence numbers.
	maxRelayStep = 100
	// seenPackets is how many of the latest packets are remembered.
	seenPackets = 64
	// maxRelayLate is how long packets may go on being late before the source's
	// clock is taken to have stood still. A delayed burst is over sooner.
	maxRelayLate = 200 * time.Millisecond
)

// fillAfter is how long after the end of its last packet's sound a joined leg may be
// silent before silence is sent in its stead. It is more than the jitter of a usable
// network, and for Opus more than the pause between two packets of a silence that is
// hardly sent, which the far side's decoder fills better (RFC 7587 section 3.1.3).
func fillAfter(codec Codec) time.Duration {
	if codec == Opus {
		return 480 * time.Millisecond
	}
	return 80 * time.Millisecond
}

// relay maps a joined leg's sequence numbers and timestamps onto the outgoing
// stream's. Losses stay visible to the far side, so that its jitter buffer can
// conceal them, and packets out of order keep their places.
type relay struct {
	live        bool
	interrupted bool // something else went out since the last packet
	ssrc        uint32
	first       uint16 // the source's sequence number at the last change of offset
	highest     uint16 // the source's latest
	seen        uint64 // bit i: highest-i was passed on
	sequence    uint16 // added to the source's
	timestamp   uint32 // added to the source's
	end         uint32 // where the source's latest packet ends
	lateSince   time.Time
	until       time.Time // the end of the last packet's sound
}

// paused reports whether the source said nothing between its latest packet and p,
// for a frame or longer: it suppresses silence, or packets were lost. Sound that is
// held up by the network goes on where it was.
func (r *relay) paused(p *packet, frame uint32) bool { return int32(p.timestamp-r.end) >= int32(frame) }

// begin maps p onto the given next numbers.
func (r *relay) begin(p *packet, sequence uint16, timestamp uint32) {
	*r = relay{live: true, ssrc: p.ssrc, timestamp: timestamp - p.timestamp, until: r.until}
	r.resume(p, sequence)
}

// resume keeps the timestamps' mapping, and lets sequence numbers go on at sequence.
func (r *relay) resume(p *packet, sequence uint16) {
	r.interrupted, r.lateSince = false, time.Time{}
	r.first, r.highest, r.seen = p.sequence, p.sequence, 0
	r.sequence = sequence - p.sequence
}

// restarted reports whether p can't belong to the mapping: another source, a
// jump, or timestamps that don't go with the sequence numbers. next is the
// outgoing stream's next timestamp, clock the rate of both.
func (r *relay) restarted(p *packet, next uint32, clock int) bool {
	if !r.live || r.ssrc != p.ssrc {
		return true
	}
	ahead := int32(p.timestamp + r.timestamp - next)
	if most := int32(ticksOf(maxRelayJump, clock)); ahead > most || ahead < -most {
		return true
	}
	step := int16(p.sequence - r.highest)
	if step > maxRelayStep || step < -maxRelayStep {
		return true
	}
	return !r.interrupted && (step > 0 && ahead < 0 || step < 0 && ahead >= 0)
}

// fresh notes p, and reports whether it wasn't passed on before and isn't from before
// the last change of offset. twice is whether it was passed on.
func (r *relay) fresh(p *packet) (fresh, twice bool) {
	if int16(p.sequence-r.first) < 0 {
		return false, false
	}
	step := int16(p.sequence - r.highest)
	if step > 0 {
		r.seen = r.seen<<step | 1
		r.highest = p.sequence
		if r.highest-r.first > seenPackets {
			r.first = r.highest - seenPackets // or it would look like one to come, half a wrap on
		}
		return true, false
	}
	if step <= -seenPackets {
		return false, false
	}
	twice = r.seen&(1<<-step) != 0
	r.seen |= 1 << -step
	return !twice, twice
}
