package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"careline/phi"
	"careline/phi/seal"
)

// Message is what a caller left for somebody. Its sound is a recording of its own; the
// number to call back on lies sealed beside it. It holds no PHI.
type Message struct {
	// ID is that of its recording.
	ID string `json:"id"`
	// Box that it was left in.
	Box string `json:"box"`
	// Call, Line and Language are the call's.
	Call     string        `json:"call"`
	Line     string        `json:"line"`
	Language string        `json:"language"`
	Left     time.Time     `json:"left"`
	Length   time.Duration `json:"length"`
	// Verification and MemberToken as the call's record has them.
	Verification string `json:"verification"`
	MemberToken  string `json:"member_token,omitempty"`
	// Number says where the number to call back on is from.
	Number NumberSource `json:"number"`
	// Due is by when it is answered (42 CFR 422.111(h)(1): one business day).
	Due time.Time `json:"due"`
	// Heard is when somebody first heard it, HeardBy who; Answered and AnsweredBy
	// likewise, with Outcome.
	Heard      time.Time `json:"heard,omitzero"`
	HeardBy    string    `json:"heard_by,omitempty"`
	Answered   time.Time `json:"answered,omitzero"`
	AnsweredBy string    `json:"answered_by,omitempty"`
	Outcome    Outcome   `json:"outcome,omitempty"`
	// Tries are the outcomes that did not answer it, the latest last.
	Tries []Outcome `json:"tries,omitempty"`
}

// NumberSource says where a number is from.
type NumberSource string

const (
	// NumberEntered by the caller.
	NumberEntered NumberSource = "entered"
	// NumberCalling is the one that the call came from: a hint, which may be anybody's.
	NumberCalling NumberSource = "calling"
	// NumberNone: there is none.
	NumberNone NumberSource = "none"
)

// Outcome is what came of calling back.
type Outcome string

const (
	// OutcomeReached: the caller was spoken with.
	OutcomeReached Outcome = "reached"
	// OutcomeLeftWord with somebody, or on a machine, without PHI (DOMAIN.md §7).
	OutcomeLeftWord Outcome = "left_word"
	// OutcomeNoAnswer: nobody answered; the message stays open.
	OutcomeNoAnswer Outcome = "no_answer"
	// OutcomeWrongNumber: somebody else answered.
	OutcomeWrongNumber Outcome = "wrong_number"
	// OutcomeNotNeeded: there was nothing to answer.
	OutcomeNotNeeded Outcome = "not_needed"
)

// Outcomes lists them.
func Outcomes() []Outcome {
	return []Outcome{OutcomeReached, OutcomeLeftWord, OutcomeNoAnswer, OutcomeWrongNumber, OutcomeNotNeeded}
}

// Answers reports an outcome that settles the message.
func (o Outcome) Answers() bool { return o != OutcomeNoAnswer }

// Open reports a message that is to be answered still.
func (m Message) Open() bool { return m.Answered.IsZero() }

// Overdue reports a message that should have been answered.
func (m Message) Overdue(now time.Time) bool { return m.Open() && now.After(m.Due) }

// maxTries bounds what is kept of calls that nobody answered.
const maxTries = 50

const schemaMessages = `
CREATE TABLE messages (
	id TEXT PRIMARY KEY,
	box TEXT NOT NULL,
	time INTEGER NOT NULL,
	due INTEGER NOT NULL,
	answered INTEGER NOT NULL,
	number BLOB,
	record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX messages_by_box ON messages (box, time);
CREATE INDEX messages_open ON messages (due) WHERE answered = 0;
CREATE TRIGGER messages_no_delete BEFORE DELETE ON messages BEGIN SELECT RAISE(ABORT, 'what is known of messages stays'); END;

CREATE TABLE survey_answers (
	call TEXT NOT NULL,
	survey TEXT NOT NULL,
	question TEXT NOT NULL,
	time INTEGER NOT NULL,
	queue TEXT NOT NULL,
	agent TEXT NOT NULL,
	language TEXT NOT NULL,
	scale INTEGER NOT NULL,
	answer INTEGER NOT NULL,
	recording TEXT NOT NULL,
	PRIMARY KEY (call, survey, question)
) WITHOUT ROWID;
CREATE INDEX survey_answers_by_time ON survey_answers (time);
`

