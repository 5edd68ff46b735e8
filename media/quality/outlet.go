package quality

import "time"

const (
	// refusedFor is how long packets must have been refused to count as Unheard.
	refusedFor = 2 * time.Second
	// refusedApart is the longest time between two refusals that belong together.
	refusedApart = 1500 * time.Millisecond
)

// Outlet follows what the system says of the packets that it is given: that there is no
// way to the far side, or that a firewall of ours forbids it. No report tells of that,
// since nothing was sent. The zero value is ready.
type Outlet struct {
	refused   uint64
	since, at time.Time // the first and the latest refusal of a row
}

// Look takes how many packets have been refused so far. Trouble is Unheard while that
// goes on, and for how long it has.
func (o *Outlet) Look(now time.Time, refused uint64) (Trouble, time.Duration) {
	if refused != o.refused {
		if o.at.IsZero() || now.Sub(o.at) > refusedApart {
			o.since = now
		}
		o.refused, o.at = refused, now
	}
	if o.at.IsZero() || now.Sub(o.at) > refusedApart || o.at.Sub(o.since) < refusedFor {
		return None, 0
	}
	return Unheard, now.Sub(o.since)
}
