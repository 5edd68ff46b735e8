package media

import (
	"testing"
	"time"
)

// BenchmarkEar is what one leg's far side costs each 20 ms: a packet in, a frame out.
func BenchmarkEar(b *testing.B) {
	for _, codec := range Codecs() {
		b.Run(codec.String(), func(b *testing.B) {
			packets := spoken(b, codec, spokenPrompt(b, "en-US/main-menu"))
			begun := time.Unix(1000, 0)
			leg, _ := listening(codec, begun)
			var arrivals []arrival
			for _, raw := range packets {
				a := arrival{use: use(codec)}
				a.packet.parse(raw)
				arrivals = append(arrivals, a)
			}
			frame := make([]int16, codec.FrameSamples())
			at, i := begun, 0
			sequence, timestamp := uint16(0), uint32(0)
			b.ReportAllocs()
			for b.Loop() {
				a := arrivals[i%len(arrivals)]
				a.packet.sequence, a.packet.timestamp = sequence, timestamp
				leg.ear.put(&a, at)
				leg.ear.frame(frame, codec.SampleRate(), at)
				at, i = at.Add(FrameDuration), i+1
				sequence, timestamp = sequence+1, timestamp+codec.FrameTicks()
			}
		})
	}
}
