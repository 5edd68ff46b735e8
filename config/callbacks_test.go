package config

import (
	"strings"
	"testing"
	"time"
)

func TestCallbacksThatCouldNotBeMadeAreRefused(t *testing.T) {
	demo := inMemory(t)
	callback := "    callback: {flow: callback, first: agent, attempts: 3}\n"
	for name, c := range map[string]struct {
		edits []string
		files map[string]string
		want  string
	}{
		"nothing to hear": {[]string{"queues.yaml", callback, ""}, nil, `and it doesn't say what they hear then`},
		"no such flow":    {[]string{"queues.yaml", "{flow: callback,", "{flow: calback,"}, nil, `"calback" is not a flow`},
		"who is first":    {[]string{"queues.yaml", "first: agent", "first: nurse"}, nil, `"nurse" is not a choice`},
		"never":           {nil, map[string]string{"calling.yaml": "from: \"21:00\"\nto: \"8:00\"\n"}, "nobody could ever be called"},
		"no source":       {nil, map[string]string{"calling.yaml": "area_codes: [{from: 2026-01-01, zones: {America/Chicago: [\"312\"]}}]\n"}, "or no source"},
		"no area code":    {nil, map[string]string{"calling.yaml": "area_codes: [{from: 2026-01-01, source: x, zones: {America/Chicago: [\"31\"]}}]\n"}, `"31" is no area code`},
		"no zone":         {nil, map[string]string{"calling.yaml": "area_codes: [{from: 2026-01-01, source: x, zones: {America/Chicgo: [\"312\"]}}]\n"}, "is no time zone"},
		"too many a time": {[]string{"queues.yaml", "attempts: 3", "attempts: 30"}, nil, "attempts is 30"},
	} {
		t.Run(name, func(t *testing.T) {
			r := changed(t, demo, c.edits, c.files)
			if !strings.Contains(r.problems.Error(), c.want) {
				t.Errorf("read %v\nwant %s", r.problems, c.want)
			}
		})
	}
}

func TestTheLatestListOfAreaCodesThatHasBegunCounts(t *testing.T) {
	list := "area_codes:\n- {from: 2026-01-01, source: x, zones: {America/Chicago: [\"312\"]}}\n- {from: 2999-01-01, source: y, zones: {America/New_York: [\"312\"]}}\n"
	r := changed(t, inMemory(t), nil, map[string]string{"calling.yaml": list})
	hours := r.callingHours("2026-11-25")
	chicago := hours.Zones["312"]
	if len(r.problems) != 0 || chicago == nil || chicago.String() != "America/Chicago" || hours.From != 8*60 || hours.To != 21*60 || len(hours.Unknown) == 0 {
		t.Fatalf("%v %+v", r.problems, hours)
	}
	if periods := hours.Periods("3125550147", time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC)); len(periods) == 0 {
		t.Error("nobody is ever called")
	}
}
