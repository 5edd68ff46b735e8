package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// MaxCalls bounds what Calls returns.
const MaxCalls = 10_000

// Final reports whether the record is complete and will be sealed when saved:
// the call has ended, every segment has, and where an agent was on the call at
// its end, so has the wrap-up.
func (r CallRecord) Final() bool {
	if r.Ended.IsZero() {
		return false
	}
	var last SegmentKind
	wrappedUp := false
	for _, segment := range r.Segments {
		if segment.End.IsZero() {
			return false
		}
		switch {
		case segment.Kind.Within():
		case segment.Kind == SegmentWrapUp:
			wrappedUp = true
		case segment.Kind == SegmentTalk, segment.Kind == SegmentHold:
			last, wrappedUp = segment.Kind, false // an agent before this one may have wrapped up
		default:
			last = segment.Kind
		}
	}
	return wrappedUp || (last != SegmentTalk && last != SegmentHold)
}

// SaveCall keeps a call's record, in place of the one saved before. Once a
// final record (Final) is saved it is sealed: saving the same again does
// nothing, saving another is ErrSealed.
func (l *Ledger) SaveCall(ctx context.Context, record CallRecord) error {
	if record.ID == "" || len(record.ID) > MaxField || record.Started.IsZero() {
		return fmt.Errorf("%w: a call record has an ID and a start", ErrInvalid)
	}
	body, err := json.Marshal(inUTC(record))
	if err != nil {
		return fmt.Errorf("ledger: call %s: %w", record.ID, err)
	}
	if len(body) > MaxRecord {
		return fmt.Errorf("%w: the record of call %s has %d bytes, over %d", ErrInvalid, record.ID, len(body), MaxRecord)
	}
	final := record.Final()
	return l.do(ctx, func(w *writer) error {
		var sealed bool
		var before string
		err := w.row("SELECT final, record FROM calls WHERE id = ?", []any{record.ID}, &sealed, &before)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		case sealed && before == string(body):
			return nil
		case sealed:
			return fmt.Errorf("%w: call %s", ErrSealed, record.ID)
		}
		return w.exec(`INSERT INTO calls (id, started, final, record) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET started = excluded.started, final = excluded.final, record = excluded.record`,
			record.ID, record.Started.UnixNano(), final, string(body))
	})
}

// inUTC gives the record's times the one form in which they are kept.
func inUTC(record CallRecord) CallRecord {
	record.Started, record.Answered, record.Ended = record.Started.UTC(), record.Answered.UTC(), record.Ended.UTC()
	record.Segments = slices.Clone(record.Segments)
	for i := range record.Segments {
		s := &record.Segments[i]
		s.Start, s.End = s.Start.UTC(), s.End.UTC()
	}
	return record
}

// Call returns a call's record, or ErrNotFound.
func (l *Ledger) Call(ctx context.Context, id string) (CallRecord, error) {
	var body []byte
	err := l.read.QueryRowContext(ctx, "SELECT record FROM calls WHERE id = ?", id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return CallRecord{}, fmt.Errorf("%w: call %s", ErrNotFound, id)
	}
	if err != nil {
		return CallRecord{}, fmt.Errorf("ledger: call %s: %w", id, err)
	}
	return decodeCall(body)
}

// Calls returns the newest records, newest first, at most limit and MaxCalls.
func (l *Ledger) Calls(ctx context.Context, limit int) ([]CallRecord, error) {
	return l.calls(ctx, "SELECT record FROM calls ORDER BY started DESC, id DESC LIMIT ?", limit)
}

// UnfinishedCalls returns the records that are not final, oldest first: after a
// crash, those of the calls that were cut.
func (l *Ledger) UnfinishedCalls(ctx context.Context, limit int) ([]CallRecord, error) {
	return l.calls(ctx, "SELECT record FROM calls WHERE final = 0 ORDER BY started LIMIT ?", limit)
}

func (l *Ledger) calls(ctx context.Context, query string, limit int) ([]CallRecord, error) {
	rows, err := l.read.QueryContext(ctx, query, min(max(limit, 0), MaxCalls))
	if err != nil {
		return nil, fmt.Errorf("ledger: listing calls: %w", err)
	}
	defer rows.Close()
	var records []CallRecord
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("ledger: listing calls: %w", err)
		}
		record, err := decodeCall(body)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ledger: listing calls: %w", err)
	}
	return records, nil
}

func decodeCall(body []byte) (CallRecord, error) {
	var record CallRecord
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&record); err != nil {
		return CallRecord{}, fmt.Errorf("ledger: a call record is damaged: %w", err)
	}
	return record, nil
}
