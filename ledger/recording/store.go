package recording

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"careline/ledger"
	"careline/phi/seal"
)

const (
	// DefaultKeep is how long what no class says otherwise of is kept: Medicare's ten
	// years (42 CFR 422.504(d), 423.505(d)).
	DefaultKeep = 10 * 366 * 24 * time.Hour
	// DefaultClass of retention is there always.
	DefaultClass = "default"
	// DefaultMinFree is how much room the disk keeps for everything else: with less,
	// no recording begins.
	DefaultMinFree = 512 << 20
	// batch is how many recordings are looked after at once.
	batch = 200
)

// Errors that callers decide on.
var (
	// ErrDiskFull: the disk has less room than Options.MinFree.
	ErrDiskFull = errors.New("recording: the disk is nearly full: make room, or move recordings.path to another one")
	// ErrNoClass: nobody said how long such recordings are kept.
	ErrNoClass = errors.New("recording: there is no such retention class")
	// ErrNoKey: none of the master keys opens it.
	ErrNoKey = errors.New("recording: none of the master keys is the one that it was sealed under; name the old key's file in recordings.old_key_files")
	// ErrDisposed: its key is destroyed.
	ErrDisposed = errors.New("recording: it was disposed of")
	// ErrHeld: it has a hold, and can't be disposed of.
	ErrHeld = errors.New("recording: it is held; release it first")
	// ErrOpen: it is still being written.
	ErrOpen = errors.New("recording: it is still being written")
)

// Ledger is what is known of recordings, and the audit; *ledger.Ledger is one.
type Ledger interface {
	BeginRecording(ctx context.Context, r ledger.Recording, key ledger.SealedKey) error
	ChangeRecording(ctx context.Context, id string, entry ledger.AuditEntry, change func(*ledger.Recording)) (ledger.Recording, error)
	DisposeRecording(ctx context.Context, id string, entry ledger.AuditEntry) (ledger.Recording, error)
	Recording(ctx context.Context, id string) (ledger.Recording, error)
	RecordingKey(ctx context.Context, id string) (ledger.SealedKey, error)
	OpenRecordings(ctx context.Context, limit int) ([]ledger.Recording, error)
	DueRecordings(ctx context.Context, at time.Time, limit int) ([]ledger.Recording, error)
	KeysNotUnder(ctx context.Context, master string, limit int) ([]ledger.SealedKey, error)
	ResealKeys(ctx context.Context, keys []ledger.SealedKey) error
	Append(ctx context.Context, entry ledger.AuditEntry) (ledger.AuditEntry, error)
}

// Options make a Store.
type Options struct {
	// Folder of the sealed files; it is made with mode 0700.
	Folder string
	// KeyFile holds the master key; it is made where it is missing and nothing was
	// recorded yet. OldKeyFiles hold those before it, which still open.
	KeyFile     string
	OldKeyFiles []string
	// Keep is how long each class is kept; DefaultClass is kept DefaultKeep if it is
	// missing.
	Keep map[string]time.Duration
	// MinFree in bytes; 0 is DefaultMinFree.
	MinFree int64
	Ledger  Ledger
	Log     *zap.Logger
	// Now is the wall clock; nil for time.Now.
	Now func() time.Time
}

// Store keeps recordings. Its methods may be called from any goroutine.
type Store struct {
	options Options
	// current is the fingerprint of the master key that new keys are sealed under.
	current string
	masters map[string][]byte
	counts  counters
}

