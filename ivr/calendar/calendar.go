// Package calendar says when a place is open: hours of the week, seasons with hours of
// their own, holidays, and single days that are otherwise.
//
// What lives here: dates and hours in a zone, as pure functions of a time. What must
// not: a clock, files, flows.
//
//	state, name := hours.At(now)     // Open, Closed, or ClosedForHoliday with its name
//	opens, ok := hours.Next(now)     // when it is open next
//
// Hours are by the wall clock of the zone: on the day of a change a place that opens at
// 8:00 opens at 8:00, whatever the clocks did at night.
package calendar

import (
	"fmt"
	"slices"
	"time"
)

// Day of 24 hours, in minutes.
const minutesOfDay = 24 * 60

// Span is open from From until just before To, in minutes since midnight by the wall
// clock, 0 to 1440.
type Span struct{ From, To int }

// Day is what a day has of open spans, each apart from the others; empty is closed.
type Day []Span

// open reports whether a minute of the day lies in a span.
func (d Day) open(minute int) bool {
	return slices.ContainsFunc(d, func(s Span) bool { return s.From <= minute && minute < s.To })
}

// Week has a day for each weekday, Sunday first, as time.Weekday counts.
type Week [7]Day

// MonthDay is a day of any year.
type MonthDay struct {
	Month time.Month
	Day   int
}

// String is MM-DD, as ParseMonthDay reads it.
func (d MonthDay) String() string { return fmt.Sprintf("%02d-%02d", d.Month, d.Day) }

func (d MonthDay) before(other MonthDay) bool {
	return d.Month < other.Month || d.Month == other.Month && d.Day < other.Day
}

// Season has hours of its own from a day to a day, both included; it may go over the
// end of the year.
type Season struct {
	From, To MonthDay
	Week     Week
}

// Has reports whether a day lies in the season.
func (s Season) Has(day MonthDay) bool {
	if s.To.before(s.From) {
		return !day.before(s.From) || !s.To.before(day)
	}
	return !day.before(s.From) && !s.To.before(day)
}

// Gaps gives the rows of days, in a leap year from January on, that no season has.
func Gaps(seasons []Season) []Season {
	var gaps []Season
	open := false
	for date := (Date{2024, time.January, 1}); date.Year == 2024; date = date.add(1) {
		day := MonthDay{date.Month, date.Day}
		if slices.ContainsFunc(seasons, func(s Season) bool { return s.Has(day) }) {
			open = false
			continue
		}
		if !open {
			gaps, open = append(gaps, Season{From: day}), true
		}
		gaps[len(gaps)-1].To = day
	}
	return gaps
}

// Holiday is a day of each year: a date, or the nth weekday of a month.
type Holiday struct {
	Name string
	// On is the date, where Nth is 0.
	On MonthDay
	// Nth weekday of Month, from 1; -1 is the last.
	Nth     int
	Weekday time.Weekday
	Month   time.Month
	// Observed: a date on a Saturday is kept on the Friday before as well, one on a
	// Sunday on the Monday after (as 5 U.S.C. 6103(b) has it for federal holidays).
	Observed bool
	// Hours that day; empty is closed.
	Hours Day
}

// In is the holiday's date in a year; false where the year has none (February 29).
func (h Holiday) In(year int) (Date, bool) {
	if h.Nth == 0 {
		d := Date{year, h.On.Month, h.On.Day}
		return d, d.real()
	}
	if h.Nth < 0 {
		last := Date{year, h.Month + 1, 0}.normal()
		return last.add(-((int(last.Weekday()-h.Weekday) + 7) % 7)), true
	}
	first := Date{year, h.Month, 1}
	d := first.add((int(h.Weekday-first.Weekday())+7)%7 + 7*(h.Nth-1))
	return d, d.Month == h.Month
}

// is reports whether the holiday is kept on a date.
func (h Holiday) is(date Date) bool {
	for year := date.Year - 1; year <= date.Year+1; year++ { // New Year's Day may be kept in the year before
		on, real := h.In(year)
		if !real {
			continue
		}
		if on == date || h.Observed && (on.Weekday() == time.Saturday && on.add(-1) == date || on.Weekday() == time.Sunday && on.add(1) == date) {
			return true
		}
	}
	return false
}

// Hours are a place's, in its zone. They are immutable once in use.
type Hours struct {
	Zone *time.Location
	Week Week
	// Seasons: the first that has a day counts, in place of Week.
	Seasons []Season
	// Holidays: the first that is kept on a day counts, in place of the week's hours.
	Holidays []Holiday
	// Exceptions are single days, before all else.
	Exceptions map[Date]Day
}

// State is how a place is at a time.
type State int

const (
	// Closed by the week's hours, or on a single day.
	Closed State = iota
	// Open.
	Open
	// ClosedForHoliday: closed, and a holiday.
	ClosedForHoliday
)

// On gives a date's spans, and the name of the holiday that it is; empty for none.
func (h *Hours) On(date Date) (day Day, holiday string) {
	for _, one := range h.Holidays {
		if one.is(date) {
			day, holiday = one.Hours, one.Name
			break
		}
	}
	if exception, ok := h.Exceptions[date]; ok {
		return exception, holiday
	}
	if holiday != "" {
		return day, holiday
	}
	for _, season := range h.Seasons {
		if season.Has(MonthDay{date.Month, date.Day}) {
			return season.Week[date.Weekday()], ""
		}
	}
	return h.Week[date.Weekday()], ""
}

// At says whether the place is open, and where it is closed on a holiday, which.
func (h *Hours) At(now time.Time) (State, string) {
	local := now.In(h.Zone)
	day, holiday := h.On(DateOf(local))
	switch {
	case day.open(local.Hour()*60 + local.Minute()):
		return Open, ""
	case holiday != "":
		return ClosedForHoliday, holiday
	}
	return Closed, ""
}

// ahead is how many days Next looks at: a year and a leap day, and some.
const ahead = 400

// quarter divides the offsets of all zones from UTC, and so the days of each.
const quarter = 15 * time.Minute

// Next is when the place is open the next time, now if it is; false if it isn't within a
// year. It goes by the clock minute by minute, on days that have hours at all: where
// clocks change, a minute may come twice, or never.
func (h *Hours) Next(now time.Time) (time.Time, bool) {
	if state, _ := h.At(now); state == Open {
		return now, true
	}
	var date Date
	var day Day
	step := time.Minute
	for at, last := now, now.AddDate(0, 0, ahead); at.Before(last); at = at.Truncate(step).Add(step) {
		local := at.In(h.Zone)
		if today := DateOf(local); today != date {
			date = today
			day, _ = h.On(date)
			step = time.Minute
			if len(day) == 0 {
				step = quarter
			}
		}
		if day.open(local.Hour()*60 + local.Minute()) {
			return at, true
		}
	}
	return time.Time{}, false
}

// Ever reports whether the place is open at any time of the year that begins with now.
func (h *Hours) Ever(now time.Time) bool {
	_, ok := h.Next(now)
	return ok
}
