package media

import (
	"net/netip"
	"sync"
	"time"
)

// spurtGap is the pause after the end of what was sent from which on timestamps
// jump ahead to the wall clock and the next packet is marked (RFC 3551 section 4.1).
const spurtGap = 40 * time.Millisecond

// sender puts a packet on its way without ever blocking. It is called by one
// goroutine at a time.
type sender interface {
	send(packet []byte) error
	// aim says where to; false if that is nowhere.
	aim(target netip.AddrPort) bool
}

// nowhere is the sender of a closed leg.
type nowhere struct{}

func (nowhere) send([]byte) error       { return ErrClosed }
func (nowhere) aim(netip.AddrPort) bool { return false }

// sourceKind is where the last sent sound came from.
type sourceKind uint8

const (
	fromNothing sourceKind = iota
	fromSilence
	fromPlayback
	fromRelay
	fromDigit // a key's tone
	fromMix
)

// outgoing is the one RTP stream that a leg sends, whatever feeds it: playback,
// the joined leg, silence, digits. The pacer's and the joined leg's goroutines
// write to it, under its lock.
type outgoing struct {
	mu     sync.Mutex
	to     sender
	wanted bool // the far side receives
	// A browser's: whether it is connected, and whether it wants to hear nothing.
	connected, held bool

	aimed  bool // there is a way to it
	open   bool // aimed, and wanted
	fill   bool // silence goes when nothing else does
	format Format
	digit  uint8 // payload type of digits; 0: none
	kind   sourceKind
	keying bool  // DTLS hasn't brought the keys yet, so that nothing goes
	ended  int16 // the last sample that went out

	ssrc      uint32
	sequence  uint16    // of the next packet
	timestamp uint32    // of the next frame
	next      time.Time // when that is due: at the end of what was sent
	seal      *sealer   // encrypts what goes out; nil: nothing does
	buffer    []byte    // of the packet under way; see room
	taps      taps      // take what is sent, and what comes; set under mu

	sent, octets uint64

	source  *Leg // the joined leg
	playing player
	relay   relay
	digits  DigitSender
	tones   *toneSender // nil until a digit has to go as a tone
	still   *stillness  // nil until the joined leg describes its pauses
	clock   streamClock

	errors, late, digitsLost uint64
	// How Opus is sent: as we would, within what the far side wants.
	ownOpus, opus OpusParameters
	sealers       [AESCM128SHA32 + 1]*sealer // of the suites that were ever agreed on
}

// leastRoom is the payload that a buffer has room for from the start: 20 ms of
// everything but L16.
const leastRoom = FrameSamples

// room gives the payload's place in the buffer, so many bytes of it. The buffer grows
// to the longest payload that the stream has had: most never have one above 20 ms.
func (o *outgoing) room(size int) []byte {
	if needed := headerSize + max(size, leastRoom) + maxTagBytes; len(o.buffer) < needed {
		o.buffer = make([]byte, needed)
	}
	return o.buffer[headerSize : headerSize+size]
}

// retarget sends to target from now on, if wanted; the lock is held.
func (o *outgoing) retarget(target netip.AddrPort) {
	o.aimed = o.to.aim(target)
	o.open = o.aimed && o.wanted && !o.keying
}

// agree takes what was negotiated; the lock is held. Timestamps that go at another
// rate begin a stream of their own (RFC 7160 section 4.1).
func (o *outgoing) agree(remote Description, format Format) {
	if before := o.format.Codec; before != CodecNone && before.ClockRate() != format.Codec.ClockRate() {
		o.ssrc = newSSRC(o.ssrc)
		o.relay.live, o.clock = false, streamClock{}
	}
	if o.format.Codec != format.Codec || (o.digit == 0) != (remote.DigitPayloadType == 0) {
		o.digitsLost += uint64(o.digits.Clear()) // begun another way
	}
	o.format, o.opus = format, o.ownOpus.Within(remote.Opus)
	o.digit, o.digits.ClockRate = remote.DigitPayloadType, remote.DigitClockRate
	o.playing.speak(format.Codec, o.opus)
}

// join lets source feed the stream; nil nobody.
func (o *outgoing) join(source *Leg) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.source, o.relay = source, relay{}
}

