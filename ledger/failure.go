package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// FailureKept is how long a failed verification is kept. A lock-out's window
// must be shorter.
const FailureKept = 30 * 24 * time.Hour

// RecordFailure keeps that a verification of the subject (a token) failed.
func (l *Ledger) RecordFailure(ctx context.Context, subject string, at time.Time) error {
	if subject == "" || len(subject) > MaxField {
		return fmt.Errorf("%w: a failure names its subject by a token", ErrInvalid)
	}
	return l.do(ctx, func(w *writer) error {
		if err := w.exec("DELETE FROM failures WHERE subject = ? AND time < ?", subject, at.Add(-FailureKept).UnixNano()); err != nil {
			return err
		}
		return w.exec("INSERT INTO failures (subject, time) VALUES (?, ?)", subject, at.UnixNano())
	})
}

// CountFailures counts the failures of the subject at or after since.
func (l *Ledger) CountFailures(ctx context.Context, subject string, since time.Time) (int, error) {
	var count int
	row := l.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM failures WHERE subject = ? AND time >= ?", subject, since.UnixNano())
	if err := row.Scan(&count); err != nil {
		return 0, fmt.Errorf("ledger: counting failed verifications: %w", err)
	}
	return count, nil
}

func pruneFailures(ctx context.Context, db *sql.DB, now time.Time) error {
	_, err := db.ExecContext(ctx, "DELETE FROM failures WHERE time < ?", now.Add(-FailureKept).UnixNano())
	return err
}
