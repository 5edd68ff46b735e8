package media

import (
	"net/netip"
	"sync"
	"time"
)

// use is what a payload type stands for on a leg.
type use uint8

const (
	useNone = use(CodecNone)
	// Below lies a codec's sound, by the codec's number.
	useDigits use = iota + 0x7F
	useNoise      // comfort noise: the far side is silent (RFC 3389)
)

// codec is the one that the sound is in; CodecNone where it is no sound.
func (u use) codec() Codec { return Codec(u).known() }

// noisePayloadType is that of comfort noise at 8 kHz (RFC 3551 table 4), which
// telephones send unasked.
const noisePayloadType = 13

// payloadTypes says what each payload type stands for.
type payloadTypes [128]use

// payloadTypesFor are those that the far side may send: what was agreed, under the
// number that either side gives it, the static types of G.711 and of comfort noise,
// and our own numbers for digits. A far side that mixes up offer and answer is still
// understood; where a number would mean two things, what was agreed goes first.
func payloadTypesFor(format Format, digits uint8) *payloadTypes {
	var types payloadTypes
	types[noisePayloadType] = useNoise
	types[PCMU.PayloadType()], types[PCMA.PayloadType()] = use(PCMU), use(PCMA)
	types[format.Codec.PayloadType()] = use(format.Codec)
	if digits != 0 {
		types[DigitPayloadType], types[WideDigitPayloadType] = useDigits, useDigits
		types[digits&0x7F] = useDigits
	}
	types[format.PayloadType&0x7F] = use(format.Codec)
	return &types
}

// also adds the other codecs that the far side says it has, under numbers that mean
// nothing yet: one that answered an offer of several may send any of them (RFC 3264
// section 6.1), under the number that the offer gave it.
func (t *payloadTypes) also(formats []Format) *payloadTypes {
	for _, format := range formats {
		for _, number := range []uint8{format.Codec.PayloadType(), format.PayloadType & 0x7F} {
			if t[number] == useNone {
				t[number] = use(format.Codec)
			}
		}
	}
	return t
}

// incoming is what a leg knows of the RTP that comes to it. The goroutine that
// reads writes to it, under its lock.
type incoming struct {
	mu      sync.Mutex
	types   *payloadTypes // nil: nothing agreed
	latch   *latch        // nil on a WebRTC leg, where SRTP proves the sender
	secure  *decryption   // nil where plain RTP was agreed on
	tones   *toneListener // nil: keys aren't listened for in the sound
	keying  bool          // handshake hasn't brought the keys yet
	expects bool          // the far side is to send
	// browserSends is the same of a WebRTC leg, whose connection times out by itself.
	browserSends bool
	timedOut     bool
	codec        Codec // of the latest sound
	stats        receiverStats
	dead         deadAir
	soundAt      time.Duration // when the latest packet came, since begun
	begun        time.Time     // zero of the arrival times
	quietSince   time.Time     // the last sign of life, or when it was agreed that sound comes

	received, ignored, malformed, unauthentic uint64

	handshake *handshake // brings the keys of secure, where DTLS does
	early     []byte     // of DTLS, that overtook signalling
	earlyFrom netip.AddrPort
	detector  DigitDetector
	byEvent   toldDigit // the last digit that came as an event
	byTone    toldDigit // and as a tone
}

// arrival is what a packet turned out to be.
type arrival struct {
	packet packet
	use    use
	digit  Digit
	first  bool // the leg's first packet
	moved  bool // the latch has moved: sound goes elsewhere from now on
}

// take judges one received packet; ok is false if it is to be ignored.
func (in *incoming) take(raw []byte, from netip.AddrPort, now time.Time) (a arrival, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if a.packet.parse(raw) != isRTP {
		in.malformed++
		return a, false
	}
	if in.keying {
		in.unauthentic++
		return a, false
	}
	if in.secure != nil && !in.authentic(&a.packet, raw, from, now) {
		return a, false
	}
	in.alive(from, now)
	if in.types == nil || in.types[a.packet.payloadType] == useNone {
		in.ignored++
		return a, false
	}
	a.use = in.types[a.packet.payloadType]
	if !a.wellFormed() {
		in.malformed++
		return a, false
	}
	if in.latch != nil {
		accepted, moved := in.latch.accept(from, &a.packet, now)
		if !accepted {
			in.ignored++
			return a, false
		}
		a.moved = moved
	}
	clock := 0
	if codec := a.use.codec(); codec != CodecNone {
		clock = codec.ClockRate()
	}
	in.soundAt = now.Sub(in.begun)
	in.stats.arrival(&a.packet, clock, in.soundAt)
	a.first = in.received == 0
	in.received++
	switch codec := a.use.codec(); {
	case codec != CodecNone:
		in.codec = codec
		in.dead.note(codec, a.packet.payload, in.soundAt)
	case a.use == useNoise:
		in.stats.suppresses = true
		in.dead.pause()
	}
	a.digit = in.digit(&a, now)
	return a, true
}

// digit is the one that a packet tells, by event or by tone.
func (in *incoming) digit(a *arrival, now time.Time) Digit {
	switch codec := a.use.codec(); {
	case a.use == useDigits:
		if digit, ok := in.detector.Packet(a.packet.ssrc, a.packet.timestamp, a.packet.payload); ok {
			return in.once(digit, &in.byEvent, &in.byTone, now)
		}
	case codec != CodecNone && in.tones != nil:
		if digit, ok := ParseDigit(in.tones.packet(&a.packet, codec)); ok {
			return in.once(digit, &in.byTone, &in.byEvent, now)
		}
	}
	return Digit{}
}

// wellFormed reports whether the payload can be one of its use. Comfort noise may be
// empty: nothing is said of what the silence sounds like.
func (a *arrival) wellFormed() bool {
	size := len(a.packet.payload)
	switch a.use {
	case useNoise:
		return size <= maxPayload
	case useDigits:
		return size > 0 && size <= maxPayload
	}
	return size <= maxPayload && a.use.codec().ticks(a.packet.payload) > 0
}

// authentic reads a packet again, decrypted, if it is the far side's. Those of an
// address that isn't heard anyway cost no cryptography.
func (in *incoming) authentic(p *packet, raw []byte, from netip.AddrPort, now time.Time) bool {
	if in.latch != nil && !in.latch.listens(from, now) {
		in.ignored++
		return false
	}
	plain, ok := in.secure.read(raw, p.ssrc)
	if !ok {
		in.unauthentic++
		return false
	}
	if p.parse(plain) != isRTP {
		in.malformed++
		return false
	}
	return true
}

// alive notes that the far side is there, whatever it sends: a telephone that
// suppresses silence may send comfort noise, keep-alives or RTCP alone for minutes
// (RFC 3389, RFC 6263).
func (in *incoming) alive(from netip.AddrPort, now time.Time) {
	if in.latch == nil || in.latch.knows(from) {
		in.quietSince, in.timedOut = now, false
	}
}

// overdue reports, once until the next packet, that nothing has come for limit.
func (in *incoming) overdue(limit time.Duration, now time.Time) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.types == nil || !in.expects || in.timedOut || now.Sub(in.quietSince) < limit {
		return false
	}
	in.timedOut = true
	return true
}
