package dial

import (
	"math"
	"sync"
	"time"

	"careline/media"
	"careline/media/signal"

	"github.com/pion/rtp"
)

const (
	// soundLevel parts sound from silence: the RMS of a frame, about -50 dBov.
	// Comfort silence and G.711's own noise lie far below, a soft voice above.
	soundLevel = 0.003
	// soundPause is how short a gap doesn't end a run of sound.
	soundPause = 60 * time.Millisecond
	// maxDrift is how far RTP time may run from arrival before the ear takes
	// it for a new stream and lines up with the clock again.
	maxDrift = 400 * media.SampleRate / 1000
)

// ear keeps what was heard on a time line: sample i was heard at start + i/8000 s.
// A lost packet leaves silence, a late one goes where it belongs.
type ear struct {
	mu       sync.Mutex
	start    time.Time
	limit    int // samples; what comes later is counted, not kept
	samples  []int16
	anchored bool
	ssrc     uint32
	anchor   uint32 // RTP timestamp that was heard at sample anchorAt
	anchorAt int

	previous         uint32 // timestamp and sequence number of the last packet
	previousSequence uint16

	packets     uint64
	sequence    uint16 // highest seen
	lost        uint64
	soundFrom   time.Time // the present run of sound
	soundTo     time.Time // the last frame with sound
	firstSound  time.Time
	loud        time.Duration // all sound
	energy      float64       // of the frames with sound
	loudSamples int
}

func newEar(start time.Time, longest time.Duration) *ear {
	return &ear{start: start, limit: int(longest.Seconds() * media.SampleRate)}
}

// hear takes one packet of sound that arrived at a time.
func (e *ear) hear(packet *rtp.Packet, codec media.Codec, arrived time.Time) {
	frame := decode(codec, packet.Payload)
	e.mu.Lock()
	defer e.mu.Unlock()
	inStep := e.anchored && packet.SSRC == e.ssrc &&
		packet.Timestamp-e.previous == uint32(packet.SequenceNumber-e.previousSequence)*uint32(len(frame))
	e.previous, e.previousSequence = packet.Timestamp, packet.SequenceNumber
	e.count(packet)
	clock := int(arrived.Sub(e.start).Seconds() * media.SampleRate)
	at := e.anchorAt + int(int32(packet.Timestamp-e.anchor))
	// A stream that goes on in step stays where it is, however late a busy
	// machine reads it.
	if !e.anchored || packet.SSRC != e.ssrc || !inStep && (at-clock > maxDrift || clock-at > maxDrift) {
		e.anchored, e.ssrc, e.anchor, e.anchorAt = true, packet.SSRC, packet.Timestamp, clock
		at = clock
	}
	e.judge(frame, arrived)
	if at < 0 || at+len(frame) > e.limit {
		return
	}
	if missing := at + len(frame) - len(e.samples); missing > 0 {
		e.samples = append(e.samples, make([]int16, missing)...)
	}
	copy(e.samples[at:], frame)
}

func (e *ear) count(packet *rtp.Packet) {
	e.packets++
	if e.packets == 1 || packet.SSRC != e.ssrc {
		e.sequence = packet.SequenceNumber
		return
	}
	switch ahead := int16(packet.SequenceNumber - e.sequence); {
	case ahead > 0:
		e.lost += uint64(ahead - 1)
		e.sequence = packet.SequenceNumber
	case ahead < 0 && e.lost > 0:
		e.lost-- // it was late, not lost
	}
}

func (e *ear) judge(frame []int16, arrived time.Time) {
	level := signal.RMS(frame)
	if level < soundLevel {
		return
	}
	length := time.Duration(len(frame)) * time.Second / media.SampleRate
	if arrived.Sub(e.soundTo) > length+soundPause {
		e.soundFrom = arrived
	}
	if e.firstSound.IsZero() {
		e.firstSound = arrived
	}
	e.soundTo = arrived
	e.loud += length
	e.energy += level * level * float64(len(frame))
	e.loudSamples += len(frame)
}

// soundSince reports whether there has been sound without a pause for so long,
// counted from no earlier than a moment.
func (e *ear) soundSince(from time.Time, span time.Duration, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	begin := e.soundFrom
	if begin.Before(from) {
		begin = from
	}
	return now.Sub(e.soundTo) <= soundPause && now.Sub(begin) >= span-media.FrameDuration
}

// silentSince is soundSince's opposite.
func (e *ear) silentSince(from time.Time, span time.Duration, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.soundTo.After(from) {
		from = e.soundTo
	}
	return now.Sub(from) >= span
}

// Heard is what came from the far side, in figures.
type Heard struct {
	// Packets of sound received, Lost by their sequence numbers.
	Packets, Lost uint64
	// Sound is how much of it was not silence; Level its loudness in dBov (0 is the loudest).
	Sound time.Duration
	Level float64
	// FirstSound is when it began, since the answer; negative if there was none.
	FirstSound time.Duration
}

func (e *ear) heard() Heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	heard := Heard{Packets: e.packets, Lost: e.lost, Sound: e.loud, Level: math.Inf(-1), FirstSound: -1}
	if e.loudSamples > 0 {
		heard.Level = 10 * math.Log10(e.energy/float64(e.loudSamples))
		heard.FirstSound = e.firstSound.Sub(e.start)
	}
	return heard
}

func (e *ear) recording() []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]int16(nil), e.samples...)
}

func decode(codec media.Codec, payload []byte) []int16 {
	frame := make([]int16, len(payload))
	codec.Decode(frame, payload)
	return frame
}

func encode(codec media.Codec, frame []int16) []byte {
	payload := make([]byte, len(frame))
	codec.Encode(payload, frame)
	return payload
}
