package jitter

import "time"

const (
	// MinDepth and MaxDepth bound how much later than the fastest packet's a
	// sound is played.
	MinDepth = 40 * time.Millisecond
	MaxDepth = 120 * time.Millisecond
	// StartDepth is the depth while too little is known of the network.
	StartDepth = 60 * time.Millisecond
	// Frame is how often Get is called for more sound.
	Frame = 20 * time.Millisecond
	// MaxPayload is the largest payload kept: 60 ms of L16 at 16 kHz. Larger ones
	// count as refused.
	MaxPayload = 1920
	// MaxPacket is the longest packet kept (RFC 7587 section 4.2 allows no longer).
	MaxPacket = 120 * time.Millisecond

	// margin is added to the delay that is expected at most.
	margin = 5 * time.Millisecond
	// slots is how many packets are held: 320 ms of 10 ms each.
	slots = 32
	// firstRoom is what a slot holds at first, in bytes: 20 ms of G.711.
	firstRoom = 160
	// slack is the difference in timestamps that still counts as none.
	slack = 2500 * time.Microsecond
	// fade is how long a gap of unknown length is filled; then it is a pause.
	fade = 60 * time.Millisecond
	// maxStep is the jump in sequence numbers above which a source counts as begun
	// anew, maxTimeJump the same for timestamps.
	maxStep     = 100
	maxTimeJump = time.Second
)

// Kind says what a packet holds.
type Kind uint8

const (
	// Sound is a payload to decode.
	Sound Kind = iota + 1
	// Noise is comfort noise (RFC 3389): a pause begins or goes on.
	Noise
	// Other takes part in the sequence numbers only: digits (RFC 4733).
	Other
)

// Packet is what the buffer needs of a received RTP packet.
type Packet struct {
	Kind      Kind
	Source    uint32 // SSRC
	Sequence  uint16
	Timestamp uint32
	Ticks     uint32 // how much sound it holds, in ticks of the RTP clock
	Format    uint8  // the caller's own mark, which comes back in Frame
	Payload   []byte // copied
}

// slot holds one packet.
type slot struct {
	kind     Kind // 0: empty
	format   uint8
	size     int
	sequence int64 // extended
	stamp    int64 // extended timestamp
	ticks    int64
}

// Buffer is the jitter buffer of one incoming stream. It isn't safe for concurrent
// use.
type Buffer struct {
	clock                int64 // ticks a second
	frame, slack         int64 // and what follows, in ticks
	shallow, deep, start int64
	margin, fade         int64

	slots [slots]slot
	arena []byte // the slots' payloads, room bytes each
	room  int

	began   bool
	source  uint32
	next    int64  // extended sequence number of the first packet not given out
	highest int64  // the latest one's
	seen    uint64 // bit i: highest-i has come
	given   bool   // something was given out since the source began

	// Timestamps are extended so that they never go back, whatever the source
	// does: anchor stands for anchorAt.
	anchor   uint32
	anchorAt int64

	hurry    bool  // the first packet is played at once
	running  bool  // a talkspurt is being played; otherwise the next is waited for
	quiet    bool  // what came last was noise or a digit: a gap is a pause
	noisy    bool  // there is comfort noise
	position int64 // timestamp of what is given next, while running
	end      int64 // where the last sound given out ended
	ticks    int64 // the last sound packet's length
	dry      int64 // filled since no packet is there
	shrunk   int64 // when an advice to shrink was last followed, in ticks
	lag      int64 // by how much sound is played later than the fastest packet's

	delays  delays
	suspect suspect
	stats   Stats
}

// Stats are a buffer's counters. Durations are of sound.
type Stats struct {
	// Depth is how much later than the fastest packet's sound is played now.
	Depth time.Duration
	// Packets came in all; Late ones came after their time, Duplicates were there
	// before, Dropped had to make room, Refused didn't fit into anything.
	Packets, Late, Duplicates, Dropped, Refused uint64
	// Lost had not come when their turn was over, by the numbers of those that had;
	// the ones among them that came after all are Late as well.
	Lost uint64
	// Restarts is how often the source, its numbers or its clock jumped.
	Restarts uint64
	// Concealed was given out as lost, Stretched was added and Shrunk taken away.
	Concealed, Stretched, Shrunk time.Duration
}

