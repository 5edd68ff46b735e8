package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func spans(t *testing.T, texts ...string) (day Day) {
	t.Helper()
	for _, text := range texts {
		span, err := ParseSpan(text)
		if err != nil {
			t.Fatal(err)
		}
		day = append(day, span)
	}
	return day
}

// medicare are a plan's hours as 42 CFR 422.111(h)(1) has them: seven days from October
// to March, Monday to Friday otherwise.
func medicare(t *testing.T) *Hours {
	t.Helper()
	day := spans(t, "8:00-20:00")
	holiday := func(name, on string, observed bool) Holiday {
		h, err := ParseHoliday(on)
		if err != nil {
			t.Fatal(err)
		}
		h.Name, h.Observed = name, observed
		return h
	}
	return &Hours{
		Zone:    zone(t, "America/Chicago"),
		Week:    Week{1: day, 2: day, 3: day, 4: day, 5: day},
		Seasons: []Season{{MonthDay{time.October, 1}, MonthDay{time.March, 31}, Week{day, day, day, day, day, day, day}}},
		Holidays: []Holiday{
			holiday("Thanksgiving", "4th thursday of november", false), holiday("Christmas", "12-25", false),
			holiday("Independence Day", "07-04", true), holiday("Memorial Day", "last monday of may", false), holiday("New Year", "01-01", true),
		},
		Exceptions: map[Date]Day{{2026, time.November, 27}: spans(t, "9:00-12:00"), {2026, time.October, 14}: nil},
	}
}

