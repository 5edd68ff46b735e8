package calendar_test

import (
	"testing"
	"time"

	"careline/ivr/calendar"
)

func TestBusinessDaysEndAtTheClose(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	office := &calendar.Hours{Zone: chicago, Holidays: []calendar.Holiday{{Name: "Christmas", On: calendar.MonthDay{Month: time.December, Day: 25}}}}
	for day := time.Monday; day <= time.Friday; day++ {
		office.Week[day] = calendar.Day{{From: 8 * 60, To: 12 * 60}, {From: 13 * 60, To: 20 * 60}}
	}
	for _, c := range []struct {
		hours      *calendar.Hours
		from, want string
		days       int
	}{
		{office, "2026-11-25 10:00", "2026-11-26 20:00", 1},
		{office, "2026-11-25 23:59", "2026-11-26 20:00", 1},
		{office, "2026-11-27 21:00", "2026-11-30 20:00", 1}, // a Friday evening
		{office, "2026-12-24 10:00", "2026-12-28 20:00", 1}, // Christmas and a week-end
		{office, "2026-12-24 10:00", "2026-12-29 20:00", 2},
		{office, "2027-03-12 10:00", "2027-03-15 20:00", 1}, // clocks go forward in between
		{calendar.Weekdays(chicago), "2026-11-27 21:00", "2026-12-01 00:00", 1},
	} {
		from, _ := time.ParseInLocation("2006-01-02 15:04", c.from, chicago)
		due, ok := c.hours.BusinessDays(from, c.days)
		if got := due.In(chicago).Format("2006-01-02 15:04"); !ok || got != c.want {
			t.Errorf("%d business days from %s end %s, want %s", c.days, c.from, got, c.want)
		}
	}
	if _, ok := (&calendar.Hours{Zone: chicago}).BusinessDays(time.Now(), 1); ok {
		t.Error("a place without hours has a business day")
	}
}
