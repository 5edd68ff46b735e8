package media

import (
	"testing"
	"time"
)

func TestReceiverStatistics(t *testing.T) {
	frame := func(sequence int) packet {
		return packet{sequence: uint16(65530 + sequence), timestamp: uint32(sequence) * FrameSamples, ssrc: 1}
	}
	for _, test := range []struct {
		name     string
		frames   []int
		lost     uint64
		received uint64
	}{
		{"clean, over the wrap", []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 0, 9},
		{"two lost", []int{0, 1, 4, 5}, 2, 4},
		{"lost and found", []int{0, 1, 4, 3, 2, 5}, 0, 6},
		{"doubled", []int{0, 1, 1, 1, 2}, 0, 5},
		{"one before the first", []int{1, 0, 2}, 0, 3},
	} {
		var s receiverStats
		for i, n := range test.frames {
			p := frame(n)
			s.arrival(&p, SampleRate, time.Duration(i)*FrameDuration)
		}
		if got := s.lostInAll(); got != test.lost || s.received != test.received {
			t.Errorf("%s: %d lost of %d, want %d of %d", test.name, got, s.received, test.lost, test.received)
		}
	}
}

func TestLossIsKeptWhenTheSourceChanges(t *testing.T) {
	var s receiverStats
	for _, p := range []packet{{ssrc: 1, sequence: 1}, {ssrc: 1, sequence: 4}, {ssrc: 2, sequence: 900}, {ssrc: 2, sequence: 902}} {
		s.arrival(&p, SampleRate, 0)
	}
	if got := s.lostInAll(); got != 3 {
		t.Errorf("%d lost, want 3", got)
	}
}

// RFC 3550 appendix A.8: with a constant change D between neighbours, jitter
// tends to D.
func TestJitterTendsToTheVariationOfDelay(t *testing.T) {
	var s receiverStats
	for i := range 500 {
		delay := time.Duration(i%2) * 8 * time.Millisecond
		p := packet{ssrc: 1, sequence: uint16(i), timestamp: uint32(i) * FrameSamples}
		s.arrival(&p, SampleRate, time.Duration(i)*FrameDuration+delay)
	}
	if got := s.jitterTime(); got < 7*time.Millisecond || got > 9*time.Millisecond {
		t.Errorf("jitter is %v, want 8 ms", got)
	}
	before := s.jitterTime()
	p := packet{ssrc: 1, sequence: 500, timestamp: 3_000_000_000}
	s.arrival(&p, SampleRate, 10*time.Second)
	if got := s.jitterTime(); got != before {
		t.Errorf("a jump of the timestamps counts as jitter: %v", got)
	}
}
