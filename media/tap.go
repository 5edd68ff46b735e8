package media

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// TapRate is the rate of a tap's sound, in samples a second, and TapFrameSamples
	// how many of each side a frame of 20 ms has.
	TapRate         = 16000
	TapFrameSamples = TapRate / framesPerSecond

	// DefaultTapBuffer is how much sound waits for a slow writer, in bytes: 12 s of
	// a call in G.711.
	DefaultTapBuffer = 256 << 10
	// tapHold is how long after its time a frame is made: packets that come late
	// stand in their places all the same.
	tapHold = 400 * time.Millisecond
	// tapBatch is how much more may be ready when the reader is woken, so that it is
	// woken ten times a second.
	tapBatch = 80 * time.Millisecond
	// maxTapPauses is how many pauses may lie between what is read and now; one more
	// ends with the last.
	maxTapPauses = 256
)

// ErrTapped says that the leg has a tap already.
var ErrTapped = errors.New("media: the leg has a tap; close it first")

// tapSide is one of the two directions of a leg.
type tapSide uint8

const (
	tapSaid  tapSide = iota // by the far side
	tapHeard                // by the far side
)

// TapOptions are how a leg is tapped.
type TapOptions struct {
	// Buffer is how many bytes of packets wait for a slow reader; 0 is
	// DefaultTapBuffer.
	Buffer int
	// Speech takes what is said into a flow, while another tap may take the call.
	Speech bool
}

// TapFrame is 20 ms of a leg, both ways.
type TapFrame struct {
	// Sound has TapFrameSamples pairs: left, what the far side says; right, what it
	// hears: prompts, music, the joined party. Digits (RFC 4733) are in neither.
	Sound [2 * TapFrameSamples]int16
	// Paused says that the tap was paused at that time: the sound is silence.
	Paused bool
}

// TapStats are a tap's counters.
type TapStats struct {
	// Dropped are packets for which the buffer had no room, since the reader was too
	// slow: their time is silence.
	Dropped uint64
	// Late are packets that came more than 400 ms after their time, or twice.
	Late uint64
}

// Tap is the sound of a leg, both ways, for a recording. The packet path copies each
// packet into a bounded buffer, and nothing else; decoding is done by whoever reads.
//
// Frames are 20 ms apart in the time of this machine, from the moment of Leg.Tap on,
// one for every 20 ms whatever was sent or lost; packets stand where their
// timestamps say. So both sides stay aligned through loss, holding, transfer and
// clocks that drift apart.
type Tap struct {
	leg   *Leg
	slot  *atomic.Pointer[Tap]
	begun time.Time
	wake  chan struct{} // of the one reader

	mu      sync.Mutex // a leaf
	queue   tapQueue
	clock   time.Duration // the pacer's latest visit, since begun
	wanted  time.Duration // when to wake the reader
	ended   bool
	end     time.Duration
	pauses  []tapPause // not yet read, in order; the last may be open
	paused  bool
	missed  [2]bool // the latest packet was dropped
	dropped uint64
	late    uint64

	// Of the reader alone.
	frames int // that were read
	sides  [2]*tapTrack
	packet tapPacket
	sound  [TapFrameSamples]int16
}

// tapPause is a time in which nothing is taken.
type tapPause struct{ from, to time.Duration }

// Tap begins to take the leg's sound. It ends by Tap.Close or with the leg. A leg has
// one tap at a time, and one of speech; with another the error is ErrTapped.
func (l *Leg) Tap(options TapOptions) (*Tap, error) { return l.tapFrom(time.Now(), options) }

func (l *Leg) tapFrom(begun time.Time, options TapOptions) (*Tap, error) {
	if options.Buffer <= 0 {
		options.Buffer = DefaultTapBuffer
	}
	t := &Tap{
		leg: l, begun: begun, wake: make(chan struct{}, 1),
		queue: tapQueue{ring: make([]byte, max(options.Buffer, tapHeader+maxPayload))},
		sides: [2]*tapTrack{newTapTrack(), newTapTrack()},
	}
	t.slot = &l.out.taps[0]
	if options.Speech {
		t.slot = &l.out.taps[1]
	}
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.closed.Load() {
		return nil, ErrClosed
	}
	if !t.slot.CompareAndSwap(nil, t) {
		return nil, ErrTapped
	}
	return t, nil
}

// Close ends the tap: what was taken so far can still be read. It may be called
// again.
func (t *Tap) Close() { t.close(time.Since(t.begun)) }

