package media

import (
	"cmp"
	"encoding/binary"
	"time"
)

const (
	// MinDigit and MaxDigit bound the length of a sent digit. Its duration, counted
	// in ticks of the clock, has to stay within 16 bits (RFC 4733 section 2.5.1.3
	// would want segments above): at 48 kHz that is 1.36 s.
	MinDigit = 40 * time.Millisecond
	MaxDigit = 5 * time.Second
	// digitGap is the pause after a sent digit.
	digitGap = 60 * time.Millisecond
	// maxDigits is how many digits wait to be sent; more are dropped.
	maxDigits = 64
	// endPackets is how often a digit's last packet goes out (section 2.5.1.4).
	endPackets = 3
	// digitVolume is the tone's level, -10 dBm0.
	digitVolume = 10
	// recentDigits is how many events a detector remembers, so that a late packet
	// of an earlier digit doesn't count as a new one.
	recentDigits = 16
	eventSize    = 4
	// maxEventTicks is the longest duration of an event.
	maxEventTicks = 0xFFFF
)

// DigitDetector finds digits among received RFC 4733 packets. One event is one
// digit, keyed by SSRC and timestamp, told at the first of its packets that
// arrives, whichever it is: marker and End may be lost, Ends come three times,
// packets out of order. The zero value is ready. It isn't safe for concurrent use.
type DigitDetector struct {
	recent [recentDigits]digitKey
	count  int // events seen; recent[(count-1)%recentDigits] is the last
	event  uint8
	ended  bool
}

type digitKey struct{ ssrc, timestamp uint32 }

// Packet takes an event packet's SSRC, RTP timestamp and payload. It returns a
// digit and true when the packet is the first of an event that is a key 0-9 * #
// A-D. Malformed payloads and other events return false.
func (d *DigitDetector) Packet(ssrc, timestamp uint32, payload []byte) (Digit, bool) {
	if len(payload) < eventSize {
		return Digit{}, false
	}
	digit, ok := DigitFromEvent(payload[0])
	if !ok {
		return Digit{}, false
	}
	key := digitKey{ssrc, timestamp}
	end := payload[1]&0x80 != 0
	for i := range min(d.count, recentDigits) {
		if d.recent[i] == key {
			if d.recent[(d.count-1)%recentDigits] == key {
				d.ended = d.ended || end
			}
			return Digit{}, false
		}
	}
	continues := false
	if d.count > 0 && !d.ended && d.event == payload[0] {
		// A key held for longer than 16 bits of duration goes on as a new
		// segment, right where the last one was full (section 2.5.1.3).
		last := d.recent[(d.count-1)%recentDigits]
		continues = last.ssrc == ssrc && timestamp-last.timestamp == 0xFFFF
	}
	d.recent[d.count%recentDigits] = key
	d.count++
	d.event, d.ended = payload[0], end
	return digit, !continues
}

// DigitFrame is one event packet to send in place of a frame of sound.
type DigitFrame struct {
	Payload   [eventSize]byte
	Timestamp uint32 // the same for all packets of one digit
	Marker    bool   // on the first
}

// DigitSender turns digits into event packets, one each 20 ms. The zero value is
// ready. It isn't safe for concurrent use.
type DigitSender struct {
	// ClockRate is that of the events' durations, in Hz; 0 is SampleRate.
	ClockRate int

	queue   [maxDigits]queuedDigit
	first   int
	waiting int

	current  queuedDigit
	start    uint32
	elapsed  int // frames of the current digit that went out
	ends     int // End packets that went out
	gap      int // frames of pause left
	sounding bool
}

type queuedDigit struct {
	event  uint8
	frames uint8 // MaxDigit is 250
}

// Send queues a digit of the given length, which is bounded by MinDigit and
// MaxDigit. It reports false if maxDigits wait already: the digit is dropped.
func (s *DigitSender) Send(digit Digit, duration time.Duration) bool {
	if s.waiting == maxDigits {
		return false
	}
	duration = min(max(duration, MinDigit), MaxDigit)
	frames := uint8((duration + FrameDuration - 1) / FrameDuration)
	s.queue[(s.first+s.waiting)%maxDigits] = queuedDigit{digit.Event(), frames}
	s.waiting++
	return true
}

// frameTicks is how long a frame is in the clock's ticks.
func (s *DigitSender) frameTicks() int { return cmp.Or(s.ClockRate, SampleRate) / framesPerSecond }

// Sounding reports whether a digit is being sent, so that no sound may go.
func (s *DigitSender) Sounding() bool { return s.sounding }

// Idle reports whether all digits have been sent.
func (s *DigitSender) Idle() bool { return !s.sounding && s.waiting == 0 && s.gap == 0 }

// length is that of the digit being sent.
func (s *DigitSender) length() time.Duration {
	return time.Duration(s.current.frames) * FrameDuration
}

// Clear forgets the digits that wait and the one being sent, and says how many.
func (s *DigitSender) Clear() int {
	dropped := s.waiting
	if s.sounding {
		dropped++
	}
	s.waiting, s.gap, s.sounding = 0, 0, false
	return dropped
}

// Next is called for each frame of 20 ms, with the RTP timestamp that its sound
// would have. If it returns true, the event packet goes instead of the sound.
func (s *DigitSender) Next(timestamp uint32) (DigitFrame, bool) {
	if s.gap > 0 {
		s.gap--
		return DigitFrame{}, false
	}
	if !s.sounding {
		if s.waiting == 0 {
			return DigitFrame{}, false
		}
		s.current = s.queue[s.first]
		s.first = (s.first + 1) % maxDigits
		s.waiting--
		s.sounding, s.start, s.elapsed, s.ends = true, timestamp, 0, 0
	}
	frame := DigitFrame{Timestamp: s.start, Marker: s.elapsed == 0}
	if s.elapsed < int(s.current.frames) {
		s.elapsed++
	}
	if s.elapsed*s.frameTicks() > maxEventTicks-s.frameTicks() { // the longest that can be said
		s.current.frames = uint8(s.elapsed)
	}
	frame.Payload[0] = s.current.event
	frame.Payload[1] = digitVolume
	if s.elapsed == int(s.current.frames) {
		frame.Payload[1] |= 0x80
		if s.ends++; s.ends == endPackets {
			s.sounding = false
			s.gap = int(digitGap / FrameDuration)
		}
	}
	binary.BigEndian.PutUint16(frame.Payload[2:], uint16(min(s.elapsed*s.frameTicks(), maxEventTicks)))
	return frame, true
}
