package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode/utf8"

	"careline/phi"
)

// Append adds an entry to the audit and returns it with its sequence, time and
// hashes once it is on disk. On any error the caller must take it that nothing
// was written, and must not do what the entry was to tell of.
func (l *Ledger) Append(ctx context.Context, entry AuditEntry) (AuditEntry, error) {
	if err := checkEntry(entry); err != nil {
		return AuditEntry{}, err
	}
	result := make(chan AuditEntry, 1) // not a variable: a caller who left must not race with the writer
	err := l.do(ctx, func(w *writer) error {
		appended, err := w.append(entry)
		result <- appended
		return err
	})
	if err != nil {
		return AuditEntry{}, err
	}
	return <-result, nil
}

const insertAudit = `INSERT INTO audit (sequence, time, kind, call, actor, subject, field, purpose, outcome, previous_hash, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (w *writer) append(entry AuditEntry) (AuditEntry, error) {
	entry.Sequence = w.head.sequence + 1
	entry.Time = w.now().UTC().Round(0)
	entry.PreviousHash = w.head.hash
	entry.Hash = chainHash(entry)
	err := w.exec(insertAudit, entry.Sequence, entry.Time.UnixNano(), string(entry.Kind), entry.Call, entry.Actor,
		entry.Subject, entry.Field, entry.Purpose, entry.Outcome, entry.PreviousHash, entry.Hash)
	if err != nil {
		return entry, err
	}
	if err := w.exec("UPDATE audit_head SET sequence = ?, hash = ?", entry.Sequence, entry.Hash); err != nil {
		return entry, err
	}
	w.head = chainHead{entry.Sequence, entry.Hash}
	return entry, nil
}

// checkEntry refuses what has no place in an audit, so that a slip in another
// room never puts a member's number where it can't be removed.
func checkEntry(entry AuditEntry) error {
	if entry.Kind == "" || entry.Actor == "" {
		return fmt.Errorf("%w: an audit entry names its kind and its actor", ErrInvalid)
	}
	for _, text := range []string{string(entry.Kind), entry.Call, entry.Actor, entry.Subject, entry.Field, entry.Purpose, entry.Outcome} {
		if len(text) > MaxField || !utf8.ValidString(text) {
			return fmt.Errorf("%w: a text of an audit entry has over %d bytes or is not UTF-8", ErrInvalid, MaxField)
		}
	}
	if entry.Subject != "" && strings.Trim(entry.Subject, "0123456789 +-/().") == "" && len(entry.Subject) < 32 {
		return fmt.Errorf("%w: the subject of an audit entry is a token, not a number", ErrInvalid)
	}
	return nil
}

// RecordAccess appends that protected data is read: the ledger is a phi.Auditor.
func (l *Ledger) RecordAccess(ctx context.Context, access phi.Access) error {
	_, err := l.Append(ctx, AuditEntry{
		Kind: AuditAccess, Call: access.Call, Actor: access.Actor, Subject: access.Subject,
		Field: access.Field, Purpose: string(access.Purpose), Outcome: "ok",
	})
	return err
}

// RecordDisclosure appends that protected data is about to be told to somebody
// outside.
func (l *Ledger) RecordDisclosure(ctx context.Context, disclosure phi.Disclosure) error {
	_, err := l.Append(ctx, AuditEntry{
		Kind: AuditDisclosure, Call: disclosure.Call, Actor: disclosure.Actor, Subject: disclosure.Subject,
		Field: disclosure.What, Purpose: string(disclosure.Purpose), Outcome: "to " + disclosure.Recipient,
	})
	return err
}

// RecordVerification appends that a caller's identity was checked (45 CFR
// 164.514(h)). The subject is the token of the member claimed; as is the role that the
// caller claimed and, once verified, by what right.
func (l *Ledger) RecordVerification(ctx context.Context, call, actor, subject, as, outcome string) error {
	_, err := l.Append(ctx, AuditEntry{
		Kind: AuditVerification, Call: call, Actor: actor, Subject: subject, Field: as,
		Purpose: string(phi.Verification), Outcome: outcome,
	})
	return err
}

const auditColumns = "sequence, time, kind, call, actor, subject, field, purpose, outcome, previous_hash, hash"

// Audit lists a call's entries in their order; all entries without a call for
// the empty one. At most MaxAudit are returned, the oldest first.
func (l *Ledger) Audit(ctx context.Context, call string) ([]AuditEntry, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT "+auditColumns+" FROM audit WHERE call = ? ORDER BY sequence LIMIT ?", call, MaxAudit)
	if err != nil {
		return nil, fmt.Errorf("ledger: reading the audit: %w", explain(err))
	}
	return scanEntries(rows)
}

// MaxAudit bounds what Audit returns. A call has some ten entries.
const MaxAudit = 10_000

func scanEntries(rows *sql.Rows) ([]AuditEntry, error) {
	defer rows.Close()
	var entries []AuditEntry
	for rows.Next() {
		var e AuditEntry
		var nanoseconds int64
		err := rows.Scan(&e.Sequence, &nanoseconds, &e.Kind, &e.Call, &e.Actor, &e.Subject, &e.Field, &e.Purpose, &e.Outcome, &e.PreviousHash, &e.Hash)
		if err != nil {
			return nil, fmt.Errorf("ledger: reading the audit: %w", explain(err))
		}
		e.Time = fromNanoseconds(nanoseconds)
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ledger: reading the audit: %w", explain(err))
	}
	return entries, nil
}
