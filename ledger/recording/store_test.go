package recording

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"careline/ledger"
	"careline/phi/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is a store over a real ledger.
type shelf struct {
	t       *testing.T
	folder  string
	ledger  *ledger.Ledger
	store   *Store
	options Options
	since   atomic.Int64 // that the test lets pass
}

// now is the clock of all that is on the shelf.
func (s *shelf) now() time.Time {
	return time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC).Add(time.Duration(s.since.Load()))
}

func (s *shelf) pass(d time.Duration) { s.since.Add(int64(d)) }

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{t: t, folder: t.TempDir()}
	s.open()
	return s
}

// open opens ledger and store, as a server's start does.
func (s *shelf) open() {
	s.t.Helper()
	kept, err := ledger.Open(s.t.Context(), ledger.Options{Path: filepath.Join(s.folder, "careline.db"), Now: s.now})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { kept.Close() })
	s.ledger = kept
	options := s.options
	options.Folder, options.Ledger, options.Now = filepath.Join(s.folder, "recordings"), kept, s.now
	if options.KeyFile == "" {
		options.KeyFile = filepath.Join(s.folder, "recordings.key")
	}
	if options.Keep == nil {
		options.Keep = map[string]time.Duration{"short": 24 * time.Hour}
	}
	if s.store, err = Open(s.t.Context(), options); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) close() {
	s.t.Helper()
	if err := s.ledger.Close(); err != nil {
		s.t.Fatal(err)
	}
}

const said = "what a caller said, which nobody may read who hasn't the key"

func (s *shelf) begin(class string) *Writer {
	s.t.Helper()
	w, err := s.store.Begin(s.t.Context(), ledger.Recording{Call: "call-1", Kind: ledger.RecordedCall, Channels: 2, Class: class})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(w, said); err != nil {
		s.t.Fatal(err)
	}
	return w
}

func (s *shelf) record(class string) string {
	s.t.Helper()
	w := s.begin(class)
	if err := w.Close(s.t.Context(), Result{Length: time.Minute, Pauses: 1, Dropped: 2}); err != nil {
		s.t.Fatal(err)
	}
	return w.ID()
}

func (s *shelf) hears(id string) (string, error) {
	sound, err := s.store.Read(s.t.Context(), id, Reading{Actor: "agent:sam", Purpose: "quality review"})
	if err != nil {
		return "", err
	}
	defer sound.Close()
	text, err := io.ReadAll(sound)
	return string(text), err
}

func (s *shelf) audited() string {
	s.t.Helper()
	entries, err := s.ledger.Audit(s.t.Context(), "call-1")
	if err != nil {
		s.t.Fatal(err)
	}
	var lines []string
	for _, e := range entries {
		lines = append(lines, strings.Join([]string{string(e.Kind), e.Actor, e.Field, e.Purpose, e.Outcome}, " "))
	}
	return strings.Join(lines, "\n")
}

