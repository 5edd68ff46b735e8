package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keySize of the key for member tokens, in bytes.
const keySize = 32

// Key returns the key under which members' numbers become tokens: 32 random
// bytes, made at first use and kept beside the database in <path>.key, mode
// 0600. Without it the tokens tell nothing; if it is lost, old tokens can't be
// matched to members any more. A ledger opened for reading makes none.
func (l *Ledger) Key(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("ledger: the key: %w", err)
	}
	path := l.path + ".key"
	raw, err := os.ReadFile(path)
	switch {
	case err == nil:
		return parseKey(path, raw)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("ledger: the key %s: %w", path, withoutPath(err))
	case l.writer == nil:
		return nil, fmt.Errorf("ledger: the key %s is missing: %w", path, ErrReadOnly)
	}
	if err := l.makeKey(path); err != nil {
		return nil, fmt.Errorf("ledger: making the key %s: %w", path, withoutPath(err))
	}
	if raw, err = os.ReadFile(path); err != nil {
		return nil, fmt.Errorf("ledger: the key %s: %w", path, withoutPath(err))
	}
	return parseKey(path, raw)
}

// makeKey writes the key whole or not at all: a torn key would change every
// token. Link fails if another call made one meanwhile, and that one stands.
func (l *Ledger) makeKey(path string) error {
	key := make([]byte, keySize)
	rand.Read(key)                                           // never fails (crypto/rand)
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// parseKey never says what the file holds.
func parseKey(path string, raw []byte) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("ledger: the key %s is damaged: it is not %d bytes in hex; restore it from a backup, because without it members can't be matched to their earlier records", path, keySize)
	}
	return key, nil
}