// Add adds the counters of another buffer, whose Depth is the later one.
func (s *Stats) Add(other Stats) {
	s.Depth = other.Depth
	s.Packets += other.Packets
	s.Late += other.Late
	s.Duplicates += other.Duplicates
	s.Dropped += other.Dropped
	s.Refused += other.Refused
	s.Lost += other.Lost
	s.Restarts += other.Restarts
	s.Concealed += other.Concealed
	s.Stretched += other.Stretched
	s.Shrunk += other.Shrunk
}

// New makes a buffer for a stream whose RTP clock has so many ticks a second.
func New(clock int) *Buffer {
	b := &Buffer{arena: make([]byte, slots*firstRoom), room: firstRoom}
	b.Reset(clock)
	return b
}

// Reset forgets the stream; the counters go on.
func (b *Buffer) Reset(clock int) {
	*b = Buffer{clock: int64(clock), arena: b.arena, room: b.room, stats: b.stats, hurry: b.hurry}
	b.frame, b.slack = b.toTicks(Frame), b.toTicks(slack)
	b.shallow, b.deep, b.start = b.toTicks(MinDepth), b.toTicks(MaxDepth), b.toTicks(StartDepth)
	b.margin, b.fade = b.toTicks(margin), b.toTicks(fade)
}

// Hurry lets the first packet be played at once, instead of StartDepth later: for who
// listens in on a talk and must leave no gap in it. The depth is made up for by
// stretching. Call it before the first packet.
func (b *Buffer) Hurry() { b.hurry = true }

// Stats returns the counters.
func (b *Buffer) Stats() Stats {
	stats := b.stats
	stats.Depth = 0
	if b.running {
		stats.Depth = b.toTime(b.lag)
	}
	return stats
}

func (b *Buffer) toTicks(d time.Duration) int64 {
	return int64(d/time.Second)*b.clock + int64(d%time.Second)*b.clock/int64(time.Second)
}

func (b *Buffer) toTime(ticks int64) time.Duration {
	return time.Duration(ticks/b.clock)*time.Second + time.Duration(ticks%b.clock)*time.Second/time.Duration(b.clock)
}

// Put takes a packet that came at arrival, a time on the same clock as Get's.
func (b *Buffer) Put(p Packet, arrival time.Duration) {
	b.stats.Packets++
	at := b.toTicks(arrival)
	if len(p.Payload) > MaxPayload || int64(p.Ticks) > b.toTicks(MaxPacket) || p.Kind == Sound && p.Ticks == 0 {
		b.stats.Refused++
		return
	}
	if !b.began {
		b.begin(&p, at)
	} else if b.strange(&p, at) {
		if !b.suspect.confirmed(&p) {
			b.stats.Refused++
			return
		}
		b.stats.Restarts++
		b.begin(&p, at)
	}
	sequence := b.highest + int64(int16(p.Sequence-uint16(b.highest)))
	if !b.note(sequence) {
		b.stats.Duplicates++
		return
	}
	stamp := b.extend(p.Timestamp)
	if p.Kind == Sound {
		b.delays.add(at - stamp)
	}
	if b.late(&p, sequence, stamp) {
		b.stats.Late++
		return
	}
	b.next = min(b.next, sequence)
	b.store(&p, sequence, stamp)
}

// begin starts anew with p as the first packet.
func (b *Buffer) begin(p *Packet, at int64) {
	for i := range b.slots {
		b.slots[i].kind = 0
	}
	floor := b.floor()
	if !b.began {
		floor = at
	}
	b.began, b.given, b.running, b.quiet = true, false, false, false
	b.source = p.Source
	b.highest = 1<<16 | int64(p.Sequence) // room for those before it
	b.next, b.seen = b.highest, 0
	b.anchor, b.anchorAt, b.end = p.Timestamp, floor, floor
	b.delays.forget()
	b.suspect = suspect{}
}

// floor is the timestamp before which nothing can be given out any more.
func (b *Buffer) floor() int64 {
	if b.running {
		return max(b.position, b.end)
	}
	return b.end
}

