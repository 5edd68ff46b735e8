package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Recording is what is known of a sealed recording; its sound is in a file of its own
// (package ledger/recording). It holds no PHI.
type Recording struct {
	// ID is a UUIDv7, and names the file. Call is whose it is.
	ID   string `json:"id"`
	Call string `json:"call"`
	// Kind is what was recorded.
	Kind RecordingKind `json:"kind"`
	// Statement says what a statement is: "consent".
	Statement string `json:"statement,omitempty"`
	// Line is the name of the line that was called.
	Line    string        `json:"line,omitempty"`
	Started time.Time     `json:"started"`
	Length  time.Duration `json:"length"`
	// Channels is 2 for a call (left the caller, right what the caller hears), 1 for
	// what a caller said alone.
	Channels int `json:"channels"`
	// Size of the sealed file, in bytes.
	Size int64 `json:"size"`
	// Class of retention, and until when it says that the recording is kept.
	Class     string    `json:"class"`
	KeepUntil time.Time `json:"keep_until"`
	// Hold keeps it longer, for the reason that stands here (a legal hold).
	Hold string `json:"hold,omitempty"`
	// Pauses are times that were left out; Dropped are packets that were lost since the
	// disk was too slow.
	Pauses  int    `json:"pauses,omitempty"`
	Dropped uint64 `json:"dropped,omitempty"`
	// State is how it ended.
	State RecordingState `json:"state"`
	// Disposed is when its key was destroyed, for the reason DisposedWhy.
	Disposed    time.Time `json:"disposed,omitzero"`
	DisposedWhy string    `json:"disposed_why,omitempty"`
}

// RecordingKind says what was recorded.
type RecordingKind string

const (
	// RecordedCall is a call, both ways.
	RecordedCall RecordingKind = "call"
	// RecordedMessage is what a caller left for somebody.
	RecordedMessage RecordingKind = "message"
	// RecordedStatement is what a caller said to be kept, such as a consent.
	RecordedStatement RecordingKind = "statement"
)

// RecordingState is how a recording stands.
type RecordingState string

const (
	// RecordingOpen: it is being written, or its server crashed and hasn't been
	// started since.
	RecordingOpen RecordingState = "open"
	// RecordingWhole: it was ended in order.
	RecordingWhole RecordingState = "whole"
	// RecordingCut: a crash or a full disk ended it.
	RecordingCut RecordingState = "cut"
	// RecordingDisposed: its key is destroyed.
	RecordingDisposed RecordingState = "disposed"
)

// Keys lie apart from what is known of recordings, so that they can be deleted.
const schemaRecordings = `
CREATE TABLE recordings (
	id TEXT PRIMARY KEY,
	call TEXT NOT NULL,
	started INTEGER NOT NULL,
	keep_until INTEGER NOT NULL,
	state TEXT NOT NULL,
	held INTEGER NOT NULL,
	record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX recordings_by_call ON recordings (call, started);
CREATE INDEX recordings_by_start ON recordings (started, id);
CREATE INDEX recordings_open ON recordings (started) WHERE state = 'open';
CREATE INDEX recordings_due ON recordings (keep_until) WHERE state <> 'disposed' AND held = 0;
CREATE TRIGGER recordings_no_delete BEFORE DELETE ON recordings BEGIN SELECT RAISE(ABORT, 'what is known of recordings stays'); END;
CREATE TRIGGER recordings_disposed BEFORE UPDATE ON recordings WHEN OLD.state = 'disposed'
	BEGIN SELECT RAISE(ABORT, 'the recording is disposed of'); END;
CREATE TABLE recording_keys (
	id TEXT PRIMARY KEY,
	master TEXT NOT NULL,
	sealed BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX recording_keys_by_master ON recording_keys (master);
`

// SealedKey is a recording's key, sealed under the master key of that fingerprint.
type SealedKey struct {
	Recording, Master string
	Sealed            []byte
}

