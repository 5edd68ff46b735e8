package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An admin lists what callers hear, has a script made for a voice talent, and takes
// what comes back.
func TestPromptsAreListedScriptedAndImported(t *testing.T) {
	dir := copyDemo(t, false)
	edit(t, filepath.Join(dir, "flows", "member-services.yaml"), "play: verified\n", "play: {en-US: Thank you., es-US: Muchas gracias.}\n")
	// Without a synthesiser: words have to be recorded.
	edit(t, filepath.Join(dir, "careline.yaml"), "desk:\n", "speech: {synthesize: false}\n\ndesk:\n")
	code, listed, complaint := careline("", "prompts", "list", dir)
	if code != 1 || !strings.Contains(listed, "text/muchas-gracias-") || !strings.Contains(listed, " missing") || !strings.Contains(listed, "en-US  verified ") {
		t.Fatalf("exit %d\n%s%s", code, listed, complaint)
	}
	code, script, _ := careline("", "prompts", "script", dir, "--language", "es-US")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(script, "\ufeff"))).ReadAll()
	if code != 0 || err != nil || len(rows) != 2 {
		t.Fatalf("exit %d, %v\n%s", code, err, script)
	}
	delivery := t.TempDir()
	for _, row := range rows[1:] {
		if row[4] != "missing" {
			continue
		}
		file := filepath.Join(delivery, row[0])
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(demo, "prompts", "es-US", "verified.wav"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, said, complaint := careline("", "prompts", "import", dir, delivery)
	if code != 1 || !strings.Contains(said, "1 imported\n") || strings.Contains(said, "muchas-gracias") || !strings.Contains(said, "text/thank-you-") {
		t.Errorf("exit %d\n%s%s", code, said, complaint)
	}
	if code, said, complaint := careline("", "prompts", "import", dir, t.TempDir()); code != 1 || !strings.Contains(complaint, "there is no recording") {
		t.Errorf("an empty delivery: exit %d\n%s%s", code, said, complaint)
	}
	if code, _, complaint := careline("", "prompts", "script", dir, "--language", "fr-FR"); code != 1 || !strings.Contains(complaint, `no flow speaks "fr-FR"`) {
		t.Errorf("exit %d, %s", code, complaint)
	}
	for _, args := range [][]string{{"list"}, {"sing", dir}, {"import", dir}, nil} {
		if code, _, _ := careline("", append([]string{"prompts"}, args...)...); code != 2 {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}
