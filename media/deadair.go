package media

import "time"

const (
	// leastGate and mostGate bound the length of a pause of digital silence that shows
	// a noise gate.
	leastGate = 200 * time.Millisecond
	mostGate  = 4 * time.Second
	// minGated is how many such pauses show one for sure.
	minGated = 2
)

// deadAir follows the digital silence that comes: samples that are all zero, which
// no live microphone gives unless something gates it.
type deadAir struct {
	on    bool
	since time.Duration // as arrival times
	gated uint8         // pauses that sound came after
	voice bool          // sound has come
}

// note takes one packet's sound.
func (d *deadAir) note(codec Codec, payload []byte, at time.Duration) {
	dead := isDead(codec, payload)
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

// gates reports a far side that makes digital silence between words.
func (d *deadAir) gates() bool { return d.gated >= minGated }

// isDead reports whether a payload is one sample of silence over and over. For the
// codecs in which that can't be seen without decoding it is false.
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
