package config

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr/calendar"
)

// readCalendars reads a calendars.yaml of this text.
func readCalendars(t *testing.T, text string) (map[string]*calendar.Hours, *reader) {
	t.Helper()
	r := &reader{files: fstest.MapFS{calendarsName: {Data: []byte(text)}}, raw: map[string][]byte{}}
	return r.calendars(time.UTC, time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)), r
}

func TestTheDemosCalendars(t *testing.T) {
	raw, err := os.ReadFile("demo/calendars.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, r := readCalendars(t, string(raw))
	if err := r.problems.Err(); err != nil || len(r.warnings) > 0 {
		t.Fatal(err, r.warnings)
	}
	for at, want := range map[string]calendar.State{
		"2026-11-28T16:00:00Z": calendar.Open,   // a Saturday in the season, 10:00 in Chicago
		"2026-08-29T15:00:00Z": calendar.Closed, // and in summer
		"2026-11-26T16:00:00Z": calendar.ClosedForHoliday,
	} {
		now, _ := time.Parse(time.RFC3339, at)
		if state, _ := all["member_services"].At(now); state != want {
			t.Errorf("%s: %v, want %v", at, state, want)
		}
	}
	if state, _ := all["provider_services"].At(time.Date(2026, 12, 24, 19, 0, 0, 0, time.UTC)); state != calendar.Closed {
		t.Errorf("the afternoon of a short day: %v", state)
	}
}

func TestMistakesInCalendars(t *testing.T) {
	const week = "calendars:\n  office:\n    hours: {mon-fri: 8:00-20:00}\n"
	for name, c := range map[string][2]string{
		"a zone":                   {week + "    zone: America/Chicagoo\n", `calendars.yaml:4:11: "America/Chicagoo" is no time zone; write an IANA name, such as America/Chicago`},
		"hours":                    {"calendars:\n  office:\n    hours: {mon-fri: 8-20}\n", `calendars.yaml:3:22: "8-20" is no span of hours; write it as 8:00-20:00`},
		"hours that run back":      {"calendars:\n  office:\n    hours: {mon-fri: 20:00-8:00}\n", `calendars.yaml:3:22: "20:00-8:00" ends before it begins; hours over midnight are two spans`},
		"hours that overlap":       {"calendars:\n  office:\n    hours: {mon: [8:00-12:00, 11:00-16:00]}\n", `calendars.yaml:3:18: 8:00-12:00 and 11:00-16:00 overlap; write them as one span, or apart`},
		"a day":                    {"calendars:\n  office:\n    hours: {weekdays: 8:00-20:00}\n", `calendars.yaml:3:13: "weekdays" is no day of the week, nor a range of them; write mon, or mon-fri`},
		"a day twice":              {"calendars:\n  office:\n    hours: {mon-fri: 8:00-20:00, wed: 9:00-12:00}\n", `calendars.yaml:3:34: Wednesday stands here twice; give each day its hours once`},
		"a calendar without hours": {"calendars:\n  office: {holidays: [{name: Christmas, on: 12-25}]}\n", `calendars.yaml:2:3: calendar "office" is never open; give it hours, as in`},
		"a holiday":                {week + "    holidays: [{name: Thanksgiving, on: fourth thursday in november}]\n", `calendars.yaml:4:41: "fourth thursday in november" is no day of each year; write 12-25, or 4th thursday of november, or last monday of may`},
		"a holiday without a name": {week + "    holidays: [{on: 12-25}]\n", `calendars.yaml:4:16: a holiday has a name; write {name: Christmas, on: 12-25}`},
		"a weekday that is moved":  {week + "    holidays: [{name: Labor Day, on: 1st monday of september, observed: true}]\n", `calendars.yaml:4:73: a weekday is never moved; "observed" is for dates such as 07-04`},
		"a season":                 {week + "    seasons: [{from: 10-01, to: 02-30, hours: {mon: 8:00-9:00}}]\n", `calendars.yaml:4:33: there is no day "02-30" in any year`},
		"an exception":             {week + "    exceptions: {27.11.2026: closed}\n", `calendars.yaml:4:18: "27.11.2026" is no date; write it as 2026-11-27`},
		"a key":                    {week + "    holyday: []\n", `calendars.yaml:4:5: "holyday" is not a key here; did you mean "holidays"?`},
	} {
		_, r := readCalendars(t, c[0])
		if err := r.problems.Err(); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v\nwant %s", name, err, c[1])
		}
	}
	_, r := readCalendars(t, week+"    seasons:\n      - {from: 10-01, to: 03-31, hours: {mon: 8:00-9:00}}\n      - {from: 03-15, to: 04-15, hours: {mon: 8:00-9:00}}\n")
	if len(r.problems) > 0 || len(r.warnings) != 1 || !strings.Contains(r.warnings[0].Error(), "days in common") {
		t.Errorf("seasons that overlap: %v %v", r.problems, r.warnings)
	}
}

// TestDaysInNoSeasonAreTold: a plan that writes the season of 42 CFR 422.111(h)(1) and
// forgets the rest of the year.
func TestDaysInNoSeasonAreTold(t *testing.T) {
	const season = "calendars:\n  office:\n    seasons:\n      - {from: 10-01, to: 03-31, hours: {mon-sun: 8:00-20:00}}\n"
	_, r := readCalendars(t, season)
	want := "calendars.yaml:2:3: calendar \"office\" is closed from 04-01 to 09-30: these days are in no season, and it has no other hours; write a season for them, or `hours` that count outside of the seasons"
	if len(r.problems) > 0 || len(r.warnings) != 1 || r.warnings[0].Error() != want {
		t.Errorf("%v %v\nwant %s", r.problems, r.warnings, want)
	}
	for _, rest := range []string{"    hours: {mon-fri: 8:00-20:00}\n", "      - {from: 04-01, to: 09-30, hours: {mon-fri: 8:00-20:00}}\n"} {
		if _, r := readCalendars(t, season+rest); len(r.problems) > 0 || len(r.warnings) > 0 {
			t.Errorf("%s: %v %v", rest, r.problems, r.warnings)
		}
	}
}

func TestTheExampleOfTheDocsIsSound(t *testing.T) {
	raw, err := os.ReadFile("../docs/calendars.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	_, r := readCalendars(t, example)
	if err := r.problems.Err(); !found || err != nil || len(r.warnings) > 0 {
		t.Error(err, r.warnings)
	}
}
