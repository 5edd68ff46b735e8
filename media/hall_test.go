package media

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"careline/media/signal"
)

// hall is an engine without sockets, in virtual time: parties say tones, and what
// each is sent is kept.
type hall struct {
	t       *testing.T
	engine  *Engine
	parties []*party
}

// party is a far side with a tone of its own.
type party struct {
	hall    *hall
	leg     *Leg
	tape    *tape
	format  Format
	encoder encoder
	hz      float64
	level   float64
	silent  bool

	told      events
	sequence  uint16
	timestamp uint32
	at        int
}

// inHall runs a story in virtual time.
func inHall(t *testing.T, story func(*hall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		engine, err := New(Options{Address: loopback, WebRTC: netip.AddrPortFrom(loopback, 0), PortMin: 40000, PortMax: 40010})
		if err != nil {
			t.Fatal(err)
		}
		story(&hall{t: t, engine: engine})
	})
}

// party comes in with a codec and a tone.
func (h *hall) party(codec Codec, hz float64) *party {
	h.t.Helper()
	p := &party{hall: h, tape: &tape{}, hz: hz, level: 0.3, sequence: 65530, timestamp: 4294960000}
	p.leg = h.engine.newLeg(LegOptions{ID: fmt.Sprint(codec), Notify: p.told.notify}, p.tape)
	h.engine.mu.Lock()
	h.engine.insert(p.leg, h.engine.pacers[len(h.parties)%len(h.engine.pacers)])
	h.engine.mu.Unlock()
	p.speak(codec)
	p.leg.out.open, p.leg.out.wanted, p.leg.out.fill = true, true, true
	h.parties = append(h.parties, p)
	return p
}

// speak agrees on a codec, as a re-INVITE does.
func (p *party) speak(codec Codec) {
	p.hall.t.Helper()
	made, err := newEncoder(codec)
	if err != nil {
		p.hall.t.Fatal(err)
	}
	p.encoder, p.format = made, Format{codec, codec.PayloadType()}
	p.leg.agreeWebRTC(browserChoice{format: p.format, remote: Description{DigitPayloadType: DigitPayloadType}})
}

// say sends 20 ms.
func (p *party) say() {
	n := p.format.Codec.FrameSamples()
	sound := make([]int16, n)
	if !p.silent {
		copy(sound, sine(p.hz, p.level, p.at, n, p.format.Codec.SampleRate()))
	}
	p.at += 20
	payload := make([]byte, maxPayload)
	size, err := p.encoder.encode(payload, sound)
	if err != nil {
		p.hall.t.Fatal(err)
	}
	p.put(p.format.PayloadType, payload[:size])
}

func (p *party) put(payloadType uint8, payload []byte) {
	out := packet{payloadType: payloadType, sequence: p.sequence, timestamp: p.timestamp, ssrc: 77}
	raw := make([]byte, headerSize+len(payload))
	out.putHeader(raw)
	copy(raw[headerSize:], payload)
	p.sequence++
	p.timestamp += p.format.Codec.FrameTicks()
	p.leg.receive(raw, netip.AddrPort{}, time.Now())
}

// sine is a piece of a tone that goes on from at, in milliseconds.
func sine(hz, level float64, at, samples, rate int) []int16 {
	piece := make([]int16, samples)
	for i := range piece {
		piece[i] = int16(32767 * level * math.Sin(2*math.Pi*hz*(float64(at)/1000+float64(i)/float64(rate))))
	}
	return piece
}

// pass lets so many frames be said and sent.
func (h *hall) pass(frames int) {
	for range frames {
		for _, p := range h.parties {
			p.say()
		}
		<-time.After(FrameDuration)
		for _, pacer := range h.engine.pacers {
			for slot := range pacer.legs {
				for _, leg := range *pacer.legs[slot].Load() {
					leg.frame(time.Now())
				}
			}
		}
	}
}

// heard is what the party was sent since a packet, as sound at its codec's rate.
func (p *party) heard(since int) []int16 {
	p.hall.t.Helper()
	decoders := map[uint8]decoder{}
	var sound []int16
	var work [maxSamples]int16
	for _, got := range p.tape.heard[since:] {
		if got.payloadType == DigitPayloadType {
			continue
		}
		if decoders[got.payloadType] == nil {
			for _, codec := range Codecs() {
				if codec.PayloadType() == got.payloadType {
					decoders[got.payloadType], _ = newDecoder(codec)
				}
			}
		}
		n, err := decoders[got.payloadType].decode(work[:], got.payload)
		if err != nil {
			p.hall.t.Fatal(err)
		}
		sound = append(sound, work[:n]...)
	}
	return sound
}

// wantHeard lets sound flow, and then says who doesn't hear exactly whom it should.
func (h *hall) wantHeard(what string, want map[*party][]*party) {
	h.t.Helper()
	h.pass(15) // jitter buffers and codecs settle
	since := map[*party]int{}
	for _, p := range h.parties {
		since[p] = len(p.tape.heard)
	}
	h.pass(25)
	for _, p := range h.parties {
		sound := p.heard(since[p])
		rate := float64(p.format.Codec.SampleRate()) / signal.SampleRate
		for _, other := range h.parties {
			level := signal.Goertzel(sound, other.hz/rate)
			switch audible := slices.Contains(want[p], other); {
			case audible && level < other.level/3:
				h.t.Errorf("%s: %v hears only %.4f of %v", what, p.format.Codec, level, other.format.Codec)
			case !audible && level > 0.005:
				h.t.Errorf("%s: %v hears %.4f of %v", what, p.format.Codec, level, other.format.Codec)
			}
		}
	}
}

func (h *hall) add(c *Conference, p *party, role Role, to *Leg) {
	h.t.Helper()
	if err := c.Add(p.leg, role, to); err != nil {
		h.t.Fatal(err)
	}
}

func largestJump(sound []int16) int {
	largest := 0
	for i := 1; i < len(sound); i++ {
		step := int(sound[i]) - int(sound[i-1])
		largest = max(largest, step, -step)
	}
	return largest
}
