package media

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// FuzzReceive feeds a joined leg a sequence of datagrams, as anybody may send
// them to its port: raw is cut into datagrams by a length byte each.
func FuzzReceive(f *testing.F) {
	frame := make([]byte, 1+headerSize+20)
	frame[0] = headerSize + 20
	(&packet{sequence: 1, timestamp: 160, ssrc: 5}).putHeader(frame[1:])
	f.Add(append(frame, frame...))
	f.Add([]byte{16, 0x80, 101, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 5, 0x8A, 3, 0x20})
	f.Add([]byte{14, 0xB1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0xFF, 1})
	f.Add([]byte{9, 0x80, 200, 0, 1, 0, 0, 0, 0, 0})
	from := netip.MustParseAddrPort("192.0.2.1:4000")
	f.Fuzz(func(t *testing.T, raw []byte) {
		now := time.Unix(1000, 0)
		heard := newStream()
		leg := &Leg{engine: &Engine{}, notify: func(event Event) {
			if event.Kind == EventDigit && event.Digit == (Digit{}) {
				t.Error("a digit without a key")
			}
		}}
		peer := &Leg{}
		leg.in.types = payloadTypesFor(Format{PCMA, 8}, 101)
		leg.in.latch = &latch{}
		leg.in.latch.reopen(from, true, now)
		leg.out.to = &tape{}
		leg.peer.Store(peer)
		peer.out.to, peer.out.open, peer.out.format = heard.tape, true, Format{PCMU, 0}
		peer.out.source = leg
		datagrams := uint64(0)
		for len(raw) > 0 {
			size := min(int(raw[0]), len(raw)-1)
			leg.receive(raw[1:1+size], from, now)
			raw = raw[1+size:]
			now = now.Add(FrameDuration)
			datagrams++
		}
		stats := leg.Stats()
		if stats.PacketsReceived+stats.Ignored+stats.Malformed > datagrams {
			t.Errorf("%d datagrams are counted as %+v", datagrams, stats)
		}
		for i := 1; i < len(heard.tape.heard); i++ {
			if heard.tape.heard[i].ssrc != heard.tape.heard[0].ssrc {
				t.Error("the SSRC changes")
			}
		}
	})
}

// FuzzParse compares our parser with the bounds of the datagram.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0xBE, 0xDE, 0, 1, 1, 2, 3, 4, 5})
	f.Add(binary.BigEndian.AppendUint64(make([]byte, 8), 1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p packet
		if p.parse(raw) != isRTP {
			return
		}
		if len(p.payload) > len(raw)-headerSize {
			t.Errorf("%d bytes of payload out of %d", len(p.payload), len(raw))
		}
		back := make([]byte, headerSize)
		p.putHeader(back)
		if back[1] != raw[1] || string(back[2:]) != string(raw[2:headerSize]) {
			t.Errorf("header %x comes back as %x", raw[:headerSize], back)
		}
	})
}

// FuzzDecoders hands each codec's decoder what a stranger may send: what counts as
// so much sound is decoded to so much, or is an error.
func FuzzDecoders(f *testing.F) {
	for _, codec := range Codecs() {
		f.Add(uint8(codec), silence(codec), []byte{0xFF, 0x00, 0x80})
	}
	f.Add(uint8(Opus), []byte{9 << 3, 1, 2, 3}, []byte{31<<3 | 3, 0xC2, 1, 0, 0})
	f.Fuzz(func(t *testing.T, number uint8, first, second []byte) {
		codec := Codecs()[int(number)%len(Codecs())]
		decoder, err := newDecoder(codec)
		if err != nil {
			t.Fatal(err)
		}
		var sound [maxSamples]int16
		for _, payload := range [][]byte{first, second, silence(codec)} {
			payload = payload[:min(len(payload), maxPayload)]
			ticks := codec.ticks(payload)
			n, err := decoder.decode(sound[:], payload)
			if want := int(ticks) * codec.SampleRate() / codec.ClockRate(); err == nil && ticks > 0 && n != want {
				t.Errorf("%s: %d bytes of %d ticks are %d samples, want %d", codec, len(payload), ticks, n, want)
			}
			decoder.lost(sound[:codec.FrameSamples()], payload)
		}
	})
}