// BeginRecording keeps what is known of a recording that begins, and its key.
func (l *Ledger) BeginRecording(ctx context.Context, r Recording, key SealedKey) error {
	body, err := encodeRecording(r)
	if err != nil {
		return err
	}
	return l.do(ctx, func(w *writer) error {
		if err := w.exec("INSERT INTO recordings (id, call, started, keep_until, state, held, record) VALUES (?, ?, ?, ?, ?, ?, ?)",
			r.ID, r.Call, r.Started.UnixNano(), r.KeepUntil.UnixNano(), r.State, r.Hold != "", body); err != nil {
			return err
		}
		return w.exec("INSERT INTO recording_keys (id, master, sealed) VALUES (?, ?, ?)", r.ID, key.Master, key.Sealed)
	})
}

func encodeRecording(r Recording) (string, error) {
	if r.ID == "" || len(r.ID) > MaxField || r.Call == "" || len(r.Call) > MaxField || r.Started.IsZero() || r.KeepUntil.IsZero() || r.State == "" || r.Kind == "" {
		return "", fmt.Errorf("%w: a recording has an ID, a call, a kind, a state, a beginning and a time to be kept until", ErrInvalid)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return string(body), nil
}

// ChangeRecording lets change say anew what is known of a recording, and appends what
// the audit is to say of it, in one transaction; an entry without a kind says nothing.
// A recording that was disposed of is ErrSealed.
func (l *Ledger) ChangeRecording(ctx context.Context, id string, entry AuditEntry, change func(*Recording)) (changed Recording, err error) {
	err = l.do(ctx, func(w *writer) error {
		changed, err = w.changeRecording(id, entry, func(r *Recording) error { change(r); return nil })
		return err
	})
	return changed, err
}

func (w *writer) changeRecording(id string, entry AuditEntry, change func(*Recording) error) (Recording, error) {
	var body string
	err := w.row("SELECT record FROM recordings WHERE id = ?", []any{id}, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return Recording{}, fmt.Errorf("%w: there is no recording %s", ErrInvalid, id)
	}
	if err != nil {
		return Recording{}, err
	}
	r, err := decodeRecording(body)
	if err != nil {
		return Recording{}, err
	}
	if r.State == RecordingDisposed {
		return Recording{}, fmt.Errorf("%w: recording %s was disposed of", ErrSealed, id)
	}
	if err := change(&r); err != nil {
		return Recording{}, err
	}
	if body, err = encodeRecording(r); err != nil {
		return Recording{}, err
	}
	if err := w.exec("UPDATE recordings SET keep_until = ?, state = ?, held = ?, record = ? WHERE id = ?",
		r.KeepUntil.UnixNano(), r.State, r.Hold != "", body, id); err != nil {
		return Recording{}, err
	}
	if entry.Kind != "" {
		if _, err := w.append(entry); err != nil {
			return Recording{}, err
		}
	}
	return r, nil
}

// DisposeRecording destroys a recording's key, with the audit's word of it in one
// transaction: from then on nobody can read its sound. The bytes of the key are
// overwritten in the file, and, once nobody reads any more, in its write-ahead log.
func (l *Ledger) DisposeRecording(ctx context.Context, id string, entry AuditEntry) (disposed Recording, err error) {
	err = l.do(ctx, func(w *writer) error {
		disposed, err = w.changeRecording(id, entry, func(r *Recording) error {
			if r.Hold != "" {
				return fmt.Errorf("%w: recording %s is held", ErrInvalid, id)
			}
			r.State, r.Disposed, r.DisposedWhy = RecordingDisposed, w.now().UTC(), entry.Purpose
			return nil
		})
		if err != nil {
			return err
		}
		return w.exec("DELETE FROM recording_keys WHERE id = ?", id)
	})
	if err != nil {
		return Recording{}, err
	}
	return disposed, l.ScrubLog(ctx)
}

// ScrubLog writes all of the write-ahead log into the file and empties it: what was
// deleted is then nowhere any more. It waits for those who read or write, up to 5 s.
func (l *Ledger) ScrubLog(ctx context.Context) error {
	db, err := openSQLite(ctx, l.path, "", 1)
	if err != nil {
		return err
	}
	defer db.Close()
	var busy, pages, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("ledger: emptying the write-ahead log: %w", explain(err))
	}
	if busy != 0 {
		return fmt.Errorf("ledger: the write-ahead log is in use; a deleted key stays in it until it is overwritten: %w", ErrBusy)
	}
	return nil
}

