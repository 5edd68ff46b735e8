package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheReadmesFirstFlow does what the README tells a newcomer to do.
func TestTheReadmesFirstFlow(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(raw)
	_, rest, _ := strings.Cut(readme, "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the README shows no flow")
	}
	_, rest, _ = strings.Cut(readme, "$ bin/careline check mine\n")
	want, _, _ := strings.Cut(rest, "\n")

	dir := filepath.Join(copyDemo(t, false), "..", "mine")
	if err := os.Rename(filepath.Join(filepath.Dir(dir), "demo"), dir); err != nil {
		t.Fatal(err)
	}
	flow := filepath.Join(dir, "flows", "member-services.yaml")
	last := `      "9": nurse` + "\n"
	for _, line := range strings.SplitAfter(strings.TrimSuffix(example, `      "0": helping_hnd`+"\n"), "\n") {
		if raw, err := os.ReadFile(flow); err != nil || !strings.Contains(string(raw), strings.TrimRight(line, "\n")) {
			t.Fatalf("the demo's flow has no line %q: %v", line, err)
		}
	}
	if !strings.HasSuffix(example, last+`      "0": helping_hnd`+"\n") {
		t.Fatalf("the README's edit is another one:\n%s", example)
	}
	edit(t, flow, last+"    no_input", last+`      "0": helping_hnd`+"\n    no_input")
	code, _, stderr := careline("", "check", dir)
	if got := strings.TrimPrefix(stderr, filepath.Dir(dir)+"/"); code != 1 || got != want+"\n" {
		t.Errorf("exit %d\nheard  %s\nREADME %s", code, got, want)
	}
	edit(t, flow, "helping_hnd", "helping_hand")
	if code, _, stderr := careline("", "check", dir); code != 0 || stderr != "" {
		t.Errorf("mended, exit %d\n%s", code, stderr)
	}
}

func TestTheReadmesCommandsAreThere(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(raw), "\n") {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(line, "$ "), "bin/careline ")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, " ")
		if _, ok := find(name); !ok {
			t.Errorf("the README speaks of careline %s, which isn't there", name)
		}
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"help", "build", "run", "test", "e2e", "bench", "fuzz", "lint", "fmt", "prompts", "check", "clean"} {
		if !strings.Contains(string(makefile), "\n"+target+":") {
			t.Errorf("make %s isn't there", target)
		}
	}
}
