package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"careline/ledger"
	"careline/operations"
	"careline/problem"
	"careline/publish"
)

// drawer is a folder of one flow that a publisher reads; "broken" has a mistake.
type drawer struct{ text, live string }

func (d *drawer) Folder() (map[string][]byte, error) {
	return map[string][]byte{"flows/main.yaml": []byte(d.text)}, nil
}

func (d *drawer) Read(_ context.Context, files map[string][]byte) (publish.Candidate, error) {
	text := strings.TrimSpace(string(files["flows/main.yaml"]))
	if text == "broken" {
		return publish.Candidate{}, problem.List{{Position: problem.Position{File: "flows/main.yaml", Line: 3, Column: 1}, Message: "is broken"}}
	}
	return publish.Candidate{Version: text, Live: func() { d.live = text }}, nil
}

// publishing serves a publisher's commands on a socket, as a running server does.
func publishing(t *testing.T, source publish.Source) (socket string) {
	t.Helper()
	kept, err := ledger.Open(t.Context(), ledger.Options{Path: filepath.Join(t.TempDir(), "ledger.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	publisher := publish.New(publish.Options{Source: source, Store: kept})
	if err := publisher.Begin(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, command := range operations.FlowCommands(publisher) {
		mux.Handle(command.Pattern, command.Handler)
	}
	socket = filepath.Join(t.TempDir(), "control.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return socket
}

func TestFlowsArePublishedAndGoneBackTo(t *testing.T) {
	source := &drawer{text: "one"}
	socket := publishing(t, source)
	folder := filepath.Join(t.TempDir(), "staging")
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(folder, "flows"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "flows/main.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says := func(wantCode int, want string, args ...string) {
		t.Helper()
		code, stdout, stderr := careline("", append(args, "--socket", socket)...)
		if code != wantCode || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%v: exit %d, want %d\n%s%s\nwant %s", args, code, wantCode, stdout, stderr, want)
		}
	}
	write("two")
	says(0, "script 2 is live, version two", "flow", "publish", "--comment", "Friday's hours", folder)
	write("broken")
	says(1, "flows/main.yaml:3:1: is broken\ncareline: nothing was published; what was live goes on", "flow", "publish", folder)
	if source.live != "two" {
		t.Errorf("%q is live", source.live)
	}
	says(0, "script 3 is live, version one", "flow", "rollback")
	says(0, "live  3       one", "flow", "versions")
	says(0, "Friday's hours", "flow", "versions")
	says(0, "rollback to 1", "flow", "versions", "--last", "1")
	source.text = "three"
	says(0, "script 4 is live, version three", "flow", "publish")
	says(1, "no script 99 was published", "flow", "rollback", "99")
	says(2, `"two" is no number of a script`, "flow", "rollback", "two")
	says(1, "there is no flow in", "flow", "publish", t.TempDir())
	says(2, "name a script by its number", "flow", "save", "2")

	saved := filepath.Join(t.TempDir(), "saved")
	if err := os.MkdirAll(filepath.Join(saved, "flows"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(saved, "flows/other.yaml"), []byte("of another script"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(0, "1 files of script 2", "flow", "save", "2", saved)
	if text, err := os.ReadFile(filepath.Join(saved, "flows/main.yaml")); err != nil || string(text) != "two" {
		t.Errorf("saved is %q (%v)", text, err)
	}
	if _, err := os.Stat(filepath.Join(saved, "flows/other.yaml")); !os.IsNotExist(err) {
		t.Errorf("another script's flow is still there: %v", err)
	}
}

func TestAScriptOutOfItsFolderIsNotSaved(t *testing.T) {
	dir := t.TempDir()
	if err := saveScript(filepath.Join(dir, "in"), map[string][]byte{"../out.yaml": []byte("x")}); err == nil {
		t.Error("saved")
	}
	if _, err := os.Stat(filepath.Join(dir, "out.yaml")); !os.IsNotExist(err) {
		t.Errorf("it is there: %v", err)
	}
}
