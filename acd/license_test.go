package acd

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestLicensePredicate(t *testing.T) {
	compact := []string{"WI", "IA", "CO"}
	license := func(change func(*Credential)) []Credential {
		c := Credential{Type: RN, State: "WI", Multistate: true, Expires: "2026-11-24", Status: "active"}
		if change != nil {
			change(&c)
		}
		return []Credential{c}
	}
	cases := []struct {
		name        string
		credentials []Credential
		needs       CredentialType
		state       string
		ok          bool
		why         string
	}{
		{"at home", license(nil), RN, "WI", true, "valid through 2026-11-24"},
		{"lower case", license(nil), RN, "wi", true, "valid through"},
		{"by the compact", license(nil), RN, "IA", true, "by the compact"},
		{"outside the compact", license(nil), RN, "MN", false, "does not cover MN"},
		{"single state elsewhere", license(func(c *Credential) { c.Multistate = false }), RN, "IA", false, "does not cover IA"},
		{"single state at home", license(func(c *Credential) { c.Multistate = false }), RN, "WI", true, "valid"},
		{"home outside the compact", license(func(c *Credential) { c.State = "MN" }), RN, "IA", false, "not in force in both"},
		{"no state said", license(nil), RN, "", false, "state is not known"},
		{"last day", license(nil), RN, "WI", true, ""},
		{"expired yesterday", license(func(c *Credential) { c.Expires = "2026-11-23" }), RN, "WI", false, "expired on 2026-11-23"},
		{"no expiry", license(func(c *Credential) { c.Expires = "" }), RN, "WI", false, "no readable expiry"},
		{"unreadable expiry", license(func(c *Credential) { c.Expires = "2027-6-30" }), RN, "WI", false, "no readable expiry"},
		{"suspended", license(func(c *Credential) { c.Status = "suspended" }), RN, "WI", false, "not active"},
		{"no status", license(func(c *Credential) { c.Status = "" }), RN, "WI", false, "not active"},
		{"excluded", license(func(c *Credential) { c.Excluded = true }), RN, "WI", false, "exclusion list"},
		{"excluded by another license", append(license(nil), Credential{Type: LPN, Excluded: true}), RN, "WI", false, "exclusion list"},
		{"another type", license(func(c *Credential) { c.Type = LPN }), RN, "WI", false, "no RN license"},
		{"LVN is LPN", license(func(c *Credential) { c.Type = "LVN" }), LPN, "IA", true, "compact"},
		{"APRN not by the compact", license(func(c *Credential) { c.Type = "APRN" }), "APRN", "IA", false, "compact is not in force"},
		{"APRN at home", license(func(c *Credential) { c.Type = "APRN" }), "APRN", "WI", true, ""},
		{"none at all", nil, RN, "WI", false, "no RN license"},
		{"none needed", nil, "", "", true, "no license is needed"},
		{"the second license fits", append(license(func(c *Credential) { c.Expires = "2020-01-01" }), license(nil)...), RN, "IA", true, "compact"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ok, why := MayTake(Agent{Credentials: c.credentials}, c.needs, c.state, "2026-11-24", compact)
			if ok != c.ok || !strings.Contains(why, c.why) || why == "" {
				t.Fatalf("%v %q, want %v %q", ok, why, c.ok, c.why)
			}
		})
	}
	if ok, _ := MayTake(Agent{Credentials: license(nil)}, RN, "WI", "today", compact); ok {
		t.Fatal("an unreadable day is a no")
	}
}

func TestALicensedNurseIsOfferedTheCallAndTheExpiredOneIsNot(t *testing.T) {
	s := startShift(t, clinic())
	s.available("evan", "rosa", "nora") // nora is the last to come
	s.arrives(Contact{ID: "c1", Queue: "nurse", State: "CO", Language: "en-US"})
	s.rings("nora", "c1")
	offer := must[Offer](s)
	hasReason(t, offer.Reasons, "license: RN license of WI (multistate) covers CO by the compact, valid through 2027-06-30, checked for 2026-11-23")
	want := []Considered{{"evan", "RN license of WI (multistate) expired on 2026-06-30"}, {"rosa", "RN license of IL does not cover CO"}}
	if len(offer.Considered) != 2 || offer.Considered[0] != want[0] || offer.Considered[1] != want[1] {
		t.Fatalf("considered %+v", offer.Considered)
	}
}

func TestNobodyEverLicensedLeavesTheLineAtOnce(t *testing.T) {
	s := startShift(t, clinic())
	for state, want := range map[string]bool{"WI": false, "MN": false, "IL": false, "IA": false, "CA": true, "": true} {
		s.arrives(Contact{ID: ContactID("c" + state), Queue: "nurse", State: state})
		left, gone := find[LeaveQueue](s.last)
		if gone != want || (gone && left.Why != ExitNobody) {
			t.Errorf("%q: left %v %s, want %v", state, gone, left.Why, want)
		}
	}
	s.arrives(Contact{ID: "apn", Queue: "members", State: "WI", Credential: "APRN"})
	if left := must[LeaveQueue](s); left.Why != ExitNobody {
		t.Fatal(left.Why)
	}
	s.arrives(Contact{ID: "astray", Queue: "nowhere"})
	if left := must[LeaveQueue](s); left.Why != ExitUnknownQueue {
		t.Fatal(left.Why)
	}
}

