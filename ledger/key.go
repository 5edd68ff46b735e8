package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"careline/phi/seal"
)

// ErrKeyLost means that the key is not the one under which this ledger's tokens
// were made, or is missing.
var ErrKeyLost = errors.New("restore the key from a backup, because without it members can't be matched to their earlier records and lock-outs; or begin a new ledger with another ledger.path")

// Key returns the key under which members' numbers become tokens: 32 random
// bytes, made at first use and kept beside the database in <path>.key, mode
// 0600. Without it the tokens tell nothing. The ledger remembers which key it
// began with: where that one is missing, or another lies in its place, the
// error is ErrKeyLost. A ledger opened for reading makes none.
func (l *Ledger) Key(ctx context.Context) ([]byte, error) {
	// First what is known, then the file: it is there before the ledger knows it.
	var known string
	err := l.read.QueryRowContext(ctx, "SELECT fingerprint FROM key_check").Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("ledger: which key is the ledger's: %w", explain(err))
	}
	path := l.path + ".key"
	key, err := readKey(path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		return nil, err
	case missing && l.writer == nil:
		return nil, fmt.Errorf("ledger: the key %s is missing: %w", path, ErrReadOnly)
	case known != "" && missing:
		return nil, fmt.Errorf("ledger: the key %s is missing: %w", path, ErrKeyLost)
	case known != "" && known != fingerprint(key):
		return nil, fmt.Errorf("ledger: the key %s is another ledger's: %w", path, ErrKeyLost)
	case known != "" || l.writer == nil:
		return key, nil
	}
	if missing {
		if key, err = seal.MakeKey(path); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
	}
	err = l.do(ctx, func(w *writer) error {
		return w.exec("INSERT INTO key_check VALUES (1, ?) ON CONFLICT DO NOTHING", fingerprint(key))
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

// fingerprint tells keys apart and gives none away.
func fingerprint(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("careline key check 1"))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// readKey never says what the file holds.
func readKey(path string) ([]byte, error) {
	key, err := seal.ReadKey(path)
	if errors.Is(err, seal.ErrKey) {
		return nil, fmt.Errorf("ledger: the key %s is damaged: it is not %d bytes in hex: %w", path, seal.KeySize, ErrKeyLost)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return key, nil
}
