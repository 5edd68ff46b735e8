package desk

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestAttemptThatNobodyJudgedForgivesNothing(t *testing.T) {
	now := time.Now()
	a := newAttempts(func() time.Time { return now })
	for i := range userFailures {
		if wait := a.take("maria", fmt.Sprint("source", i)); wait != 0 {
			t.Fatalf("held back too early: %s", wait)
		}
		// A browser that leaves while its password waits for a place to be hashed.
		if a.take("maria", "leaver") == 0 {
			a.undo("maria", "leaver")
		}
	}
	if wait := a.take("maria", "another"); wait != failureRest {
		t.Errorf("leaving early forgot the failures before: wait %s", wait)
	}
	for range sourceFailures + 1 { // nor does it count
		if wait := a.take("rosa", "10.0.0.9"); wait != 0 {
			t.Fatalf("unjudged attempts count: %s", wait)
		}
		a.undo("rosa", "10.0.0.9")
	}
}

func TestStrangersGuessesDontKeepAnAgentOut(t *testing.T) {
	now := time.Now()
	a := newAttempts(func() time.Time { return now })
	a.take("maria", "desk 12")
	a.forgive("maria", "desk 12")
	now = now.Add(16 * time.Hour)
	for i := range 3 * userFailures {
		a.take("maria", fmt.Sprint("stranger ", i))
	}
	if a.take("maria", "stranger 99") == 0 {
		t.Error("strangers may go on guessing")
	}
	if wait := a.take("maria", "desk 12"); wait != 0 {
		t.Errorf("maria is kept from her own desk for %s", wait)
	}
	for range userFailures {
		a.take("maria", "desk 12")
	}
	if a.take("maria", "desk 12") == 0 {
		t.Error("at her own desk one may guess without end")
	}
	now = now.Add(knownFor + time.Hour)
	for range userFailures {
		a.take("maria", "stranger")
	}
	if a.take("maria", "desk 12") == 0 {
		t.Error("a source stays known for ever")
	}
}

func TestKnownSourcesAreBounded(t *testing.T) {
	now := time.Now()
	a := newAttempts(func() time.Time { return now })
	for i := range maxTracked + 100 {
		now = now.Add(time.Second)
		a.take("maria", fmt.Sprint(i))
		a.forgive("maria", fmt.Sprint(i))
	}
	if len(a.known) > maxTracked || len(a.full) > maxTracked {
		t.Errorf("%d known, %d buckets", len(a.known), len(a.full))
	}
}

func TestAttemptsAreCountedForWhoAsksAndNotForTheProxy(t *testing.T) {
	d := &Desk{options: Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24"), netip.MustParsePrefix("fd00::/64")}}}
	for _, one := range []struct {
		from      string
		forwarded []string
		want      string
	}{
		{"192.0.2.7:4000", nil, "192.0.2.7"},
		{"192.0.2.7:4000", []string{"198.51.100.1"}, "192.0.2.7"}, // no proxy of ours: its header is a claim
		{"10.1.0.5:4000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.1.0.5:4000", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"}, // the caller of the proxy wrote the first
		{"10.1.0.5:4000", []string{"203.0.113.9", "198.51.100.1, 10.1.0.6"}, "198.51.100.1"},
		{"10.1.0.5:4000", []string{"nonsense"}, "10.1.0.5"},
		{"10.1.0.5:4000", nil, "10.1.0.5"},
		{"10.1.0.5:4000", []string{"2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"},
		{"[fd00::1]:4000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:10.1.0.5]:4000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"@", nil, "unknown"},
	} {
		r := httptest.NewRequest("POST", "/api/sign-in", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = one.from, one.forwarded
		if got := d.source(r); got != one.want {
			t.Errorf("from %s by %q: %s, want %s", one.from, one.forwarded, got, one.want)
		}
	}
}

func TestHashingLeavesProcessorsForTheSound(t *testing.T) {
	for processors, want := range map[int]int{1: 1, 2: 1, 4: 1, 8: 2, 64: maxHashing} {
		if got := hashPlaces(processors); got != want {
			t.Errorf("%d processors: %d places, want %d", processors, got, want)
		}
	}
}
