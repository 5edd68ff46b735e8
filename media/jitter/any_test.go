package jitter

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever happens to the packets of an honest sender, what is heard is in order,
// each packet at most once, and the buffer holds no more than its slots.
func TestAnyOrderOfPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newListener(nowhere{})
		s := &sender{sequence: rapid.Uint16().Draw(t, "sequence"), timestamp: rapid.Uint32().Draw(t, "timestamp"), ticks: 160}
		s.ticks = rapid.SampledFrom([]uint32{80, 160, 240, 480}).Draw(t, "ticks")
		var way []Packet
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0: // a pause of the sender
				s.timestamp += uint32(rapid.IntRange(0, 20000).Draw(t, "pause"))
			case 1:
				s.next() // lost
			case 2, 3: // some frames pass
				for range rapid.IntRange(1, 12).Draw(t, "frames") {
					l.frame()
				}
			case 4: // a packet comes that was sent before, perhaps not for the first time
				if len(way) > 0 {
					l.buffer.Put(way[rapid.IntRange(0, len(way)-1).Draw(t, "which")], l.now)
				}
			case 5: // one is held up
				way = append(way, s.next())
			default:
				p := s.next()
				way = append(way, p)
				l.buffer.Put(p, l.now)
				l.frame()
			}
		}
		for range 50 {
			l.frame()
		}
		for i := 1; i < len(l.played); i++ {
			if int16(l.played[i]-l.played[i-1]) <= 0 {
				t.Fatalf("packet %d is heard after %d: %v", l.played[i], l.played[i-1], l.played)
			}
		}
		if l.left >= 2*960 {
			t.Fatalf("%d ticks are left", l.left)
		}
	})
}

// nowhere is the listener's test within a property, which ends on its own.
type nowhere struct{ testing.TB }

func (nowhere) Fatal(args ...any) { panic(args) }
func (nowhere) Helper()           {}

// FuzzBuffer feeds anything: no panic, no endless loop, and timestamps that are
// heard never go back within one source.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte{1, 0, 1, 0, 0, 0, 0, 20, 1, 0, 2, 0, 0, 0, 160, 20})
	f.Add([]byte{2, 255, 255, 255, 255, 255, 255, 200, 3, 0, 0, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := New(clock)
		now := time.Duration(0)
		left := int64(0)
		end := int64(-1 << 62)
		for ; len(raw) >= 8; raw = raw[8:] {
			b.Put(Packet{
				Kind: Kind(raw[0] & 3), Source: uint32(raw[0] >> 6),
				Sequence: binary.BigEndian.Uint16(raw[1:]), Timestamp: binary.BigEndian.Uint32(raw[3:]),
				Ticks: uint32(raw[0]>>2&15) * 80, Payload: raw[:min(len(raw), 700)],
			}, now)
			for range raw[7] & 15 {
				for rounds := 0; left < 160; rounds++ {
					if rounds > 50 {
						t.Fatal("the buffer gives nothing")
					}
					out := b.Get(now, uint32(left))
					left += int64(out.Ticks)
					if (out.Ticks == 0) != (out.Kind == Describe) || out.Ticks > 960 {
						t.Fatalf("%d ticks at once", out.Ticks)
					}
					if out.Kind == Decode {
						if b.end-int64(out.Ticks) < end {
							t.Fatalf("what ends at %d is heard after %d", b.end, end)
						}
						end = b.end
					}
				}
				left -= 160
				now += Frame
			}
		}
	})
}
