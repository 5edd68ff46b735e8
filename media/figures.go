package media

import (
	"time"

	"careline/media/quality"
)

// SoundStats are how one direction of a leg sounds, over the last seconds.
type SoundStats struct {
	// MOS is the estimated mean opinion score (ITU-T G.107), 1 to 4.5; 0 where too
	// little has passed, or the far side doesn't report.
	MOS float64
	// Loss is the share of packets lost, 0 to 1.
	Loss float64
	// Jitter is the interarrival jitter; RoundTrip the network's way there and back,
	// 0 if it isn't known; Delay the estimate from mouth to ear, one way.
	Jitter, RoundTrip, Delay time.Duration
	// OneWay is why this direction isn't heard; quality.None if it is.
	OneWay quality.Trouble
}

// QualitySum is what a leg's sound came to since the last TakeQuality.
type QualitySum struct {
	Codec Codec
	// Sent packets of ours.
	Sent uint64
	// Heard is what the far side said, Said what reached it by its reports.
	Heard, Said DirectionSum
}

// DirectionSum is one direction's.
type DirectionSum struct {
	quality.Sum
	// OneWay is how long it wasn't heard.
	OneWay time.Duration
}

// live are the figures of the last seconds.
func (m *monitor) live() (heard, said SoundStats) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats(&m.heard, quality.FromFar), m.stats(&m.said, quality.ToFar)
}

func (m *monitor) stats(meter *quality.Meter, direction int) SoundStats {
	stats := SoundStats{MOS: meter.MOS(), RoundTrip: m.session.RoundTrip(), OneWay: m.watch.Now(direction)}
	stats.Loss, stats.Jitter, _ = meter.Live()
	stats.Delay = m.codec.model().Delay(stats.RoundTrip, stats.Jitter)
	return stats
}

// TakeQuality returns what the leg's sound came to since it was last asked, and
// begins to sum up anew: a leg may serve several calls.
func (l *Leg) TakeQuality() QualitySum {
	sent := l.out.tally(time.Now()).packets
	m := &l.monitor
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := QualitySum{
		Codec: m.codec, Sent: sent - m.taken,
		Heard: DirectionSum{m.heard.Take(), m.watch.Take(quality.FromFar)},
		Said:  DirectionSum{m.said.Take(), m.watch.Take(quality.ToFar)},
	}
	m.taken = sent
	return sum
}