// frame is the pacer's visit, due at now. It returns the playback that came to its
// end by it, if any.
func (o *outgoing) frame(now time.Time) (played int, finished bool) { return o.frameOf(nil, now) }

// frameOf is frame, of a member of a conference if there is a seat.
func (o *outgoing) frameOf(member *seat, now time.Time) (played int, finished bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	sound, playing, played, finished := o.playing.next(o.format.Codec)
	if !o.open {
		// A digit that comes seconds late is worse than none.
		o.digitsLost += uint64(o.digits.Clear())
		return played, finished
	}
	if !o.digits.Idle() {
		o.catchUp(now)
		if frame, ok := o.digits.Next(o.timestamp); ok {
			if o.digit == 0 {
				o.sendTone(frame, now)
			} else {
				o.sendDigit(frame, now)
			}
			return played, finished
		}
	}
	switch {
	case playing:
		o.sendSound(sound, fromPlayback, now)
	case member != nil:
		o.sendMixed(member, now)
	case o.source != nil && now.Sub(o.relay.until) < fillAfter(o.format.Codec):
		// The joined leg is talking: its packets go out as they come.
	case o.source != nil || o.fill:
		o.sendSound(o.silence(), fromSilence, now)
	}
	return played, finished
}

// catchUp lets the timestamp jump to the wall clock after a pause in sending.
func (o *outgoing) catchUp(now time.Time) (paused bool) {
	pause := now.Sub(o.next)
	if pause <= spurtGap {
		return false
	}
	rate := o.format.Codec.ClockRate()
	if !o.next.IsZero() {
		o.timestamp += ticksOf(pause, rate)
	}
	// At least a frame is left of the pause: timestamps still go on.
	step := min(o.clock.step(o.timestamp, now, rate), pause-FrameDuration)
	o.timestamp -= uint32(int64(step) * int64(rate) / int64(time.Second))
	o.next = now
	o.ended = 0 // the far side has faded out what came before
	return true
}

// sendSound sends one frame of 20 ms.
func (o *outgoing) sendSound(payload []byte, kind sourceKind, now time.Time) {
	o.sendFrame(copy(o.room(len(payload)), payload), kind, now)
}

// sendFrame sends the frame of 20 ms whose payload the buffer holds.
func (o *outgoing) sendFrame(size int, kind sourceKind, now time.Time) {
	paused := o.catchUp(now)
	spurt := paused || (o.kind != kind && kind != fromSilence)
	payload := o.buffer[headerSize : headerSize+size]
	if paused || o.kind != kind {
		o.splice(payload, o.format.Codec)
	}
	o.ends(payload, o.format.Codec)
	p := packet{marker: spurt, payloadType: o.format.PayloadType, sequence: o.sequence, timestamp: o.timestamp, ssrc: o.ssrc}
	if kind != fromDigit && kind != fromSilence {
		o.tapped(&p, size, spurt, now)
	}
	o.write(&p, size, FrameDuration, now)
	o.sequence++
	o.timestamp += o.format.Codec.FrameTicks()
	o.kind, o.relay.interrupted = kind, true
	if kind == fromPlayback {
		o.relay.live = false
	}
}

// sendMixed sends what a member of a conference hears.
func (o *outgoing) sendMixed(member *seat, now time.Time) {
	switch payload, err := member.encoded(o.format.Codec, o.room(maxPayload)); {
	case err != nil:
		o.errors++
	case len(payload) > 0:
		o.sendSound(payload, fromMix, now)
	}
}

func (o *outgoing) sendDigit(frame DigitFrame, now time.Time) {
	copy(o.room(eventSize), frame.Payload[:])
	p := packet{marker: frame.Marker, payloadType: o.digit, sequence: o.sequence, timestamp: frame.Timestamp, ssrc: o.ssrc}
	o.write(&p, eventSize, FrameDuration, now)
	o.sequence++
	o.timestamp += o.format.Codec.FrameTicks()
	o.relay.interrupted = true
}

