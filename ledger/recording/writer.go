package recording

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/phi/seal"
)

// Writer writes one recording. It isn't safe for concurrent use.
type Writer struct {
	store  *Store
	id     string
	file   *os.File
	sealed *seal.Writer
	failed error
}

// Result is what a recording turned out to be.
type Result struct {
	Length  time.Duration
	Pauses  int
	Dropped uint64
}

// ID of the recording.
func (w *Writer) ID() string { return w.id }

// Write seals p and writes it.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.sealed.Write(p)
	if err != nil {
		w.failed = err
	}
	return n, err
}

// Close ends the recording and puts on record what it turned out to be. Where a write
// failed, what was written before stays, as one that was cut.
func (w *Writer) Close(ctx context.Context, result Result) error {
	state, count := ledger.RecordingWhole, &w.store.counts.whole
	err := w.sealed.Close()
	if err == nil {
		err = w.file.Sync()
	}
	if w.failed != nil || err != nil {
		state, count = ledger.RecordingCut, &w.store.counts.cut
		w.store.options.Log.Error("recording cut", zap.String("recording", w.id), zap.NamedError("write", w.failed), zap.Error(err))
	}
	count.Add(1)
	size := int64(0)
	if info, err := w.file.Stat(); err == nil {
		size = info.Size()
	}
	closed := w.file.Close()
	_, changed := w.store.options.Ledger.ChangeRecording(ctx, w.id, ledger.AuditEntry{}, func(r *ledger.Recording) {
		r.State, r.Size, r.Length, r.Pauses, r.Dropped = state, size, result.Length, result.Pauses, result.Dropped
	})
	if err := errors.Join(w.failed, err, closed, changed); err != nil {
		return fmt.Errorf("recording %s: %w", w.id, err)
	}
	return nil
}

// Discard ends a recording that nobody wants, such as a message of a second: its key
// is destroyed, and its file with it.
func (w *Writer) Discard(ctx context.Context, why string) error {
	_ = w.sealed.Close()
	_ = w.file.Close()
	return w.store.dispose(ctx, w.id, "system", why)
}
