package media

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// eventPacket is a digit's packet for the detector.
type eventPacket struct {
	ssrc, timestamp uint32
	payload         []byte
}

// pressed gives the packets of a key held for so long.
func pressed(key byte, timestamp uint32, held time.Duration) []eventPacket {
	digit, _ := ParseDigit(key)
	var sender DigitSender
	sender.Send(digit, held)
	var packets []eventPacket
	for {
		frame, ok := sender.Next(timestamp)
		if !ok {
			return packets
		}
		packets = append(packets, eventPacket{1, frame.Timestamp, append([]byte(nil), frame.Payload[:]...)})
	}
}

func detected(packets ...eventPacket) string {
	var detector DigitDetector
	var keys []byte
	for _, p := range packets {
		if digit, ok := detector.Packet(p.ssrc, p.timestamp, p.payload); ok {
			keys = append(keys, digit.Key())
		}
	}
	return string(keys)
}

func TestOneEventIsOneDigit(t *testing.T) {
	five, again, hash := pressed('5', 1000, 100*time.Millisecond), pressed('5', 3000, 0), pressed('#', 5000, 0)
	join := func(parts ...[]eventPacket) (all []eventPacket) {
		for _, part := range parts {
			all = append(all, part...)
		}
		return all
	}
	code := func(event uint8) []eventPacket { return []eventPacket{{1, 1, []byte{event, 10, 0, 160}}} }
	for _, test := range []struct {
		name    string
		packets []eventPacket
		want    string
	}{
		{"a digit with three Ends", five, "5"},
		{"the same key twice", join(five, again), "55"},
		{"all Ends lost", join(five[:3], again[:1], hash), "55#"},
		{"only an End left", join(five[len(five)-1:], hash[len(hash)-1:]), "5#"},
		{"a late packet of the digit before", join(five, again[:2], five[2:3], again[2:], hash), "55#"},
		{"another source with the same timestamp", join(five, []eventPacket{{2, 1000, five[0].payload}}), "55"},
		{"a flash, which is no key", code(16), ""},
		{"the last key", code(15), "D"},
		{"a short payload", []eventPacket{{1, 1, []byte{5, 10, 0}}}, ""},
		{"no payload", []eventPacket{{}}, ""},
		{"a key held over the segments' bound", []eventPacket{
			{1, 100, []byte{7, 10, 0xFF, 0xFF}}, {1, 100 + 0xFFFF, []byte{7, 10, 0, 160}}, {1, 100 + 0xFFFF, []byte{7, 0x8A, 1, 0}},
		}, "7"},
		{"the same key later by the segments' bound, after an End", []eventPacket{
			{1, 100, []byte{7, 0x8A, 1, 0}}, {1, 100 + 0xFFFF, []byte{7, 10, 0, 160}},
		}, "77"},
	} {
		if got := detected(test.packets...); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Any loss that leaves one packet of each digit, any doubling and any disorder
// among neighbours gives the keys that were pressed.
func TestDigitsSurviveTheNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sent string
		var arrived []eventPacket
		for i := range rapid.IntRange(1, 12).Draw(t, "digits") {
			key := digitKeys[rapid.IntRange(0, 15).Draw(t, "key")]
			sent += string(key)
			packets := pressed(key, uint32(i)*1600-5000, 60*time.Millisecond)
			order := rapid.Permutation(packets).Draw(t, "order")
			arrived = append(arrived, order[:rapid.IntRange(1, len(order)).Draw(t, "kept")]...)
			arrived = append(arrived, order[0])
		}
		if got := detected(arrived...); got != sent {
			t.Fatalf("%q, want %q", got, sent)
		}
	})
}

func TestSentDigitIsWellFormed(t *testing.T) {
	for _, test := range []struct {
		length   time.Duration
		duration int // of the End, in samples
		packets  int
	}{
		{0, 320, 4}, {40 * time.Millisecond, 320, 4}, {100 * time.Millisecond, 800, 7}, {time.Hour, 40000, 252},
	} {
		packets := pressed('*', 777, test.length)
		if len(packets) != test.packets {
			t.Errorf("%v: %d packets, want %d", test.length, len(packets), test.packets)
		}
		ends := 0
		for _, p := range packets {
			if p.timestamp != 777 || p.payload[0] != 10 {
				t.Errorf("%v: packet %v", test.length, p)
			}
			if p.payload[1]&0x80 != 0 {
				ends++
				if got := int(p.payload[2])<<8 | int(p.payload[3]); got != test.duration {
					t.Errorf("%v: the End says %d samples, want %d", test.length, got, test.duration)
				}
			}
		}
		if ends != endPackets {
			t.Errorf("%v: %d Ends", test.length, ends)
		}
	}
}

func TestDigitsAreSentInARowWithPauses(t *testing.T) {
	var sender DigitSender
	one, _ := ParseDigit('1')
	for range maxDigits {
		if !sender.Send(one, 0) {
			t.Fatal("a digit is refused")
		}
	}
	if sender.Send(one, 0) {
		t.Error("more digits wait than are bounded")
	}
	var pauses, digits int
	for timestamp := uint32(0); !sender.Idle(); timestamp += FrameSamples {
		if frame, ok := sender.Next(timestamp); !ok {
			pauses++
		} else if frame.Marker {
			digits++
		}
	}
	if digits != maxDigits || pauses != 3*maxDigits {
		t.Errorf("%d digits, %d frames of pause", digits, pauses)
	}
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func TestKeysAreHidden(t *testing.T) {
	digit, _ := ParseDigit('7')
	for _, verb := range "vsqdxXcUbotegT" {
		if got := fmt.Sprintf("%"+string(verb), digit); verb != 'T' && got != "•" {
			t.Errorf("%%%c prints %s", verb, got)
		}
	}
	for _, format := range []string{"%v", "%s", "%+v", "%#v", "%d"} {
		if got := fmt.Sprintf(format, Event{Digit: digit}); containsAny(got, "7", "55") {
			t.Errorf("%s prints %s", format, got)
		}
	}
	for key := range 256 {
		if digit, ok := ParseDigit(byte(key)); ok {
			if back, _ := DigitFromEvent(digit.Event()); back != digit {
				t.Errorf("key %d doesn't come back", key)
			}
		}
	}
}
