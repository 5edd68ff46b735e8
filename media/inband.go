package media

import (
	"fmt"
	"strings"
	"time"

	"careline/media/resample"
	"careline/media/tone"
)

// InbandDigits says of which telephones keys are listened for in the sound itself.
type InbandDigits uint8

const (
	// InbandOff: of none.
	InbandOff InbandDigits = iota
	// InbandAuto: of those that offer no telephone-event, for want of another way.
	InbandAuto
	// InbandAlways: of all, for gateways that promise telephone-event and send
	// tones. A key that comes both ways is one digit.
	InbandAlways
)

var inbandNames = [...]string{InbandOff: "off", InbandAuto: "auto", InbandAlways: "always"}

// String gives the word that configurations have for it.
func (i InbandDigits) String() string {
	if int(i) < len(inbandNames) {
		return inbandNames[i]
	}
	return "unknown"
}

// ParseInbandDigits finds it by its word: off, auto or always.
func ParseInbandDigits(text string) (InbandDigits, error) {
	for i, name := range inbandNames {
		if text == name {
			return InbandDigits(i), nil
		}
	}
	return InbandOff, fmt.Errorf("%q is none of %s", text, strings.Join(inbandNames[:], ", "))
}

// listens reports whether tones count of a far side that takes telephone-event
// under that payload type, 0 for none.
func (i InbandDigits) listens(digits uint8) bool {
	return i == InbandAlways || i == InbandAuto && digits == 0
}

const (
	// maxToneGap is how many packets may be missing within a key's tone.
	maxToneGap = 5
	// maxForeign is how many packets of another source in a row replace the one that
	// is listened to. Some far sides send two at once.
	maxForeign = 5
	// sameKey is within what time an event and a tone of the same key are one
	// press: the tone is sure 50 ms after it begins, and gateways lag.
	sameKey = 300 * time.Millisecond
)

// toneListener finds keys in the sound of a far side, packet by packet. Missing
// packets are skipped: silence in their place would end a key that is held.
type toneListener struct {
	detector tone.Detector
	decoder  decoder
	codec    Codec
	down     resample.Down
	ssrc     uint32
	foreign  int // packets in a row of another source
	sequence uint16
	started  bool
	sound    [maxSamples]int16
	narrow   [maxSamples / 2]int16
}

// packet returns the key that has become sure with p, 0 for none.
func (l *toneListener) packet(p *packet, codec Codec) (key byte) {
	if l.started && p.ssrc != l.ssrc {
		if l.foreign++; l.foreign < maxForeign {
			return 0
		}
		l.started = false
	}
	l.ssrc, l.foreign = p.ssrc, 0
	if step := int16(p.sequence - l.sequence); l.started && step <= 0 && step > -maxRelayStep {
		return 0 // late or double
	} else if !l.started || step > maxToneGap || step <= 0 {
		l.detector.Reset()
	}
	l.started, l.sequence = true, p.sequence
	if codec != l.codec {
		next, err := newDecoder(codec)
		if err != nil {
			return 0
		}
		l.decoder, l.codec = next, codec
	}
	n, err := l.decoder.decode(l.sound[:], p.payload)
	if err != nil {
		return 0
	}
	sound := l.sound[:n]
	if codec.SampleRate() != tone.Rate {
		sound = l.narrow[:n/2]
		for at := 0; at < len(sound); at += resample.MaxFrame {
			end := min(at+resample.MaxFrame, len(sound))
			l.down.Frame(sound[at:end], l.sound[2*at:2*end])
		}
	}
	l.detector.Listen(sound, func(found byte) { key = found })
	return key
}

// toldDigit is a digit that the owner was told of, by one of two ways.
type toldDigit struct {
	digit   Digit
	at      time.Time
	matched bool // the other way has told it too
}

// listenForTones begins or ends listening to the sound for keys, as was agreed; the
// lock is held.
func (in *incoming) listenForTones(on bool) {
	switch {
	case !on:
		in.tones = nil
	case in.tones == nil:
		in.tones = new(toneListener)
	}
}

// once is the digit, or none if it was told by the other way.
func (in *incoming) once(digit Digit, own, other *toldDigit, now time.Time) Digit {
	if in.tones == nil {
		return digit
	}
	if !other.matched && other.digit == digit && now.Sub(other.at) < sameKey {
		other.matched = true
		return Digit{}
	}
	*own = toldDigit{digit: digit, at: now}
	return digit
}

// toneSender says the digits that wait in the sound itself, to a far side that takes
// no telephone-event.
type toneSender struct {
	generator tone.Generator
	encoder   encoder
	codec     Codec
	sound     [maxFrameSamples]int16
}

// maxFrameSamples is a frame at the highest rate that sound is held at here.
const maxFrameSamples = 16000 / framesPerSecond

// speak prepares to send in a codec: an encoder isn't made on the packet's path.
func (s *toneSender) speak(codec Codec) error {
	if s.encoder != nil && s.codec == codec {
		return nil
	}
	next, err := newEncoder(codec)
	if err != nil {
		return err
	}
	s.encoder, s.codec = next, codec
	return nil
}

// begin starts the tone of a key.
func (s *toneSender) begin(digit Digit, length time.Duration) {
	s.generator = tone.NewAt(s.codec.SampleRate(), digit.Key(), length)
}

// frame writes the next 20 ms and returns the payload's length.
func (s *toneSender) frame(payload []byte) (int, error) {
	sound := s.sound[:s.codec.FrameSamples()]
	s.generator.Fill(sound)
	return s.encoder.encode(payload, sound)
}

// saysDigits reports whether there is a way to send digits, and prepares for tones
// where they are the only one; the lock is held.
func (o *outgoing) saysDigits() bool {
	switch {
	case o.format.Codec == CodecNone:
		return false
	case o.digit != 0:
		return true
	case o.tones == nil:
		o.tones = new(toneSender)
	}
	return o.tones.speak(o.format.Codec) == nil
}

// sendTone sends a frame of the digit that the sender is at.
func (o *outgoing) sendTone(frame DigitFrame, now time.Time) {
	if frame.Marker {
		if digit, ok := DigitFromEvent(frame.Payload[0]); ok {
			o.tones.begin(digit, o.digits.length())
		}
	}
	size, err := o.tones.frame(o.room(maxPayload))
	if err != nil {
		o.errors++
		return
	}
	o.sendFrame(size, fromDigit, now)
}
