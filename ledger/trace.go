package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"careline/phi"
)

// MaxTraces bounds how many calls' signalling is kept, whatever its age; the oldest
// make room.
const MaxTraces = 20_000

// traceSlack is how many are saved before they are counted again; by so many they
// may be exceeded.
const traceSlack = 100

// SaveTrace keeps a call's signalling, masked by whoever gives it, in place of what
// was kept of the call before. What is older than Options.KeepTraces goes.
func (l *Ledger) SaveTrace(ctx context.Context, call string, at time.Time, packed []byte) error {
	if call == "" || len(call) > MaxField || at.IsZero() || len(packed) == 0 || len(packed) > MaxRecord {
		return fmt.Errorf("%w: a trace has a call, a time and at most %d bytes", ErrInvalid, MaxRecord)
	}
	return l.do(ctx, func(w *writer) error {
		if l.keepTraces > 0 {
			if err := w.exec("DELETE FROM traces WHERE time < ?", w.now().Add(-l.keepTraces).UnixNano()); err != nil {
				return err
			}
		}
		if err := w.exec("INSERT OR REPLACE INTO traces (call, time, body) VALUES (?, ?, ?)", call, at.UnixNano(), packed); err != nil {
			return err
		}
		if w.traces++; w.traces%traceSlack != 1 {
			return nil
		}
		var kept int
		if err := w.row("SELECT COUNT(*) FROM traces", nil, &kept); err != nil || kept <= MaxTraces {
			return err
		}
		return w.exec("DELETE FROM traces WHERE call IN (SELECT call FROM traces ORDER BY time LIMIT ?)", kept-MaxTraces)
	})
}

// Trace is what SaveTrace kept of a call, or ErrNotFound; of the newest one for
// "last".
func (l *Ledger) Trace(ctx context.Context, call string) ([]byte, error) {
	query, args := "SELECT body FROM traces WHERE call = ?", []any{call}
	if call == "last" {
		query, args = "SELECT body FROM traces ORDER BY time DESC LIMIT 1", nil
	}
	var packed []byte
	err := l.read.QueryRowContext(ctx, query, args...).Scan(&packed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: no signalling of call %s is kept", ErrNotFound, call)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: signalling of call %s: %w", call, explain(err))
	}
	return packed, nil
}

// RecordCapture appends that signalling is shown with its numbers: of a call, or of
// the calls from or to a number, which stands there as a token.
func (l *Ledger) RecordCapture(ctx context.Context, call, number, actor, reason string) error {
	entry := AuditEntry{Kind: AuditCapture, Call: call, Actor: actor, Field: "signalling", Purpose: reason, Outcome: "ok"}
	if number != "" {
		key, err := l.Key(ctx)
		if err != nil {
			return err
		}
		entry.Subject = phi.NewString("number " + number).Token(key)
	}
	_, err := l.Append(ctx, entry)
	return err
}