// messageKey seals numbers: it is made of the ledger's key, and used for nothing else.
func (l *Ledger) messageKey(ctx context.Context) ([]byte, error) {
	key, err := l.Key(ctx)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("careline numbers of messages 1"))
	return mac.Sum(nil), nil
}

// LeaveMessage keeps a message, and the audit's word of it. number is sealed.
func (l *Ledger) LeaveMessage(ctx context.Context, m Message, number phi.String) error {
	if m.ID == "" || len(m.ID) > MaxField || m.Box == "" || len(m.Box) > MaxField || m.Call == "" || m.Left.IsZero() || m.Due.IsZero() || number.IsEmpty() != (m.Number == NumberNone) {
		return fmt.Errorf("%w: a message has an ID, a box, a call, a time, a time by which it is due, and a number or none", ErrInvalid)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var sealed []byte
	if !number.IsEmpty() {
		key, err := l.messageKey(ctx)
		if err != nil {
			return err
		}
		text, err := number.Reveal(ctx, keeping{}, phi.Access{})
		if err != nil {
			return err
		}
		if sealed, err = seal.Wrap(key, []byte(text), m.ID); err != nil {
			return fmt.Errorf("ledger: message %s: its number can't be sealed: %w", m.ID, err)
		}
	}
	return l.do(ctx, func(w *writer) error {
		return w.exec("INSERT INTO messages (id, box, time, due, answered, number, record) VALUES (?, ?, ?, ?, 0, ?, ?)",
			m.ID, m.Box, m.Left.UnixNano(), m.Due.UnixNano(), sealed, string(body))
	})
}

// Messages lists those of some boxes, those to be answered first, by when they are due,
// then the latest that are answered; at most limit.
func (l *Ledger) Messages(ctx context.Context, boxes []string, limit int) ([]Message, error) {
	if len(boxes) == 0 {
		return nil, nil
	}
	args := make([]any, 0, len(boxes)+1)
	places := ""
	for i, box := range boxes {
		if i > 0 {
			places += ", "
		}
		places += "?"
		args = append(args, box)
	}
	return l.messages(ctx, "WHERE box IN ("+places+") ORDER BY answered > 0, CASE WHEN answered = 0 THEN due ELSE -time END, id LIMIT ?", append(args, min(max(limit, 0), MaxCalls))...)
}

// MessageBoxes are those that have messages.
func (l *Ledger) MessageBoxes(ctx context.Context) ([]string, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT DISTINCT box FROM messages ORDER BY box")
	if err != nil {
		return nil, fmt.Errorf("ledger: boxes: %w", explain(err))
	}
	defer rows.Close()
	var boxes []string
	for rows.Next() {
		var box string
		if err := rows.Scan(&box); err != nil {
			return nil, fmt.Errorf("ledger: boxes: %w", explain(err))
		}
		boxes = append(boxes, box)
	}
	return boxes, rows.Err()
}

// Message is one, or ErrNotFound.
func (l *Ledger) Message(ctx context.Context, id string) (Message, error) {
	list, err := l.messages(ctx, "WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%w: there is no message %s", ErrNotFound, id)
	}
	if err != nil {
		return Message{}, err
	}
	return list[0], nil
}

// MessageFigures count what is to be answered.
type MessageFigures struct{ Open, Overdue int }

// MessageFigures counts, by box.
func (l *Ledger) MessageFigures(ctx context.Context, now time.Time) (map[string]MessageFigures, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT box, COUNT(*), SUM(due < ?) FROM messages WHERE answered = 0 GROUP BY box", now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("ledger: messages: %w", explain(err))
	}
	defer rows.Close()
	figures := map[string]MessageFigures{}
	for rows.Next() {
		var box string
		var f MessageFigures
		if err := rows.Scan(&box, &f.Open, &f.Overdue); err != nil {
			return nil, fmt.Errorf("ledger: messages: %w", explain(err))
		}
		figures[box] = f
	}
	return figures, rows.Err()
}

