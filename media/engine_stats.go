package media

import "time"

// EngineStats is one snapshot of an engine's counters, over all legs that were
// ever open.
type EngineStats struct {
	Legs       int
	PortsInUse int // RTP ports of open legs

	PacketsReceived uint64
	PacketsLost     uint64
	PacketsSent     uint64
	Ignored         uint64
	Malformed       uint64
	Unauthentic     uint64
	SendErrors      uint64

	// BufferLate are packets that came too late for the jitter buffer, Concealed the
	// sound that was made up for those missing; where legs are decoded.
	BufferLate uint64
	Concealed  time.Duration

	// LateFrames are frames that the pacers sent more than 20 ms after their time.
	LateFrames uint64
	// CatchUps is how often a pacer fell behind by a frame or more.
	CatchUps uint64
	// SkippedFrames are rounds of 20 ms that a pacer gave up because it was more
	// than 100 ms behind.
	SkippedFrames uint64
	// Lateness counts the paced frames by how late they were.
	Lateness []LatenessClass
}

// LatenessClass counts frames that were at most UpTo late and later than the
// class before; UpTo is 0 in the last class, which has no bound.
type LatenessClass struct {
	UpTo   time.Duration
	Frames uint64
}

// Stats sums up the counters. It looks at each leg: call it every few seconds,
// not for each packet.
func (e *Engine) Stats() EngineStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	sum := e.past
	for leg := range e.legs {
		sum.add(leg.Stats())
	}
	stats := EngineStats{
		Legs: len(e.legs), PortsInUse: e.ports.inUse,
		PacketsReceived: sum.received, PacketsLost: sum.lost, PacketsSent: sum.sent,
		Ignored: sum.ignored, Malformed: sum.malformed, Unauthentic: sum.unauthentic, SendErrors: sum.sendErrors,
		BufferLate: sum.buffer.Late, Concealed: sum.buffer.Concealed,
	}
	for _, bound := range latenessBounds {
		stats.Lateness = append(stats.Lateness, LatenessClass{UpTo: bound})
	}
	stats.Lateness = append(stats.Lateness, LatenessClass{})
	for _, pacer := range e.pacers {
		stats.CatchUps += pacer.catchUps.Load()
		stats.SkippedFrames += pacer.skipped.Load()
		for i := range pacer.lateness {
			frames := pacer.lateness[i].Load()
			stats.Lateness[i].Frames += frames
			if i == len(latenessBounds) || latenessBounds[i] > FrameDuration {
				stats.LateFrames += frames
			}
		}
	}
	return stats
}
