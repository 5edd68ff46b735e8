package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// KeySize of every key, in bytes.
	KeySize = 32
	// MaxPiece is how many bytes of what is sealed a piece holds at most.
	MaxPiece = 64 << 10

	magic     = "CLSEAL1\n"
	lengthLen = 4
	tagLen    = 16
	nonceLen  = 12
)

// Errors that callers decide on.
var (
	// ErrKey: the key isn't 32 bytes, or isn't the one that it was sealed with.
	ErrKey = errors.New("seal: that isn't the key")
	// ErrDamaged: what is there isn't what was sealed.
	ErrDamaged = errors.New("seal: the file was changed or damaged")
	errClosed  = errors.New("seal: the file is closed")
)

// Writer seals what is written to it. It isn't safe for concurrent use.
type Writer struct {
	to     io.Writer
	aead   cipher.AEAD
	name   []byte
	number uint64
	raw    []byte
	err    error
}

// NewWriter begins a file. No two files may have the same key; the name is a part of
// each piece, and must be given again to read them.
func NewWriter(to io.Writer, key []byte, name string) (*Writer, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(to, magic); err != nil {
		return nil, fmt.Errorf("seal: write: %w", err)
	}
	return &Writer{to: to, aead: aead, name: []byte(name)}, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, ErrKey
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, ErrKey
	}
	return cipher.NewGCM(block)
}

// Write seals p at once, in pieces of MaxPiece at most. After an error all further
// calls give it again.
func (w *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 && w.err == nil {
		piece := p[:min(len(p), MaxPiece)]
		if w.piece(piece, false); w.err == nil {
			n += len(piece)
			p = p[len(piece):]
		}
	}
	return n, w.err
}

// Close writes the mark of the end; it doesn't close what it writes to.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.piece(nil, true)
	err := w.err
	w.err = errClosed
	return err
}

func (w *Writer) piece(text []byte, last bool) {
	nonce := nonceOf(w.number, last)
	w.raw = binary.BigEndian.AppendUint32(w.raw[:0], uint32(len(text)+tagLen))
	w.raw = w.aead.Seal(w.raw, nonce[:], text, w.name)
	w.number++
	if _, err := w.to.Write(w.raw); err != nil {
		w.err = fmt.Errorf("seal: write: %w", err)
	}
}

// nonceOf a piece: its number, and whether it is the last one. A key seals one file,
// so no nonce comes twice.
func nonceOf(number uint64, last bool) (nonce [nonceLen]byte) {
	binary.BigEndian.PutUint64(nonce[:8], number)
	if last {
		nonce[nonceLen-1] = 1
	}
	return nonce
}