// Open reads the keys, and ends what a crash left open. It starts nothing.
func Open(ctx context.Context, options Options) (*Store, error) {
	if options.Log == nil {
		options.Log = zap.NewNop()
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.MinFree == 0 {
		options.MinFree = DefaultMinFree
	}
	options.Keep = maps.Clone(options.Keep)
	if options.Keep == nil {
		options.Keep = map[string]time.Duration{}
	}
	if options.Keep[DefaultClass] == 0 {
		options.Keep[DefaultClass] = DefaultKeep
	}
	if err := os.MkdirAll(options.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("recording: the folder %s (recordings.path): %w", options.Folder, reason(err))
	}
	s := &Store{options: options, masters: map[string][]byte{}}
	if err := s.readKeys(ctx); err != nil {
		return nil, err
	}
	return s, s.endCut(ctx)
}

// readKeys reads the master keys. A key that is missing is made only where nothing can
// have been sealed under one: else a new one would hide that the old one is lost.
func (s *Store) readKeys(ctx context.Context) error {
	key, err := seal.ReadKey(s.options.KeyFile)
	if errors.Is(err, os.ErrNotExist) {
		if sealed, err := s.options.Ledger.KeysNotUnder(ctx, "", 1); err != nil {
			return err
		} else if len(sealed) > 0 && len(s.options.OldKeyFiles) == 0 {
			return fmt.Errorf("recording: the master key %s is missing, and there are recordings sealed under it: restore it from a backup, or name it in recordings.old_key_files and let recordings.key_file be made anew", s.options.KeyFile)
		}
		key, err = seal.MakeKey(s.options.KeyFile)
	}
	if err != nil {
		return fmt.Errorf("recording: recordings.key_file: %w", err)
	}
	s.current = seal.Fingerprint(key)
	s.masters[s.current] = key
	for _, path := range s.options.OldKeyFiles {
		old, err := seal.ReadKey(path)
		if err != nil {
			return fmt.Errorf("recording: recordings.old_key_files: %w", err)
		}
		s.masters[seal.Fingerprint(old)] = old
	}
	return nil
}

// endCut ends the recordings that a crash left open: they can be heard up to their last
// whole second.
func (s *Store) endCut(ctx context.Context) error {
	for {
		open, err := s.options.Ledger.OpenRecordings(ctx, batch)
		if err != nil || len(open) == 0 {
			return err
		}
		for _, one := range open {
			size := int64(0)
			if info, err := os.Stat(s.path(one.ID)); err == nil {
				size = info.Size()
			}
			s.options.Log.Warn("a crash cut a recording", zap.String("recording", one.ID), zap.String("call", one.Call))
			if _, err := s.options.Ledger.ChangeRecording(ctx, one.ID, ledger.AuditEntry{}, func(r *ledger.Recording) {
				r.State, r.Size = ledger.RecordingCut, size
			}); err != nil {
				return err
			}
		}
	}
}

// path of a recording's file. The folders keep directories short: IDs begin with time.
func (s *Store) path(id string) string {
	folder := "other"
	if len(id) > 8 {
		folder = id[:6]
	}
	return filepath.Join(s.options.Folder, folder, id+".sealed")
}

// free is how many bytes the disk has room for.
func (s *Store) free() (int64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(s.options.Folder, &stat); err != nil {
		return 0, fmt.Errorf("recording: the folder %s: %w", s.options.Folder, err)
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}

// Healthy says why no recording can begin; nil if one can.
func (s *Store) Healthy(context.Context) error {
	free, err := s.free()
	if err == nil && free < s.options.MinFree {
		err = ErrDiskFull
	}
	return err
}

// Begin begins a recording. What is to be given is Call, Kind, Line, Channels and
// Class; the rest is filled in. It is on record, with its key, before anything is
// written.
func (s *Store) Begin(ctx context.Context, r ledger.Recording) (*Writer, error) {
	keep, known := s.options.Keep[r.Class]
	if !known {
		classes := slices.Sorted(maps.Keys(s.options.Keep))
		return nil, fmt.Errorf("%w: %q; there are %s", ErrNoClass, r.Class, strings.Join(classes, ", "))
	}
	if err := s.Healthy(ctx); err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	r.ID, r.State, r.Started = id.String(), ledger.RecordingOpen, s.options.Now().UTC()
	r.KeepUntil = r.Started.Add(keep)
	key := seal.NewKey()
	wrapped, err := seal.Wrap(s.masters[s.current], key, r.ID)
	if err != nil {
		return nil, err
	}
	if err := s.options.Ledger.BeginRecording(ctx, r, ledger.SealedKey{Recording: r.ID, Master: s.current, Sealed: wrapped}); err != nil {
		return nil, err
	}
	w, err := s.create(r, key)
	if err != nil {
		_, changeErr := s.options.Ledger.ChangeRecording(context.WithoutCancel(ctx), r.ID, ledger.AuditEntry{}, func(r *ledger.Recording) { r.State = ledger.RecordingCut })
		return nil, errors.Join(err, changeErr)
	}
	s.counts.begun.Add(1)
	return w, nil
}

func (s *Store) create(r ledger.Recording, key []byte) (*Writer, error) {
	path := s.path(r.ID)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("recording: %w", reason(err))
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", reason(err))
	}
	sealed, err := seal.NewWriter(file, key, r.ID)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Writer{store: s, id: r.ID, file: file, sealed: sealed}, nil
}

// reason strips the path that os errors repeat.
func reason(err error) error {
	var failure *os.PathError
	if errors.As(err, &failure) {
		return failure.Err
	}
	return err
}
