package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// applicationID marks the file as a Careline ledger ("CLdg"), for file(1) and
// so that a foreign database is never written to.
const applicationID = 0x434c6467

// ErrNewerSchema means that the file was written by a newer Careline.
var ErrNewerSchema = errors.New("the file was written by a newer careline; use that one")

// ErrForeign means that the file is an SQLite database of something else.
var ErrForeign = errors.New("the file is a database, but not a Careline ledger; choose another ledger.path")

// migrations returns the steps from an empty file to the present schema. A
// step that was released is never edited; a change is a new step. A step's
// number is its place, from 1.
func migrations() []string {
	return []string{schemaFirst, schemaSecond, schemaThird, schemaScripts, schemaRecordings, schemaCallbacks, schemaMessages}
}

// The audit and the journal can't be changed even by a mistaken statement of
// our own: updates and deletions are refused, and an insert must carry the next
// number, because INSERT OR REPLACE deletes without asking the delete trigger.
const schemaFirst = `
CREATE TABLE audit (
	sequence INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	kind TEXT NOT NULL,
	call TEXT NOT NULL,
	actor TEXT NOT NULL,
	subject TEXT NOT NULL,
	field TEXT NOT NULL,
	purpose TEXT NOT NULL,
	outcome TEXT NOT NULL,
	previous_hash TEXT NOT NULL,
	hash TEXT NOT NULL
);
CREATE INDEX audit_by_call ON audit (call, sequence);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
	WHEN NEW.sequence <> (SELECT COALESCE(MAX(sequence), 0) + 1 FROM audit)
	BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

CREATE TABLE audit_head (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	sequence INTEGER NOT NULL,
	hash TEXT NOT NULL
);
INSERT INTO audit_head VALUES (1, 0, '');

CREATE TABLE calls (
	id TEXT PRIMARY KEY,
	started INTEGER NOT NULL,
	final INTEGER NOT NULL,
	record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX calls_by_start ON calls (started, id);
CREATE INDEX calls_unfinished ON calls (started) WHERE final = 0;
CREATE TRIGGER calls_sealed BEFORE UPDATE ON calls WHEN OLD.final = 1
	BEGIN SELECT RAISE(ABORT, 'the call record is final'); END;

CREATE TABLE journal (
	sequence INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	body BLOB NOT NULL
);
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_in_order BEFORE INSERT ON journal
	WHEN NEW.sequence <> (SELECT COALESCE(MAX(sequence), 0) + 1 FROM journal)
	BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE failures (
	subject TEXT NOT NULL,
	time INTEGER NOT NULL
);
CREATE INDEX failures_by_subject ON failures (subject, time);
CREATE INDEX failures_by_time ON failures (time);
`

// Sealed records stay: an update was refused from the first, a deletion or an
// INSERT OR REPLACE was not. key_check tells a lost or foreign key from the one
// that the tokens were made with (Key); probe is what Healthy writes.
const schemaSecond = `
CREATE TRIGGER calls_no_delete BEFORE DELETE ON calls WHEN OLD.final = 1
	BEGIN SELECT RAISE(ABORT, 'the call record is final'); END;
CREATE TRIGGER calls_no_replace BEFORE INSERT ON calls
	WHEN EXISTS (SELECT 1 FROM calls WHERE id = NEW.id AND final = 1)
	BEGIN SELECT RAISE(ABORT, 'the call record is final'); END;

CREATE TABLE key_check (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	fingerprint TEXT NOT NULL
);
CREATE TABLE probe (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	body BLOB NOT NULL
);
`

// Traces are no records: they are replaced while a call goes on, and go again.
const schemaThird = `
CREATE TABLE traces (
	call TEXT PRIMARY KEY,
	time INTEGER NOT NULL,
	body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX traces_by_time ON traces (time);
`

// migrate brings the schema up to date, each step in a transaction of its own.
func migrate(ctx context.Context, db *sql.DB, steps []string, now func() time.Time) error {
	version, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("schema %d: %w", version, ErrNewerSchema)
	}
	for ; version < len(steps); version++ {
		if err := migrateStep(ctx, db, version+1, steps[version], now()); err != nil {
			return fmt.Errorf("bringing the schema to version %d: %w", version+1, err)
		}
	}
	return nil
}

func migrateStep(ctx context.Context, db *sql.DB, version int, step string, now time.Time) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if version == 1 {
		step = fmt.Sprintf("PRAGMA application_id = %d; CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL);", applicationID) + step
	}
	if _, err := tx.ExecContext(ctx, step); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO schema_version VALUES (?, ?)", version, now.UnixNano()); err != nil {
		return err
	}
	return tx.Commit()
}

// schemaVersion is 0 for an empty file.
func schemaVersion(ctx context.Context, db *sql.DB) (int, error) {
	var application, tables int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&application); err != nil {
		return 0, err
	}
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return 0, err
	}
	if application == 0 && tables == 0 {
		return 0, nil
	}
	if application != applicationID {
		return 0, ErrForeign
	}
	var version int
	err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_version").Scan(&version)
	return version, err
}

// checkSchema says whether this Careline can read the file as it is.
func checkSchema(ctx context.Context, db *sql.DB) error {
	version, err := schemaVersion(ctx, db)
	switch {
	case err != nil:
		return err
	case version > len(migrations()):
		return fmt.Errorf("schema %d: %w", version, ErrNewerSchema)
	case version < len(migrations()):
		return fmt.Errorf("the file has schema %d, this careline reads %d; start the server once, it brings the file up to date", version, len(migrations()))
	}
	return nil
}