func TestWhenAPlanIsOpen(t *testing.T) {
	hours := medicare(t)
	for at, want := range map[string]string{
		"2026-11-25 07:59": "closed", "2026-11-25 08:00": "open", "2026-11-25 19:59": "open", "2026-11-25 20:00": "closed",
		"2026-11-28 10:00": "open",   // a Saturday of the season
		"2026-08-29 10:00": "closed", // a Saturday outside of it
		"2026-03-31 10:00": "open", "2026-04-04 10:00": "closed",
		"2026-11-26 10:00": "Thanksgiving", "2026-12-25 10:00": "Christmas", "2026-05-25 10:00": "Memorial Day",
		"2026-07-03 10:00": "Independence Day",                         // the 4th is a Saturday, and kept on Friday
		"2027-07-05 10:00": "Independence Day",                         // a Sunday, kept on Monday
		"2021-12-31 10:00": "New Year", "2023-01-02 10:00": "New Year", // kept in the year before, and on the Monday
		"2026-11-27 10:00": "open", "2026-11-27 13:00": "closed", // a single day
		"2026-10-14 10:00": "closed",
	} {
		when, err := time.ParseInLocation("2006-01-02 15:04", at, hours.Zone)
		if err != nil {
			t.Fatal(err)
		}
		state, name := hours.At(when.UTC())
		if got := map[State]string{Open: "open", Closed: "closed", ClosedForHoliday: name}[state]; got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

func TestHoursAreByTheWallClockWhenClocksChange(t *testing.T) {
	hours := medicare(t)
	for _, day := range []string{"2026-03-08", "2026-11-01"} {
		for minute, want := range map[string]State{"07:59": Closed, "08:00": Open, "19:59": Open, "20:00": Closed} {
			when, err := time.ParseInLocation("2006-01-02 15:04", day+" "+minute, hours.Zone)
			if err != nil {
				t.Fatal(err)
			}
			if state, _ := hours.At(when); state != want {
				t.Errorf("%s %s: %v, want %v", day, minute, state, want)
			}
		}
	}
}

func TestWhenItIsOpenNext(t *testing.T) {
	hours := medicare(t)
	for at, want := range map[string]string{
		"2026-11-25 06:00": "2026-11-25 08:00", "2026-11-25 12:00": "2026-11-25 12:00",
		"2026-11-25 21:00": "2026-11-27 09:00", // over Thanksgiving, to the short day
		"2026-07-02 21:00": "2026-07-06 08:00", // over the observed holiday and a weekend
	} {
		when, _ := time.ParseInLocation("2006-01-02 15:04", at, hours.Zone)
		next, ok := hours.Next(when)
		if got := next.In(hours.Zone).Format("2006-01-02 15:04"); !ok || got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if (&Hours{Zone: time.UTC}).Ever(time.Now()) {
		t.Error("what is never open opens")
	}
}

// TestNextWhereClocksChange: at 2:00 of March 8 it is 3:00, and at 2:00 of November 1
// it is 1:00 again.
func TestNextWhereClocksChange(t *testing.T) {
	for _, c := range []struct {
		now, want string
		day       Day
	}{
		{"2026-03-08T07:00:00Z", "2026-03-09T07:00:00Z", spans(t, "2:00-2:30")}, // which isn't there on the 8th
		{"2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z", spans(t, "2:30-3:30")}, // from 3:00 on
		{"2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z", spans(t, "1:00-1:30")},
		{"2026-11-01T06:45:00Z", "2026-11-01T07:00:00Z", spans(t, "1:00-1:30")}, // the second time
		{"2026-11-01T07:30:00Z", "2026-11-02T07:00:00Z", spans(t, "1:00-1:30")},
		{"2026-11-03T12:00:30Z", "2026-11-03T14:00:00Z", spans(t, "13:00-17:00", "8:00-12:00")},
	} {
		hours := &Hours{Zone: zone(t, "America/Chicago"), Week: Week{c.day, c.day, c.day, c.day, c.day, c.day, c.day}}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if next, ok := hours.Next(now); !ok || next.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("%v from %s: %s, want %s", c.day, c.now, next.UTC().Format(time.RFC3339), c.want)
		}
	}
}

// TestNextIsTheFirstOpenMinute: between any time and its next opening nothing is open,
// and there it is; with any hours, in zones whose clocks change by an hour, by half of
// one, at midnight and never.
func TestNextIsTheFirstOpenMinute(t *testing.T) {
	zones := []*time.Location{zone(t, "America/Chicago"), zone(t, "Australia/Lord_Howe"), zone(t, "America/Santiago"), zone(t, "Asia/Kathmandu")}
	plan := medicare(t)
	rapid.Check(t, func(t *rapid.T) {
		hours := &Hours{Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Seasons: plan.Seasons[:rapid.IntRange(0, 1).Draw(t, "seasons")], Holidays: plan.Holidays}
		for range rapid.IntRange(1, 4).Draw(t, "spans") {
			from := rapid.IntRange(0, minutesOfDay-1).Draw(t, "from")
			span := Span{from, rapid.IntRange(from+1, minutesOfDay).Draw(t, "to")}
			weekday := rapid.IntRange(0, 6).Draw(t, "weekday")
			hours.Week[weekday] = append(hours.Week[weekday], span)
		}
		now := time.Unix(rapid.Int64Range(1_600_000_000, 2_000_000_000).Draw(t, "now"), 0)
		if rapid.Bool().Draw(t, "changing") { // about when clocks change
			if _, end := now.In(hours.Zone).ZoneBounds(); !end.IsZero() {
				now = end.Add(time.Duration(rapid.IntRange(-180, 180).Draw(t, "minutes")) * time.Minute)
			}
		}
		next, ok := hours.Next(now)
		if state, _ := hours.At(next); !ok || state != Open || next.Before(now) {
			t.Fatalf("%s: next is %s, %v", now, next, state)
		}
		for at := now; at.Before(next); at = at.Add(time.Minute) {
			if state, _ := hours.At(at); state == Open {
				t.Fatalf("%s: open at %s, before %s", now, at, next)
			}
		}
	})
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for text, want := range map[string]string{"8:00-20:00": "8:00-20:00", "0:00 - 24:00": "0:00-24:00", "22:30-23:05": "22:30-23:05"} {
		if span, err := ParseSpan(text); err != nil || span.String() != want {
			t.Errorf("%s: %v, %v", text, span, err)
		}
	}
	for _, text := range []string{"", "8-20", "8:00", "20:00-8:00", "8:00-8:00", "8:60-9:00", "8:00-24:01", "8:00-20:00x"} {
		if span, err := ParseSpan(text); err == nil {
			t.Errorf("%q is read as %v", text, span)
		}
	}
	if days, err := ParseDays("sat-mon"); err != nil || len(days) != 3 || days[0] != time.Saturday || days[2] != time.Monday {
		t.Errorf("sat-mon is %v, %v", days, err)
	}
	for _, text := range []string{"", "mo", "mon-", "mon-fry", "weekday"} {
		if days, err := ParseDays(text); err == nil {
			t.Errorf("%q is read as %v", text, days)
		}
	}
	for _, text := range []string{"12-32", "13-01", "2-3", "6th monday of may", "1st may of monday", "first monday of may", ""} {
		if h, err := ParseHoliday(text); err == nil {
			t.Errorf("%q is read as %v", text, h)
		}
	}
	leap, err := ParseHoliday("02-29")
	if _, real := leap.In(2027); err != nil || real {
		t.Errorf("February 29, 2027: %v, %v", real, err)
	}
	if fifth := (Holiday{Nth: 5, Weekday: time.Monday, Month: time.February}); fifth.is(Date{2027, time.March, 1}) {
		t.Error("the fifth Monday of February is in March")
	}
	if a, b, overlap := (Day{{60, 120}, {200, 300}, {119, 130}}).Overlap(); !overlap || a.From != 60 || b.From != 119 {
		t.Errorf("%v %v %v", a, b, overlap)
	}
}
