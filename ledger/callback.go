package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"careline/phi"
	"careline/phi/seal"
)

// ErrCallbackOpen says that the number has an open callback already.
var ErrCallbackOpen = errors.New("ledger: there is an open callback for the number already")

// MaxCallbackAttempts are kept of a callback: the latest.
const MaxCallbackAttempts = 100

// Callback is a caller's wish to be called, and what became of it. Its number lies
// sealed beside it, and is destroyed once the callback is closed.
type Callback struct {
	// ID is a UUIDv7. Call is the call in which it was asked for.
	ID   string `json:"id"`
	Call string `json:"call"`
	// Line is the dialed line's name, Dialed its number.
	Line   string `json:"line"`
	Dialed string `json:"dialed"`
	Queue  string `json:"queue"`
	// Asked is when the caller agreed to be called, having heard that version of the words.
	Asked   time.Time `json:"asked"`
	Wording string    `json:"wording"`
	// From and Until are the window that the caller chose; zero for as soon as it is
	// the caller's turn.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Language and Reason of the call, for the agent.
	Language string `json:"language"`
	Reason   string `json:"reason,omitempty"`
	// Contact is what the queue's engine knows of it, as the engine encodes it.
	Contact json.RawMessage `json:"contact"`
	// Attempts so far; Counted are those that count against the most that the queue
	// allows.
	Attempts []CallbackAttempt `json:"attempts,omitempty"`
	Counted  int               `json:"counted,omitempty"`
	State    CallbackState     `json:"state"`
	Closed   time.Time         `json:"closed,omitzero"`
	// Why it was closed, for a supervisor.
	Why string `json:"why,omitempty"`

	// Number to call, while the callback is open and the ledger's key is there.
	Number phi.String `json:"-"`
	// Ending is the number's last two digits, for people to tell callbacks apart.
	Ending string `json:"-"`
}

// CallbackAttempt is one call that was made, or could not be.
type CallbackAttempt struct {
	At      time.Time `json:"at"`
	Call    string    `json:"call"`
	Outcome string    `json:"outcome"`
}

// CallbackState is how a callback stands.
type CallbackState string

const (
	CallbackOpen CallbackState = "open"
	// CallbackReached: a person answered, and came to an agent's line.
	CallbackReached CallbackState = "reached"
	// CallbackGivenUp: nobody was reached, or nobody may take it.
	CallbackGivenUp   CallbackState = "given_up"
	CallbackCancelled CallbackState = "cancelled"
)

// The number's token lets each number have one open callback alone.
const schemaCallbacks = `
CREATE TABLE callbacks (
	id TEXT PRIMARY KEY,
	asked INTEGER NOT NULL,
	open INTEGER NOT NULL,
	number TEXT NOT NULL,
	sealed BLOB,
	record TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX callbacks_open ON callbacks (number) WHERE open = 1;
CREATE INDEX callbacks_by_time ON callbacks (asked, id);
CREATE TRIGGER callbacks_no_delete BEFORE DELETE ON callbacks BEGIN SELECT RAISE(ABORT, 'what is known of callbacks stays'); END;
CREATE TRIGGER callbacks_closed BEFORE UPDATE ON callbacks WHEN OLD.open = 0
	BEGIN SELECT RAISE(ABORT, 'the callback is closed'); END;
`

// numberKey is under what callbacks' numbers are sealed.
func (l *Ledger) numberKey(ctx context.Context) ([]byte, error) {
	key, err := l.Key(ctx)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("careline callback numbers 1"))
	return mac.Sum(nil), nil
}

// AddCallback keeps an open callback, its number sealed, and appends the caller's
// consent to the audit, in one transaction. ErrCallbackOpen where the number has one.
func (l *Ledger) AddCallback(ctx context.Context, c Callback) error {
	number, err := c.Number.Reveal(ctx, keeping{}, phi.Access{Field: "callback number"})
	if err != nil {
		return err
	}
	key, err := l.numberKey(ctx)
	if err != nil {
		return err
	}
	c.State = CallbackOpen
	body, err := encodeCallback(c)
	if err != nil {
		return err
	}
	if number == "" {
		return fmt.Errorf("%w: a callback has a number", ErrInvalid)
	}
	sealed, err := seal.Wrap(key, []byte(number), "callback "+c.ID)
	if err != nil {
		return fmt.Errorf("ledger: callback %s: %w", c.ID, err)
	}
	token := phi.NewString("callback " + number).Token(key)
	return l.do(ctx, func(w *writer) error {
		var open int
		if err := w.row("SELECT COUNT(*) FROM callbacks WHERE number = ? AND open = 1", []any{token}, &open); err != nil {
			return err
		}
		if open > 0 {
			return ErrCallbackOpen
		}
		if err := w.exec("INSERT INTO callbacks (id, asked, open, number, sealed, record) VALUES (?, ?, 1, ?, ?, ?)",
			c.ID, c.Asked.UnixNano(), token, sealed, body); err != nil {
			return err
		}
		_, err := w.append(AuditEntry{Kind: AuditCallback, Call: c.Call, Actor: "caller", Subject: c.ID, Field: c.Wording, Purpose: "consent", Outcome: "asked"})
		return err
	})
}

