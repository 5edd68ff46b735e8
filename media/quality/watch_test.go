package quality

import (
	"testing"
	"time"
)

func TestWhoIsNotHeard(t *testing.T) {
	s := time.Second
	for _, test := range []struct {
		name    string
		hearing Hearing
		want    Trouble
	}{
		{"sound comes", Hearing{Expected: true, Quiet: 20 * time.Millisecond}, None},
		{"no packet for 4 s", Hearing{Expected: true, Quiet: 4 * s}, NoPackets},
		{"nobody is to send", Hearing{Quiet: 60 * s, Dead: 60 * s}, None},
		{"silence suppressed", Hearing{Expected: true, Quiet: 20 * s, Suppresses: true}, None},
		{"a dead microphone", Hearing{Expected: true, Dead: 4 * s}, Dead},
		{"a noise gate", Hearing{Expected: true, Dead: 20 * s, Gates: true}, None},
		{"a noise gate that never opens again", Hearing{Expected: true, Dead: 30 * s, Gates: true}, Dead},
		{"a short pause", Hearing{Expected: true, Dead: 3 * s, Quiet: 3 * s}, None},
	} {
		if got, _ := test.hearing.Trouble(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

var start = time.Unix(1000, 0)

func TestTroublesAreToldOnceAndSummedUp(t *testing.T) {
	var w Watch
	now := start
	look := func(found Trouble, before time.Duration) bool {
		now = now.Add(250 * time.Millisecond)
		changed := w.Look(now, true, [2]Trouble{found, None}, [2]time.Duration{before})
		if changed[ToFar] {
			t.Error("the other direction changed")
		}
		return changed[FromFar]
	}
	for i, step := range []struct {
		found   Trouble
		changed bool
	}{{None, false}, {NoPackets, true}, {NoPackets, false}, {Dead, true}, {Dead, false}, {None, true}, {None, false}} {
		if got := look(step.found, 4*time.Second); got != step.changed || w.Now(FromFar) != step.found {
			t.Errorf("look %d: changed %v", i, got)
		}
	}
	if got := w.Take(FromFar); got != 5*time.Second {
		t.Errorf("lasted %v, want 5 s: 4 before it was found, and 4 looks", got)
	}
	w.Look(now.Add(time.Minute), false, [2]Trouble{Dead, Unheard}, [2]time.Duration{time.Minute, time.Minute})
	w.Look(now.Add(2*time.Minute), false, [2]Trouble{Dead, Unheard}, [2]time.Duration{})
	if w.Now(FromFar) != Dead || w.Now(ToFar) != Unheard {
		t.Error("nobody listens, and so nothing is noticed")
	}
	if w.Take(FromFar) != 0 || w.Take(ToFar) != 0 {
		t.Error("counted twice")
	}
}
