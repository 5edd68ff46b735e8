package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careline/config"
	"careline/ledger"
	"careline/publish"
)

// TestAFolderThatBrokeMeanwhileDoesNotKeepTheServerDown: it starts with the flows that
// were live, says so everywhere, and takes the mended ones.
func TestAFolderThatBrokeMeanwhileDoesNotKeepTheServerDown(t *testing.T) {
	t.Parallel()
	dir := portsFreed(t, copyDemo(t, false))
	edit(t, filepath.Join(dir, "careline.yaml"), "drain: 20s", "drain: 20s\npublish: {every: 100ms}")
	flow := filepath.Join(dir, "flows", "nurse-line.yaml")
	sound, err := os.ReadFile(flow)
	if err != nil {
		t.Fatal(err)
	}
	wasLive(t, dir)

	edit(t, flow, `"4": other_state`, `"4": othr_state`)
	r := start(t, dir)
	for _, want := range []string{`goes to "othr_state", which no step is called`, "the flows have mistakes, so that script 1 of folder goes on, which was live before"} {
		if !strings.Contains(r.stderr.String(), want) {
			t.Errorf("the screen doesn't say %q:\n%s", want, r.stderr)
		}
	}
	if code, body := r.get(t, "/healthz"); code != 200 || !strings.Contains(body, `{"status":"degraded","degraded":["flows"]}`) {
		t.Errorf("health is %d %s", code, body)
	}
	if _, body := r.get(t, "/metrics"); !strings.Contains(body, "careline_flows_broken_at_start 1") || !strings.Contains(body, "careline_flows_pending 1") {
		t.Error("no metric tells of it")
	}
	if code, _, stderr := careline("", "flow", "versions", "--config", dir); code != exitOK || !strings.Contains(stderr, "the folder had mistakes when the server started, which runs what was live before:") || !strings.Contains(stderr, "othr_state") {
		t.Errorf("flow versions ends with %d:\n%s", code, stderr)
	}
	if err := os.WriteFile(flow, append(sound, "# mended\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(250 * time.Millisecond) {
		if _, body := r.get(t, "/healthz"); strings.Contains(body, `{"status":"ok"}`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the mended flows are not taken")
		}
	}
	if _, body := r.get(t, "/metrics"); !strings.Contains(body, "careline_flows_script 2") {
		t.Error("the mended flows are not the second script")
	}
	r.end()
	r.ended(t, exitOK)
}

// wasLive makes a folder's script the one that was live last, as a server leaves it.
func wasLive(t *testing.T, dir string) {
	t.Helper()
	files, err := config.ScriptFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := ledger.Open(t.Context(), ledger.Options{Path: filepath.Join(dir, "var", "careline.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if _, err := kept.SaveScript(t.Context(), ledger.Script{Author: "folder", Origin: publish.FromStart, Version: "before", Folder: ledger.ScriptFiles(files).Digest()}, files); err != nil {
		t.Fatal(err)
	}
}