// keeping is the auditor of what only goes from one sealed place to another.
type keeping struct{}

func (keeping) RecordAccess(context.Context, phi.Access) error { return nil }

func encodeCallback(c Callback) (string, error) {
	if c.ID == "" || len(c.ID) > MaxField || c.Queue == "" || c.Asked.IsZero() || c.Wording == "" || len(c.Wording) > MaxField || len(c.Contact) == 0 {
		return "", fmt.Errorf("%w: a callback has an ID, a queue, a time, a wording's version and a contact", ErrInvalid)
	}
	if extra := len(c.Attempts) - MaxCallbackAttempts; extra > 0 {
		c.Attempts = c.Attempts[extra:]
	}
	body, err := json.Marshal(c)
	if err != nil || len(body) > MaxRecord {
		return "", fmt.Errorf("%w: callback %s can't be kept (%d bytes, %w)", ErrInvalid, c.ID, len(body), err)
	}
	return string(body), nil
}

// ChangeCallback lets change say anew what is known of an open callback, and appends
// what the audit is to say of it, in one transaction. One that isn't open any more after
// it is closed: its number is destroyed. ErrSealed if it was closed before.
func (l *Ledger) ChangeCallback(ctx context.Context, id string, entry AuditEntry, change func(*Callback)) (changed Callback, err error) {
	err = l.do(ctx, func(w *writer) error {
		var body string
		var open bool
		err := w.row("SELECT record, open FROM callbacks WHERE id = ?", []any{id}, &body, &open)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("%w: there is no callback %s", ErrNotFound, id)
		case err != nil:
			return err
		case !open:
			return fmt.Errorf("%w: callback %s is closed", ErrSealed, id)
		}
		changed = Callback{}
		if err := json.Unmarshal([]byte(body), &changed); err != nil {
			return fmt.Errorf("ledger: callback %s can't be read: %w", id, err)
		}
		change(&changed)
		if changed.State != CallbackOpen {
			changed.Closed = w.now().UTC()
		}
		if body, err = encodeCallback(changed); err != nil {
			return err
		}
		if changed.State == CallbackOpen {
			err = w.exec("UPDATE callbacks SET record = ? WHERE id = ?", body, id)
		} else {
			err = w.exec("UPDATE callbacks SET record = ?, open = 0, sealed = NULL WHERE id = ?", body, id)
		}
		if err != nil {
			return err
		}
		_, err = w.append(entry)
		return err
	})
	return changed, err
}

// OpenCallbacks are those that are to be made, in the order in which they were asked
// for, at most limit.
func (l *Ledger) OpenCallbacks(ctx context.Context, limit int) ([]Callback, error) {
	return l.callbacks(ctx, "WHERE open = 1 ORDER BY asked, id LIMIT ?", limit)
}

// Callbacks are the newest, open or not, at most limit.
func (l *Ledger) Callbacks(ctx context.Context, limit int) ([]Callback, error) {
	return l.callbacks(ctx, "ORDER BY asked DESC, id DESC LIMIT ?", limit)
}

func (l *Ledger) callbacks(ctx context.Context, where string, limit int) ([]Callback, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT sealed, record FROM callbacks "+where, min(max(limit, 0), MaxCalls))
	if err != nil {
		return nil, fmt.Errorf("ledger: callbacks: %w", explain(err))
	}
	defer rows.Close()
	var list []Callback
	var key []byte
	for rows.Next() {
		var sealed []byte
		var body string
		if err := rows.Scan(&sealed, &body); err != nil {
			return nil, fmt.Errorf("ledger: callbacks: %w", explain(err))
		}
		var c Callback
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return nil, fmt.Errorf("ledger: a callback can't be read: %w", err)
		}
		if len(sealed) > 0 {
			if key == nil {
				if key, err = l.numberKey(ctx); err != nil {
					return nil, err
				}
			}
			number, err := seal.Unwrap(key, sealed, "callback "+c.ID)
			if err != nil {
				return nil, fmt.Errorf("ledger: the number of callback %s: %w", c.ID, err)
			}
			c.Number, c.Ending = phi.NewString(string(number)), string(number[max(0, len(number)-2):])
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ledger: callbacks: %w", explain(err))
	}
	return list, nil
}
