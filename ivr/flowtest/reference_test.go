package flowtest_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"careline/ivr"
	"careline/ivr/calendar"
	"careline/ivr/flowtest"
)

// demo gives the demo's flows, with the scripts of its prompts standing for the
// recordings made of them, and what the prompts say.
func demo(t *testing.T) (*ivr.Set, flowtest.Options) {
	t.Helper()
	words := map[ivr.Prompt]string{}
	for _, language := range []string{"en-US", "es-US"} {
		raw, err := os.ReadFile("../../config/demo/prompts/" + language + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		if err := yaml.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		for name, text := range texts {
			words[ivr.Prompt{Language: language, Name: name}] = text
		}
	}
	set, err := ivr.Load(os.DirFS("../../config/demo"), "flows", ivr.Environment{
		Languages:   []string{"en-US", "es-US"},
		HasPrompt:   func(language, name string) bool { return words[ivr.Prompt{Language: language, Name: name}] != "" },
		ProviderMay: []string{"id", "plan_year", "open_claims"},
		Queues:      map[string]ivr.Queue{"member_services": {}, "claims": {}, "unverified": {}, "nurse_line": {Credential: "RN"}, "provider_services": {}, "pharmacy_help": {}},
		Facts:       map[string]ivr.FactKind{"next_visit": ivr.FactDate, "plan_year": ivr.FactNumber, "open_claims": ivr.FactNumber, "id": ivr.FactDigits},
		Calendars:   map[string]*calendar.Hours{"provider_services": {Zone: time.UTC}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set, flowtest.Options{Words: func(prompt ivr.Prompt) string { return words[prompt] }}
}

func TestTheExamplesOfTheReferencePass(t *testing.T) {
	raw, err := os.ReadFile("../../docs/flow-tools.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(flow: .*?)```").FindAllStringSubmatch(string(raw), -1)
	if len(examples) == 0 {
		t.Fatal("the reference has no examples")
	}
	set, options := demo(t)
	for _, example := range examples {
		results := flowtest.Run(set, []flowtest.File{{Name: "docs/flow-tools.md", Raw: []byte(example[1])}}, options)
		if err := results.Err(); err != nil || len(results.Tests) == 0 {
			t.Errorf("%d tests, %v in\n%s", len(results.Tests), err, example[1])
		}
	}
}

// TestTheReferenceNamesEverything: what can be written in a test stands in it.
func TestTheReferenceNamesEverything(t *testing.T) {
	raw, err := os.ReadFile("../../docs/flow-tools.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range slices.Concat(flowtest.Words(), flowtest.GivenKeys(), flowtest.ExpectKeys()) {
		if !strings.Contains(string(raw), "`"+word+"`") && !strings.Contains(string(raw), "`"+word+":") {
			t.Errorf("the reference doesn't tell of %s", word)
		}
	}
}
