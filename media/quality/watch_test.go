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

func TestFarSideSaysWhetherItHearsUs(t *testing.T) {
	type report struct {
		about   bool
		highest uint32
		lost    int32
		sent    uint64
		skipped uint64
		want    Trouble
		sample  Sample
	}
	for name, reports := range map[string][]report{
		"all is heard": {
			{about: true, highest: 100, sent: 100, sample: Sample{Expected: 100}},
			{about: true, highest: 350, sent: 350, sample: Sample{Expected: 250}},
		},
		"a part is lost": {
			{about: true, highest: 100, sent: 100, sample: Sample{Expected: 100}},
			{about: true, highest: 350, lost: 25, sent: 350, sample: Sample{Expected: 250, Lost: 25}},
		},
		"what had been lost before us isn't lost on this leg": {
			{about: true, highest: 100, sent: 100, sample: Sample{Expected: 100}},
			{about: true, highest: 350, lost: 25, sent: 330, skipped: 20, sample: Sample{Expected: 230, Lost: 5}},
		},
		"it stops to be heard": {
			{about: true, highest: 100, sent: 100, sample: Sample{Expected: 100}},
			{about: true, highest: 100, sent: 350, want: Unheard},
			{about: true, highest: 600, sent: 600, sample: Sample{Expected: 500}},
		},
		"we stopped to send": {
			{about: true, highest: 100, sent: 100, sample: Sample{Expected: 100}},
			{about: true, highest: 100, sent: 100},
		},
		"never heard": {
			{sent: 120},
			{sent: 370, want: Unheard},
			{about: true, highest: 620, sent: 620, sample: Sample{Expected: 250}},
		},
		"not sent anything": {{}, {}, {}},
		"doubled on the way": {
			{about: true, highest: 100, sent: 100, sample: Sample{Expected: 100}},
			{about: true, highest: 350, lost: -30, sent: 350, sample: Sample{Expected: 250}},
		},
		"begun anew": {
			{about: true, highest: 1000, lost: 30, sent: 1000, sample: Sample{Expected: 1000, Lost: 30}},
			{about: true, highest: 100, lost: 30, sent: 1250},
			{about: true, highest: 350, lost: 30, sent: 1500, sample: Sample{Expected: 250}},
		},
	} {
		var e Echo
		for i, r := range reports {
			at := start.Add(time.Duration(i) * 5 * time.Second)
			sample, ok := e.Heard(Told{At: at, About: r.about, Source: 1, Highest: r.highest, Lost: r.lost, Sent: r.sent, Skipped: r.skipped})
			if got := e.Trouble(at); got != r.want || sample != r.sample || ok != (r.sample != Sample{}) {
				t.Errorf("%s, report %d: %q and %+v, want %q and %+v", name, i, got, sample, r.want, r.sample)
			}
		}
		if e.Trouble(start.Add(time.Hour)) != None {
			t.Errorf("%s: an hour later a report counts still", name)
		}
	}
}

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