func (s *shelf) known(id string) ledger.Recording {
	s.t.Helper()
	known, err := s.ledger.Recording(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return known
}

// inAnyFile reports whether bytes stand anywhere in the data folder.
func (s *shelf) inAnyFile(what []byte) (found string) {
	s.t.Helper()
	err := filepath.WalkDir(s.folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, what) {
			found = path
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

func TestARecordingIsSealedAndHeardAgainstTheAudit(t *testing.T) {
	s := newShelf(t)
	id := s.record(DefaultClass)
	if where := s.inAnyFile([]byte(said)); where != "" {
		t.Errorf("what was said stands in %s", where)
	}
	known := s.known(id)
	if known.State != ledger.RecordingWhole || known.Length != time.Minute || known.Pauses != 1 || known.Dropped != 2 || known.Size == 0 ||
		!known.KeepUntil.Equal(s.now().Add(DefaultKeep)) {
		t.Errorf("%+v", known)
	}
	if text, err := s.hears(id); text != said || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if told := s.audited(); told != "playback agent:sam call quality review opened" {
		t.Errorf("the audit says %q", told)
	}
	if err := s.store.Verify(t.Context(), id); err != nil {
		t.Error(err)
	}
	s.store.options.Ledger = mute{s.ledger}
	if text, err := s.hears(id); text != "" || !errors.Is(err, errMute) {
		t.Errorf("without an audit %q is heard, %v", text, err)
	}
}

// mute is a ledger whose audit can't be written.
type mute struct{ *ledger.Ledger }

var errMute = errors.New("the audit can't be written")

func (mute) Append(context.Context, ledger.AuditEntry) (ledger.AuditEntry, error) {
	return ledger.AuditEntry{}, errMute
}

func TestAChangedFileIsNotHeard(t *testing.T) {
	s := newShelf(t)
	for name, change := range map[string]func([]byte) []byte{
		"a bit":   func(raw []byte) []byte { raw[len(raw)/2] ^= 1; return raw },
		"cut":     func(raw []byte) []byte { return raw[:len(raw)-20] },
		"another": func([]byte) []byte { raw, _ := os.ReadFile(s.store.path(s.record(DefaultClass))); return raw },
	} {
		id := s.record(DefaultClass)
		raw, err := os.ReadFile(s.store.path(id))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.store.path(id), change(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		if text, err := s.hears(id); text != "" || !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if err := s.store.Verify(t.Context(), id); !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: verify says %v", name, err)
		}
	}
}

func TestDisposedIsGone(t *testing.T) {
	s := newShelf(t)
	id := s.record(DefaultClass)
	key, err := s.ledger.RecordingKey(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(s.store.path(id))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.Dispose(t.Context(), id, "os:root", "a caller's wish"); err != nil {
		t.Fatal(err)
	}
	if where := s.inAnyFile(key.Sealed); where != "" {
		t.Errorf("the sealed key is still in %s", where)
	}
	if err := os.WriteFile(s.store.path(id), raw, 0o600); err != nil { // from a backup
		t.Fatal(err)
	}
	if text, err := s.hears(id); text != "" || !errors.Is(err, ErrDisposed) {
		t.Errorf("%q, %v", text, err)
	}
	if known := s.known(id); known.State != ledger.RecordingDisposed || known.DisposedWhy != "a caller's wish" || !known.Disposed.Equal(s.now()) {
		t.Errorf("%+v", known)
	}
	if told := s.audited(); told != "recording os:root disposed a caller's wish ok" {
		t.Errorf("the audit says %q", told)
	}
	for _, err := range []error{s.store.Dispose(t.Context(), id, "os:root", "again"), s.store.Hold(t.Context(), id, "os:root", "too late")} {
		if !errors.Is(err, ErrDisposed) {
			t.Errorf("%v", err)
		}
	}
}

func TestWhatNeedNotBeKeptIsDisposedOfUnlessItIsHeld(t *testing.T) {
	s := newShelf(t)
	short, held, long := s.record("short"), s.record("short"), s.record(DefaultClass)
	if err := s.store.Hold(t.Context(), held, "agent:sam", "legal hold 2026-7"); err != nil {
		t.Fatal(err)
	}
	sweep := func(want int) {
		t.Helper()
		if n, err := s.store.Sweep(t.Context()); n != want || err != nil {
			t.Errorf("%d disposed, want %d: %v", n, want, err)
		}
	}
	s.pass(24*time.Hour - time.Second)
	sweep(0)
	s.pass(time.Second)
	sweep(1)
	if state := s.known(short).State; state != ledger.RecordingDisposed {
		t.Errorf("the short one is %s", state)
	}
	if err := s.store.Dispose(t.Context(), held, "os:root", "by mistake"); !errors.Is(err, ErrHeld) {
		t.Errorf("a held one: %v", err)
	}
	if err := s.store.Hold(t.Context(), held, "agent:sam", ""); err != nil {
		t.Fatal(err)
	}
	sweep(1)
	s.pass(DefaultKeep)
	sweep(1)
	if state := s.known(long).State; state != ledger.RecordingDisposed {
		t.Errorf("the long one is %s", state)
	}
	if told := s.audited(); !strings.Contains(told, "held legal hold 2026-7 ok") || !strings.Contains(told, "released legal hold 2026-7 ok") {
		t.Errorf("the audit says %q", told)
	}
}

func TestACrashCutsARecordingAtItsLastWrite(t *testing.T) {
	s := newShelf(t)
	w := s.begin(DefaultClass)
	if _, err := s.hears(w.ID()); !errors.Is(err, ErrOpen) {
		t.Errorf("while it is written: %v", err)
	}
	if err := s.store.Dispose(t.Context(), w.ID(), "os:root", "now"); !errors.Is(err, ErrOpen) {
		t.Errorf("while it is written: %v", err)
	}
	if err := w.file.Close(); err != nil { // the process dies
		t.Fatal(err)
	}
	s.close()
	s.open()
	if known := s.known(w.ID()); known.State != ledger.RecordingCut || known.Size == 0 {
		t.Errorf("%+v", known)
	}
	if text, err := s.hears(w.ID()); text != said || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestMasterKeysAreChanged(t *testing.T) {
	s := newShelf(t)
	id := s.record(DefaultClass)
	old := filepath.Join(s.folder, "recordings.key")
	s.close()
	s.options = Options{KeyFile: filepath.Join(s.folder, "new.key"), OldKeyFiles: []string{old}}
	s.open()
	if text, err := s.hears(id); text != said || err != nil {
		t.Errorf("under the old key: %q, %v", text, err)
	}
	if n, err := s.store.Rekey(t.Context()); n != 1 || err != nil {
		t.Errorf("%d resealed, %v", n, err)
	}
	s.close()
	s.options.OldKeyFiles = nil
	s.open()
	if text, err := s.hears(id); text != said || err != nil {
		t.Errorf("without the old key: %q, %v", text, err)
	}
	s.close()
	s.options = Options{}
	s.open()
	if _, err := s.hears(id); !errors.Is(err, ErrNoKey) {
		t.Errorf("under the old key alone: %v", err)
	}
	if err := os.Remove(old); err != nil {
		t.Fatal(err)
	}
	options := s.store.options
	if _, err := Open(t.Context(), options); err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("a lost key: %v", err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("a lost key was made anew")
	}
}

func TestWhatCannotBeRecordedSaysWhy(t *testing.T) {
	s := newShelf(t)
	if _, err := s.store.Begin(t.Context(), ledger.Recording{Call: "call-1", Kind: ledger.RecordedCall, Class: "shrt"}); !errors.Is(err, ErrNoClass) {
		t.Errorf("%v", err)
	}
	s.store.options.MinFree = 1 << 62
	if _, err := s.store.Begin(t.Context(), ledger.Recording{Call: "call-1", Kind: ledger.RecordedCall, Class: DefaultClass}); !errors.Is(err, ErrDiskFull) {
		t.Errorf("%v", err)
	}
	if err := s.store.Healthy(t.Context()); !errors.Is(err, ErrDiskFull) {
		t.Errorf("%v", err)
	}
	s.store.options.MinFree = 1
	if err := os.RemoveAll(s.store.options.Folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.store.options.Folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Begin(t.Context(), ledger.Recording{Call: "call-1", Kind: ledger.RecordedCall, Class: DefaultClass}); err == nil || strings.Contains(err.Error(), s.folder) {
		t.Errorf("%v", err)
	}
	if open, err := s.ledger.OpenRecordings(t.Context(), 9); len(open) != 0 || err != nil {
		t.Errorf("%d recordings are open, %v", len(open), err)
	}
}

func TestAWriteThatFailsLeavesWhatWasWritten(t *testing.T) {
	s := newShelf(t)
	w := s.begin(DefaultClass)
	if err := w.file.Close(); err != nil { // as a disk that is gone
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "more"); err == nil {
		t.Error("written to nowhere")
	}
	if err := w.Close(context.Background(), Result{Length: time.Second}); err == nil {
		t.Error("closed as if all was well")
	}
	if text, err := s.hears(w.ID()); text != said || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if known := s.known(w.ID()); known.State != ledger.RecordingCut {
		t.Errorf("%+v", known)
	}
}

func TestADiscardedRecordingIsDisposedOf(t *testing.T) {
	s := newShelf(t)
	w := s.begin(DefaultClass)
	if err := w.Discard(t.Context(), "too short"); err != nil {
		t.Fatal(err)
	}
	if known := s.known(w.ID()); known.State != ledger.RecordingDisposed || known.DisposedWhy != "too short" {
		t.Errorf("%+v", known)
	}
	if _, err := os.Stat(s.store.path(w.ID())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its file: %v", err)
	}
}
