package dialplan

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func pattern(t testing.TB, text string) Pattern {
	t.Helper()
	p, err := ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func northAmerican(t testing.TB) *Plan {
	t.Helper()
	plan, err := New(Options{
		Country: "1",
		Allow: []Rule{
			{Pattern: pattern(t, "+1NXX5550100"), Trunks: []string{"local"}, CallerID: "+12025550111"},
			{Pattern: pattern(t, "+1NXXNXXXXXX"), Trunks: []string{"main", "spare"}},
			{Pattern: pattern(t, "988"), Trunks: []string{"main"}},
			{Pattern: pattern(t, "+44."), Trunks: []string{"world"}},
		},
		Deny: []Pattern{pattern(t, "+1900XXXXXXX")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestNumberIsDialedAsThePlanSays(t *testing.T) {
	cases := []struct{ dialed, number, trunks string }{
		{"+1 (202) 555-0142", "+12025550142", "main spare"},
		{"202.555.0142", "+12025550142", "main spare"},
		{"12025550142", "+12025550142", "main spare"},
		{"2025550100", "+12025550100", "local"},
		{"01144 20 7946 0142", "+442079460142", "world"},
		{"00442079460142", "+442079460142", "world"},
		{"988", "988", "main"},
	}
	for _, c := range cases {
		route, err := northAmerican(t).Route(c.dialed)
		if err != nil || route.Number.Reveal() != c.number || strings.Join(route.Trunks, " ") != c.trunks {
			t.Errorf("%s: %s by %v, %v", c.dialed, route.Number.Reveal(), route.Trunks, err)
		}
	}
	if route, err := northAmerican(t).Route("2025550100"); err != nil || route.CallerID != "+12025550111" {
		t.Errorf("caller ID %q, %v", route.CallerID, err)
	}
}

func TestWhatNoRuleAllowsIsNotDialed(t *testing.T) {
	for _, dialed := range []string{"+19005550142", "9005550142", "911", "+33123456789", "+1202555014", "1125550142", "5550142"[:6]} {
		if route, err := northAmerican(t).Route(dialed); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%s: %v, %v", dialed, route, err)
		}
	}
	for _, dialed := range []string{"", "+", "call me", "sip:2025550142", "2025550142;ext=1", "+0123456789", "+123456", "1234567890123456", "5550142", "20255501٤٢"} {
		if route, err := northAmerican(t).Route(dialed); !errors.Is(err, ErrNotANumber) {
			t.Errorf("%q: %v, %v", dialed, route, err)
		}
	}
}

func TestEmptyPlanAllowsNothing(t *testing.T) {
	empty, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range []*Plan{empty, {}} {
		rapid.Check(t, func(t *rapid.T) {
			if route, err := plan.Route(rapid.StringMatching(`\+?[0-9]{1,16}`).Draw(t, "dialed")); err == nil {
				t.Fatalf("%v", route)
			}
		})
	}
}

func TestNumbersOfAnotherCountryGetItsCode(t *testing.T) {
	plan, err := New(Options{Country: "44", Allow: []Rule{{Pattern: pattern(t, "+44."), Trunks: []string{"main"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if route, err := plan.Route("020 7946 0142"); err != nil || route.Number.Reveal() != "+442079460142" {
		t.Errorf("%s, %v", route.Number.Reveal(), err)
	}
}

func TestPatternsThatWouldOpenTooMuchAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"+.":                           "every country's numbers",
		"+X.":                          "every country's numbers",
		"":                             "no short code",
		".":                            "no country code and no end",
		"9.":                           "no country code and no end",
		"2025550142":                   "no short code",
		"+1(202)":                      "holds '('",
		"+1NXX.XX":                     "holds '.'",
		"+1" + strings.Repeat("X", 40): "longer than any number",
	} {
		if _, err := ParsePattern(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := New(Options{Allow: []Rule{{Pattern: pattern(t, "988")}}}); err == nil {
		t.Error("a rule without a trunk passes")
	}
	if _, err := New(Options{Country: "one"}); err == nil {
		t.Error("a country of letters passes")
	}
}

// TestWhatIsAllowedMatchesARule: whatever is typed, a number that is dialed has
// the form of an allowed pattern and of no denied one.
func TestWhatIsAllowedMatchesARule(t *testing.T) {
	plan := northAmerican(t)
	rapid.Check(t, func(t *rapid.T) {
		route, err := plan.Route(rapid.StringMatching(`(\+|00|011)?1?[0-9().-]{3,14}`).Draw(t, "dialed"))
		if err != nil {
			return
		}
		if plan.deny[0].Matches(route.Number) {
			t.Fatal("denied, and dialed")
		}
		for _, rule := range plan.allow {
			if rule.Pattern.Matches(route.Number) {
				return
			}
		}
		t.Fatal("no rule allows it")
	})
}

func TestNumberIsNeverPrinted(t *testing.T) {
	route, err := northAmerican(t).Route("2025550142")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(route)
	if err != nil {
		t.Fatal(err)
	}
	within := struct{ route Route }{route} // fmt asks no methods of what it can't reach
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %+v %#v", route, route, route, route.Number, within, within), string(raw)} {
		if strings.Contains(text, "5550142") {
			t.Errorf("it shows in %s", text)
		}
	}
	_, err = northAmerican(t).Route("9005550142")
	if err == nil || strings.Contains(err.Error(), "900") {
		t.Errorf("the error shows it: %v", err)
	}
}

func FuzzRoute(f *testing.F) {
	f.Add("+1 (202) 555-0142", "+1NXX.")
	f.Fuzz(func(t *testing.T, dialed, text string) {
		form, err := ParsePattern(text)
		if err != nil {
			return
		}
		plan, err := New(Options{Allow: []Rule{{Pattern: form, Trunks: []string{"t"}}}})
		if err != nil {
			t.Fatal(err)
		}
		if route, err := plan.Route(dialed); err == nil && !form.Matches(route.Number) {
			t.Fatal("allowed without a match")
		}
	})
}