func inChicago(t *testing.T, rules Rules) Rules {
	t.Helper()
	for i := range rules.Queues {
		rules.Queues[i].Site = "America/Chicago"
	}
	rules, err := rules.ResolveZones(time.LoadLocation, monday().AddDate(0, -1, 0), monday().AddDate(5, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// The license ends with the day at the site, not in UTC, and the caller who
// waits across midnight isn't offered to the nurse whose license ended.
func TestTheLicenseEndsAtMidnightOfTheSite(t *testing.T) {
	rules := inChicago(t, clinic())
	rules.Agents[2].Credentials[0].Expires = "2026-11-23"
	rules.Agents[3].Credentials = append(rules.Agents[3].Credentials, Credential{Type: RN, State: "IA", Expires: "2027-01-01", Status: "active"})
	s := startShift(t, rules)
	s.available("nora")
	s.now = time.Date(2026, 11, 24, 5, 59, 50, 0, time.UTC) // 23:59:50 in Chicago
	s.arrives(Contact{ID: "c1", Queue: "nurse", State: "IA"})
	s.rings("nora", "c1")
	s.arrives(Contact{ID: "c2", Queue: "nurse", State: "WI"})
	s.waits("c2", 2)
	s.now = s.now.Add(10 * time.Second)
	s.do(OfferAccepted{Offer: "c1/1"}) // midnight has struck
	s.refused()
	if w := must[Withdraw](s); !strings.Contains(w.Why, "expired on 2026-11-23") {
		t.Fatal(w.Why)
	}
	if left := must[LeaveQueue](s); left.Contact != "c2" || left.Why != ExitNobody {
		t.Fatalf("%+v", left)
	}
	s.waits("c1", 1) // rosa may take it when she comes
	s.available("rosa")
	s.rings("rosa", "c1")
}

func TestTheEngineWakesAtMidnightForThoseWhoWaitForALicense(t *testing.T) {
	rules := inChicago(t, clinic())
	rules.Agents[2].Credentials[1].Expires = "2026-11-23"
	s := startShift(t, rules)
	s.arrives(Contact{ID: "c1", Queue: "nurse", State: "MN"})
	if at := must[Wake](s).At; !at.Equal(time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)) {
		t.Fatalf("wakes at %v", at)
	}
	s.wait(24 * time.Hour)
	if left := must[LeaveQueue](s); left.Why != ExitNobody {
		t.Fatalf("%+v", left)
	}
}

func TestTheDayFollowsSummerTime(t *testing.T) {
	rules := inChicago(t, clinic())
	zone := rules.Zones[0]
	for _, c := range []struct{ at, day, until string }{
		{"2026-11-23T05:59:59Z", "2026-11-22", "2026-11-23T06:00:00Z"},
		{"2026-11-23T06:00:00Z", "2026-11-23", "2026-11-24T06:00:00Z"},
		{"2027-03-14T07:00:00Z", "2027-03-14", "2027-03-14T08:00:00Z"}, // the clock changes at 8:00 UTC
		{"2027-03-14T08:00:00Z", "2027-03-14", "2027-03-15T05:00:00Z"},
		{"2027-07-01T04:59:59Z", "2027-06-30", "2027-07-01T05:00:00Z"},
		{"2027-11-07T05:30:00Z", "2027-11-07", "2027-11-07T07:00:00Z"},
		// Outside the table the day ends first: UTC+14.
		{"2026-01-01T12:00:00Z", "2026-01-02", "2026-01-02T10:00:00Z"},
		{"2040-01-01T12:00:00Z", "2040-01-02", "2040-01-02T10:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		day, until := zone.dayAt(at)
		if day != c.day || until.Format(time.RFC3339) != c.until {
			t.Errorf("%s: %s until %s, want %s until %s", c.at, day, until.Format(time.RFC3339), c.day, c.until)
		}
	}
	// Every hour of four years agrees with the zone files.
	location, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	for at := monday(); at.Before(monday().AddDate(4, 0, 0)); at = at.Add(time.Hour) {
		day, until := zone.dayAt(at)
		if want := at.In(location).Format(time.DateOnly); day != want || !until.After(at) {
			t.Fatalf("%v: %s, want %s; until %v", at, day, want, until)
		}
		if last := until.Add(-time.Second).In(location).Format(time.DateOnly); last != day {
			t.Fatalf("%v: the day is said to last until %v, but is %s before", at, until, last)
		}
	}
}

func TestAnUnknownSiteIsRefusedWithItsQueue(t *testing.T) {
	rules := clinic()
	rules.Queues[2].Site = "Mars/Olympus"
	_, err := rules.ResolveZones(time.LoadLocation, monday(), monday().AddDate(1, 0, 0))
	if err == nil || !strings.Contains(err.Error(), "nurse") || !strings.Contains(err.Error(), "Mars/Olympus") {
		t.Fatal(err)
	}
	// Without a table, the strictest day holds.
	rules.Agents[2].Credentials[0].Expires = "2026-11-23"
	s := startShift(t, rules)
	s.now = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	s.arrives(Contact{ID: "c1", Queue: "nurse", State: "IA"})
	if left := must[LeaveQueue](s); left.Why != ExitNobody {
		t.Fatalf("%+v", left)
	}
}
