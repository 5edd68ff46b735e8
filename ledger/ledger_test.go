package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnvironment); path != "" {
		writeUntilKilled(path)
		return
	}
	goleak.VerifyTestMain(m)
}

// open opens a ledger that the test closes at its end.
func open(t testing.TB, path string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		t.Fatalf("opening the ledger: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "var", "careline.db") }

// tamper runs statements as somebody with an SQLite tool would.
func tamper(t testing.TB, path string, statements ...string) error {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			return err
		}
	}
	return nil
}

func closeOrFail(t testing.TB, l *Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
}

func TestOnlyTheOwnerMayReadTheFiles(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	if _, err := l.Append(t.Context(), entry(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Key(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v (%v), want 0700", info.Mode().Perm(), err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files beside the ledger (%v), expected database, -wal, -shm, lock and key", len(files), err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v), want 0600", file.Name(), info.Mode().Perm(), err)
		}
	}
}

func TestFileThatOthersMayReadIsTightened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "careline.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode().Perm(), err)
	}
}

func TestSecondServerIsRefused(t *testing.T) {
	path := newPath(t)
	first := open(t, path)
	_, err := Open(t.Context(), Options{Path: path})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "ledger.path") {
		t.Fatalf("a second Open said %v, want ErrInUse with what to do", err)
	}
	closeOrFail(t, first)
	open(t, path)
}

func TestPathWithStrangeLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a?b#c %41 d", "careline.db")
	l := open(t, path)
	if _, err := l.Append(t.Context(), entry(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	closeOrFail(t, l)
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	closeOrFail(t, reader)
}

func TestUnusableFilesAreRefusedPlainly(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(folder, "foreign.db")
	if err := tamper(t, foreign, "CREATE TABLE recipes (name TEXT)"); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(folder, "newer.db")
	closeOrFail(t, open(t, newer))
	if err := tamper(t, newer, "INSERT INTO schema_version VALUES (999, 0)"); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(folder, "damaged.db")
	full := open(t, damaged)
	appendMany(t, full, 100)
	closeOrFail(t, full)
	raw, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw[4096:] {
		raw[4096+i] = 0xa5
	}
	if err := os.WriteFile(damaged, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	older := filepath.Join(folder, "older.db")
	closeOrFail(t, open(t, older))
	if err := tamper(t, older, "DELETE FROM schema_version"); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, path string
		readOnly   bool
		want       error
		says       string
	}{
		{"no path", "", false, nil, "ledger.path"},
		{"a folder", folder, false, nil, "is a directory"},
		{"below a file", filepath.Join(text, "x", "careline.db"), false, nil, "ledger.path"},
		{"a text", text, false, nil, "not a database"},
		{"another program's", foreign, false, ErrForeign, "choose another ledger.path"},
		{"damaged", damaged, false, nil, "restore a backup"},
		{"damaged, for reading", damaged, true, nil, "restore a backup"},
		{"a newer careline's", newer, false, ErrNewerSchema, "schema 999"},
		{"missing, for reading", filepath.Join(folder, "none.db"), true, os.ErrNotExist, "ledger.path"},
		{"a text, for reading", text, true, nil, "not a database"},
		{"another program's, for reading", foreign, true, ErrForeign, ""},
		{"a newer careline's, for reading", newer, true, ErrNewerSchema, ""},
		{"an older careline's, for reading", older, true, nil, "start the server once"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var l *Ledger
			var err error
			if c.readOnly {
				l, err = OpenReadOnly(c.path)
			} else {
				l, err = Open(t.Context(), Options{Path: c.path})
			}
			if err == nil {
				l.Close()
				t.Fatal("it was opened")
			}
			if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q, want %v with %q", err, c.want, c.says)
			}
		})
	}
}

func TestAFileThatAnotherProgramHoldsIsSaid(t *testing.T) {
	path := newPath(t)
	closeOrFail(t, open(t, path))
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{"PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(t.Context(), Options{Path: path}); err == nil || !strings.Contains(err.Error(), "another program holds the file") {
		t.Errorf("Open said %v", err)
	}
}

func TestSchemaIsBroughtUpToDateStepByStep(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	if err := l.SaveCall(t.Context(), finishedCall("call-1")); err != nil {
		t.Fatal(err)
	}
	closeOrFail(t, l)
	db, err := openSQLite(t.Context(), path, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	steps := append(migrations(), "CREATE TABLE extra (x TEXT)", "INSERT INTO extra VALUES ('a'); this is no SQL")
	if err := migrate(t.Context(), db, steps, time.Now); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("version %d", len(steps))) {
		t.Fatalf("a broken step said %v, want an error naming version %d", err, len(steps))
	}
	if version, err := schemaVersion(t.Context(), db); version != len(steps)-1 || err != nil {
		t.Errorf("schema %d (%v) after a broken last step, want %d", version, err, len(steps)-1)
	}
	var rows int
	if err := db.QueryRow("SELECT COUNT(*) FROM extra").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("the broken step left %d rows (%v), want none", rows, err)
	}
	var kept int
	if err := db.QueryRow("SELECT COUNT(*) FROM calls").Scan(&kept); err != nil || kept != 1 {
		t.Errorf("%d call records after the migration (%v), want 1", kept, err)
	}
}

func TestReaderReadsWhileTheServerWritesAndAfter(t *testing.T) {
	path := newPath(t)
	server := open(t, path)
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for i := range 3 {
		if _, err := server.Append(t.Context(), entry(i)); err != nil {
			t.Fatal(err)
		}
		if n, err := reader.VerifyAudit(t.Context()); n != i+1 || err != nil {
			t.Fatalf("the reader verified %d entries (%v), want %d", n, err, i+1)
		}
	}
	if err := reader.SaveCall(t.Context(), finishedCall("call-1")); !errors.Is(err, ErrReadOnly) {
		t.Errorf("the reader wrote: %v", err)
	}
	if _, err := reader.Key(t.Context()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("the reader made a key: %v", err)
	}
	closeOrFail(t, reader)
	closeOrFail(t, server)
	later, err := OpenReadOnly(path)
	if err != nil {
		t.Fatalf("opening for reading when no server runs: %v", err)
	}
	defer later.Close()
	if n, err := later.VerifyAudit(t.Context()); n != 3 || err != nil {
		t.Errorf("verified %d (%v), want 3", n, err)
	}
}

func TestEachCommitIsSyncedToTheDisk(t *testing.T) {
	l := open(t, newPath(t))
	err := l.do(t.Context(), func(w *writer) error {
		var synchronous int
		var mode string
		if err := w.row("PRAGMA synchronous", nil, &synchronous); err != nil {
			return err
		}
		if err := w.row("PRAGMA journal_mode", nil, &mode); err != nil {
			return err
		}
		if synchronous != 2 || mode != "wal" {
			t.Errorf("synchronous %d, journal mode %s; want 2 (FULL), wal", synchronous, mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
