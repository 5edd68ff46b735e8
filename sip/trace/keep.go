package trace

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"
)

const (
	keepBatch   = 64 // calls that are stored together
	keepTimeout = 5 * time.Second
)

// Keeper stores masked traces; *ledger.Ledger is one.
type Keeper interface {
	// SaveTrace stores a call's trace in place of the one before.
	SaveTrace(ctx context.Context, call string, at time.Time, packed []byte) error
}

// due is a call that is to be stored.
type due struct {
	call    string
	legs    []*leg
	strands []strand
	at      time.Time
}

// Run stores the calls that have ended and forgets them after Hold, until ctx
// ends; then it stores what is left.
func (r *Recorder) Run(ctx context.Context) error {
	ticker := time.NewTicker(tidyEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			r.keep(context.WithoutCancel(ctx), true)
			return nil
		case <-ticker.C:
			r.keep(ctx, false)
			r.expire()
		}
	}
}

// keep stores what is due, a batch at a time.
func (r *Recorder) keep(ctx context.Context, all bool) {
	if r.options.Keep == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	for ctx.Err() == nil {
		batch := r.due(all)
		for _, one := range batch {
			if err := r.store(ctx, one); err != nil {
				r.log.Warn("trace not stored", zap.String("call", one.call), zap.Error(err))
				return // and tried again
			}
		}
		if len(batch) < keepBatch {
			return
		}
	}
}

func (r *Recorder) store(ctx context.Context, one due) error {
	packed, err := mask(one.call, one.strands).Pack()
	if err != nil {
		return err
	}
	if err := r.options.Keep.SaveTrace(ctx, one.call, one.at, packed); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, leg := range one.legs {
		leg.kept = true
	}
	return nil
}

// due are calls all of whose legs have ended and settled, up to a batch.
func (r *Recorder) due(all bool) []due {
	r.mu.Lock()
	defer r.mu.Unlock()
	var batch []due
	settled := func(one *leg) bool { return all || (one.standing == ended && r.now().Sub(one.endedAt) >= settle) }
	taken := map[string]bool{}
	for _, from := range []standing{ended, live} {
		if from == live && !all {
			break
		}
		for place := r.lists[from].Front(); place != nil && len(batch) < keepBatch; place = place.Next() {
			one := place.Value.(*leg)
			if !settled(one) && from == ended {
				break // those behind it ended later
			}
			if one.kept || taken[one.call] {
				continue
			}
			taken[one.call] = true
			if next, ready := r.whole(one.call, settled); ready {
				batch = append(batch, next)
			}
		}
	}
	return batch
}

// whole is a call with all its legs, if each of them is settled.
func (r *Recorder) whole(call string, settled func(*leg) bool) (due, bool) {
	next := due{call: call, legs: append([]*leg{}, r.calls[call]...)}
	for _, one := range next.legs {
		if !settled(one) {
			return due{}, false
		}
		next.strands = append(next.strands, strand{one.id, append([]Packet{}, one.packets...), one.dropped})
		if next.at.IsZero() || one.began.Before(next.at) {
			next.at = one.began
		}
	}
	return next, true
}

// expire forgets what has been held long enough. A leg that never became a call is
// told by its age; one of a call whose other legs go on, or ended later, stays.
func (r *Recorder) expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	for place := r.lists[unnamed].Front(); place != nil; place = r.lists[unnamed].Front() {
		one := place.Value.(*leg)
		if now.Sub(one.began) < r.options.Hold {
			break
		}
		r.forget(one)
	}
	goesOn := func(one *leg) bool { return one.standing == live || now.Sub(one.endedAt) < r.options.Hold }
	for place := r.lists[ended].Front(); place != nil; {
		one := place.Value.(*leg)
		place = place.Next() // before it is taken out
		if now.Sub(one.endedAt) < r.options.Hold {
			break
		}
		if !slices.ContainsFunc(r.calls[one.call], goesOn) {
			r.forget(one)
		}
	}
}