func (t *Tap) close(now time.Duration) {
	t.slot.CompareAndSwap(t, nil)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.ended, t.end = true, max(now, t.clock)
	t.resume(t.end)
	t.rouse()
}

// Pause leaves out what is said and heard from now until Resume, as while a card's
// number is asked for: it isn't even taken, and its time is silence, marked in the
// frames.
func (t *Tap) Pause() { t.pause(time.Since(t.begun)) }

func (t *Tap) pause(now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paused || t.ended {
		return
	}
	t.paused = true
	if n := len(t.pauses); n == maxTapPauses {
		t.pauses[n-1].to = forever
		return
	}
	t.pauses = append(t.pauses, tapPause{now, forever})
}

// forever ends a pause that hasn't ended.
const forever = time.Duration(1<<63 - 1)

// Resume undoes Pause.
func (t *Tap) Resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resume(time.Since(t.begun))
}

func (t *Tap) resume(now time.Duration) {
	if t.paused {
		t.paused = false
		t.pauses[len(t.pauses)-1].to = now
	}
}

// Stats is a snapshot of the counters.
func (t *Tap) Stats() TapStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return TapStats{Dropped: t.dropped, Late: t.late}
}

// put takes a packet of sound that came, or went, at that time. begins says that
// another source begins with it.
func (t *Tap) put(side tapSide, codec Codec, p *packet, payload []byte, begins bool, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paused || t.ended {
		return
	}
	taken := tapPacket{
		side: side, codec: codec, sequence: p.sequence, timestamp: p.timestamp, ssrc: p.ssrc,
		at: at.Sub(t.begun), payload: payload, begins: begins || t.missed[side],
	}
	t.missed[side] = !t.queue.add(&taken)
	if t.missed[side] {
		t.dropped++
	}
}

// putSaid takes a packet of what the far side says; key: not it, but its place, which
// nothing may fill that came with others.
func (t *Tap) putSaid(a *arrival, key bool, at time.Time) {
	if !key {
		t.put(tapSaid, a.use.codec(), &a.packet, a.packet.payload, false, at)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.missed[tapSaid] = true
}

// tick tells the time, at the pacer's visit.
func (t *Tap) tick(due time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clock = max(t.clock, due.Sub(t.begun))
	if t.clock >= t.wanted {
		t.rouse()
	}
}

func (t *Tap) rouse() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Next waits for the next frame and writes it. After the last one of a tap that has
// ended it returns io.EOF. One goroutine at a time may call it.
func (t *Tap) Next(ctx context.Context, frame *TapFrame) error {
	at := time.Duration(t.frames) * FrameDuration
	for {
		ready, over := t.gather(at + FrameDuration)
		switch {
		case over:
			return io.EOF
		case ready:
			t.make(frame, at)
			t.frames++
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.wake:
		}
	}
}

// gather moves the packets that may belong to the time before end to their sides, if
// all of them are there.
func (t *Tap) gather(end time.Duration) (ready, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended && end > t.end {
		return false, true
	}
	if !t.ended && t.clock < end+tapHold {
		t.wanted = end + tapHold + tapBatch
		return false, false
	}
	for {
		size, ok := t.queue.next(&t.packet, end+tapHold)
		if !ok {
			break
		}
		t.packet.payload = t.packet.payload[:0]
		t.packet.payload = append(t.packet.payload, make([]byte, size)...)
		t.queue.get(t.packet.payload)
		t.sides[t.packet.side].add(&t.packet)
	}
	t.late = t.sides[tapSaid].late + t.sides[tapHeard].late
	return true, false
}

// make writes the frame that begins at a time.
func (t *Tap) make(frame *TapFrame, at time.Duration) {
	clear(frame.Sound[:])
	frame.Paused = t.pausedAt(at)
	for i, side := range t.sides {
		if !side.frame(&t.sound, at) || frame.Paused {
			continue
		}
		for j, sample := range t.sound {
			frame.Sound[2*j+i] = sample
		}
	}
}

// pausedAt reports whether the frame that begins at a time lies in a pause, if only
// in part, and forgets those before.
func (t *Tap) pausedAt(at time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.pauses) > 0 && t.pauses[0].to <= at {
		t.pauses = append(t.pauses[:0], t.pauses[1:]...)
	}
	return len(t.pauses) > 0 && t.pauses[0].from < at+FrameDuration
}
