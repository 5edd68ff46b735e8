package sip

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

const (
	loadEvery  = 50 * time.Millisecond
	loadWindow = 6 // measurements that must all be bad: a queue that stands, not one that passes
)

// load measures how long work waits for a processor: how late a timer's
// goroutine gets to run. Where even the shortest wait of a while is too long, new
// calls would make those that are up suffer.
type load struct {
	limit   atomic.Int64 // nanoseconds
	over    atomic.Bool
	recent  [loadWindow]time.Duration
	current int
}

func newLoad(limit time.Duration) *load {
	l := &load{}
	l.limit.Store(int64(limit))
	return l
}

// high reports whether new calls are to be refused.
func (l *load) high() bool { return l.over.Load() }

// run measures until ctx ends.
func (l *load) run(ctx context.Context) {
	timer := time.NewTimer(loadEvery)
	defer timer.Stop()
	for due := time.Now().Add(loadEvery); ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			l.note(time.Since(due))
			due = time.Now().Add(loadEvery)
			timer.Reset(loadEvery)
		}
	}
}

func (l *load) note(lag time.Duration) {
	l.recent[l.current] = lag
	l.current = (l.current + 1) % loadWindow
	l.over.Store(int64(slices.Min(l.recent[:])) > l.limit.Load())
}