// late reports whether a packet's turn has passed.
func (b *Buffer) late(p *Packet, sequence, stamp int64) bool {
	switch {
	case sequence < b.next:
		return b.given || b.highest-sequence >= slots
	case p.Kind == Sound:
		return stamp < b.floor()
	}
	return false
}

// extend makes a timestamp that doesn't wrap.
func (b *Buffer) extend(timestamp uint32) int64 {
	return b.anchorAt + int64(int32(timestamp-b.anchor))
}

// note enters a sequence number among those seen; false if it was there, or is too
// old to tell.
func (b *Buffer) note(sequence int64) bool {
	if step := sequence - b.highest; step > 0 {
		b.seen = b.seen<<min(step, 64) | 1
		b.highest = sequence
		return true
	}
	back := b.highest - sequence
	if back >= 64 || b.seen&(1<<back) != 0 {
		return false
	}
	b.seen |= 1 << back
	return true
}

// store copies the packet into its slot, and makes room for it if it must.
func (b *Buffer) store(p *Packet, sequence, stamp int64) {
	for sequence-b.next >= slots {
		s := &b.slots[b.next%slots]
		if s.kind == Sound {
			b.stats.Dropped++
		}
		s.kind = 0
		b.next++
	}
	for len(p.Payload) > b.room {
		b.widen()
	}
	index := sequence % slots
	copy(b.arena[int(index)*b.room:], p.Payload)
	b.slots[index] = slot{
		kind: p.Kind, format: p.Format, size: len(p.Payload),
		sequence: sequence, stamp: stamp, ticks: int64(p.Ticks),
	}
	if stamp > b.anchorAt {
		b.anchor, b.anchorAt = p.Timestamp, stamp
	}
}

// widen doubles the slots' room: at most four times in a buffer's life.
func (b *Buffer) widen() {
	room := min(2*b.room, MaxPayload)
	arena := make([]byte, slots*room)
	for i := range slots {
		copy(arena[i*room:], b.arena[i*b.room:(i+1)*b.room])
	}
	b.arena, b.room = arena, room
}

// payload is what a slot holds.
func (b *Buffer) payload(s *slot) []byte {
	start := int(s.sequence%slots) * b.room
	return b.arena[start : start+s.size]
}

// first is the earliest packet in the buffer that holds sound or noise, nil if there
// is none. Digits whose turn it is are passed over.
func (b *Buffer) first() *slot {
	for sequence := b.next; sequence < b.next+slots && sequence <= b.highest; sequence++ {
		s := &b.slots[sequence%slots]
		switch {
		case s.kind == 0 || s.sequence != sequence:
		case s.kind != Other:
			return s
		case sequence == b.next:
			s.kind = 0
			b.next++
			b.given, b.quiet = true, true
		}
	}
	return nil
}

// absent is how many sound packets are missing before s.
func (b *Buffer) absent(s *slot) int64 {
	missing := int64(0)
	for sequence := b.next; sequence < s.sequence; sequence++ {
		if o := &b.slots[sequence%slots]; o.kind == 0 || o.sequence != sequence {
			missing++
		}
	}
	return missing
}

// suspect is a packet that doesn't belong to the stream. A second one that goes on
// from it makes it the stream (RFC 3550 appendix A.1); one alone is a stray.
type suspect struct {
	set       bool
	source    uint32
	sequence  uint16
	timestamp uint32
}

func (s *suspect) confirmed(p *Packet) bool {
	step := p.Sequence - s.sequence
	was := *s
	*s = suspect{true, p.Source, p.Sequence, p.Timestamp}
	return was.set && was.source == p.Source && step >= 1 && step <= 3 &&
		int32(p.Timestamp-was.timestamp) >= 0
}

// strange reports whether p can't belong to the stream.
func (b *Buffer) strange(p *Packet, at int64) bool {
	step := int(int16(p.Sequence - uint16(b.highest)))
	if p.Source != b.source || step > maxStep || step < -maxStep {
		return true
	}
	if p.Kind != Sound || step <= 0 || !b.delays.known() {
		return false // or an old one, however late
	}
	off := at - b.extend(p.Timestamp) - b.delays.low
	limit := b.toTicks(maxTimeJump)
	return off > limit || off < -limit
}
