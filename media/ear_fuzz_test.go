package media

import (
	"testing"
	"time"

	"careline/media/signal"
)

// FuzzEar lets an ear hear a sequence of datagrams of all codecs, as anybody may send
// them who passes for the far side: raw is cut into datagrams by a length byte each,
// and a frame is taken after each.
func FuzzEar(f *testing.F) {
	for _, codec := range Codecs() {
		far := newSpeaker(f, codec)
		var seed []byte
		for range 4 {
			raw := far.say(make([]int16, FrameSamples))
			raw = raw[:min(len(raw), 255)]
			seed = append(append(seed, byte(len(raw))), raw...)
		}
		f.Add(seed)
	}
	f.Add([]byte{16, 0x80, noisePayloadType, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 60, 1, 2, 255})
	f.Fuzz(func(t *testing.T, raw []byte) {
		begun := time.Unix(1000, 0)
		leg, from := listening(PCMU, begun)
		for _, codec := range Codecs() {
			leg.in.types[codec.PayloadType()] = use(codec)
		}
		now := begun
		frame := make([]int16, maxHeard)
		for taken := 0; len(raw) > 0 && taken < 200; taken++ {
			size := min(int(raw[0]), len(raw)-1)
			leg.receive(raw[1:1+size], from, now)
			raw = raw[1+size:]
			if !leg.ear.frame(frame, wideRate, now) && signal.LargestJump(frame) != 0 {
				t.Error("what isn't voiced is heard")
			}
			now = now.Add(FrameDuration)
		}
	})
}
