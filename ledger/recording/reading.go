package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"careline/ledger"
	"careline/phi/seal"
)

// Reading says who opens a recording, and what for; both stand in the audit.
type Reading struct {
	// Actor as the audit names people: "agent:sam", "os:root".
	Actor string
	// Purpose such as "quality review", in the reader's words.
	Purpose string
}

// Sound is an open recording: Opus in Ogg. It isn't safe for concurrent use.
type Sound struct {
	*seal.Reader
	// Recording is what is known of it.
	Recording ledger.Recording
	file      *os.File
}

// Close closes the file.
func (s *Sound) Close() error { return s.file.Close() }

// Read opens a recording, once that stands in the audit. Errors are ErrDisposed,
// ErrOpen, ErrNoKey, ledger.ErrNotFound, and seal.ErrDamaged where the file isn't the
// one that was written.
func (s *Store) Read(ctx context.Context, id string, reading Reading) (*Sound, error) {
	sound, err := s.open(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := s.options.Ledger.Append(ctx, ledger.AuditEntry{
		Kind: ledger.AuditPlayback, Call: sound.Recording.Call, Actor: reading.Actor, Subject: id,
		Field: string(sound.Recording.Kind), Purpose: reading.Purpose, Outcome: "opened",
	}); err != nil {
		return nil, errors.Join(fmt.Errorf("recording %s: what isn't in the audit isn't opened: %w", id, err), sound.Close())
	}
	return sound, nil
}

func (s *Store) open(ctx context.Context, id string) (*Sound, error) {
	known, err := s.options.Ledger.Recording(ctx, id)
	if err != nil {
		return nil, err
	}
	switch known.State {
	case ledger.RecordingDisposed:
		return nil, fmt.Errorf("recording %s: %w", id, ErrDisposed)
	case ledger.RecordingOpen:
		return nil, fmt.Errorf("recording %s: %w", id, ErrOpen)
	}
	key, err := s.key(ctx, id)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(s.path(id))
	if err != nil {
		return nil, fmt.Errorf("recording %s: its file: %w", id, reason(err))
	}
	sound, err := unseal(file, key, known)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recording %s: %w", id, err), file.Close())
	}
	return sound, nil
}

func unseal(file *os.File, key []byte, known ledger.Recording) (*Sound, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, reason(err)
	}
	reader, err := seal.NewReader(file, info.Size(), key, known.ID)
	if err != nil {
		return nil, err
	}
	if !reader.Whole() && known.State == ledger.RecordingWhole {
		return nil, fmt.Errorf("%w: its end is missing", seal.ErrDamaged)
	}
	return &Sound{Reader: reader, Recording: known, file: file}, nil
}

// key unwraps a recording's key.
func (s *Store) key(ctx context.Context, id string) ([]byte, error) {
	sealed, err := s.options.Ledger.RecordingKey(ctx, id)
	if err != nil {
		return nil, err
	}
	master := s.masters[sealed.Master]
	if master == nil {
		return nil, fmt.Errorf("recording %s: %w (its mark is %s)", id, ErrNoKey, sealed.Master)
	}
	key, err := seal.Unwrap(master, sealed.Sealed, id)
	if err != nil {
		return nil, fmt.Errorf("recording %s: its key was changed: %w", id, err)
	}
	return key, nil
}

// Verify reads a recording to its end without giving any of it out, and says what is
// wrong with it.
func (s *Store) Verify(ctx context.Context, id string) error {
	sound, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	defer sound.Close()
	if _, err := io.Copy(io.Discard, sound.Reader); err != nil {
		return fmt.Errorf("recording %s: %w", id, err)
	}
	return nil
}
