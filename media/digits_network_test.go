package media

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"careline/media/link"
)

// presser is a telephone that says silence and presses keys, over a bad network.
type presser struct {
	random    *rand.Rand
	wire      *link.Link
	at        time.Duration
	sequence  uint16
	timestamp uint32
}

// send puts one packet on the wire, and moves on by 20 ms.
func (p *presser) send(payloadType uint8, marker bool, timestamp uint32, payload []byte) {
	out := packet{marker: marker, payloadType: payloadType, sequence: p.sequence, timestamp: timestamp, ssrc: 7}
	raw := make([]byte, headerSize+len(payload))
	out.putHeader(raw)
	copy(raw[headerSize:], payload)
	p.wire.Send(p.at, raw)
	p.sequence++
	p.timestamp += FrameSamples
	p.at += FrameDuration
}

// press holds a random key down for 40 to 400 ms, and returns it and its event's
// timestamp. A third of all presses have no marker, and a fifth no End.
func (p *presser) press() (key byte, event uint32) {
	key, event = digitKeys[p.random.IntN(len(digitKeys))], p.timestamp
	digit, _ := ParseDigit(key)
	var sender DigitSender
	sender.Send(digit, 40*time.Millisecond+time.Duration(p.random.IntN(360))*time.Millisecond)
	marked, ended := p.random.IntN(3) > 0, p.random.IntN(5) > 0
	for {
		frame, ok := sender.Next(p.timestamp)
		if !ok {
			return key, event
		}
		if end := frame.Payload[1]&0x80 != 0; end && !ended {
			p.sequence++ // lost on the way
			p.timestamp += FrameSamples
			p.at += FrameDuration
			continue
		}
		p.send(DigitPayloadType, frame.Marker && marked, frame.Timestamp, frame.Payload[:])
	}
}

// TestTenThousandPressesAreTenThousandDigits: through loss, in bursts too,
// duplication and reordering, each press of which a packet arrives is one digit, in
// the order of pressing.
func TestTenThousandPressesAreTenThousandDigits(t *testing.T) {
	p := &presser{random: rand.New(rand.NewPCG(4, 4)), wire: link.New(link.Faults{
		Loss: 0.05, BurstLoss: 0.02, Burst: 2, Delay: 30 * time.Millisecond, Jitter: 30 * time.Millisecond,
		Reorder: 0.05, ReorderBy: 50 * time.Millisecond, Duplicate: 0.1,
	}, 4)}
	in := incoming{types: payloadTypesFor(Format{PCMU, 0}, DigitPayloadType)}
	sound := make([]byte, FrameSamples)
	var told []byte
	arrived := map[uint32]bool{} // events
	hear := func(until time.Duration) {
		for {
			raw, at, ok := p.wire.Receive(until)
			if !ok {
				return
			}
			var got packet
			if got.parse(raw) == isRTP && got.payloadType == DigitPayloadType {
				arrived[got.timestamp] = true
			}
			a, ok := in.take(raw, netip.AddrPort{}, in.begun.Add(at))
			if ok && a.digit != (Digit{}) {
				told = append(told, a.digit.Key())
			}
		}
	}
	type pressed struct {
		key   byte
		event uint32
	}
	var all []pressed
	for range 10000 {
		key, event := p.press()
		all = append(all, pressed{key, event})
		for range 3 + p.random.IntN(12) {
			p.send(0, false, p.timestamp, sound)
		}
		hear(p.at)
	}
	hear(p.at + time.Minute)
	var want []byte
	for _, one := range all {
		if arrived[one.event] {
			want = append(want, one.key)
		}
	}
	if len(want) < 9990 {
		t.Errorf("of %d presses only %d arrive at all", len(all), len(want))
	}
	if string(told) != string(want) {
		at := 0
		for at < min(len(told), len(want)) && told[at] == want[at] {
			at++
		}
		t.Errorf("%d presses are %d digits; they differ from the %dth on", len(want), len(told), at)
	}
	t.Logf("%d presses arrive, %d digits, %d packets lost", len(want), len(told), p.wire.Lost())
}
