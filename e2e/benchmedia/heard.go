package main

import (
	"slices"
	"time"
)

// Heard is what the load heard of the server in one case.
type Heard struct {
	Streams  int
	Deaf     int // streams of which nothing came
	Sent     uint64
	Received uint64
	Lost     uint64
	LateP50  time.Duration
	LateP99  time.Duration
	LateMax  time.Duration
}

// heard is what has come of one stream since mark.
type heard struct {
	started  bool
	base     int64 // extended sequence number of the first
	highest  int64
	first    uint32 // timestamp of the first
	received uint64
	offsets  []int64 // arrivals in ns, less the place in the stream
}

func (h *heard) mark() { *h = heard{offsets: h.offsets[:0]} }

// note takes a packet that came at that time. ticks is a frame of the stream's clock.
func (h *heard) note(sequence uint16, timestamp uint32, at int64, ticks uint32, timed bool) {
	if !h.started {
		h.started, h.base, h.highest, h.first = true, int64(sequence), int64(sequence), timestamp
	}
	if step := int64(int16(sequence - uint16(h.highest))); step > 0 {
		h.highest += step
	}
	h.received++
	if timed {
		place := int64(int32(timestamp-h.first)) * int64(frame) / int64(ticks)
		h.offsets = append(h.offsets, at-place)
	}
}

// lost is how many sequence numbers are missing.
func (h *heard) lost() uint64 {
	expected := h.highest - h.base + 1
	if !h.started || expected < int64(h.received) {
		return 0
	}
	return uint64(expected) - h.received
}

// lateness is how much later than the earliest of its second each packet was. By the
// second, since a stream whose sender was held up goes on by a clock of its own.
func (h *heard) lateness() []int64 {
	late := make([]int64, 0, len(h.offsets))
	for second := range slices.Chunk(h.offsets, int(time.Second/frame)) {
		earliest := slices.Min(second)
		for _, offset := range second {
			late = append(late, offset-earliest)
		}
	}
	return late
}
