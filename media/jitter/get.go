package jitter

import "time"

const (
	// calmFor is the least time between two shrinkings within speech.
	calmFor = 300 * time.Millisecond
	// tolerance and excess are how much too shallow or too deep the buffer may be
	// before a correction is wished for; patience is what is more before one is
	// made within speech.
	tolerance = 5 * time.Millisecond
	excess    = 10 * time.Millisecond
	patience  = 15 * time.Millisecond
	// surplus is how much sound above MaxDepth makes packets be left out, since
	// playing it faster would take too long.
	surplus = 100 * time.Millisecond
)

// Advice says how to correct the depth.
type Advice uint8

const (
	// Keep: play what is there.
	Keep Advice = iota
	// StretchPause and ShrinkPause: add or take away sound where nobody speaks.
	StretchPause
	ShrinkPause
	// Stretch and Shrink: add or take away sound, within speech if need be.
	Stretch
	Shrink
)

// FrameKind says what Get gave.
type FrameKind uint8

const (
	// Decode: Payload is sound.
	Decode FrameKind = iota + 1
	// Conceal: a packet is missing. Payload is the following one, if it is there
	// already: codecs with in-band error correction find the missing one in it.
	Conceal
	// Silence: the far side says nothing.
	Silence
	// Describe: Payload says what the silence that follows sounds like (RFC 3389).
	Describe
)

// Output is what is to be heard next.
type Output struct {
	Kind    FrameKind
	Ticks   uint32 // how much sound it stands for, in ticks of the RTP clock; none of Describe
	Format  uint8  // the mark that came with Payload
	Payload []byte // in the buffer: valid until the next Put
	Advice  Advice
	// Timestamp is that of the packet, of Decode.
	Timestamp uint32
	// Broken: what is given doesn't go on from what was given before.
	Broken bool
	// Noisy: the silence sounds as it was described last; otherwise like nothing.
	Noisy bool
}

// Get gives what is to be heard after what was given before, of which so many
// ticks are left to be heard. Call it every 20 ms, with the time at which the frame
// is due, as often as it takes to have the sound for that frame.
func (b *Buffer) Get(now time.Duration, left uint32) Output {
	at := b.toTicks(now)
	for {
		s := b.first()
		switch {
		case s == nil && b.running:
			if out, ok := b.ranDry(at); ok {
				return out
			}
			return b.silence()
		case s == nil:
			return b.silence()
		case s.kind == Noise:
			if b.running && s.stamp > b.position+b.slack && b.absent(s) > 0 {
				return b.lost(s)
			}
			b.pass(s)
			b.running, b.quiet, b.noisy = false, true, true
			return Output{Kind: Describe, Payload: b.payload(s)}
		case !b.running:
			if !b.due(s, at) {
				return b.silence()
			}
		default:
			if out, ok := b.play(s, at, int64(left)); ok {
				return out
			}
		}
	}
}

// due decides whether a talkspurt begins with s. Where the far side has paused,
// the depth is put right for free.
func (b *Buffer) due(s *slot, at int64) bool {
	if !b.delays.known() {
		return false
	}
	oldest := b.delays.low + b.deep + b.frame
	if at-s.stamp > oldest && b.following(s) {
		b.stats.Dropped++
		b.pass(s)
		return true // with the following one, perhaps
	}
	if at-s.stamp < b.target()-b.frame/2 && !b.hurry {
		return false
	}
	if at-s.stamp > oldest+b.frame {
		// The way has become longer: what was known of it says nothing.
		b.delays.forget()
		b.delays.add(at - s.stamp)
	}
	b.running, b.position, b.dry, b.hurry = true, s.stamp, 0, false
	return true
}

// following reports whether sound waits behind s.
func (b *Buffer) following(s *slot) bool {
	for sequence := s.sequence + 1; sequence < b.next+slots && sequence <= b.highest; sequence++ {
		if o := &b.slots[sequence%slots]; o.kind == Sound && o.sequence == sequence {
			return true
		}
	}
	return false
}

// target is the delay to play at, for what is known of the network.
func (b *Buffer) target() int64 {
	low := b.delays.low
	return min(max(b.delays.high+b.margin, low+b.floorDepth()), low+b.deep)
}

func (b *Buffer) floorDepth() int64 {
	if b.delays.settled() {
		return b.shallow
	}
	return b.start
}

