package calendar

import "time"

// BusinessDays is the end of the nth day with hours after the one that a time lies in:
// what arrives on a Friday evening is due by the close of Monday, where Monday has
// hours. False if there is none within a year.
func (h *Hours) BusinessDays(from time.Time, n int) (time.Time, bool) {
	local := from.In(h.Zone)
	date := DateOf(local)
	for range ahead {
		date = date.add(1)
		day, _ := h.On(date)
		if len(day) == 0 {
			continue
		}
		if n--; n > 0 {
			continue
		}
		closes := 0
		for _, span := range day {
			closes = max(closes, span.To)
		}
		return time.Date(date.Year, date.Month, date.Day, 0, closes, 0, 0, h.Zone).UTC(), true
	}
	return time.Time{}, false
}

// Weekdays is a place that is open from Monday to Friday, all day long.
func Weekdays(zone *time.Location) *Hours {
	h := &Hours{Zone: zone}
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = Day{{From: 0, To: 24 * 60}}
	}
	return h
}
