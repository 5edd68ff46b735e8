package dial

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"careline/media"

	"github.com/pion/rtp"
)

const (
	// maxQueued bounds what waits to be said or pressed.
	maxQueued = 256
	// maxBehind is how much is caught up after a delay.
	maxBehind = 5 * media.FrameDuration
)

// mouth sends one RTP stream: a frame each 20 ms on absolute deadlines, silence
// when there is nothing to say, telephone events in their turn (RFC 4733).
type mouth struct {
	socket *net.UDPConn

	mu      sync.Mutex
	formats []media.Format // that the far side takes; the first is sent
	digits  uint8          // payload type of telephone-event; 0: it takes none
	to      netip.AddrPort
	quiet   bool // the far side has put us on hold: it doesn't want our sound
	queue   []*utterance

	ssrc      uint32
	sequence  uint16
	timestamp uint32
	talking   bool // else the next packet is marked
}

// utterance is sound or one key, in the order asked for.
type utterance struct {
	samples []int16
	key     *media.DigitSender
	done    chan struct{}
}

func newMouth(socket *net.UDPConn) *mouth {
	return &mouth{socket: socket, ssrc: rand.Uint32(), sequence: uint16(rand.Uint32()), timestamp: rand.Uint32()}
}

// agree takes what the far side said of itself.
func (m *mouth) agree(remote media.Description) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.formats, m.digits, m.to = remote.Formats, remote.DigitPayloadType, remote.Address
	// 0.0.0.0 is hold as RFC 2543 had it.
	m.quiet = !remote.Direction.Receives() || remote.Address.Addr().IsUnspecified()
}

func (m *mouth) takesDigits() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.digits != 0
}

// codecOf finds what the far side sends under a payload type.
func (m *mouth) codecOf(payloadType uint8) media.Codec {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, format := range m.formats {
		if format.PayloadType == payloadType {
			return format.Codec
		}
	}
	return media.CodecNone
}

// say queues; false if too much waits already.
func (m *mouth) say(u *utterance) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.queue) >= maxQueued {
		return false
	}
	m.queue = append(m.queue, u)
	return true
}

// hush drops what waits and what is being said.
func (m *mouth) hush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range m.queue {
		close(u.done)
	}
	m.queue = nil
}

// run sends until the context ends.
func (m *mouth) run(ctx context.Context) {
	defer m.hush()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for next := time.Now(); ; next = next.Add(media.FrameDuration) {
		timer.Reset(time.Until(next))
		select {
		case <-ctx.Done():
			return
		case now := <-timer.C:
			next = m.keepUp(next, now)
			if packet, to := m.frame(); packet != nil {
				// A refused packet (ICMP) is the far side's affair: signalling ends the call.
				_, _ = m.socket.WriteToUDPAddrPort(packet, to)
			}
		}
	}
}

// keepUp gives up the frames that a caller who was held up (a laptop that slept)
// would otherwise send in one burst, and returns when the next one is due.
func (m *mouth) keepUp(next, now time.Time) time.Time {
	behind := now.Sub(next)
	if behind <= maxBehind {
		return next
	}
	frames := behind / media.FrameDuration
	m.mu.Lock()
	defer m.mu.Unlock()
	m.timestamp += uint32(frames) * media.FrameSamples
	m.talking = false
	return next.Add(frames * media.FrameDuration)
}

// frame makes the packet of the next 20 ms.
func (m *mouth) frame() ([]byte, netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	header := rtp.Header{Version: 2, SSRC: m.ssrc, PayloadType: m.formats[0].PayloadType, Timestamp: m.timestamp}
	m.timestamp += media.FrameSamples
	var payload []byte
	var over *utterance
	if len(m.queue) > 0 {
		current := m.queue[0]
		var finished bool
		if current.key != nil {
			payload, finished = m.event(current.key, &header)
		} else {
			payload, finished = m.sound(current)
		}
		if finished {
			over, m.queue = current, m.queue[1:]
		}
	}
	if over != nil {
		defer close(over.done)
	}
	if payload == nil {
		payload = encode(m.formats[0].Codec, make([]int16, media.FrameSamples))
	}
	if m.quiet || m.to.Port() == 0 {
		m.talking = false
		return nil, m.to
	}
	if !m.talking {
		header.Marker, m.talking = true, true
	}
	header.SequenceNumber = m.sequence
	m.sequence++
	raw, err := (&rtp.Packet{Header: header, Payload: payload}).Marshal()
	if err != nil {
		return nil, m.to
	}
	return raw, m.to
}

func (m *mouth) sound(u *utterance) (payload []byte, finished bool) {
	frame := make([]int16, media.FrameSamples)
	n := copy(frame, u.samples)
	u.samples = u.samples[n:]
	return encode(m.formats[0].Codec, frame), len(u.samples) == 0
}

// event makes the next packet of a key; nil during the pause after it.
func (m *mouth) event(key *media.DigitSender, header *rtp.Header) (payload []byte, finished bool) {
	frame, ok := key.Next(header.Timestamp)
	if !ok {
		return nil, key.Idle()
	}
	header.Timestamp, header.PayloadType, header.Marker = frame.Timestamp, m.digits, frame.Marker
	return frame.Payload[:], false
}

func newUtterance(samples []int16) *utterance {
	return &utterance{samples: samples, done: make(chan struct{})}
}

func newPress(digit media.Digit) *utterance {
	u := newUtterance(nil)
	u.key = new(media.DigitSender)
	u.key.Send(digit, DefaultDigitTime)
	return u
}
