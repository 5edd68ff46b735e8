package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTracesAreReplacedAndGoInTime(t *testing.T) {
	now := at(0)
	l, err := Open(t.Context(), Options{Path: newPath(t), KeepTraces: time.Hour, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer closeOrFail(t, l)
	save := func(call, text string, at time.Time) {
		t.Helper()
		if err := l.SaveTrace(t.Context(), call, at, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	save("a", "one", at(1))
	save("a", "more", at(1))
	save("b", "two", at(2))
	for call, want := range map[string]string{"a": "more", "b": "two", "last": "two"} {
		if got, err := l.Trace(t.Context(), call); err != nil || string(got) != want {
			t.Errorf("%s: %q (%v), want %q", call, got, err, want)
		}
	}
	now = now.Add(2 * time.Hour)
	save("c", "late", now)
	if _, err := l.Trace(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an old trace is still there: %v", err)
	}
	for name, err := range map[string]error{
		"no call": l.SaveTrace(t.Context(), "", now, []byte("x")), "no time": l.SaveTrace(t.Context(), "d", time.Time{}, []byte("x")),
		"nothing":  l.SaveTrace(t.Context(), "d", now, nil),
		"too long": l.SaveTrace(t.Context(), "d", now, make([]byte, MaxRecord+1)),
	} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThereAreOnlySoManyTraces(t *testing.T) {
	l := open(t, newPath(t))
	defer closeOrFail(t, l)
	// A statement of our own, since 20,000 saves would take a minute.
	if err := l.do(t.Context(), func(w *writer) error {
		return w.exec(fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d)
			INSERT INTO traces SELECT 'call ' || i, i, x'00' FROM n`, MaxTraces+500))
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.SaveTrace(t.Context(), "newest", at(0), []byte("x")); err != nil {
		t.Fatal(err)
	}
	var kept int
	if err := l.read.QueryRow("SELECT COUNT(*) FROM traces").Scan(&kept); err != nil || kept != MaxTraces {
		t.Errorf("%d traces (%v), want %d", kept, err, MaxTraces)
	}
	if _, err := l.Trace(t.Context(), "call 1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the oldest is still there: %v", err)
	}
}

func TestACaptureIsInTheAuditWithoutTheNumber(t *testing.T) {
	l := open(t, newPath(t))
	defer closeOrFail(t, l)
	for range 2 {
		if err := l.RecordCapture(t.Context(), "", "3125550142", "os:ann", "one-way sound"); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.RecordCapture(t.Context(), "call-1", "", "os:ann", "one-way sound"); err != nil {
		t.Fatal(err)
	}
	entries, err := l.Audit(t.Context(), "")
	if err != nil || len(entries) != 2 || entries[0].Subject != entries[1].Subject || len(entries[0].Subject) != 32 {
		t.Fatalf("%+v (%v)", entries, err)
	}
	if text := fmt.Sprintf("%+v", entries); strings.Contains(text, "5550142") {
		t.Errorf("the audit holds the number: %s", text)
	}
	entries, err = l.Audit(t.Context(), "call-1")
	if err != nil || len(entries) != 1 || entries[0].Kind != AuditCapture || entries[0].Purpose != "one-way sound" || entries[0].Actor != "os:ann" {
		t.Errorf("%+v (%v)", entries, err)
	}
}
