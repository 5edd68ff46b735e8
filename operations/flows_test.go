package operations

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careline/ledger"
	"careline/problem"
	"careline/publish"
)

// flowFolder is a folder of one flow; "broken" has a mistake.
type flowFolder struct{ text, live string }

func (s *flowFolder) Folder() (map[string][]byte, error) {
	return map[string][]byte{"flows/main.yaml": []byte(s.text)}, nil
}

func (s *flowFolder) Read(_ context.Context, files map[string][]byte) (publish.Candidate, error) {
	text := string(files["flows/main.yaml"])
	at := problem.Problem{Position: problem.Position{File: "flows/main.yaml", Line: 3, Column: 1}, Message: "is broken"}
	if text == "broken" {
		return publish.Candidate{}, problem.List{at.Hint("mend it")}
	}
	at.Message = "is odd"
	return publish.Candidate{Version: text, Warnings: problem.List{at}, Live: func() { s.live = text }}, nil
}

func TestFlowsArePublishedThroughTheControlSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	kept, err := ledger.Open(t.Context(), ledger.Options{Path: filepath.Join(t.TempDir(), "ledger.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	folder := &flowFolder{text: "one"}
	publisher := publish.New(publish.Options{Source: folder, Store: kept})
	if err := publisher.Begin(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	run(t, controlled(t, path, FlowCommands(publisher)...))

	folder.text = "two"
	answer, err := PublishFlows(t.Context(), path, FlowRequest{Comment: "Friday's hours"})
	if err != nil || answer.Script.Number != 2 || answer.Script.Comment != "Friday's hours" || !strings.HasPrefix(answer.Script.Author, "os:") {
		t.Fatalf("the folder: %+v, %v", answer, err)
	}
	if folder.live != "two" || len(answer.Warnings) != 1 || !strings.Contains(answer.Warnings[0], "flows/main.yaml:3:1: is odd") {
		t.Errorf("%q is live, with %q", folder.live, answer.Warnings)
	}
	answer, err = PublishFlows(t.Context(), path, FlowRequest{Files: map[string][]byte{"flows/main.yaml": []byte("three")}})
	if err != nil || answer.Script.Number != 3 || folder.live != "three" {
		t.Errorf("files: %+v, %v", answer, err)
	}
	answer, err = PublishFlows(t.Context(), path, FlowRequest{Files: map[string][]byte{"flows/main.yaml": []byte("broken")}})
	if err != nil || len(answer.Mistakes) != 1 || answer.Mistakes[0] != "flows/main.yaml:3:1: is broken; mend it" || folder.live != "three" {
		t.Errorf("broken: %+v, %v", answer, err)
	}
	answer, err = RollBackFlows(t.Context(), path, FlowRequest{})
	if err != nil || answer.Script.Source != 2 || folder.live != "two" {
		t.Errorf("back: %+v, %v", answer, err)
	}
	if _, err := RollBackFlows(t.Context(), path, FlowRequest{Number: 99}); err == nil || !strings.Contains(err.Error(), "99") {
		t.Errorf("back to one that isn't there: %v", err)
	}
	status, err := FlowScripts(t.Context(), path, 2)
	if err != nil || status.Live != 4 || len(status.Scripts) != 2 || status.Scripts[0].Origin != publish.FromRollBack || status.Pending != "" {
		t.Errorf("status: %+v, %v", status, err)
	}
	text, err := FlowScript(t.Context(), path, 3)
	if err != nil || string(text.Files["flows/main.yaml"]) != "three" || time.Since(text.Script.Time) > time.Minute {
		t.Errorf("script 3: %+v, %v", text, err)
	}
	entries, err := kept.Audit(t.Context(), "")
	if err != nil || len(entries) != 4 {
		t.Errorf("audited are %+v, %v", entries, err)
	}
}
