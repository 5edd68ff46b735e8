package ledger

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// VerifyHeads compares the audit with the heads that the log noted of this
// ledger ("ledger opened", "audit head", "ledger closed"). The chain alone can't
// show that its newest entries were cut off, or that all of it was rewritten;
// a log that is kept elsewhere can. It returns how many heads were found; where
// the audit has another entry in a head's place, or none, the error is a
// *BrokenChain. Lines that aren't ours are passed over.
func (l *Ledger) VerifyHeads(ctx context.Context, log io.Reader) (heads int, err error) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, MaxRecord)
	for lines.Scan() {
		if !bytes.Contains(lines.Bytes(), []byte(`"audit_head"`)) {
			continue
		}
		var noted struct {
			Ledger   string `json:"ledger"`
			Sequence int64  `json:"audit_sequence"`
			Hash     string `json:"audit_head"`
		}
		if json.Unmarshal(lines.Bytes(), &noted) != nil || noted.Ledger != l.path || noted.Sequence == 0 {
			continue
		}
		if err := l.holds(ctx, chainHead{noted.Sequence, noted.Hash}); err != nil {
			return heads, err
		}
		heads++
	}
	if err := lines.Err(); err != nil {
		return heads, fmt.Errorf("ledger: reading the log's heads: %w", err)
	}
	return heads, nil
}

func (l *Ledger) holds(ctx context.Context, head chainHead) error {
	var hash string
	err := l.read.QueryRowContext(ctx, "SELECT hash FROM audit WHERE sequence = ?", head.sequence).Scan(&hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return &BrokenChain{Sequence: head.sequence, What: "the log noted it, and it is missing"}
	case err != nil:
		return fmt.Errorf("ledger: reading the audit: %w", explain(err))
	case hash != head.hash:
		return &BrokenChain{Sequence: head.sequence, What: "the log noted another hash for it"}
	}
	return nil
}
