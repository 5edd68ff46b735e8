package ivr_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
)

const office24 = `flow: office
languages: [en-US]
start: hours
steps:
  hours: {hours: member_services, open: yes_open, closed: no_closed, holiday: feast}
  yes_open: {play: open, next: people}
  no_closed: {play: closed, next: people}
  feast: {play: feast, next: people}
  people:
    queue: {name: people, hold: {music: calm}}
    timeout: stay
    full: stay
    unavailable: stay
  stay: {menu: stay, choices: {"1": people}, no_input: people}
`

func officeEnvironment(t *testing.T) ivr.Environment {
	env := demoEnvironment(t)
	env.HasPrompt, env.Queues = nil, map[string]ivr.Queue{"people": {}}
	return env
}

func TestHoursSayWhereACallGoes(t *testing.T) {
	for at, want := range map[string]string{
		"2026-11-25T12:00:00Z": "en open", "2026-11-25T20:00:00Z": "en closed", "2026-11-28T12:00:00Z": "en closed", "2026-12-25T12:00:00Z": "en feast",
	} {
		set, err := ivr.Load(fstest.MapFS{"flows/office.yaml": {Data: []byte(office24)}}, "flows", officeEnvironment(t))
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		p := callAt(t, set, "office", now)
		p.listen()
		p.hears(want)
	}
	// Without a way of its own, a holiday is closed.
	plain := strings.Replace(strings.Replace(office24, ", holiday: feast", "", 1), "  feast: {play: feast, next: people}\n", "", 1)
	set, err := ivr.Load(fstest.MapFS{"flows/office.yaml": {Data: []byte(plain)}}, "flows", officeEnvironment(t))
	if err != nil {
		t.Fatal(err)
	}
	p := callAt(t, set, "office", time.Date(2026, 12, 25, 12, 0, 0, 0, time.UTC))
	p.listen()
	p.hears("en closed")
}

func TestBrokenHours(t *testing.T) {
	for name, c := range map[string][2]string{
		"a misspelt calendar": {"hours: {hours: member_service, open: yes_open, closed: no_closed, holiday: feast}",
			`flows/office.yaml:5:18: there is no calendar "member_service"; did you mean "member_services"?`},
		"no way when closed": {"hours: {hours: member_services, open: yes_open, holiday: feast}",
			`flows/office.yaml:5:3: step "hours" is a dead end: it has no "closed"; name the step for callers who come while it is closed: they must not be sent away without help`},
		"no calendar": {`hours: {hours: "", open: yes_open, closed: no_closed, holiday: feast}`,
			"flows/office.yaml:5:18: step \"hours\" names no calendar; write `hours: member_services`, and say in calendars.yaml when that is open"},
	} {
		text := strings.Replace(office24, "hours: {hours: member_services, open: yes_open, closed: no_closed, holiday: feast}", c[0], 1)
		_, err := ivr.Load(fstest.MapFS{"flows/office.yaml": {Data: []byte(text)}}, "flows", officeEnvironment(t))
		if err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v\nwant %s", name, err, c[1])
		}
	}
}
