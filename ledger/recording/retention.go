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

// SweepEvery is how often Run looks for what need not be kept any longer.
const SweepEvery = time.Hour

// Run disposes of what need not be kept any longer, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	ticker := time.NewTicker(SweepEvery)
	defer ticker.Stop()
	for {
		if n, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.Error("recordings not disposed of", zap.Int("disposed", n), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Sweep disposes of what need not be kept any longer, and says how many that were. What
// can't be disposed of doesn't keep the others.
func (s *Store) Sweep(ctx context.Context) (disposed int, err error) {
	for {
		due, err := s.options.Ledger.DueRecordings(ctx, s.options.Now(), batch)
		if err == nil && len(due) == 0 {
			s.counts.overdue.Store(0)
		}
		if err != nil || len(due) == 0 {
			return disposed, err
		}
		var failures []error
		for _, one := range due {
			if err := s.dispose(ctx, one.ID, "system", "retention of class "+one.Class); err != nil {
				failures = append(failures, err)
				continue
			}
			disposed++
		}
		if len(failures) > 0 {
			s.counts.overdue.Store(int64(len(failures)))
			return disposed, errors.Join(failures...)
		}
	}
}

// Dispose destroys a recording before its time.
func (s *Store) Dispose(ctx context.Context, id, actor, why string) error {
	known, err := s.options.Ledger.Recording(ctx, id)
	switch {
	case err != nil:
		return err
	case known.State == ledger.RecordingOpen:
		return fmt.Errorf("recording %s: %w", id, ErrOpen)
	case known.State == ledger.RecordingDisposed:
		return fmt.Errorf("recording %s: %w", id, ErrDisposed)
	}
	return s.dispose(ctx, id, actor, why)
}

// dispose destroys the key, then the file: the key's end is the recording's, and a file
// that stays is noise.
func (s *Store) dispose(ctx context.Context, id, actor, why string) error {
	known, err := s.options.Ledger.Recording(ctx, id)
	if err != nil {
		return err
	}
	if known.Hold != "" {
		return fmt.Errorf("recording %s: %w (%s)", id, ErrHeld, known.Hold)
	}
	_, err = s.options.Ledger.DisposeRecording(ctx, id, ledger.AuditEntry{
		Kind: ledger.AuditRecording, Call: known.Call, Actor: actor, Subject: id, Field: "disposed", Purpose: why, Outcome: "ok",
	})
	if errors.Is(err, ledger.ErrBusy) { // the key is gone from the table; the log is emptied with the next one
		s.options.Log.Warn("a destroyed key stays in the ledger's log for now", zap.String("recording", id), zap.Error(err))
		err = nil
	}
	if err != nil {
		return err
	}
	s.counts.disposed.Add(1)
	if err := os.Remove(s.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.options.Log.Warn("a disposed recording's file stays, unreadable", zap.String("recording", id), zap.Error(reason(err)))
	}
	s.options.Log.Info("recording disposed of", zap.String("recording", id), zap.String("call", known.Call), zap.String("by", actor))
	return nil
}

// Hold keeps a recording beyond its time, for a reason such as "legal hold 2027-14";
// an empty reason releases it.
func (s *Store) Hold(ctx context.Context, id, actor, why string) error {
	known, err := s.options.Ledger.Recording(ctx, id)
	if err != nil {
		return err
	}
	what := "held"
	purpose := why
	if why == "" {
		what, purpose = "released", known.Hold
	}
	_, err = s.options.Ledger.ChangeRecording(ctx, id, ledger.AuditEntry{
		Kind: ledger.AuditRecording, Call: known.Call, Actor: actor, Subject: id, Field: what, Purpose: purpose, Outcome: "ok",
	}, func(r *ledger.Recording) { r.Hold = why })
	if errors.Is(err, ledger.ErrSealed) {
		return fmt.Errorf("recording %s: %w", id, ErrDisposed)
	}
	return err
}

// Rekey seals the keys of all recordings under the present master key, and says how
// many that were. Afterwards the old key files are needed no longer.
func (s *Store) Rekey(ctx context.Context) (resealed int, err error) {
	for {
		old, err := s.options.Ledger.KeysNotUnder(ctx, s.current, batch)
		if err != nil || len(old) == 0 {
			return resealed, err
		}
		for i, sealed := range old {
			key, err := s.key(ctx, sealed.Recording)
			if err != nil {
				return resealed, err
			}
			if old[i].Sealed, err = seal.Wrap(s.masters[s.current], key, sealed.Recording); err != nil {
				return resealed, err
			}
			old[i].Master = s.current
		}
		if err := s.options.Ledger.ResealKeys(ctx, old); err != nil {
			return resealed, err
		}
		resealed += len(old)
	}
}
