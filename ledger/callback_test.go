package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"careline/phi"
)

func asked(id, number string) Callback {
	return Callback{
		ID: id, Call: "call-" + id, Line: "Member services", Dialed: "5550100", Queue: "members", Asked: at(1), Wording: "2026-11",
		Language: "en-US", Contact: []byte(`{"ID":"` + id + `"}`), Number: phi.NewString(number),
	}
}

func TestACallbackIsKeptUntilItIsClosed(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	if err := l.AddCallback(t.Context(), asked("one", "+12025550147")); err != nil {
		t.Fatal(err)
	}
	if err := l.AddCallback(t.Context(), asked("two", "+12025550147")); !errors.Is(err, ErrCallbackOpen) {
		t.Fatalf("a second one for the number: %v", err)
	}
	if err := l.AddCallback(t.Context(), asked("three", "+12025550148")); err != nil {
		t.Fatal(err)
	}
	closeOrFail(t, l)
	l = open(t, path)
	defer closeOrFail(t, l)
	list, err := l.OpenCallbacks(t.Context(), 10)
	if err != nil || len(list) != 2 || list[0].ID != "one" || list[0].Ending != "47" || !list[0].Number.Equal(phi.NewString("+12025550147")) {
		t.Fatalf("%+v, %v", list, err)
	}
	entry := AuditEntry{Kind: AuditCallback, Actor: "system:callback", Subject: "one", Outcome: "busy"}
	if _, err := l.ChangeCallback(t.Context(), "one", entry, func(c *Callback) {
		c.Attempts, c.Counted = append(c.Attempts, CallbackAttempt{At: at(2), Call: "x", Outcome: "busy"}), 1
	}); err != nil {
		t.Fatal(err)
	}
	entry.Outcome = string(CallbackReached)
	closed, err := l.ChangeCallback(t.Context(), "one", entry, func(c *Callback) { c.State = CallbackReached })
	if err != nil || closed.Counted != 1 || len(closed.Attempts) != 1 || closed.Closed.IsZero() {
		t.Fatalf("%+v, %v", closed, err)
	}
	if _, err := l.ChangeCallback(t.Context(), "one", entry, func(*Callback) {}); !errors.Is(err, ErrSealed) {
		t.Fatalf("changed after it was closed: %v", err)
	}
	all, err := l.Callbacks(t.Context(), 10)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, c := range all {
		if c.ID == "one" && (!c.Number.IsEmpty() || c.Ending != "") {
			t.Fatal("the number of a closed callback is there still")
		}
	}
	if err := l.AddCallback(t.Context(), asked("four", "+12025550147")); err != nil {
		t.Fatalf("asked for again once the first is closed: %v", err)
	}
	if n, err := l.VerifyAudit(t.Context()); err != nil || n != 5 {
		t.Fatalf("%d entries, %v", n, err)
	}
}

func TestACallbacksNumberIsNowhereInTheClear(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	if err := l.AddCallback(t.Context(), asked("one", "+12025550147")); err != nil {
		t.Fatal(err)
	}
	list, err := l.OpenCallbacks(t.Context(), 10)
	if err != nil || bytes.Contains(fmt.Appendf(nil, "%+v", list), []byte("5550147")) {
		t.Fatalf("it prints, or %v", err)
	}
	closeOrFail(t, l)
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + suffix)
		if err == nil && bytes.Contains(raw, []byte("5550147")) {
			t.Errorf("the number stands in %q", suffix)
		}
	}
}

func TestWhatIsNoCallbackIsRefused(t *testing.T) {
	l := open(t, newPath(t))
	defer closeOrFail(t, l)
	for name, change := range map[string]func(*Callback){
		"no ID": func(c *Callback) { c.ID = "" }, "no number": func(c *Callback) { c.Number = phi.String{} },
		"no wording": func(c *Callback) { c.Wording = "" }, "no contact": func(c *Callback) { c.Contact = nil },
	} {
		c := asked("one", "+12025550147")
		change(&c)
		if err := l.AddCallback(t.Context(), c); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := l.ChangeCallback(t.Context(), "none", AuditEntry{Kind: AuditCallback, Actor: "x"}, func(*Callback) {}); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}