// forward passes on a packet of the joined leg's far side, whose sound is in
// codec, as it is or by table. muted sends silence in its stead.
func (o *outgoing) forward(from *Leg, p *packet, codec Codec, muted bool, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ticks := codec.ticks(p.payload)
	if o.source != from || ticks == 0 || !codec.passes(o.format.Codec) {
		return
	}
	length := codec.lasting(ticks)
	o.relay.until = now.Add(length)
	if !o.open || o.playing.active() || o.digits.Sounding() {
		o.relay.interrupted = true
		return
	}
	spurt := o.kind != fromRelay
	if o.relay.restarted(p, o.timestamp, codec.ClockRate()) {
		spurt = o.catchUp(now) || spurt
		o.relay.begin(p, o.sequence, o.timestamp)
	} else if o.relay.interrupted && !o.resumeRelay(p, ticks, now) {
		return
	}
	if fresh, twice := o.relay.fresh(p); !fresh {
		if !twice {
			o.late++
		}
		return
	}
	out := packet{
		marker: spurt || p.marker, payloadType: o.format.PayloadType, ssrc: o.ssrc,
		sequence: p.sequence + o.relay.sequence, timestamp: p.timestamp + o.relay.timestamp,
	}
	size := len(p.payload)
	if muted {
		size = putSilence(o.room(maxPayload), o.format.Codec, ticks)
	} else {
		transcode(o.room(size), p.payload, codec, o.format.Codec)
	}
	if spurt {
		o.splice(o.buffer[headerSize:headerSize+size], o.format.Codec)
	}
	o.ends(o.buffer[headerSize:headerSize+size], o.format.Codec)
	o.tapped(&out, size, spurt, now)
	o.write(&out, size, length, now)
	o.kind = fromRelay
	if next := out.sequence + 1; int16(next-o.sequence) > 0 {
		o.sequence = next
		o.relay.end = p.timestamp + ticks
	}
	if next := out.timestamp + ticks; int32(next-o.timestamp) > 0 {
		o.timestamp = next
	}
}

// resumeRelay goes on with the joined leg's sound after silence or a digit of
// ours. Where the source had paused, all of it is passed on: the beginning of a word
// may overlap the silence that we sent meanwhile. Else packets whose time has been
// filled are dropped: a delayed burst would otherwise add its delay to the rest of
// the call. If they go on being late, the source's clock has stood still, and is
// mapped anew.
func (o *outgoing) resumeRelay(p *packet, ticks uint32, now time.Time) bool {
	r := &o.relay
	if int32(p.timestamp+r.timestamp-o.timestamp) >= 0 {
		r.resume(p, o.sequence)
		return true
	}
	if r.paused(p, o.format.Codec.FrameTicks()) {
		r.begin(p, o.sequence, o.timestamp)
		return true
	}
	if end := p.timestamp + ticks; int32(end-r.end) > 0 {
		r.end = end
	}
	if r.lateSince.IsZero() {
		r.lateSince = now
	}
	if now.Sub(r.lateSince) < maxRelayLate {
		o.late++
		return false
	}
	r.begin(p, o.sequence, o.timestamp)
	return true
}

// omit notes that a packet of the joined leg's far side isn't passed on, its digit.
// Its number is given to the next that is: the gap is no loss.
func (o *outgoing) omit(from *Leg) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.source == from && o.kind == fromRelay {
		o.kind, o.relay.interrupted = fromNothing, true
	}
}

// tapped lets a tap have the sound that the buffer holds, before it is encrypted.
// begins says that its timestamps may stand for other times than those before: they
// hold for one source of sound.
func (o *outgoing) tapped(p *packet, size int, begins bool, now time.Time) {
	for i := range o.taps {
		if t := o.taps[i].Load(); t != nil {
			t.put(tapHeard, o.format.Codec, p, o.buffer[headerSize:headerSize+size], begins, now)
		}
	}
}

// write sends the buffer, so many bytes of payload that stand for sound of so much
// time, with p as its header.
func (o *outgoing) write(p *packet, size int, length time.Duration, now time.Time) {
	p.putHeader(o.buffer)
	o.next = now.Add(length)
	raw, err := o.buffer[:headerSize+size], error(nil)
	if o.seal != nil {
		raw, err = o.seal.seal(raw)
	}
	if err == nil {
		err = o.to.send(raw)
	}
	if err != nil {
		o.errors++
		return
	}
	o.sent++
	o.octets += uint64(size)
}
