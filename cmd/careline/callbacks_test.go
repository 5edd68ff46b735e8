package main

import (
	"strings"
	"testing"
	"time"

	"careline/call"
)

func TestOpenCallbacksAreToldWithoutTheirNumbers(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var told strings.Builder
	err := printCallbacks(&told, []call.OpenCallback{
		{ID: "a", Queue: "claims", Ending: "47", Asked: now.Add(-90 * time.Second), State: call.CallbackWaiting, Place: 2},
		{ID: "b", Queue: "claims", Ending: "48", Asked: now.Add(-time.Hour), Attempts: 1, State: call.CallbackAside, Next: now.Add(time.Minute)},
		{ID: "c", Queue: "claims", Ending: "49", Asked: now, State: call.CallbackCalling, Agent: "maria"},
		{ID: "d", Queue: "claims", Ending: "50", Asked: now, State: call.CallbackOffered, Agent: "james"},
		{ID: "e", Queue: "claims", Ending: "51", Asked: now, State: call.CallbackCalling},
	}, now)
	want := `CALLBACK  NUMBER  QUEUE   ASKED     CALLED   STATE
a         …47     claims  1m30s ago   0 times  in line, place 2
`
	lines := strings.Split(told.String(), "\n")
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if err != nil || squeeze(strings.Join(lines[:2], "\n")) != squeeze(want) {
		t.Errorf("%v\n%s", err, told.String())
	}
	for i, end := range []string{"1 times called from 2026-03-01T12:01:00Z", "being called for maria", "offered to james", "being called"} {
		if got := squeeze(lines[i+2]); !strings.HasSuffix(got, end) {
			t.Errorf("%q doesn't end in %q", got, end)
		}
	}
}

func TestCallbacksAsksForWhatItNeeds(t *testing.T) {
	for _, args := range [][]string{{"callbacks", "cancel", "x"}, {"callbacks", "cancel"}, {"callbacks", "sing"}, {"callbacks", "list", "x"}} {
		if code, _, said := careline("", args...); code != exitMisused || !strings.Contains(said, "Use: careline callbacks") {
			t.Errorf("%q: %d, %s", args, code, said)
		}
	}
}
