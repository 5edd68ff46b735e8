package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"careline/config"
)

// TestTheDemosTestsGoEveryWay: each way on of the demo's flows is gone through by
// a test of its own, and all of them take less than two seconds.
func TestTheDemosTestsGoEveryWay(t *testing.T) {
	dir := copyDemo(t, false)
	code, stdout, stderr := careline("", "flow", "test", "--cover", "100", "--missed", dir)
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	if !regexp.MustCompile(`(?m)^all .* 100%   ways .* 100%$`).MatchString(stdout) || strings.Contains(stdout, "no test") {
		t.Errorf("heard\n%s", stdout)
	}
	took := regexp.MustCompile(`(?m)^\d+ tests passed: \S+ of calls in (\S+)$`).FindStringSubmatch(stdout)
	if took == nil {
		t.Fatalf("heard\n%s", stdout)
	}
	if playing, err := time.ParseDuration(took[1]); err != nil || playing > 2*time.Second {
		t.Errorf("playing took %s: %v", took[1], err)
	}
	settings, err := config.Load(dir) // once for what is drawn and what editors know
	if err != nil {
		t.Fatal(err)
	}
	if drawing := string(drawn(settings, "nurse-line", false, true)); !strings.HasPrefix(drawing, "<svg ") || strings.Contains(drawing, "unused\"") {
		t.Errorf("drawn is %s", drawing)
	}
	if text := string(drawn(settings, "", true, false)); !strings.Contains(text, `["Pharmacy help"]`) {
		t.Errorf("drawn is %s", text)
	}
	if names := namesOf(settings); !slices.Contains(names.Prompts, "nurse-red-flags") || !slices.Contains(names.Queues, "nurse_line") || !slices.Equal(names.Languages, []string{"en-US", "es-US"}) || !slices.Contains(names.Music, "calm") {
		t.Errorf("names are %+v", names)
	}
	tried := filepath.Join(dir, "tests", "tried.yaml") // a conversation is a test, which the check then plays
	code, stdout, stderr = careline("1\n1\n48201937\n04121961\n2\n\n", "flow", "simulate", "--save", tried, dir)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "en  January\n") || !strings.Contains(stdout, "waits for member_services") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if raw, err := os.ReadFile(tried); err != nil || !strings.Contains(string(raw), "queue: member_services") {
		t.Errorf("%v in %s", err, raw)
	}
	code, stdout, stderr = careline("", "flow", "check", dir)
	if code != 0 || stderr != "" || !regexp.MustCompile(`^\d+ flows with \d+ steps and \d+ ways on, \d+ tests: all is well \(version [0-9a-f]{12}\)\n$`).MatchString(stdout) {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestATestThatFailsAndAWayThatNoTestGoesAreTold(t *testing.T) {
	dir := copyDemo(t, false)
	path := filepath.Join(dir, "flows", "nurse-line.yaml")
	old := filepath.Join(t.TempDir(), "old") // a script alone, as flow save writes it
	files, err := config.ScriptFiles(dir)
	for name, raw := range files {
		to := filepath.Join(old, filepath.FromSlash(name))
		err = errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, raw, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	edit(t, path, `"2": {set: {state: IL}, next: to_nurse}`, `"2": {set: {state: WI}, next: to_nurse}`)
	text := edit(t, path, `"4": other_state`, "\"4\": other_state\n      \"5\": other_state")
	code, stdout, stderr := careline("", "flow", "diff", old, dir)
	if want := "~ flow nurse-line\n  ~ step state (menu)\n      choices.2.set.state: IL → WI\n      choices.5: other_state (new)\n"; code != 0 || stdout != want || stderr != "" {
		t.Errorf("diff: exit %d\n%s%s", code, stdout, stderr)
	}
	fails := regexp.MustCompile(`^` + regexp.QuoteMeta(filepath.Join(dir, "tests", "nurse-line.yaml")) +
		`:\d+:\d+: test "a caller in Illinois" fails: state is "WI", and IL is expected; mend the flow, or the test if this is meant; .careline flow simulate. tries it by hand\n$`)
	code, stdout, stderr = careline("", "flow", "test", "--missed", dir)
	missed := place(t, path, text, mistake{at: `"5": other_state`, mark: 5}) + `: no test goes from "state" by choice "5" to "other_state"`
	if code != 1 || !fails.MatchString(stderr) || !strings.Contains(stdout, "1 of ") || !strings.Contains(stdout, missed) {
		t.Errorf("exit %d\n%s%s\nwant %s", code, stdout, stderr, missed)
	}
	if code, stdout, stderr := careline("", "check", dir); code != 1 || !fails.MatchString(stderr) {
		t.Errorf("check: exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestFlowTellsHowItIsUsed(t *testing.T) {
	for want, args := range map[string][]string{
		"say what to do: check, test, graph, ":      {"flow"},
		`there is no "chek"; did you mean "check"?`: {"flow", "chek"},
		"there is no \"everything\"; there are ":    {"flow", "everything"},
		"name one folder":                           {"flow", "check", "a", "b"},
		"flag provided but not defined":             {"flow", "test", "--all"},
	} {
		code, _, stderr := careline("", args...)
		if code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d\n%s", args, code, stderr)
		}
	}
	if code, _, stderr := careline("", "flow", "test", "nowhere"); code != 1 || !strings.Contains(stderr, "there is no such folder") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}
