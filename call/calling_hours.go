package call

import (
	"slices"
	"time"

	"careline/acd"
)

// callingDays is how many days ahead a callback may be made; then it is over.
const callingDays = 14

// CallingHours are when people may be called, by the clock where they are. The zero
// value allows no time at all.
type CallingHours struct {
	// From and To are minutes since midnight.
	From, To int
	// Zones by area code. A number's area says where it was given out, not where its
	// owner is today: that is as near as one comes without asking.
	Zones map[string]*time.Location
	// Unknown are the zones that somebody of another area may be in: then it must be in
	// the hours in all of them.
	Unknown []*time.Location
}

// Periods gives the times from now on in which a number of ten digits may be called.
func (h CallingHours) Periods(number string, now time.Time) []acd.Period {
	zones := h.Unknown
	if len(number) == 10 && h.Zones[number[:3]] != nil {
		zones = []*time.Location{h.Zones[number[:3]]}
	}
	var all []acd.Period
	for day := -1; day <= callingDays && len(zones) > 0 && h.From < h.To; day++ {
		var common acd.Period
		for i, zone := range zones {
			year, month, date := now.In(zone).AddDate(0, 0, day).Date()
			from := time.Date(year, month, date, 0, h.From, 0, 0, zone).UTC()
			until := time.Date(year, month, date, 0, h.To, 0, 0, zone).UTC()
			if i == 0 {
				common = acd.Period{From: from, Until: until}
				continue
			}
			// Of the same day elsewhere: the date there may be another one by now.
			for _, shift := range []int{0, 1, -1} {
				if near := from.AddDate(0, 0, shift); near.Sub(common.From).Abs() < 12*time.Hour {
					from, until = near, until.AddDate(0, 0, shift)
					break
				}
			}
			common.From, common.Until = later(common.From, from), earlier(common.Until, until)
		}
		if common.From.Before(common.Until) && common.Until.After(now) {
			all = append(all, common)
		}
	}
	if len(all) == 0 { // never: a period that is over says so to the engine
		return []acd.Period{{From: now.Add(-time.Second), Until: now}}
	}
	return slices.Clip(all)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
