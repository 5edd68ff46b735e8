package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// chainHead is the newest entry of the audit; zero for an empty one.
type chainHead struct {
	sequence int64
	hash     string
}

// BrokenChain says where the audit was altered. It is an ErrChainBroken.
type BrokenChain struct {
	// Sequence of the first entry that is not as it was written.
	Sequence int64
	// What is wrong with it.
	What string
}

// Error names the entry and what to do.
func (b *BrokenChain) Error() string {
	return fmt.Sprintf("the audit chain is broken at entry %d: %s; the file was altered outside Careline: keep it unchanged as evidence, tell your security officer, and restore a backup or set a new ledger.path", b.Sequence, b.What)
}

// Is makes it an ErrChainBroken.
func (b *BrokenChain) Is(target error) bool { return target == ErrChainBroken }

// chainHash is SHA-256 over a canonical form of the entry: a name and version of
// the form, then each field in the order of AuditEntry, texts with their
// length before them so that no two entries share a form. Hash itself is left
// out; PreviousHash is what makes the chain.
func chainHash(e AuditEntry) string {
	buffer := make([]byte, 0, 512)
	text := func(s string) {
		buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(s)))
		buffer = append(buffer, s...)
	}
	text("careline audit 1")
	buffer = binary.BigEndian.AppendUint64(buffer, uint64(e.Sequence))
	buffer = binary.BigEndian.AppendUint64(buffer, uint64(e.Time.UnixNano()))
	for _, s := range []string{string(e.Kind), e.Call, e.Actor, e.Subject, e.Field, e.Purpose, e.Outcome, e.PreviousHash} {
		text(s)
	}
	sum := sha256.Sum256(buffer)
	return hex.EncodeToString(sum[:])
}

// VerifyAudit reads the whole audit, recomputes the chain and compares it with
// the recorded head. It returns how many entries are sound; where one is not,
// the error is a *BrokenChain that names it.
func (l *Ledger) VerifyAudit(ctx context.Context) (entries int, err error) {
	head, err := l.recordedHead(ctx)
	if err != nil {
		return 0, err
	}
	// In portions: one long reading would keep the write-ahead log from being
	// folded into the file. The chain only grows, so portions fit together.
	checked, err := l.verifyFrom(ctx, chainHead{}, head)
	return int(checked), err
}

// AuditHead returns the newest entry's sequence and hash, 0 and "" for an empty
// audit. Noted down elsewhere, it later proves that nothing up to it was
// rewritten.
func (l *Ledger) AuditHead(ctx context.Context) (sequence int64, hash string, err error) {
	head, err := l.recordedHead(ctx)
	return head.sequence, head.hash, err
}

// verifyHead checks the newest HeadCheck entries and returns the head.
func (l *Ledger) verifyHead(ctx context.Context) (chainHead, error) {
	head, err := l.recordedHead(ctx)
	if err != nil {
		return chainHead{}, err
	}
	from := chainHead{sequence: max(0, head.sequence-HeadCheck)}
	if from.sequence > 0 {
		row := l.read.QueryRowContext(ctx, "SELECT hash FROM audit WHERE sequence = ?", from.sequence)
		err := row.Scan(&from.hash)
		if errors.Is(err, sql.ErrNoRows) {
			return chainHead{}, &BrokenChain{Sequence: from.sequence, What: "it is missing"}
		}
		if err != nil {
			return chainHead{}, fmt.Errorf("ledger: reading the audit: %w", explain(err))
		}
	}
	_, err = l.verifyFrom(ctx, from, head)
	return head, err
}

// recordedHead is what the head should be. Entries beyond it were put there by
// someone else.
func (l *Ledger) recordedHead(ctx context.Context) (chainHead, error) {
	var head chainHead
	var last int64
	row := l.read.QueryRowContext(ctx, "SELECT sequence, hash, (SELECT COALESCE(MAX(sequence), 0) FROM audit) FROM audit_head")
	if err := row.Scan(&head.sequence, &head.hash, &last); err != nil {
		return chainHead{}, fmt.Errorf("ledger: reading the audit's head: %w", explain(err))
	}
	if last > head.sequence {
		return chainHead{}, &BrokenChain{Sequence: head.sequence + 1, What: "it was added outside Careline"}
	}
	return head, nil
}

func (l *Ledger) verifyFrom(ctx context.Context, from, head chainHead) (checked int64, err error) {
	previous := from
	for previous.sequence < head.sequence {
		rows, err := l.read.QueryContext(ctx, "SELECT "+auditColumns+" FROM audit WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
			previous.sequence, head.sequence, HeadCheck)
		if err != nil {
			return checked, fmt.Errorf("ledger: reading the audit: %w", explain(err))
		}
		portion, err := scanEntries(rows)
		if err != nil {
			return checked, err
		}
		for _, entry := range portion {
			if err := follows(previous, entry); err != nil {
				return checked, err
			}
			previous = chainHead{entry.Sequence, entry.Hash}
			checked++
		}
		if len(portion) == 0 {
			return checked, &BrokenChain{Sequence: previous.sequence + 1, What: "it is missing, and all after it"}
		}
	}
	if previous.hash != head.hash {
		return checked, &BrokenChain{Sequence: head.sequence, What: "it is not the head that was recorded"}
	}
	return checked, nil
}

func follows(previous chainHead, entry AuditEntry) error {
	switch {
	case entry.Sequence != previous.sequence+1:
		return &BrokenChain{Sequence: previous.sequence + 1, What: "it is missing"}
	case entry.PreviousHash != previous.hash:
		return &BrokenChain{Sequence: entry.Sequence, What: "it does not follow the entry before it"}
	case entry.Hash != chainHash(entry):
		return &BrokenChain{Sequence: entry.Sequence, What: "its contents are not what was written"}
	}
	return nil
}

func fromNanoseconds(n int64) time.Time { return time.Unix(0, n).UTC() }
