package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keySize of the key for member tokens, in bytes.
const keySize = 32

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
		if key, err = makeKey(path); err != nil {
			return nil, fmt.Errorf("ledger: making the key %s: %w", path, withoutPath(err))
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

// readKey tightens the mode of a key that others may read, and never says what
// the file holds.
func readKey(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: the key %s: %w", path, withoutPath(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = file.Chmod(0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: the key %s: its mode must be 0600: %w", path, withoutPath(err))
	}
	raw, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return nil, fmt.Errorf("ledger: the key %s: %w", path, withoutPath(err))
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("ledger: the key %s is damaged: it is not %d bytes in hex: %w", path, keySize, ErrKeyLost)
	}
	return key, nil
}

// makeKey writes the key whole or not at all: a torn key would change every
// token. Link fails if another call made one meanwhile, and that one stands.
func makeKey(path string) ([]byte, error) {
	key := make([]byte, keySize)
	rand.Read(key)                                           // never fails (crypto/rand)
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return readKey(path)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
