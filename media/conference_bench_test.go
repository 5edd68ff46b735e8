package media

import (
	"net/netip"
	"testing"
	"time"
)

// conferenceRound makes a conference of far sides who all speak; what it returns is
// 20 ms of it, from their packets to ours.
func conferenceRound(t testing.TB, engine *Engine, codecs ...Codec) func() {
	t.Helper()
	c := engine.NewConference()
	t.Cleanup(c.Close)
	type speaker struct {
		leg     *Leg
		from    netip.AddrPort
		packet  packet
		ticks   uint32
		payload [][]byte
		raw     []byte
	}
	var speakers []*speaker
	for i, codec := range codecs {
		s := &speaker{leg: unpaced(t, engine, codec), ticks: codec.FrameTicks()}
		s.from = s.leg.in.latch.expected
		s.packet = packet{payloadType: codec.PayloadType(), ssrc: uint32(i + 1)}
		s.raw = make([]byte, headerSize+maxPayload)
		made, err := newEncoder(codec)
		if err != nil {
			t.Fatal(err)
		}
		for at := range 50 { // a second, over and over
			payload := make([]byte, maxPayload)
			n, err := made.encode(payload, sine(300+200*float64(i), 0.2, 20*at, codec.FrameSamples(), codec.SampleRate()))
			if err != nil {
				t.Fatal(err)
			}
			s.payload = append(s.payload, payload[:n])
		}
		speakers = append(speakers, s)
		if err := c.Add(s.leg, Talking, nil); err != nil {
			t.Fatal(err)
		}
		s.leg.place.pacer.remove(s.leg) // Add may have brought it to another
	}
	now, frame := time.Now(), 0
	return func() {
		now = now.Add(FrameDuration)
		for _, s := range speakers {
			s.packet.sequence++
			s.packet.timestamp += s.ticks
			s.packet.putHeader(s.raw)
			n := copy(s.raw[headerSize:], s.payload[frame%50])
			s.leg.receive(s.raw[:headerSize+n], s.from, now)
		}
		for _, s := range speakers {
			s.leg.frame(now)
		}
		frame++
	}
}

// BenchmarkConference measures 20 ms of a conference, packets and sockets included:
// of three and of five, in G.711 and where each speaks another codec.
func BenchmarkConference(b *testing.B) {
	engine := running(b, nil)
	for name, codecs := range map[string][]Codec{
		"three in PCMU":            {PCMU, PCMU, PCMU},
		"five in PCMU":             {PCMU, PCMU, PCMU, PCMU, PCMU},
		"PCMU and Opus":            {PCMU, Opus},
		"PCMU, G722 and Opus":      {PCMU, G722, Opus},
		"PCMU and G722, no mixing": {PCMU, G722},
	} {
		b.Run(name, func(b *testing.B) {
			round := conferenceRound(b, engine, codecs...)
			b.ReportAllocs()
			for b.Loop() {
				round()
			}
		})
	}
}
