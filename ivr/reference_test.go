package ivr_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gopkg.in/yaml.v3"

	"careline/ivr"
)

// support are the steps that an example may lead to without writing them out.
var support = map[string]string{
	"main_menu": "  main_menu: {menu: main-menu, choices: {\"1\": person}, no_input: person}\n",
	"person":    "  person: {queue: {name: member_services, hold: {music: calm}}, timeout: busy, full: busy, unavailable: busy}\n",
	"busy":      "  busy: {menu: still-busy, choices: {\"1\": person, \"2\": goodbye}, no_input: person}\n",
	"goodbye":   "  goodbye: {hang_up: done}\n",
}

// wholeFlow makes a flow of an example: its first step is the start, and the
// steps that it leads to without having them are added.
func wholeFlow(t *testing.T, example string) string {
	t.Helper()
	if strings.HasPrefix(example, "flow:") {
		return example
	}
	var steps yaml.Node
	if err := yaml.Unmarshal([]byte(example), &steps); err != nil {
		t.Fatalf("%v in\n%s", err, example)
	}
	text := "flow: example\nlanguages: [en-US, es-US]\nstart: " + steps.Content[0].Content[0].Value + "\nsteps:\n"
	for line := range strings.Lines(example) {
		text += "  " + line
	}
	for added := true; added; {
		added = false
		for name, step := range support {
			wanted := regexp.MustCompile(`[:,] ` + name + `\b`)
			has := regexp.MustCompile(`(?m)^  ` + name + `:`)
			if wanted.MatchString(text) && !has.MatchString(text) {
				text, added = text+step, true
			}
		}
	}
	return text
}

func TestEveryExampleOfTheReferenceIsSound(t *testing.T) {
	raw, err := os.ReadFile("../docs/flows.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
	if len(examples) < 15 {
		t.Fatalf("only %d examples were found", len(examples))
	}
	demo := map[string][]byte{}
	for _, name := range []string{"member-services", "nurse-line"} {
		if demo[name], err = os.ReadFile("../config/demo/flows/" + name + ".yaml"); err != nil {
			t.Fatal(err)
		}
	}
	verbs := map[string]bool{}
	for i, example := range examples {
		text := wholeFlow(t, example[1])
		files := fstest.MapFS{"flows/example.yaml": {Data: []byte(text)}}
		for name, raw := range demo {
			files["flows/"+name+".yaml"] = &fstest.MapFile{Data: raw}
		}
		if _, err := ivr.Load(files, "flows", demoEnvironment(t)); err != nil {
			t.Errorf("example %d is refused:\n%v\n%s", i+1, err, text)
		}
		for _, verb := range regexp.MustCompile(`(?m)^ +(\w+):`).FindAllStringSubmatch(text, -1) {
			verbs[verb[1]] = true
		}
	}
	for _, verb := range []string{"play", "say", "menu", "collect", "verify", "set", "branch", "split", "wait", "hours", "look_up", "queue", "escalate", "call_back", "voicemail", "record", "survey", "transfer", "hang_up"} {
		if !verbs[verb] {
			t.Errorf("no example shows %s", verb)
		}
		if !strings.Contains(string(raw), "\n### "+verb+"\n") {
			t.Errorf("%s has no section", verb)
		}
	}
}

// TestTheReferencesSubFlowIsSound: the two examples of call and return belong
// together.
func TestTheReferencesSubFlowIsSound(t *testing.T) {
	raw, err := os.ReadFile("../docs/flows.md")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for i, example := range regexp.MustCompile("(?s)```yaml sub-flow\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		files[fmt.Sprintf("flows/%d.yaml", i)] = &fstest.MapFile{Data: []byte(wholeFlow(t, example[1]))}
	}
	if len(files) != 2 {
		t.Fatalf("%d examples were found", len(files))
	}
	set, err := ivr.Load(files, "flows", demoEnvironment(t))
	if err != nil {
		t.Fatal(err)
	}
	p := call(t, set, "example")
	p.listen().press("48201937").listen().press("2").listen().press("48201937").listen().press("1").listen()
	p.hears("en ask-member-id", "en digits/4", "en ask-member-id", "en digits/7", "en main-menu")
	call(t, set, "example").listen().press("48201937").silently().inQueue("member_services")
}

func TestReferenceNamesTheDefaultsAndBounds(t *testing.T) {
	raw, err := os.ReadFile("../docs/flows.md")
	if err != nil {
		t.Fatal(err)
	}
	brief := func(d time.Duration) string { return strings.TrimSuffix(d.String(), "0s") }
	seconds := func(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }
	for _, row := range []string{
		fmt.Sprintf("| %s | %s to %s |", seconds(ivr.DefaultFirstDigit), seconds(ivr.MinFirstDigit), brief(ivr.MaxFirstDigit)),
		fmt.Sprintf("| %s | %s to %s |", seconds(ivr.DefaultBetweenDigits), seconds(ivr.MinBetweenDigits), brief(ivr.MaxBetweenDigits)),
		fmt.Sprintf("| retries | %d | 0 to %d |", ivr.DefaultRetries, ivr.MaxRetries),
		fmt.Sprintf("| attempts to verify | %d | 1 to %d |", ivr.DefaultAttempts, ivr.MaxAttempts),
		fmt.Sprintf("| keys kept for questions not yet asked | %d |", ivr.TypeAhead),
		fmt.Sprintf("enter %d steps", ivr.StepBudget),
		fmt.Sprintf("(at most %d of them)", ivr.MaxDigits),
	} {
		if !strings.Contains(string(raw), row) {
			t.Errorf("the reference doesn't say %q", row)
		}
	}
}
