package acd

import (
	"fmt"
	"slices"
	"time"
)

// Zone is the clock of one site as offsets from UTC. It travels with the rules
// in the journal, so that a replay counts the same days under any zone files.
type Zone struct {
	// Name is the IANA name that Queue.Site says.
	Name string
	// Offsets in order of From; the first holds from the start of the table.
	Offsets []ZoneOffset
	// Until is the end of the table; after it the zone counts as unknown.
	Until time.Time
}

// ZoneOffset is an offset from UTC in force since From.
type ZoneOffset struct {
	From    time.Time
	Seconds int
}

// unknownOffset is the earliest zone on earth: the day, and with it a license,
// ends there first.
const unknownOffset = 14 * 60 * 60

// ResolveZones gives the rules with Zones filled for the sites of its queues,
// good between from and until. load is time.LoadLocation, or a test's; its
// error comes back with the queue and the site. Call it where the rules are
// read, once per RulesLoaded: the engine itself reads no files.
func (r Rules) ResolveZones(load func(name string) (*time.Location, error), from, until time.Time) (Rules, error) {
	r.Zones = nil
	for _, q := range r.Queues {
		known := slices.ContainsFunc(r.Zones, func(z Zone) bool { return z.Name == q.Site })
		if q.Site == "" || q.Site == "UTC" || known {
			continue
		}
		location, err := load(q.Site)
		if err != nil {
			return r, fmt.Errorf("queue %s: site zone %q: %w", q.Name, q.Site, err)
		}
		zone := Zone{Name: q.Site, Until: until.UTC()}
		for at := from; ; {
			local := at.In(location)
			_, seconds := local.Zone()
			zone.Offsets = append(zone.Offsets, ZoneOffset{From: at.Round(0).UTC(), Seconds: seconds})
			_, end := local.ZoneBounds()
			if end.IsZero() || !end.Before(until) {
				break
			}
			at = end
		}
		r.Zones = append(r.Zones, zone)
	}
	return r, nil
}

// dayAt is the date in the zone, and a moment until which it surely stays: the
// next midnight or change of offset. nil is UTC.
func (z *Zone) dayAt(now time.Time) (day string, until time.Time) {
	seconds, change := 0, time.Time{}
	if z != nil {
		seconds, change = z.offsetAt(now)
	}
	local := now.UTC().Add(time.Duration(seconds) * time.Second)
	year, month, dayOfMonth := local.Date()
	until = time.Date(year, month, dayOfMonth+1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(seconds) * time.Second)
	if !change.IsZero() && change.Before(until) {
		until = change
	}
	return local.Format(time.DateOnly), until
}

func (z *Zone) offsetAt(now time.Time) (seconds int, until time.Time) {
	if !now.Before(z.Until) || len(z.Offsets) == 0 {
		return unknownOffset, time.Time{}
	}
	if now.Before(z.Offsets[0].From) {
		return unknownOffset, z.Offsets[0].From
	}
	at := 0
	for at+1 < len(z.Offsets) && !z.Offsets[at+1].From.After(now) {
		at++
	}
	until = z.Until
	if at+1 < len(z.Offsets) {
		until = z.Offsets[at+1].From
	}
	return z.Offsets[at].Seconds, until
}
