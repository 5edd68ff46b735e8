package ledger

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

const (
	// MaxScript bounds the files of one script together, in bytes; larger ones are
	// refused.
	MaxScript = 16 << 20
	// MaxComment bounds what is said of a script, in bytes.
	MaxComment = 1000
)

// Script is one published version of the flows and of what belongs to them. A call's
// record names Version, so scripts stay for as long as the ledger does.
type Script struct {
	// Number counts scripts from 1.
	Number int64     `json:"number"`
	Time   time.Time `json:"time"`
	// Author is who published it, as the audit names them: "os:root", "agent:maria".
	Author  string `json:"author"`
	Comment string `json:"comment,omitempty"`
	// Origin says where it came from; of a script that was gone back to, Source is the
	// number of the one it repeats.
	Origin string `json:"origin"`
	Source int64  `json:"source,omitempty"`
	// Version is the flows' own, as records name it. Digest is that of the files.
	Version string `json:"version"`
	Digest  string `json:"digest"`
	// Folder is the digest of the configuration folder's files when it was published.
	Folder string `json:"folder,omitempty"`
}

// ScriptFiles are a script's files by name: "flows/main.yaml".
type ScriptFiles map[string][]byte

// Digest is a hash of the files: the same names and texts, the same digest.
func (f ScriptFiles) Digest() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(sum, "%q %d\n", name, len(f[name]))
		sum.Write(f[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// schemaScripts keeps each text once, however often it was published. Neither can be
// changed: a record must always find what its call ran.
const schemaScripts = `
CREATE TABLE script_files (
	digest TEXT PRIMARY KEY,
	body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE scripts (
	number INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	author TEXT NOT NULL,
	comment TEXT NOT NULL,
	origin TEXT NOT NULL,
	source INTEGER NOT NULL,
	version TEXT NOT NULL,
	digest TEXT NOT NULL REFERENCES script_files (digest),
	folder TEXT NOT NULL
);
CREATE INDEX scripts_by_version ON scripts (version, number);
CREATE TRIGGER scripts_no_update BEFORE UPDATE ON scripts BEGIN SELECT RAISE(ABORT, 'scripts are append-only'); END;
CREATE TRIGGER scripts_no_delete BEFORE DELETE ON scripts BEGIN SELECT RAISE(ABORT, 'scripts are append-only'); END;
CREATE TRIGGER scripts_in_order BEFORE INSERT ON scripts
	WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM scripts)
	BEGIN SELECT RAISE(ABORT, 'scripts are append-only'); END;
CREATE TRIGGER script_files_no_update BEFORE UPDATE ON script_files BEGIN SELECT RAISE(ABORT, 'scripts are append-only'); END;
CREATE TRIGGER script_files_no_delete BEFORE DELETE ON script_files BEGIN SELECT RAISE(ABORT, 'scripts are append-only'); END;
`

// SaveScript keeps a script and the audit's word of it in one transaction, and gives
// it back with its number, time and digest.
func (l *Ledger) SaveScript(ctx context.Context, script Script, files ScriptFiles) (Script, error) {
	packed, err := packScript(script, files)
	if err != nil {
		return Script{}, err
	}
	script.Digest = files.Digest()
	result := make(chan Script, 1) // as in Append
	err = l.do(ctx, func(w *writer) error {
		kept := script
		kept.Time = w.now().UTC().Round(0)
		if err := w.row("SELECT COALESCE(MAX(number), 0) + 1 FROM scripts", nil, &kept.Number); err != nil {
			return err
		}
		if err := w.exec("INSERT INTO script_files (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING", kept.Digest, packed); err != nil {
			return err
		}
		if err := w.exec("INSERT INTO scripts ("+scriptColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			kept.Number, kept.Time.UnixNano(), kept.Author, kept.Comment, kept.Origin, kept.Source, kept.Version, kept.Digest, kept.Folder); err != nil {
			return err
		}
		_, err := w.append(AuditEntry{Kind: AuditPublish, Actor: kept.Author, Field: "flows " + kept.Version, Purpose: kept.Origin, Outcome: "ok"})
		result <- kept
		return err
	})
	if err != nil {
		return Script{}, err
	}
	return <-result, nil
}

// packScript checks a script and compresses its files.
func packScript(script Script, files ScriptFiles) ([]byte, error) {
	size := 0
	for name, raw := range files {
		size += len(name) + len(raw)
	}
	switch {
	case script.Author == "" || script.Origin == "" || script.Version == "" || len(files) == 0:
		return nil, fmt.Errorf("%w: a script has an author, an origin, a version and files", ErrInvalid)
	case size > MaxScript:
		return nil, fmt.Errorf("%w: a script's files have at most %d bytes together", ErrInvalid, MaxScript)
	case len(script.Comment) > MaxComment || !utf8.ValidString(script.Comment):
		return nil, fmt.Errorf("%w: a script's comment has at most %d bytes of UTF-8", ErrInvalid, MaxComment)
	}
	if err := checkEntry(AuditEntry{Kind: AuditPublish, Actor: script.Author, Field: script.Version, Purpose: script.Origin}); err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	if err := json.NewEncoder(compressed).Encode(files); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

const scriptColumns = "number, time, author, comment, origin, source, version, digest, folder"

// Scripts lists the newest scripts, the last one published first.
func (l *Ledger) Scripts(ctx context.Context, limit int) ([]Script, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT "+scriptColumns+" FROM scripts ORDER BY number DESC LIMIT ?", limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: scripts: %w", explain(err))
	}
	defer rows.Close()
	var scripts []Script
	for rows.Next() {
		script, err := scanScript(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("ledger: scripts: %w", err)
		}
		scripts = append(scripts, script)
	}
	return scripts, rows.Err()
}

// Script is the script of a number, with its files; ErrNotFound if there is none.
func (l *Ledger) Script(ctx context.Context, number int64) (Script, ScriptFiles, error) {
	return l.script(ctx, "number = ?", number)
}

// ScriptOf is the newest script of a version as records name it, with its files;
// ErrNotFound if there is none.
func (l *Ledger) ScriptOf(ctx context.Context, version string) (Script, ScriptFiles, error) {
	return l.script(ctx, "version = ?", version)
}

func (l *Ledger) script(ctx context.Context, where string, key any) (Script, ScriptFiles, error) {
	row := l.read.QueryRowContext(ctx, "SELECT "+scriptColumns+" FROM scripts WHERE "+where+" ORDER BY number DESC LIMIT 1", key)
	script, err := scanScript(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Script{}, nil, fmt.Errorf("%w: no script %v was published", ErrNotFound, key)
	}
	if err != nil {
		return Script{}, nil, fmt.Errorf("ledger: script %v: %w", key, explain(err))
	}
	var packed []byte
	if err := l.read.QueryRowContext(ctx, "SELECT body FROM script_files WHERE digest = ?", script.Digest).Scan(&packed); err != nil {
		return Script{}, nil, fmt.Errorf("ledger: script %v: %w", key, explain(err))
	}
	files, err := unpackScript(packed)
	if err != nil {
		return Script{}, nil, fmt.Errorf("ledger: script %v: %w", key, err)
	}
	return script, files, nil
}

func scanScript(scan func(...any) error) (Script, error) {
	var s Script
	var at int64
	err := scan(&s.Number, &at, &s.Author, &s.Comment, &s.Origin, &s.Source, &s.Version, &s.Digest, &s.Folder)
	s.Time = time.Unix(0, at).UTC()
	return s, err
}

func unpackScript(packed []byte) (ScriptFiles, error) {
	compressed, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var files ScriptFiles
	// In base64 a file has a third more bytes.
	if err := json.NewDecoder(io.LimitReader(compressed, 2*MaxScript)).Decode(&files); err != nil {
		return nil, err
	}
	return files, compressed.Close()
}
