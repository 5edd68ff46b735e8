package jitter

import (
	"encoding/binary"
	"testing"
	"time"

	"careline/media/link"
)

const clock = 8000

// listener hears a buffer as an ear does: a frame each 20 ms, with what is left of
// the packets before, and follows its advice by a pitch period at a time.
type listener struct {
	t      testing.TB
	buffer *Buffer
	now    time.Duration
	left   int64
	period int64 // ticks
	pause  func(now time.Duration) bool
	sent   map[uint16]Packet

	played            []uint16 // sequence numbers, as the payload tells
	silent, concealed int      // ticks
	withNext          int      // concealments for which the following packet was there
	stretched, shrunk int
	lastLevel         uint8
	noisy             bool
	deepest           time.Duration
}

func newListener(t testing.TB) *listener {
	return &listener{t: t, buffer: New(clock), period: 60, sent: make(map[uint16]Packet), pause: func(time.Duration) bool { return false }}
}

// frame is one visit.
func (l *listener) frame() {
	frame := l.buffer.frame
	for rounds := 0; l.left < frame; rounds++ {
		if rounds > 50 {
			l.t.Fatal("the buffer gives nothing")
		}
		out := l.buffer.Get(l.now, uint32(l.left))
		l.left += int64(out.Ticks)
		switch out.Kind {
		case Decode:
			l.played = append(l.played, binary.BigEndian.Uint16(out.Payload))
			l.follow(out.Advice)
		case Conceal:
			l.concealed += int(out.Ticks)
			if len(out.Payload) > 0 {
				l.withNext++
			}
		case Silence:
			l.silent += int(out.Ticks)
			l.noisy = out.Noisy
		case Describe:
			l.lastLevel = out.Payload[0]
		}
	}
	l.left -= frame
	l.deepest = max(l.deepest, l.buffer.Stats().Depth)
	l.now += Frame
}

func (l *listener) follow(advice Advice) {
	paused := l.pause(l.now)
	switch {
	case advice == Stretch, advice == StretchPause && paused:
		l.left += l.period
		l.stretched++
		l.buffer.Followed(l.buffer.toTime(l.period), l.now)
	case advice == Shrink && l.left > l.period, advice == ShrinkPause && paused && l.left > l.period:
		l.left -= l.period
		l.shrunk++
		l.buffer.Followed(-l.buffer.toTime(l.period), l.now)
	}
}

// sender numbers packets; their payload is their place in the row.
type sender struct {
	sequence  uint16
	timestamp uint32
	source    uint32
	count     uint16
	ticks     uint32
}

func (s *sender) next() Packet {
	p := Packet{
		Kind: Sound, Source: s.source, Sequence: s.sequence, Timestamp: s.timestamp, Ticks: s.ticks,
		Payload: binary.BigEndian.AppendUint16(nil, s.count),
	}
	s.sequence++
	s.count++
	s.timestamp += s.ticks
	return p
}

func newSender() *sender {
	return &sender{sequence: 65500, timestamp: 4294960000, source: 7, ticks: 160}
}

// talk sends through a link for a while and listens.
func talk(l *listener, wire *link.Link, s *sender, length time.Duration) {
	step := l.buffer.toTime(int64(s.ticks))
	start := l.now
	for at := start; at < start+length; at += step {
		p := s.next()
		l.sent[p.Sequence] = p
		wire.Send(at, binary.BigEndian.AppendUint16(nil, p.Sequence))
	}
	for l.now < start+length {
		for raw, at, ok := wire.Receive(l.now); ok; raw, at, ok = wire.Receive(l.now) {
			l.buffer.Put(l.sent[binary.BigEndian.Uint16(raw)], at)
		}
		l.frame()
	}
}

// inOrder fails where something is heard twice or out of order, and returns how
// many packets were heard.
func (l *listener) inOrder() int {
	l.t.Helper()
	for i := 1; i < len(l.played); i++ {
		if int16(l.played[i]-l.played[i-1]) <= 0 {
			l.t.Fatalf("packet %d is heard after %d", l.played[i], l.played[i-1])
		}
	}
	return len(l.played)
}
