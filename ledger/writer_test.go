package ledger

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// inBubble runs a story with a ledger in virtual time, where synctest.Wait says
// that everyone waits.
func inBubble(t *testing.T, story func(t *testing.T, l *Ledger)) {
	t.Helper()
	path := newPath(t)
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer closeOrFail(t, l)
		story(t, l)
	})
}

func TestWritesThatWaitShareACommit(t *testing.T) { inBubble(t, writesThatWaitShareACommit) }

func writesThatWaitShareACommit(t *testing.T, l *Ledger) {
	gate := holdWriter(t, l)
	const writes = 100
	var group sync.WaitGroup
	for i := range writes {
		group.Go(func() {
			if _, err := l.Append(context.Background(), entry(i)); err != nil {
				t.Error(err)
			}
		})
	}
	synctest.Wait() // they are queued behind the gate
	if waiting := l.Stats().Waiting; waiting != writes {
		t.Errorf("%d wait, want %d", waiting, writes)
	}
	close(gate)
	group.Wait()
	if stats := l.Stats(); stats.Writes != writes+1 || stats.Batches > 2 {
		t.Errorf("%d writes in %d commits, want %d in 2", stats.Writes, stats.Batches, writes+1)
	}
	if n, err := l.VerifyAudit(t.Context()); n != writes || err != nil {
		t.Errorf("verified %d (%v), want %d", n, err, writes)
	}
}

// holdWriter makes the writer wait within a transaction until the gate is closed.
func holdWriter(t *testing.T, l *Ledger) (gate chan struct{}) {
	t.Helper()
	gate = make(chan struct{})
	inside := make(chan struct{})
	go l.do(context.Background(), func(*writer) error {
		close(inside)
		<-gate
		return nil
	})
	<-inside
	return gate
}

func TestFullQueueRefusesInsteadOfWaitingForEver(t *testing.T) {
	inBubble(t, func(t *testing.T, l *Ledger) {
		gate := holdWriter(t, l)
		var waiting sync.WaitGroup
		for i := range QueueSize {
			waiting.Go(func() { l.RecordFailure(context.Background(), strconv.Itoa(i), time.Now()) })
		}
		synctest.Wait()
		began := time.Now()
		if _, err := l.Append(t.Context(), entry(1)); !errors.Is(err, ErrBusy) {
			t.Errorf("Append on a full queue said %v, want ErrBusy", err)
		}
		if waited := time.Since(began); waited != QueueWait {
			t.Errorf("it waited %v, want %v", waited, QueueWait)
		}
		short, cancel := context.WithTimeout(t.Context(), QueueWait/4)
		defer cancel()
		if _, err := l.Append(short, entry(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Append with a deadline said %v", err)
		}
		close(gate)
		waiting.Wait()
		if _, err := l.Append(t.Context(), entry(1)); err != nil {
			t.Errorf("after the queue emptied: %v", err)
		}
	})
}

func TestAStuckDiskIsNotHealthy(t *testing.T) {
	inBubble(t, func(t *testing.T, l *Ledger) {
		gate := holdWriter(t, l)
		probe, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Healthy(probe); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while the writer hangs: %v", err)
		}
		close(gate)
		if err := l.Healthy(t.Context()); err != nil {
			t.Errorf("the writer goes on: %v", err)
		}
	})
}

func TestCallerWhoGaveUpLeavesNoEntry(t *testing.T) { inBubble(t, callerWhoGaveUpLeavesNoEntry) }

func callerWhoGaveUpLeavesNoEntry(t *testing.T, l *Ledger) {
	gone, cancel := context.WithCancel(t.Context())
	gate := holdWriter(t, l)
	answer := make(chan error, 1)
	go func() {
		_, err := l.Append(gone, entry(1))
		answer <- err
	}()
	synctest.Wait()
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Errorf("Append said %v", err)
	}
	close(gate)
	appendMany(t, l, 1)
	if n, err := l.VerifyAudit(t.Context()); n != 1 || err != nil {
		t.Errorf("%d entries (%v), want 1", n, err)
	}
	if _, err := l.Append(gone, entry(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Append of one who is gone said %v", err)
	}
}

func TestRefusalDoesNotSpoilTheBatch(t *testing.T) { inBubble(t, refusalDoesNotSpoilTheBatch) }

func refusalDoesNotSpoilTheBatch(t *testing.T, l *Ledger) {
	if err := l.SaveCall(t.Context(), finishedCall("sealed")); err != nil {
		t.Fatal(err)
	}
	gate := holdWriter(t, l)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if i%2 == 0 {
				altered := finishedCall("sealed")
				altered.Why = "altered"
				if err := l.SaveCall(context.Background(), altered); !errors.Is(err, ErrSealed) {
					t.Errorf("altering a sealed record said %v", err)
				}
			} else if _, err := l.Append(context.Background(), entry(i)); err != nil {
				t.Errorf("beside a refused write: %v", err)
			}
		})
	}
	synctest.Wait()
	close(gate)
	group.Wait()
	if n, err := l.VerifyAudit(t.Context()); n != 10 || err != nil {
		t.Errorf("verified %d (%v), want 10", n, err)
	}
}

func TestFailedBatchLeavesNoTraceInTheChain(t *testing.T) { inBubble(t, failedBatchLeavesNoTrace) }

func failedBatchLeavesNoTrace(t *testing.T, l *Ledger) {
	appendMany(t, l, 2)
	gate := holdWriter(t, l)
	broken := errors.New("disk failed")
	var group sync.WaitGroup
	for i := range 5 {
		group.Go(func() {
			if _, err := l.Append(context.Background(), entry(i)); !errors.Is(err, broken) {
				t.Errorf("an entry of the failed batch: %v, want the disk's error", err)
			}
		})
	}
	synctest.Wait() // the entries are queued before what fails
	group.Go(func() {
		if err := l.do(context.Background(), func(*writer) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("what failed: %v", err)
		}
	})
	synctest.Wait()
	close(gate)
	group.Wait()
	before := l.Stats()
	if before.Failed != 6 || before.Batches != before.Writes {
		t.Errorf("counted %+v; what failed was no commit", before)
	}
	appendMany(t, l, 3)
	if n, err := l.VerifyAudit(t.Context()); n != 5 || err != nil {
		t.Errorf("verified %d (%v), want 5", n, err)
	}
}

func TestClosedLedgerRefusesWrites(t *testing.T) {
	l := open(t, newPath(t))
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			if _, err := l.Append(context.Background(), entry(i)); err != nil && !errors.Is(err, ErrClosed) {
				t.Errorf("while closing: %v", err)
			}
		})
	}
	closeOrFail(t, l)
	group.Wait()
	if _, err := l.Append(t.Context(), entry(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// The ratio says what group commit is worth on this disk.
func BenchmarkAppend(b *testing.B) {
	perEntry := map[string]float64{}
	for _, c := range []struct {
		name    string
		writers int
	}{{"alone", 1}, {"64 at once", 64}} {
		b.Run(c.name, func(b *testing.B) {
			l := open(b, newPath(b))
			b.SetParallelism(c.writers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := l.Append(context.Background(), entry(1)); err != nil {
						b.Error(err)
					}
				}
			})
			perEntry[c.name] = float64(b.Elapsed()) / float64(b.N)
			stats := l.Stats()
			b.ReportMetric(float64(stats.Writes)/float64(stats.Batches), "writes/commit")
			if alone := perEntry["alone"]; alone > 0 {
				b.ReportMetric(alone/perEntry[c.name], "times-alone")
			}
		})
	}
}
