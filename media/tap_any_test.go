package media

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTheQueueGivesBackWhatItTook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		queue := tapQueue{ring: make([]byte, rapid.IntRange(100, 500).Draw(t, "size"))}
		var model []tapPacket
		used := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "add") {
				p := tapPacket{
					side: tapSide(rapid.IntRange(0, 1).Draw(t, "side")), begins: rapid.Bool().Draw(t, "begins"), codec: Opus,
					sequence: rapid.Uint16().Draw(t, "sequence"), timestamp: rapid.Uint32().Draw(t, "timestamp"), ssrc: 7,
					at: time.Duration(len(model)), payload: rapid.SliceOfN(rapid.Byte(), 0, 90).Draw(t, "payload"),
				}
				fits := used+tapHeader+len(p.payload) <= len(queue.ring)
				if queue.add(&p) != fits {
					t.Fatalf("a packet of %d bytes, %d of %d used", len(p.payload), used, len(queue.ring))
				}
				if fits {
					model = append(model, p)
					used += tapHeader + len(p.payload)
				}
				continue
			}
			var p tapPacket
			size, ok := queue.next(&p, time.Hour)
			if ok != (len(model) > 0) {
				t.Fatalf("a packet: %v, of %d", ok, len(model))
			}
			if !ok {
				continue
			}
			p.payload = make([]byte, size)
			queue.get(p.payload)
			want := model[0]
			if p.side != want.side || p.begins != want.begins || p.sequence != want.sequence || p.timestamp != want.timestamp || p.at != want.at || string(p.payload) != string(want.payload) {
				t.Fatalf("got %+v, want %+v", p, want)
			}
			model, used = model[1:], used-tapHeader-size
		}
	})
}

// FuzzTap feeds a tap what any far side may send, and reads all of it.
func FuzzTap(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 160, 20, 160, 1, 0, 0, 2, 0, 0, 1, 64, 20, 160})
	f.Add([]byte{4, 0, 0, 1, 255, 255, 255, 255, 0, 3, 4, 1, 0, 2, 127, 0, 0, 0, 200, 3})
	f.Fuzz(func(t *testing.T, raw []byte) {
		hall := newTapHall(t)
		tap := hall.tap(hall.leg(PCMU), TapOptions{Buffer: 8 << 10})
		var frame TapFrame
		frames := 0
		for ; len(raw) >= 10; raw = raw[10:] {
			codec := Codecs()[int(raw[0])%len(Codecs())]
			p := packet{
				sequence: uint16(raw[2])<<8 | uint16(raw[3]), ssrc: uint32(raw[1] >> 6),
				timestamp: uint32(raw[4])<<24 | uint32(raw[5])<<16 | uint32(raw[6])<<8 | uint32(raw[7]),
			}
			payload := make([]byte, int(raw[9])%200*2)
			for i := range payload {
				payload[i] = raw[1]
			}
			hall.now += time.Duration(raw[8]) * time.Millisecond
			if codec.ticks(payload) > 0 { // others are refused before
				tap.put(tapSide(raw[1]&1), codec, &p, payload, raw[1]&2 != 0, hall.begun.Add(hall.now))
			}
			tap.tick(hall.begun.Add(hall.now))
			ready(t, tap, &frame, func() { frames++ })
		}
		tap.close(hall.now)
		ready(t, tap, &frame, func() { frames++ })
		if want := int(hall.now / FrameDuration); frames != want {
			t.Errorf("%d frames in %v, want %d", frames, hall.now, want)
		}
		for _, side := range tap.sides {
			if len(side.waiting) > maxTapWaiting {
				t.Errorf("%d packets wait", len(side.waiting))
			}
		}
	})
}
