package seal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// NewKey makes a key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	rand.Read(key) // never fails (crypto/rand)
	return key
}

// Wrap seals a key under a master key, for the one that is named so.
func Wrap(master, key []byte, name string) ([]byte, error) {
	aead, err := newAEAD(master)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, nonceLen)
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, key, []byte("key of "+name)), nil
}

// Unwrap undoes Wrap. ErrKey: another master key, or another name.
func Unwrap(master, wrapped []byte, name string) ([]byte, error) {
	aead, err := newAEAD(master)
	if err != nil {
		return nil, err
	}
	if len(wrapped) < nonceLen {
		return nil, ErrKey
	}
	key, err := aead.Open(nil, wrapped[:nonceLen], wrapped[nonceLen:], []byte("key of "+name))
	if err != nil {
		return nil, ErrKey
	}
	return key, nil
}

// Fingerprint tells keys apart and gives none away.
func Fingerprint(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("careline master key 1"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// ReadKey reads a key's file: 32 bytes in hex. The mode of one that others may read is
// tightened; no error says what the file holds. One that is missing is fs.ErrNotExist,
// one that is no key ErrKey.
func ReadKey(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("seal: the key %s: %w", path, withoutPath(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = file.Chmod(0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("seal: the key %s: its mode must be 0600: %w", path, withoutPath(err))
	}
	raw, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return nil, fmt.Errorf("seal: the key %s: %w", path, withoutPath(err))
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("seal: the file %s is not %d bytes in hex: %w", path, KeySize, ErrKey)
	}
	return key, nil
}

// MakeKey makes a key's file, mode 0600, whole or not at all, and gives the key. Where
// another made one meanwhile, that one stands.
func MakeKey(path string) ([]byte, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("seal: making the key %s: %w", path, withoutPath(err))
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hex.EncodeToString(NewKey()) + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		if err = os.Link(file.Name(), path); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("seal: making the key %s: %w", path, withoutPath(err))
	}
	return ReadKey(path)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// withoutPath strips the path that os errors repeat.
func withoutPath(err error) error {
	var failure *fs.PathError
	if errors.As(err, &failure) {
		return failure.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