// play gives s, or what is missing before it. It gives nothing where a pause lies
// before s, or s was overlapped.
func (b *Buffer) play(s *slot, at, left int64) (Output, bool) {
	gap := s.stamp - b.position
	switch {
	case s.stamp < b.end:
		b.stats.Dropped++
		b.pass(s)
		return Output{}, false
	case gap > b.slack && b.absent(s) > 0:
		return b.lost(s), true
	case gap > b.slack:
		b.running = false
		return Output{}, false
	case at+left-s.stamp > b.delays.low+b.deep+b.toTicks(surplus) && b.following(s):
		b.stats.Dropped++
		b.pass(s)
		b.running = false
		return Output{}, false
	}
	out := Output{
		Kind: Decode, Ticks: uint32(s.ticks), Format: s.format, Payload: b.payload(s),
		Timestamp: b.anchor - uint32(b.anchorAt-s.stamp), Advice: b.advice(at-s.stamp, left, at),
		Broken: s.stamp != b.end,
	}
	b.position, b.end, b.ticks = s.stamp+s.ticks, s.stamp+s.ticks, s.ticks
	b.pass(s)
	b.quiet, b.noisy, b.dry = false, false, 0
	return out, true
}

// pass takes s out; what is missing before it is given up.
func (b *Buffer) pass(s *slot) {
	for sequence := b.next; sequence < s.sequence; sequence++ {
		if back := b.highest - sequence; back < 64 && b.seen&(1<<back) == 0 {
			b.stats.Lost++
		}
	}
	s.kind = 0
	b.next, b.given = s.sequence+1, true
}

// lost fills the place of the first packet missing before s.
func (b *Buffer) lost(s *slot) Output {
	ticks := min(s.stamp-b.position, max(b.ticks, b.frame/2))
	out := Output{Kind: Conceal, Ticks: uint32(ticks)}
	if s.kind == Sound && s.sequence == b.next+1 && s.stamp-b.position <= ticks+b.slack {
		out.Payload, out.Format = b.payload(s), s.format
	}
	if back := b.highest - b.next; back < 64 && b.seen&(1<<back) == 0 {
		b.stats.Lost++
	}
	b.position += ticks
	b.next++
	b.stats.Concealed += b.toTime(ticks)
	return out
}

// ranDry fills a gap of which nobody knows yet whether it is a loss, a late packet
// or a pause.
func (b *Buffer) ranDry(at int64) (Output, bool) {
	if b.quiet || b.dry >= b.fade {
		b.running = false
		return Output{}, false
	}
	ticks := min(max(b.ticks, b.frame/2), b.frame)
	b.dry += ticks
	b.stats.Concealed += b.toTime(ticks)
	if b.target()-(at-b.position) >= ticks/2 {
		// The buffer is too shallow: what is missing is heard later than planned.
		b.stats.Stretched += b.toTime(ticks)
	} else {
		b.position += ticks
	}
	return Output{Kind: Conceal, Ticks: uint32(ticks)}, true
}

func (b *Buffer) silence() Output {
	return Output{Kind: Silence, Ticks: uint32(b.frame), Noisy: b.noisy}
}

// advice compares the delay at which a packet is played with those seen. wait is
// the delay by which it has to be there, which is less than that at which it is
// heard, since some sound is left from the packet before.
func (b *Buffer) advice(wait, left, at int64) Advice {
	low, high := b.delays.low, b.delays.high
	b.lag = wait + left - low
	floor := b.floorDepth()
	needs := high + b.margin - wait // more depth, where positive
	switch {
	case b.lag > b.deep:
		return Shrink
	case needs > b.margin/2 && b.lag < b.deep-b.frame, b.lag < b.shallow-b.toTicks(patience):
		return Stretch
	case needs > 0 && b.lag < b.deep-b.frame, b.lag < floor-b.toTicks(tolerance):
		return StretchPause
	case -needs < b.frame+b.toTicks(tolerance), b.lag < floor+b.toTicks(excess):
		return Keep
	case -needs >= b.frame+b.toTicks(tolerance+patience) && b.lag >= floor+b.toTicks(excess+patience) &&
		at-b.shrunk > b.toTicks(calmFor):
		return Shrink
	}
	return ShrinkPause
}

// Followed tells the buffer that an advice was followed: so much sound was added
// to what it gave, or taken away where negative.
func (b *Buffer) Followed(change time.Duration, now time.Duration) {
	if change >= 0 {
		b.stats.Stretched += change
		return
	}
	b.stats.Shrunk -= change
	b.shrunk = b.toTicks(now)
}
