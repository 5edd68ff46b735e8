package quality

import (
	"testing"
	"time"
)

func TestFarSideSaysWhetherItHearsUs(t *testing.T) {
	type report struct {
		about   bool
		others  bool
		behind  uint16
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
			{sent: 40},
			{sent: 120, want: Unheard},
			{sent: 370, want: Unheard},
			{about: true, highest: 620, sent: 620, sample: Sample{Expected: 250}},
		},
		"not sent anything": {{}, {}, {}},
		"its report is about others": {
			{others: true, sent: 120}, {others: true, sent: 370},
			{about: true, others: true, highest: 620, sent: 620, sample: Sample{Expected: 620}},
		},
		"what comes after it stopped is behind": {
			{about: true, highest: 100, sent: 100, sample: Sample{Expected: 100}},
			{about: true, highest: 290, behind: 60, sent: 350, want: Unheard, sample: Sample{Expected: 190}},
			{about: true, highest: 600, sent: 600, sample: Sample{Expected: 310}},
		},
		"a hiccup, and what is on its way": {
			{about: true, highest: 100, behind: 60, sent: 160, sample: Sample{Expected: 160}},
			{about: true, highest: 300, behind: 40, sent: 350, sample: Sample{Expected: 200}},
		},
		"what we pass on was lost before": {
			{about: true, highest: 100, sent: 100, sample: Sample{Expected: 100}},
			{about: true, highest: 200, behind: 120, sent: 250, skipped: 90, sample: Sample{Expected: 10}},
		},
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
			told := Told{
				At: at, About: r.about, Others: r.others, Source: 1, Highest: r.highest, Lost: r.lost,
				Behind: r.behind, Sent: r.sent, Skipped: r.skipped,
			}
			if i > 0 {
				told.RoundTrip = 100 * time.Millisecond
			}
			sample, ok := e.Heard(told)
			if got, _ := e.Trouble(at); got != r.want || sample != r.sample || ok != (r.sample != Sample{}) {
				t.Errorf("%s, report %d: %q and %+v, want %q and %+v", name, i, got, sample, r.want, r.sample)
			}
		}
		if got, _ := e.Trouble(start.Add(time.Hour)); got != None {
			t.Errorf("%s: an hour later a report counts still", name)
		}
	}
}

// How soon the far side's reports tell that it hears us no more: by the first that it
// makes more than a second afterwards.
func TestItIsToldByTheFirstReportAfterASecond(t *testing.T) {
	const trip = 100 * time.Millisecond
	for _, interval := range []time.Duration{2 * time.Second, 5 * time.Second, 7500 * time.Millisecond} {
		for stops := 10 * time.Second; stops < 20*time.Second; stops += 100 * time.Millisecond {
			var e Echo
			for at := interval; ; at += interval {
				told := Told{At: start.Add(at), About: true, Source: 1, Sent: uint64(at / (20 * time.Millisecond)), RoundTrip: trip}
				heard := min(at-trip, stops)
				told.Highest = uint32(heard / (20 * time.Millisecond))
				told.Behind = uint16(told.Sent) - uint16(told.Highest)
				e.Heard(told)
				trouble, away := e.Trouble(told.At)
				if trouble == None {
					if at > stops+interval+1200*time.Millisecond {
						t.Fatalf("every %v: not told at %v of what stopped at %v", interval, at, stops)
					}
					continue
				}
				if since := at - stops; since < time.Second || away < since-trip-100*time.Millisecond || away > since+100*time.Millisecond {
					t.Fatalf("every %v: %v after it stopped it is said to have been so for %v", interval, since, away)
				}
				break
			}
		}
	}
}

func TestWhatTheSystemRefusesIsNotHeard(t *testing.T) {
	for name, test := range map[string]struct {
		every time.Duration // between refusals
		last  time.Duration
		want  Trouble
	}{
		"nothing":                   {time.Hour, 0, None},
		"each packet for 3 s":       {20 * time.Millisecond, 3 * time.Second, Unheard},
		"an answer a second (ICMP)": {time.Second, 4 * time.Second, Unheard},
		"each packet for 1 s":       {20 * time.Millisecond, time.Second, None},
		"now and then":              {1800 * time.Millisecond, 10 * time.Second, None},
	} {
		var o Outlet
		refused, next, got := uint64(0), test.every, None
		for at := time.Duration(0); at <= test.last; at += 250 * time.Millisecond {
			for ; next <= at; next += test.every {
				refused++
			}
			var lasted time.Duration
			got, lasted = o.Look(start.Add(at), refused)
			if got == Unheard && (lasted < refusedFor || lasted > at) {
				t.Errorf("%s: for %v at %v", name, lasted, at)
			}
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if got, _ := o.Look(start.Add(test.last+2*time.Second), refused); got != None {
			t.Errorf("%s: it goes on", name)
		}
	}
}
