package ledger

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careline/phi"
)

func entry(i int) AuditEntry {
	return AuditEntry{Kind: AuditAccess, Call: "call-1", Actor: "agent:maria", Subject: fmt.Sprintf("token-%d", i), Field: "name", Purpose: "screen_pop", Outcome: "ok"}
}

func appendMany(t testing.TB, l *Ledger, n int) {
	t.Helper()
	for i := range n {
		if _, err := l.Append(t.Context(), entry(i)); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
}

func TestAuditTellsWhatWasDoneInOrderAcrossRestarts(t *testing.T) {
	path := newPath(t)
	now := time.Date(2026, 11, 24, 8, 30, 0, 123456789, time.FixedZone("", -6*3600))
	l, err := Open(t.Context(), Options{Path: path, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.Append(t.Context(), entry(1))
	if err != nil {
		t.Fatal(err)
	}
	if first.Sequence != 1 || !first.Time.Equal(now) || first.Time.Location() != time.UTC || first.PreviousHash != "" || len(first.Hash) != 64 {
		t.Errorf("first entry %+v", first)
	}
	closeOrFail(t, l)
	l = open(t, path)
	if err := l.RecordVerification(t.Context(), "call-1", "system:verifier", "token-1", "self", "verified"); err != nil {
		t.Fatal(err)
	}
	if err := l.RecordAccess(t.Context(), phi.Access{Call: "call-1", Actor: "agent:maria", Subject: "token-1", Field: "name", Purpose: phi.ScreenPop}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), AuditEntry{Kind: AuditSignIn, Actor: "agent:maria", Outcome: "ok"}); err != nil {
		t.Fatal(err)
	}
	entries, err := l.Audit(t.Context(), "call-1")
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d entries of the call (%v), want 3", len(entries), err)
	}
	if !reflect.DeepEqual(entries[0], first) {
		t.Errorf("read back %+v, appended %+v", entries[0], first)
	}
	if entries[1].PreviousHash != first.Hash || entries[1].Kind != AuditVerification || entries[1].Outcome != "verified" {
		t.Errorf("second entry %+v does not follow the first", entries[1])
	}
	if entries[2].Purpose != "screen_pop" || entries[2].Field != "name" || entries[2].Subject != "token-1" {
		t.Errorf("access entry %+v", entries[2])
	}
	if n, err := l.VerifyAudit(t.Context()); n != 4 || err != nil {
		t.Errorf("verified %d (%v), want 4", n, err)
	}
	last, err := l.Audit(t.Context(), "")
	if sequence, hash, headErr := l.AuditHead(t.Context()); err != nil || headErr != nil || sequence != 4 || hash != last[0].Hash {
		t.Errorf("head %d %s (%v, %v), want that of the sign-in", sequence, hash, err, headErr)
	}
}

// dropGuards is what somebody would do first who wants to change the audit.
func dropGuards() []string {
	return []string{"DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", "DROP TRIGGER audit_in_order"}
}

func TestTamperingIsFoundAndNamed(t *testing.T) {
	cases := []struct {
		name, statement string
		sequence        int64
	}{
		{"time", "UPDATE audit SET time = time + 1 WHERE sequence = 4", 4},
		{"kind", "UPDATE audit SET kind = 'sign_in' WHERE sequence = 4", 4},
		{"call", "UPDATE audit SET call = '' WHERE sequence = 4", 4},
		{"actor", "UPDATE audit SET actor = 'agent:james' WHERE sequence = 4", 4},
		{"subject", "UPDATE audit SET subject = 'token-9' WHERE sequence = 4", 4},
		{"field", "UPDATE audit SET field = '' WHERE sequence = 4", 4},
		{"purpose", "UPDATE audit SET purpose = 'x' WHERE sequence = 4", 4},
		{"outcome", "UPDATE audit SET outcome = 'refused' WHERE sequence = 4", 4},
		{"hash", "UPDATE audit SET hash = previous_hash WHERE sequence = 4", 4},
		{"text moved to the next field", "UPDATE audit SET actor = actor || subject, subject = '' WHERE sequence = 4", 4},
		{"two swapped", "UPDATE audit SET sequence = 99 WHERE sequence = 4; UPDATE audit SET sequence = 4 WHERE sequence = 5; UPDATE audit SET sequence = 5 WHERE sequence = 99", 4},
		{"first gone", "DELETE FROM audit WHERE sequence = 1", 1},
		{"one gone", "DELETE FROM audit WHERE sequence = 4", 4},
		{"newest gone", "DELETE FROM audit WHERE sequence = 8", 8},
		{"all gone", "DELETE FROM audit", 1},
		{"newest gone, and its head", "DELETE FROM audit WHERE sequence = 8; UPDATE audit_head SET sequence = 7", 7},
		{"one added", "INSERT INTO audit SELECT 9, time, kind, call, actor, subject, field, purpose, outcome, hash, hash FROM audit WHERE sequence = 8", 9},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := newPath(t)
			l := open(t, path)
			appendMany(t, l, 8)
			closeOrFail(t, l)
			if err := tamper(t, path, append(dropGuards(), c.statement)...); err != nil {
				t.Fatal(err)
			}
			reader, err := OpenReadOnly(path)
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			_, err = reader.VerifyAudit(t.Context())
			var broken *BrokenChain
			if !errors.As(err, &broken) || !errors.Is(err, ErrChainBroken) || broken.Sequence != c.sequence {
				t.Errorf("VerifyAudit said %v, want a broken chain at %d", err, c.sequence)
			}
			if _, err := Open(t.Context(), Options{Path: path}); !errors.Is(err, ErrChainBroken) {
				t.Errorf("Open said %v, want ErrChainBroken", err)
			}
		})
	}
}

