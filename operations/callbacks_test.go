package operations

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"careline/call"
)

// promises are open callbacks, and who took which back.
type promises struct {
	open  []call.OpenCallback
	taken []string
	err   error
}

func (p *promises) OpenCallbacks(context.Context) ([]call.OpenCallback, error) { return p.open, p.err }

func (p *promises) CancelCallback(_ context.Context, id, by, why string) error {
	if p.err != nil {
		return p.err
	}
	at := slices.IndexFunc(p.open, func(one call.OpenCallback) bool { return one.ID == id })
	if at < 0 {
		return call.ErrNoCallback
	}
	p.open = slices.Delete(p.open, at, at+1)
	p.taken = append(p.taken, by+" "+id+" "+why)
	return nil
}

func TestCallbacksAreListedAndCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	asked := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	one := call.OpenCallback{ID: "one", Queue: "claims", Ending: "47", Asked: asked, Attempts: 1, State: call.CallbackAside, Next: asked.Add(time.Hour)}
	two := call.OpenCallback{ID: "two", Queue: "claims", Ending: "48", Asked: asked, State: call.CallbackWaiting, Place: 1}
	kept := &promises{open: []call.OpenCallback{one, two}}
	run(t, controlled(t, path, CallbackCommands(kept)...))
	if list, err := ListCallbacks(t.Context(), path); err != nil || !slices.Equal(list, kept.open) {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := CancelCallback(t.Context(), path, "one", "  "); err == nil || !strings.Contains(err.Error(), "say why") {
		t.Errorf("without a reason: %v", err)
	}
	if err := CancelCallback(t.Context(), path, "one", "asked twice"); err != nil {
		t.Fatal(err)
	}
	if len(kept.taken) != 1 || !strings.HasPrefix(kept.taken[0], "os:") || !strings.HasSuffix(kept.taken[0], " one asked twice") {
		t.Errorf("taken back: %q", kept.taken)
	}
	if err := CancelCallback(t.Context(), path, "one", "asked twice"); err == nil || !strings.Contains(err.Error(), "no such callback") {
		t.Errorf("twice: %v", err)
	}
	kept.err = errors.New("the disk is full")
	if err := CancelCallback(t.Context(), path, "two", "asked twice"); err == nil || !strings.Contains(err.Error(), "the callback stands") {
		t.Errorf("without the audit: %v", err)
	}
	if _, err := ListCallbacks(t.Context(), path); err == nil {
		t.Error("a list that can't be had is empty")
	}
}
