package media

import (
	"time"

	"careline/media/g722"
	"careline/media/opus"
)

const (
	// leastGate and mostGate bound the length of a pause of digital silence that shows
	// a noise gate.
	leastGate = 200 * time.Millisecond
	mostGate  = 4 * time.Second
	// minGated is how many such pauses show one for sure.
	minGated = 2
	// minNarrow is how many packets of G.722 with sound below 4 kHz alone show a far
	// side that never has any above.
	minNarrow = 10
)

// deadAir follows the digital silence that comes: samples that are all zero, which
// no live microphone gives unless something gates it. It costs no decoding: G.711 and
// L16 have zeros, G.722 and Opus codes that only they lead to.
type deadAir struct {
	on     bool
	since  time.Duration // as arrival times
	gated  uint8         // pauses that sound came after
	voice  bool          // sound has come
	narrow uint8         // packets of G.722 whose upper band rests while the lower doesn't
	opus   opus.SilenceDetector
}

// note takes one packet's sound.
func (d *deadAir) note(codec Codec, payload []byte, at time.Duration) {
	dead, told := d.judge(codec, payload)
	if !told {
		return
	}
	switch {
	case dead && !d.on:
		d.on, d.since = true, at
	case !dead && d.on:
		d.on = false
		if length := at - d.since; d.voice && length >= leastGate && length <= mostGate && d.gated < minGated {
			d.gated++
		}
	}
	d.voice = d.voice || !dead
}

// pause notes that the far side says what its pause sounds like (RFC 3389): it isn't
// dead.
func (d *deadAir) pause() { d.on = false }

// gates reports a far side that makes digital silence between words.
func (d *deadAir) gates() bool { return d.gated >= minGated }

// judge says whether a payload is digital silence; not told: it says nothing of that.
func (d *deadAir) judge(codec Codec, payload []byte) (dead, told bool) {
	switch codec {
	case Opus:
		silence := d.opus.Packet(payload)
		return silence == opus.Digital, silence != opus.Untold
	case G722:
		low, high := g722.Moves(payload)
		if low && !high && d.narrow < minNarrow {
			d.narrow++
		}
		return !low && !high && d.narrow < minNarrow, true
	}
	return isDead(codec, payload), true
}

// isDead reports whether a payload of G.711 or L16 is one sample of silence over and
// over.
func isDead(codec Codec, payload []byte) bool {
	if len(payload) == 0 {
		return false
	}
	first := payload[0]
	switch codec {
	case PCMU: // +0 and -0 (ITU-T G.711 table 2a)
		if first != 0xFF && first != 0x7F {
			return false
		}
	case PCMA: // the smallest of either sign, where 0 goes
		if first != 0xD5 && first != 0x55 {
			return false
		}
	case L16:
		if first != 0 {
			return false
		}
	default:
		return false
	}
	for _, b := range payload {
		if b != first {
			return false
		}
	}
	return true
}
