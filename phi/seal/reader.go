package seal

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
)

// Reader reads a sealed file, from wherever it is asked to. It isn't safe for
// concurrent use.
type Reader struct {
	from   io.ReaderAt
	aead   cipher.AEAD
	name   []byte
	pieces []piece
	size   int64
	whole  bool

	at      int64
	current int // piece that text is of; -1 for none
	text    []byte
	raw     []byte
}

// piece is where a piece lies in the file, and in what was sealed.
type piece struct {
	offset, start int64
	length        int // of what was sealed
}

// NewReader opens a file of so many bytes. ErrKey and ErrDamaged are told as soon as
// the first piece, or the mark of the end, shows them; what is between when it is read.
func NewReader(from io.ReaderAt, size int64, key []byte, name string) (*Reader, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	r := &Reader{from: from, aead: aead, name: []byte(name), current: -1}
	if err := r.index(size); err != nil {
		return nil, err
	}
	if len(r.pieces) == 0 {
		return r, nil
	}
	if err := r.open(0); err != nil {
		return nil, err
	}
	return r, nil
}

// index finds the pieces, and whether the last of them is the file's end.
func (r *Reader) index(size int64) error {
	var head [max(len(magic), lengthLen)]byte
	if _, err := r.from.ReadAt(head[:len(magic)], 0); err != nil || string(head[:len(magic)]) != magic {
		return fmt.Errorf("%w: it doesn't begin as a sealed file does", ErrDamaged)
	}
	for offset := int64(len(magic)); offset+lengthLen <= size; {
		if _, err := r.from.ReadAt(head[:lengthLen], offset); err != nil {
			return fmt.Errorf("seal: read: %w", err)
		}
		length := int64(binary.BigEndian.Uint32(head[:]))
		if length < tagLen || length > MaxPiece+tagLen {
			return fmt.Errorf("%w: piece %d has an impossible length", ErrDamaged, len(r.pieces)+1)
		}
		if offset+lengthLen+length > size {
			return nil // the writer got no further
		}
		if length == tagLen { // writers end with an empty piece, and write none before
			return r.end(offset, size)
		}
		r.pieces = append(r.pieces, piece{offset: offset + lengthLen, start: r.size, length: int(length - tagLen)})
		r.size += length - tagLen
		offset += lengthLen + length
	}
	return nil
}

func (r *Reader) end(offset, size int64) error {
	if offset+lengthLen+tagLen != size {
		return fmt.Errorf("%w: it goes on behind its end", ErrDamaged)
	}
	if _, err := r.decrypt(offset+lengthLen, 0, uint64(len(r.pieces)), true); err != nil {
		return err
	}
	r.whole = true
	return nil
}

// Size is how many bytes were sealed.
func (r *Reader) Size() int64 { return r.size }

// Whole reports whether the file has the mark of its end; without it, its writer
// crashed, or somebody cut it.
func (r *Reader) Whole() bool { return r.whole }

// Read reads what was sealed; io.EOF ends it, ErrDamaged says that it isn't what was
// sealed.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.at >= r.size {
		return 0, io.EOF
	}
	wanted := sort.Search(len(r.pieces), func(i int) bool { return r.pieces[i].start > r.at }) - 1
	if err := r.open(wanted); err != nil {
		return 0, err
	}
	n := copy(p, r.text[r.at-r.pieces[wanted].start:])
	r.at += int64(n)
	return n, nil
}

// Seek sets where Read reads next (io.Seeker).
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("seal: seeking before the beginning")
	}
	r.at = offset
	return offset, nil
}

// open decrypts a piece, unless it is the one that is open.
func (r *Reader) open(wanted int) error {
	if wanted == r.current {
		return nil
	}
	one := r.pieces[wanted]
	text, err := r.decrypt(one.offset, one.length, uint64(wanted), false)
	if err != nil {
		r.current = -1
		return err
	}
	r.text, r.current = text, wanted
	return nil
}

func (r *Reader) decrypt(offset int64, length int, number uint64, last bool) ([]byte, error) {
	if cap(r.raw) < length+tagLen {
		r.raw = make([]byte, MaxPiece+tagLen)
	}
	raw := r.raw[:length+tagLen]
	if _, err := r.from.ReadAt(raw, offset); err != nil {
		return nil, fmt.Errorf("seal: read: %w", err)
	}
	nonce := nonceOf(number, last)
	text, err := r.aead.Open(raw[:0], nonce[:], raw, r.name)
	if err != nil {
		return nil, fmt.Errorf("%w: piece %d, or the key isn't its own", ErrDamaged, number+1)
	}
	return text, nil
}