func (l *Ledger) messages(ctx context.Context, where string, args ...any) ([]Message, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT record FROM messages "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: messages: %w", explain(err))
	}
	defer rows.Close()
	var list []Message
	for rows.Next() {
		var body string
		var m Message
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("ledger: messages: %w", explain(err))
		}
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			return nil, fmt.Errorf("ledger: what is known of a message can't be read: %w", err)
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// MessageNumber opens the number to call back on, once that stands in the audit.
// Empty: there is none.
func (l *Ledger) MessageNumber(ctx context.Context, id string, access phi.Access) (string, error) {
	var sealed []byte
	err := l.read.QueryRowContext(ctx, "SELECT number FROM messages WHERE id = ?", id).Scan(&sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("%w: there is no message %s", ErrNotFound, id)
	case err != nil:
		return "", fmt.Errorf("ledger: message %s: %w", id, explain(err))
	case sealed == nil:
		return "", nil
	}
	key, err := l.messageKey(ctx)
	if err != nil {
		return "", err
	}
	number, err := seal.Unwrap(key, sealed, id)
	if err != nil {
		return "", fmt.Errorf("ledger: message %s: its number was changed: %w", id, err)
	}
	return phi.NewString(string(number)).Reveal(ctx, l, access)
}

// HearMessage notes who heard a message first. It is no leave to hear it: the
// recording's own audit is.
func (l *Ledger) HearMessage(ctx context.Context, id, actor string) (Message, error) {
	return l.changeMessage(ctx, id, func(w *writer, m *Message) error {
		if m.Heard.IsZero() {
			m.Heard, m.HeardBy = w.now().UTC(), actor
		}
		return nil
	})
}

// ErrAnswered says that somebody else has answered the message.
var ErrAnswered = errors.New("ledger: the message is answered already")

// AnswerMessage notes what came of calling back, with the audit's word of it.
func (l *Ledger) AnswerMessage(ctx context.Context, id, actor string, outcome Outcome) (Message, error) {
	if !slices.Contains(Outcomes(), outcome) {
		return Message{}, fmt.Errorf("%w: there is no outcome %q", ErrInvalid, outcome)
	}
	return l.changeMessage(ctx, id, func(w *writer, m *Message) error {
		if !m.Open() {
			return fmt.Errorf("%w, by %s", ErrAnswered, m.AnsweredBy)
		}
		if outcome.Answers() {
			m.Answered, m.AnsweredBy, m.Outcome = w.now().UTC(), actor, outcome
		} else if len(m.Tries) < maxTries {
			m.Tries = append(m.Tries, outcome)
		}
		_, err := w.append(AuditEntry{Kind: AuditMessage, Call: m.Call, Actor: actor, Subject: id, Field: "box " + m.Box, Outcome: string(outcome)})
		return err
	})
}

func (l *Ledger) changeMessage(ctx context.Context, id string, change func(*writer, *Message) error) (Message, error) {
	result := make(chan Message, 1) // as in Append
	err := l.do(ctx, func(w *writer) error {
		var body string
		err := w.row("SELECT record FROM messages WHERE id = ?", []any{id}, &body)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: there is no message %s", ErrNotFound, id)
		}
		var m Message
		if err == nil {
			err = json.Unmarshal([]byte(body), &m)
		}
		if err == nil {
			err = change(w, &m)
		}
		if err != nil {
			return err
		}
		raw, err := json.Marshal(m)
		if err != nil {
			return err
		}
		answered := int64(0)
		if !m.Open() {
			answered = m.Answered.UnixNano()
		}
		result <- m
		return w.exec("UPDATE messages SET answered = ?, record = ? WHERE id = ?", answered, string(raw), id)
	})
	if err != nil {
		return Message{}, err
	}
	return <-result, nil
}