// Recording is what is known of one, or ErrNotFound.
func (l *Ledger) Recording(ctx context.Context, id string) (Recording, error) {
	list, err := l.recordings(ctx, "WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%w: there is no recording %s", ErrNotFound, id)
	}
	if err != nil {
		return Recording{}, err
	}
	return list[0], nil
}

// RecordingsOf are a call's, in the order in which they began.
func (l *Ledger) RecordingsOf(ctx context.Context, call string) ([]Recording, error) {
	return l.recordings(ctx, "WHERE call = ? ORDER BY started, id", call)
}

// Recordings are the newest, at most limit.
func (l *Ledger) Recordings(ctx context.Context, limit int) ([]Recording, error) {
	return l.recordings(ctx, "ORDER BY started DESC, id DESC LIMIT ?", min(max(limit, 0), MaxCalls))
}

// OpenRecordings began and haven't ended, at most limit: after a crash, those that it cut.
func (l *Ledger) OpenRecordings(ctx context.Context, limit int) ([]Recording, error) {
	return l.recordings(ctx, "WHERE state = 'open' ORDER BY started LIMIT ?", limit)
}

// DueRecordings need not be kept any longer at that time, at most limit, the oldest
// first; those with a hold are not among them.
func (l *Ledger) DueRecordings(ctx context.Context, at time.Time, limit int) ([]Recording, error) {
	return l.recordings(ctx, "WHERE state <> 'disposed' AND state <> 'open' AND held = 0 AND keep_until <= ? ORDER BY keep_until LIMIT ?", at.UnixNano(), limit)
}

func (l *Ledger) recordings(ctx context.Context, where string, args ...any) ([]Recording, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT record FROM recordings "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: recordings: %w", explain(err))
	}
	defer rows.Close()
	var list []Recording
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("ledger: recordings: %w", explain(err))
		}
		one, err := decodeRecording(body)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ledger: recordings: %w", explain(err))
	}
	return list, nil
}

func decodeRecording(body string) (r Recording, err error) {
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return Recording{}, fmt.Errorf("ledger: what is known of a recording can't be read: %w", err)
	}
	return r, nil
}

// RecordingKey is a recording's sealed key; ErrNotFound where it was destroyed.
func (l *Ledger) RecordingKey(ctx context.Context, id string) (SealedKey, error) {
	key := SealedKey{Recording: id}
	err := l.read.QueryRowContext(ctx, "SELECT master, sealed FROM recording_keys WHERE id = ?", id).Scan(&key.Master, &key.Sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return SealedKey{}, fmt.Errorf("%w: recording %s has no key", ErrNotFound, id)
	}
	if err != nil {
		return SealedKey{}, fmt.Errorf("ledger: the key of recording %s: %w", id, explain(err))
	}
	return key, nil
}

// KeysNotUnder are recordings' keys that lie sealed under other master keys than that
// of the fingerprint, at most limit.
func (l *Ledger) KeysNotUnder(ctx context.Context, master string, limit int) ([]SealedKey, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT id, master, sealed FROM recording_keys WHERE master <> ? LIMIT ?", master, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: keys of recordings: %w", explain(err))
	}
	defer rows.Close()
	var list []SealedKey
	for rows.Next() {
		var key SealedKey
		if err := rows.Scan(&key.Recording, &key.Master, &key.Sealed); err != nil {
			return nil, fmt.Errorf("ledger: keys of recordings: %w", explain(err))
		}
		list = append(list, key)
	}
	return list, rows.Err()
}

// ResealKeys replaces sealed keys, if they are there still.
func (l *Ledger) ResealKeys(ctx context.Context, keys []SealedKey) error {
	return l.do(ctx, func(w *writer) error {
		for _, key := range keys {
			if err := w.exec("UPDATE recording_keys SET master = ?, sealed = ? WHERE id = ?", key.Master, key.Sealed, key.Recording); err != nil {
				return err
			}
		}
		return nil
	})
}
