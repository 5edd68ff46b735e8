package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// job is one write. apply checks before it writes and answers ErrSealed or
// ErrInvalid without having written anything; any other error fails the whole
// transaction, and with it all that share it.
type job struct {
	ctx   context.Context
	apply func(w *writer) error
	done  chan error // buffered: a caller who left is not waited for
}

// writer owns the writing connection and the chain's head. Everything below
// the line belongs to its goroutine.
type writer struct {
	log      *zap.Logger
	now      func() time.Time
	jobs     chan job
	stop     chan struct{}
	stopped  chan struct{}
	stopOnce sync.Once

	mu       sync.Mutex
	counts   Stats
	closeErr error // read after stopped

	// ---
	db   *sql.DB
	conn *sql.Conn
	head chainHead
	// committed is when the last commit ended.
	committed time.Time
	// noted is the head that the log has, since notedAt.
	noted   chainHead
	notedAt time.Time
	traces  uint64 // saved since Open
	// statements by their text, prepared once on conn.
	statements map[string]*sql.Stmt
}

func newWriter(ctx context.Context, db *sql.DB, head chainHead, log *zap.Logger, now func() time.Time) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &writer{
		log: log, now: now, db: db, conn: conn, head: head,
		jobs: make(chan job, QueueSize), stop: make(chan struct{}), stopped: make(chan struct{}),
		statements: map[string]*sql.Stmt{},
	}, nil
}

// do queues a write and waits until it is on disk. If ctx ends first, the
// write may still happen: an audit may then tell of a reading that was given
// up, never the other way round.
func (l *Ledger) do(ctx context.Context, apply func(w *writer) error) error {
	w := l.writer
	if w == nil {
		return ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ledger: not written: %w", err)
	}
	select {
	case <-w.stop:
		return ErrClosed
	default:
	}
	j := job{ctx: ctx, apply: apply, done: make(chan error, 1)}
	if err := w.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("ledger: gave up waiting for the write: %w", ctx.Err())
	case <-w.stopped:
		select {
		case err := <-j.done:
			return err
		default:
			return ErrClosed
		}
	}
}

func (w *writer) enqueue(ctx context.Context, j job) error {
	select {
	case w.jobs <- j:
		return nil
	default:
	}
	patience := time.NewTimer(QueueWait)
	defer patience.Stop()
	select {
	case w.jobs <- j:
		return nil
	case <-patience.C:
		w.count(0, 0, 1)
		return ErrBusy
	case <-ctx.Done():
		return fmt.Errorf("ledger: gave up waiting for a place in the write queue: %w", ctx.Err())
	case <-w.stopped:
		return ErrClosed
	}
}

// commitGap is the least time between two commits. A write on a quiet system
// doesn't wait; under load one fsync serves all that came meanwhile, which
// takes a fifth off what a call costs (make bench-sip).
const commitGap = 5 * time.Millisecond

// run is the writer's goroutine: it takes what waits and commits it together.
func (w *writer) run() {
	defer close(w.stopped)
	for {
		select {
		case first := <-w.jobs:
			w.rest()
			w.commit(w.gather(first))
			w.committed = time.Now()
		case <-w.stop:
			for {
				select {
				case first := <-w.jobs:
					w.commit(w.gather(first))
				default:
					w.finish()
					return
				}
			}
		}
	}
}

// rest waits until commitGap has passed since the commit before.
func (w *writer) rest() {
	gap := commitGap - time.Since(w.committed)
	if gap <= 0 {
		return
	}
	timer := time.NewTimer(gap)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.stop:
	}
}

func (w *writer) gather(first job) []job {
	batch := []job{first}
	for len(batch) < BatchSize {
		select {
		case next := <-w.jobs:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction and answers every job.
func (w *writer) commit(batch []job) {
	head := w.head
	refusals := make([]error, len(batch))
	err := w.transact(batch, refusals)
	if err != nil {
		w.head = head
		err = fmt.Errorf("ledger: not written: %w", explain(err))
		w.log.Error("ledger write failed", zap.Int("writes", len(batch)), zap.Error(err))
	}
	written, failed := 0, 0
	for i, j := range batch {
		answer := refusals[i]
		if answer == nil {
			answer = err
		}
		if answer == nil {
			written++
		} else {
			failed++
		}
		j.done <- answer
	}
	commits := 1
	if err != nil {
		commits = 0
	}
	w.count(written, commits, failed)
	if w.head != w.noted && w.now().Sub(w.notedAt) >= HeadEvery {
		w.note("audit head")
	}
}

// note puts the head into the log, which is kept elsewhere: it shows that a
// chain was cut or rewritten as a whole, which the file alone can't (VerifyHeads).
func (w *writer) note(event string) {
	w.noted, w.notedAt = w.head, w.now()
	w.log.Info(event, zap.Int64("audit_sequence", w.head.sequence), zap.String("audit_head", w.head.hash))
}

// The writer's statements run to their end: a caller who gives up must not
// tear down a transaction that serves others too.
func (w *writer) transact(batch []job, refusals []error) error {
	ctx := context.Background()
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, j := range batch {
		if err := j.ctx.Err(); err != nil {
			refusals[i] = fmt.Errorf("ledger: not written: %w", err)
			continue
		}
		err := j.apply(w)
		if errors.Is(err, ErrSealed) || errors.Is(err, ErrInvalid) {
			refusals[i] = err
			continue
		}
		if err != nil {
			w.rollback(ctx)
			return err
		}
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		w.rollback(ctx)
		return err
	}
	return nil
}

// rollback may fail because SQLite has rolled back by itself, as it does when
// the disk is full; the next BEGIN shows if anything is left open.
func (w *writer) rollback(ctx context.Context) {
	if _, err := w.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		w.log.Debug("ledger rollback", zap.Error(err))
	}
}

// statement prepares a text once.
func (w *writer) statement(text string) (*sql.Stmt, error) {
	if s, ok := w.statements[text]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	w.statements[text] = s
	return s, nil
}

func (w *writer) exec(text string, args ...any) error {
	s, err := w.statement(text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(context.Background(), args...)
	return err
}

// row reads one row within the transaction.
func (w *writer) row(text string, args []any, into ...any) error {
	s, err := w.statement(text)
	if err != nil {
		return err
	}
	return s.QueryRowContext(context.Background(), args...).Scan(into...)
}

func (w *writer) finish() {
	var problems []error
	for _, s := range w.statements {
		problems = append(problems, s.Close())
	}
	problems = append(problems, w.conn.Close(), w.db.Close())
	w.closeErr = errors.Join(problems...)
	w.note("ledger closed")
}

// close ends the goroutine after what waits is written.
func (w *writer) close() error {
	w.stopOnce.Do(func() { close(w.stop) })
	<-w.stopped
	return w.closeErr
}

func (w *writer) count(written, batches, failed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.Writes += uint64(written)
	w.counts.Batches += uint64(batches)
	w.counts.Failed += uint64(failed)
}

func (w *writer) stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.counts
	s.Waiting = len(w.jobs)
	return s
}
