package media

import "time"

const (
	// maxClockStep is how much of what a stream is off is put right in one pause.
	maxClockStep = 2 * FrameDuration
	// maxClockOff is from when on a stream goes by another clock, and stays with it.
	maxClockOff = time.Second
)

// streamClock follows the timestamps that a stream would have if each was that of
// the time at which it went out. What a joined leg says has timestamps of another
// clock, and words that cut short our silence shift them.
type streamClock struct {
	at    time.Time
	stamp uint32 // of that time
}

// step is by how much less than the time that has passed a stream's timestamps
// should go on in a pause, where they would be at stamp now: not all at once.
func (c *streamClock) step(stamp uint32, now time.Time, rate int) time.Duration {
	if !c.at.IsZero() {
		ticks := ticksOf(now.Sub(c.at), rate)
		c.at = c.at.Add(time.Duration(ticks) * time.Second / time.Duration(rate))
		c.stamp += ticks
		off := time.Duration(int32(stamp-c.stamp)) * time.Second / time.Duration(rate)
		if off < maxClockOff && off > -maxClockOff {
			return min(max(off, -maxClockStep), maxClockStep)
		}
	}
	c.at, c.stamp = now, stamp
	return 0
}
