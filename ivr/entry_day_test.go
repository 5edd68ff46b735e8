package ivr_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
)

// TestTodayIsTheSitesDay: in Chicago's evening it is tomorrow already by UTC, and callers
// mean their own day.
func TestTodayIsTheSitesDay(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	evening := time.Date(2026, 11, 25, 19, 0, 0, 0, chicago).UTC()
	early := time.Date(2026, 11, 25, 0, 5, 0, 0, chicago).UTC()
	for _, c := range []struct {
		check, keys string
		begins      time.Time
		taken       bool
	}{
		{"past_date", "11252026", evening, true}, {"past_date", "11262026", evening, false},
		{"future_date", "11262026", evening, true}, {"future_date", "11252026", evening, false},
		{"past_date", "11252026", early, true}, {"future_date", "11262026", early, true},
	} {
		text := `flow: day
languages: [en-US]
start: ask
steps:
  ask: {collect: {ask: day, check: ` + c.check + `, into: day}, next: taken, no_input: people, no_match: {retries: 0, next: people}}
  taken: {play: taken, next: people}
  people: {queue: {name: people, hold: {music: calm}}, timeout: ask, full: ask, unavailable: ask}
`
		set, err := ivr.Load(fstest.MapFS{"flows/day.yaml": {Data: []byte(text)}}, "flows", ivr.Environment{
			Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"people": {}}, Zone: chicago,
		})
		if err != nil {
			t.Fatal(err)
		}
		p := callAt(t, set, "day", c.begins)
		p.listen()
		p.press(c.keys)
		p.listen()
		if taken := strings.Contains(strings.Join(p.heard, " "), "en taken"); taken != c.taken {
			t.Errorf("%s on %s in Chicago: taken is %v, want %v", c.check, c.begins.In(chicago).Format(time.DateTime), taken, c.taken)
		}
	}
}
