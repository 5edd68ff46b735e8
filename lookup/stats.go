package lookup

import (
	"maps"
	"slices"
	"sync/atomic"
)

// Stats is what became of the look-ups of one service since the start.
type Stats struct {
	Service string
	// Found and Missing were answered; Kept were found without asking. Failed have
	// no answer that can be used, those included that were not sent since the
	// service was left alone. GivenUp: the caller hung up.
	Found, Kept, Missing, Failed, GivenUp uint64
	// Resting: the service is left alone now.
	Resting bool
}

type counters struct {
	found, kept, missing, failed, givenUp atomic.Uint64
}

// Stats gives the numbers of all services, by their names.
func (c *Client) Stats() []Stats {
	var all []Stats
	for _, name := range slices.Sorted(maps.Keys(c.servers)) {
		s := c.servers[name]
		all = append(all, Stats{
			Service: name, Found: s.counters.found.Load(), Kept: s.counters.kept.Load(), Missing: s.counters.missing.Load(),
			Failed: s.counters.failed.Load(), GivenUp: s.counters.givenUp.Load(), Resting: s.breaker.resting(c.now()),
		})
	}
	return all
}
