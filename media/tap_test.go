package media

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// loopbackFrom is whom packets come from.
var loopbackFrom = netip.AddrPortFrom(loopback, 4000)

// discard sends nowhere.
type discard struct{}

func (discard) send([]byte) error       { return nil }
func (discard) aim(netip.AddrPort) bool { return true }

// tapHall is a call without a network, in a time of its own: legs whose packets
// come when it says.
type tapHall struct {
	t     testing.TB
	begun time.Time
	now   time.Duration // of the latest visit
	legs  []*Leg
}

func newTapHall(t testing.TB) *tapHall { return &tapHall{t: t, begun: time.Unix(1_000_000, 0)} }

// leg is one that has agreed on a codec.
func (h *tapHall) leg(codec Codec) *Leg {
	engine := &Engine{}
	leg := &Leg{engine: engine, release: func() {}}
	leg.in.types = payloadTypesFor(Format{codec, codec.PayloadType()}, DigitPayloadType)
	leg.in.begun = h.begun
	leg.out.to, leg.out.open, leg.out.wanted, leg.out.fill = discard{}, true, true, true
	leg.out.format = Format{codec, codec.PayloadType()}
	leg.out.digit = DigitPayloadType
	h.legs = append(h.legs, leg)
	return leg
}

func (h *tapHall) join(a, b *Leg) {
	for _, pair := range [][2]*Leg{{a, b}, {b, a}} {
		pair[0].peer.Store(pair[1])
		pair[0].out.join(pair[1])
	}
}

func (h *tapHall) tap(leg *Leg, options TapOptions) *Tap {
	h.t.Helper()
	tap, err := leg.tapFrom(h.begun.Add(h.now), options)
	if err != nil {
		h.t.Fatal(err)
	}
	return tap
}

// visit is the pacer's, 20 ms later, after what the talkers' networks bring until
// then.
func (h *tapHall) visit(talkers ...*talker) {
	h.now += FrameDuration
	for _, talker := range talkers {
		talker.until(h.now)
	}
	for _, leg := range h.legs {
		leg.frame(h.begun.Add(h.now))
	}
}

// talker is a far side with a clock and a network of its own.
type talker struct {
	hall   *tapHall
	leg    *Leg
	codec  Codec
	coder  encoder
	random *rand.Rand

	drift  float64 // of its clock, as a part of the time
	delay  time.Duration
	jitter time.Duration
	loss   float64
	silent bool                                  // sends nothing: suppresses silence, or holds
	say    func(sound []int16, at time.Duration) // writes the 20 ms from at on, at codec.SampleRate; true time

	sent      int // frames, by its clock
	sequence  uint16
	timestamp uint32
	ssrc      uint32
	under     []flying
}

// flying is a packet on its way.
type flying struct {
	at  time.Duration
	raw []byte
}

func (h *tapHall) talker(leg *Leg, codec Codec, seed uint64) *talker {
	h.t.Helper()
	coder, err := newEncoder(codec)
	if err != nil {
		h.t.Fatal(err)
	}
	return &talker{
		hall: h, leg: leg, codec: codec, coder: coder, random: rand.New(rand.NewPCG(seed, 1)),
		delay: 30 * time.Millisecond, sequence: 65000, timestamp: 4294960000, ssrc: uint32(seed),
		say: func(sound []int16, _ time.Duration) { clear(sound) },
	}
}

// until says, and lets come, what it is time for.
func (s *talker) until(now time.Duration) {
	sound := make([]int16, s.codec.FrameSamples())
	for {
		// A frame is sent once it was said.
		from := time.Duration(float64(s.sent) * float64(FrameDuration) * (1 + s.drift))
		to := time.Duration(float64(s.sent+1) * float64(FrameDuration) * (1 + s.drift))
		if to > now {
			break
		}
		s.sent++
		s.timestamp += s.codec.FrameTicks()
		if s.silent {
			continue
		}
		s.say(sound, from)
		var payload [maxPayload]byte
		n, err := s.coder.encode(payload[:], sound)
		if err != nil {
			s.hall.t.Fatal(err)
		}
		p := packet{payloadType: s.codec.PayloadType(), sequence: s.sequence, timestamp: s.timestamp, ssrc: s.ssrc}
		s.sequence++
		if s.random.Float64() < s.loss {
			continue
		}
		raw := make([]byte, headerSize+n)
		p.putHeader(raw)
		copy(raw[headerSize:], payload[:n])
		late := time.Duration(s.random.Float64() * float64(s.jitter))
		s.under = append(s.under, flying{to + s.delay + late, raw})
	}
	slices.SortStableFunc(s.under, func(a, b flying) int { return int(a.at - b.at) })
	for len(s.under) > 0 && s.under[0].at <= now {
		s.leg.receive(s.under[0].raw, loopbackFrom, s.hall.begun.Add(s.under[0].at))
		s.under = s.under[1:]
	}
}

// clicker says a click each so often, and a quiet hum otherwise.
func clicker(codec Codec, every time.Duration) func([]int16, time.Duration) {
	return func(sound []int16, at time.Duration) {
		for i := range sound {
			when := at + time.Duration(i)*time.Second/time.Duration(codec.SampleRate())
			sound[i] = int16(40 * (i % 5))
			if into := when % every; into < time.Millisecond && when > time.Second {
				sound[i] = 24000
			}
		}
	}
}

// ready reads the frames that are ready.
func ready(t testing.TB, tap *Tap, frame *TapFrame, take func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // what isn't ready isn't waited for
	for {
		if err := tap.Next(ctx, frame); err != nil {
			if err != io.EOF && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			return
		}
		take()
	}
}

// listener finds the clicks in a tap's frames.
type listener struct {
	tap    *Tap
	frame  TapFrame
	frames int
	clicks [2][]time.Duration // said, heard
	paused []int              // frames
}

func (l *listener) listen(t testing.TB) {
	ready(t, l.tap, &l.frame, func() {
		at := time.Duration(l.frames) * FrameDuration
		if l.frame.Paused {
			l.paused = append(l.paused, l.frames)
		}
		l.frames++
		if l.frame.Sound == [2 * TapFrameSamples]int16{} {
			return
		}
		for i, sample := range l.frame.Sound {
			side := i % 2
			if sample < 8000 && sample > -8000 {
				continue // hum
			}
			when := at + time.Duration(i/2)*time.Second/TapRate
			if n := len(l.clicks[side]); n == 0 || when-l.clicks[side][n-1] > time.Second/2 {
				l.clicks[side] = append(l.clicks[side], when)
			}
		}
	})
}
