package ivr_test

import (
	"os"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"careline/ivr"
	"careline/ivr/calendar"
)

// demoEnvironment is what the demo's flows may name, with the prompt scripts of
// the demo standing for the recordings made of them.
func demoEnvironment(t testing.TB) ivr.Environment {
	t.Helper()
	prompts := map[string]map[string]string{}
	for _, language := range []string{"en-US", "es-US"} {
		raw, err := os.ReadFile("../config/demo/prompts/" + language + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		if err := yaml.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		prompts[language] = texts
	}
	return ivr.Environment{
		PersonWithin: ivr.DefaultPersonWithin, LongestSilence: ivr.DefaultLongestSilence, LongestAnswer: ivr.DefaultLongestAnswer,
		Languages:   []string{"en-US", "es-US"},
		HasPrompt:   func(language, name string) bool { return prompts[language][name] != "" },
		Music:       []string{"calm"},
		Boxes:       []string{"member_services"},
		ProviderMay: []string{"id", "plan_year", "open_claims"},
		Queues:      map[string]ivr.Queue{"member_services": {}, "claims": {}, "unverified": {}, "nurse_line": {Credential: "RN"}, "provider_services": {}, "pharmacy_help": {}},
		Facts:       map[string]ivr.FactKind{"next_visit": ivr.FactDate, "plan_year": ivr.FactNumber, "open_claims": ivr.FactNumber, "plan_name": ivr.FactText, "group": ivr.FactDigits, "id": ivr.FactDigits},
		Calendars:   map[string]*calendar.Hours{"member_services": office(), "provider_services": office()},
		LookUps: map[string]ivr.LookUp{
			"copay":    {Takes: map[string]ivr.Taking{"member": ivr.TakesMember, "plan": ivr.TakesPublic}, Gives: map[string]string{"copay": "number"}, Time: 15 * time.Second},
			"provider": {Takes: map[string]ivr.Taking{"npi": ivr.TakesKeyed}, Gives: map[string]string{"in_network": "truth"}, Public: true, Time: 15 * time.Second},
		},
	}
}

// office is open from 8 to 20 on weekdays, in UTC, and closed on Christmas.
func office() *calendar.Hours {
	day := calendar.Day{{From: 8 * 60, To: 20 * 60}}
	return &calendar.Hours{
		Zone: time.UTC, Week: calendar.Week{1: day, 2: day, 3: day, 4: day, 5: day},
		Holidays: []calendar.Holiday{{Name: "Christmas", On: calendar.MonthDay{Month: time.December, Day: 25}}},
	}
}

func loadDemo(t testing.TB) *ivr.Set {
	t.Helper()
	set, err := ivr.Load(os.DirFS("../config/demo"), "flows", demoEnvironment(t))
	if err != nil {
		t.Fatalf("the demo's flows are refused:\n%v", err)
	}
	return set
}

func TestDemoFlowsAreSound(t *testing.T) {
	set := loadDemo(t)
	if !set.Has("member-services") || !set.Has("nurse-line") {
		t.Fatalf("flows are %v", set.Flows())
	}
	if len(set.Version()) != 12 {
		t.Fatalf("version is %q", set.Version())
	}
}
