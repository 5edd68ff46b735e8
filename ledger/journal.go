package ledger

import (
	"context"
	"fmt"
	"time"
)

// JournalEntry is one event of the ACD engine, as the engine encodes it. It
// holds no PHI.
type JournalEntry struct {
	Time time.Time
	Body []byte
}

// journalPortion is how many entries ReadJournal holds at once.
const journalPortion = 500

// MaxJournalBatch bounds the entries of one AppendJournal.
const MaxJournalBatch = 10_000

// AppendJournal adds events in their order and returns when they are on disk:
// all of them, or none.
func (l *Ledger) AppendJournal(ctx context.Context, entries []JournalEntry) error {
	if len(entries) == 0 {
		return nil
	}
	if len(entries) > MaxJournalBatch {
		return fmt.Errorf("%w: %d journal entries at once, over %d", ErrInvalid, len(entries), MaxJournalBatch)
	}
	for _, entry := range entries {
		if len(entry.Body) == 0 || len(entry.Body) > MaxRecord {
			return fmt.Errorf("%w: a journal entry has %d bytes; between 1 and %d are kept", ErrInvalid, len(entry.Body), MaxRecord)
		}
	}
	return l.do(ctx, func(w *writer) error {
		for _, entry := range entries {
			err := w.exec("INSERT INTO journal (sequence, time, body) VALUES ((SELECT COALESCE(MAX(sequence), 0) + 1 FROM journal), ?, ?)",
				entry.Time.UnixNano(), entry.Body)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ReadJournal calls each with the entries after the given sequence (0 for all),
// in order, until the end of the journal or an error of each, which it returns.
func (l *Ledger) ReadJournal(ctx context.Context, after int64, each func(sequence int64, entry JournalEntry) error) error {
	for {
		portion, last, err := l.journalAfter(ctx, after)
		if err != nil {
			return fmt.Errorf("ledger: reading the journal: %w", err)
		}
		for i, entry := range portion {
			if err := each(last-int64(len(portion)-1-i), entry); err != nil {
				return err
			}
		}
		if len(portion) < journalPortion {
			return nil
		}
		after = last
	}
}

// journalAfter reads a portion. Sequences have no gaps (the triggers see to
// it), so the last one tells them all.
func (l *Ledger) journalAfter(ctx context.Context, after int64) (portion []JournalEntry, last int64, err error) {
	rows, err := l.read.QueryContext(ctx, "SELECT sequence, time, body FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?", after, journalPortion)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var entry JournalEntry
		var nanoseconds int64
		if err := rows.Scan(&last, &nanoseconds, &entry.Body); err != nil {
			return nil, 0, err
		}
		entry.Time = fromNanoseconds(nanoseconds)
		portion = append(portion, entry)
	}
	return portion, last, rows.Err()
}
