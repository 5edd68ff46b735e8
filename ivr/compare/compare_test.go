package compare_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
	"careline/ivr/compare"
)

const line = `
flow: line
languages: [en-US]
start: hello
steps:
  hello: {play: [welcome, notice], next: main}
  main:
    menu: main
    choices: {"1": claims, "2": who, "3": {set: {reason: Bills}, next: claims}}
    no_input: {retries: 2, next: people}
  who: {verify: {ask: [member_id, date_of_birth]}, verified: members, failed: people}
  claims: {queue: {name: claims, hold: {music: calm}}, timeout: main, full: main, unavailable: main}
  members: {queue: {name: members, hold: {music: calm}}, timeout: main, full: main, unavailable: main}
  people: {queue: {name: people, hold: {music: calm}}, timeout: main, full: main, unavailable: main}
`

func load(t *testing.T, texts ...string) *ivr.Set {
	t.Helper()
	files := fstest.MapFS{}
	for i, text := range texts {
		files[fmt.Sprintf("flows/%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := ivr.Load(files, "flows", ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}, "members": {}, "people": {}, "nurses": {}}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// told writes differences down.
func told(flows []compare.Flow) string {
	var text strings.Builder
	for _, flow := range flows {
		fmt.Fprintf(&text, "%s %s\n", flow.Kind, flow.Name)
		for _, step := range flow.Steps {
			fmt.Fprintf(&text, "  %s %s %s: %s\n", step.Kind, step.Name, step.Verb, strings.Join(step.Lines, "; "))
		}
		for _, line := range flow.People {
			fmt.Fprintf(&text, "  %s\n", line)
		}
	}
	return text.String()
}

func TestWhatIsWrittenOtherwiseIsTold(t *testing.T) {
	changed := line
	for old, now := range map[string]string{
		"[welcome, notice]": "[good-evening, notice]", `"3": {set: {reason: Bills}, next: claims}`: `"4": bye`, "retries: 2": "retries: 3",
	} {
		changed = strings.Replace(changed, old, now, 1)
	}
	changed += "  bye: {hang_up: the caller is done}\n"
	want := `changed line
  added bye hang_up: 
  changed hello play: play.0: welcome → good-evening
  changed main menu: choices.3.next: claims (gone); choices.3.set.reason: Bills (gone); choices.4: bye (new); no_input.retries: 2 → 3
`
	if got := told(compare.Sets(load(t, line), load(t, changed))); got != want {
		t.Errorf("told is\n%s\nwant\n%s", got, want)
	}
	back := told(compare.Sets(load(t, changed), load(t, line)))
	for _, want := range []string{"removed bye hang_up", "no_input.retries: 3 → 2", "choices.4: bye (gone)"} {
		if !strings.Contains(back, want) {
			t.Errorf("the other way round, %q isn't in\n%s", want, back)
		}
	}
}

func TestWhatItMeansForCallersWhoWantAPersonIsTold(t *testing.T) {
	for _, c := range []struct {
		old, now string
		want     []string
	}{
		{`"2": who,`, "", []string{"queue members is no longer reached; it was, after 2 answers: hello → main → who → members"}},
		{`"2": who,`, `"2": members, "5": who,`, []string{"queue members is reached after 1 answer, not after 2 answers: hello → main → members"}},
		{"failed: people}", "failed: claims}", nil},
		{"no_input: {retries: 2, next: people}", "no_input: {retries: 2, next: claims}", []string{"callers who press nothing come to claims, not people"}},
		{`"1": claims,`, `"1": claims, "7": {transfer: nurses},`, []string{"queue nurses is now reached, after 1 answer: hello → main → main/7 → nurses: ask"}},
		{"start: hello", "start: people", []string{
			"queue claims is no longer reached; it was, after 1 answer: hello → main → claims", "queue members is no longer reached; it was, after 2 answers: hello → main → who → members",
			"queue people is now reached, without an answer: people",
		}},
	} {
		nurses := "flow: nurses\nlanguages: [en-US]\nstart: ask\nsteps:\n  ask: {queue: {name: nurses, hold: {music: calm}}, timeout: again, full: again, unavailable: again}\n  again: {menu: again, choices: {\"1\": ask}, no_input: ask}\n"
		changed := strings.Replace(line, c.old, c.now, 1)
		if c.now == "" { // what nothing leads to is refused
			changed = regexp.MustCompile(`(?m)^  (who|members): .*\n`).ReplaceAllString(changed, "")
		}
		if changed == line {
			t.Fatalf("%q isn't in the flow", c.old)
		}
		if c.old == "start: hello" {
			changed = strings.Replace(changed, "timeout: main, full: main, unavailable: main}\n", "timeout: hello, full: main, unavailable: main}\n", 3)
		}
		var people []string
		for _, flow := range compare.Sets(load(t, line, nurses), load(t, changed, nurses)) {
			people = append(people, flow.People...)
		}
		if !slices.Equal(people, c.want) {
			t.Errorf("%q for %q: told is %q, want %q", c.now, c.old, people, c.want)
		}
	}
}

func TestTheSameFlowsAreNotDifferent(t *testing.T) {
	spaced := "# a comment\n" + strings.ReplaceAll(line, "{play: [welcome, notice], next: main}", "{next: main, play: [ welcome,  notice ]}")
	if flows := compare.Sets(load(t, line), load(t, spaced)); len(flows) != 0 {
		t.Errorf("told is\n%s", told(flows))
	}
}

func TestFlowsThatCameOrWentAreTold(t *testing.T) {
	other := strings.Replace(line, "flow: line", "flow: other", 1)
	for want, flows := range map[string][]compare.Flow{
		"added other\n": compare.Sets(load(t, line), load(t, line, other)), "removed other\n": compare.Sets(load(t, line, other), load(t, line)),
	} {
		if got := told(flows); !strings.HasPrefix(got, want) || !strings.Contains(got, "queue claims is n") {
			t.Errorf("told is\n%s\nwant %s", got, want)
		}
	}
}