// Whoever alters an entry and recomputes its hash breaks the next one.
func TestEntryWithAHashOfItsOwnIsFoundByItsSuccessor(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	appendMany(t, l, 6)
	entries, err := l.Audit(t.Context(), "call-1")
	if err != nil {
		t.Fatal(err)
	}
	closeOrFail(t, l)
	forged := entries[3]
	forged.Actor = "agent:james"
	update := fmt.Sprintf("UPDATE audit SET actor = 'agent:james', hash = '%s' WHERE sequence = 4", chainHash(forged))
	if err := tamper(t, path, append(dropGuards(), update)...); err != nil {
		t.Fatal(err)
	}
	var broken *BrokenChain
	if _, err := Open(t.Context(), Options{Path: path}); !errors.As(err, &broken) || broken.Sequence != 5 {
		t.Errorf("Open said %v, want a broken chain at 5", err)
	}
}

func TestOpenChecksTheNewestAndVerifyAuditAll(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	err := l.do(t.Context(), func(w *writer) error {
		for i := range HeadCheck + 50 {
			if _, err := w.append(entry(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	closeOrFail(t, l)
	if err := tamper(t, path, append(dropGuards(), "UPDATE audit SET actor = 'x' WHERE sequence = 10")...); err != nil {
		t.Fatal(err)
	}
	l = open(t, path) // the old damage is not looked for here
	var broken *BrokenChain
	if n, err := l.VerifyAudit(t.Context()); n != 9 || !errors.As(err, &broken) || broken.Sequence != 10 {
		t.Errorf("VerifyAudit said %d, %v; want 9 sound and a broken chain at 10", n, err)
	}
	closeOrFail(t, l)
	if err := tamper(t, path, fmt.Sprintf("UPDATE audit SET actor = 'x' WHERE sequence = %d", HeadCheck)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: path}); !errors.Is(err, ErrChainBroken) {
		t.Errorf("Open said %v for damage among the newest, want ErrChainBroken", err)
	}
}

func TestNothingKeptForEverCanBeChanged(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	appendMany(t, l, 2)
	if err := l.AppendJournal(t.Context(), []JournalEntry{{time.Now(), []byte("a")}, {time.Now(), []byte("b")}}); err != nil {
		t.Fatal(err)
	}
	if err := l.SaveCall(t.Context(), finishedCall("call-1")); err != nil {
		t.Fatal(err)
	}
	columns := "'2026', 'access', '', 'x', '', '', '', '', '', ''"
	for _, statement := range []string{
		"UPDATE audit SET actor = 'x'",
		"DELETE FROM audit WHERE sequence = 2",
		"INSERT OR REPLACE INTO audit VALUES (2, " + columns + ")",
		"REPLACE INTO audit VALUES (1, " + columns + ")",
		"INSERT INTO audit VALUES (7, " + columns + ")",
		"INSERT INTO audit VALUES (-1, " + columns + ")",
		"UPDATE journal SET body = 'x'",
		"DELETE FROM journal",
		"INSERT OR REPLACE INTO journal VALUES (1, 0, 'x')",
		"INSERT INTO journal VALUES (4, 0, 'x')",
		"UPDATE calls SET record = '{}'",
		"UPDATE calls SET final = 0",
		"DELETE FROM calls",
		"INSERT OR REPLACE INTO calls VALUES ('call-1', 0, 0, '{}')",
		"INSERT INTO calls VALUES ('call-1', 0, 0, '{}') ON CONFLICT DO UPDATE SET final = 0",
	} {
		if err := tamper(t, path, statement); err == nil {
			t.Errorf("%s was done", statement)
		}
	}
}

func TestWhatHasNoPlaceInAnAuditIsRefused(t *testing.T) {
	l := open(t, newPath(t))
	for name, change := range map[string]func(*AuditEntry){
		"no kind":               func(e *AuditEntry) { e.Kind = "" },
		"no actor":              func(e *AuditEntry) { e.Actor = "" },
		"too long":              func(e *AuditEntry) { e.Outcome = strings.Repeat("x", MaxField+1) },
		"not UTF-8":             func(e *AuditEntry) { e.Field = "\xff" },
		"a number for a token":  func(e *AuditEntry) { e.Subject = "48201937" },
		"a date for a token":    func(e *AuditEntry) { e.Subject = "04/12/1961" },
		"a telephone for token": func(e *AuditEntry) { e.Subject = "+1 (608) 555-0101" },
	} {
		e := entry(1)
		change(&e)
		_, err := l.Append(t.Context(), e)
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
		if err != nil && e.Subject != "" && strings.Contains(err.Error(), e.Subject) {
			t.Errorf("%s: the error repeats the subject", name)
		}
	}
	if n, err := l.VerifyAudit(t.Context()); n != 0 || err != nil {
		t.Errorf("%d entries (%v), want none", n, err)
	}
}

// Two entries that differ in anything have different canonical forms, also
// when their texts are the same bytes cut at other places.
func TestCanonicalFormTellsEntriesApart(t *testing.T) {
	draw := func(t *rapid.T, bytes string) AuditEntry {
		var parts [8]string
		for i := range parts {
			cut := len(bytes)
			if i < len(parts)-1 {
				cut = rapid.IntRange(0, len(bytes)).Draw(t, "cut")
			}
			parts[i], bytes = bytes[:cut], bytes[cut:]
		}
		return AuditEntry{
			Sequence: rapid.Int64Range(1, 2).Draw(t, "sequence"), Time: time.Unix(0, rapid.Int64Range(1, 2).Draw(t, "time")).UTC(),
			Kind: AuditKind(parts[0]), Call: parts[1], Actor: parts[2], Subject: parts[3],
			Field: parts[4], Purpose: parts[5], Outcome: parts[6], PreviousHash: parts[7],
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.StringMatching("[a\x00\x01]{0,4}").Draw(t, "bytes")
		a, b := draw(t, bytes), draw(t, bytes)
		if (a == b) != (chainHash(a) == chainHash(b)) {
			t.Fatalf("%+v and %+v: same entry %v, same hash %v", a, b, a == b, chainHash(a) == chainHash(b))
		}
	})
}

// The form is written in files that are kept for years: it can't change
// without a new version of it.
func TestCanonicalFormIsTheOneThatFilesHold(t *testing.T) {
	e := AuditEntry{Sequence: 7, Time: time.Date(2026, 11, 24, 12, 0, 0, 5, time.UTC), Kind: AuditAccess, Call: "c", Actor: "agent:maria",
		Subject: "t", Field: "name", Purpose: "screen_pop", Outcome: "ok", PreviousHash: "ab"}
	const want = "e21b1fe62f83f8211b0c7a819273e3c9f84ad7c648de0b10c2154e1d2a7c048e"
	if got := chainHash(e); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestWhereTheAuditCannotBeWrittenNothingIsRead(t *testing.T) {
	l := open(t, newPath(t))
	appendMany(t, l, 1)
	fillDisk(t, l)
	name := phi.NewString("Linda Park")
	var failed error
	for range 2000 { // until the pages that are left are used up
		var text string
		if text, failed = name.Reveal(t.Context(), l, phi.Access{Actor: "agent:maria", Field: "name", Purpose: phi.ScreenPop}); failed != nil {
			if text != "" {
				t.Fatal("the name was read without an audit")
			}
			break
		}
	}
	if failed == nil || !strings.Contains(failed.Error(), "full") || !strings.Contains(failed.Error(), "make room") {
		t.Fatalf("the disk never got full: %v", failed)
	}
	if l.Healthy(t.Context()) == nil {
		t.Error("the ledger calls itself healthy on a full disk")
	}
	before, err := l.VerifyAudit(t.Context())
	if err != nil {
		t.Fatalf("after a failed write: %v", err)
	}
	roomAgain(t, l)
	// No call comes to a server that isn't ready: it has to find out by itself.
	if err := l.Healthy(t.Context()); err != nil {
		t.Errorf("still unhealthy: %v", err)
	}
	appendMany(t, l, 3)
	if n, err := l.VerifyAudit(t.Context()); n != before+3 || err != nil {
		t.Errorf("verified %d (%v) after there was room again, want %d", n, err, before+3)
	}
}

// fillDisk lets the file grow by two pages, no more.
func fillDisk(t *testing.T, l *Ledger) {
	t.Helper()
	err := l.do(t.Context(), func(w *writer) error {
		var pages, limit int
		if err := w.row("PRAGMA page_count", nil, &pages); err != nil {
			return err
		}
		return w.conn.QueryRowContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", pages+2)).Scan(&limit)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func roomAgain(t *testing.T, l *Ledger) {
	t.Helper()
	err := l.do(t.Context(), func(w *writer) error {
		var limit int
		return w.conn.QueryRowContext(context.Background(), "PRAGMA max_page_count = 1000000").Scan(&limit)
	})
	if err != nil {
		t.Fatal(err)
	}
}
