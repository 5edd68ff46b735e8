package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"careline/ivr/simulate"
)

// TestADayIsTheSites: in the evening of the demo's site it is tomorrow in Greenwich.
func TestADayIsTheSites(t *testing.T) {
	const dated = "flow: dated\nlanguages: [en-US]\nstart: day\nsteps:\n" +
		"  day:\n    collect: {ask: ask-date-of-birth, check: future_date, into: day}\n    next: person\n    no_input: person\n    no_match: {retries: 5, next: person}\n" +
		"  person: {transfer: {flow: member-services, step: to_member_services}}\n"
	dir := copied(t)
	if err := os.WriteFile(filepath.Join(dir, "flows/dated.yaml"), []byte(dated), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := LoadAt(dir, autumn())
	if err != nil {
		t.Fatal(err)
	}
	evening := time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC) // the 25th in Chicago
	for day, taken := range map[string]bool{"11262026": true, "11252026": false} {
		call := simulate.New(settings.Content.Flows, "dated", simulate.World{Begins: evening}, nil)
		if err := call.Listen(); err != nil {
			t.Fatal(err)
		}
		if err := call.Press(day); err != nil {
			t.Fatal(err)
		}
		if err := call.Listen(); err != nil {
			t.Fatal(err)
		}
		if got := call.Queued() != nil; got != taken {
			t.Errorf("%s is taken as a day to come: %v", day, got)
		}
	}
}

func TestOtherHoursAreAnotherVersion(t *testing.T) {
	one, err := LoadAt(copied(t), autumn())
	if err != nil {
		t.Fatal(err)
	}
	other, err := LoadAt(copied(t, "calendars.yaml", "sat: 9:00-13:00", "sat: 9:00-14:00"), autumn())
	if err != nil {
		t.Fatal(err)
	}
	if one.Content.Flows.Version() == other.Content.Flows.Version() {
		t.Error("a record could not tell by which hours its call went")
	}
}
