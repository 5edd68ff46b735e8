// Package ledger keeps what must be kept: one record per call, the append-only
// hash-chained audit (45 CFR 164.312(b)), the ACD engine's journal and the
// failed verifications that lead to a lock-out. It is one SQLite file.
//
// What lives here: storage, its durability and the proof that nothing was
// changed. What must not: decisions about calls, and PHI; a member is a token,
// digits are a count.
//
//	l, err := ledger.Open(ctx, ledger.Options{Path: "var/careline.db", Log: log})
//	entry, err := l.Append(ctx, ledger.AuditEntry{Kind: ledger.AuditSignIn, Actor: "agent:maria", Outcome: "ok"})
//	entries, err := l.VerifyAudit(ctx)
//
// All writes go through one goroutine, which commits those that wait together
// in one transaction. A method that writes returns when its write is on disk,
// or with the reason why it is not: whoever is about to disclose something
// appends first and goes on only without an error.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
)

// Bounds, each with what happens when it is reached.
const (
	// QueueSize is how many writes may wait for the writer. A write that finds
	// the queue full waits QueueWait for a place and then fails with ErrBusy.
	QueueSize = 1024
	QueueWait = 2 * time.Second
	// BatchSize is how many writes share one transaction; the rest wait for the next.
	BatchSize = 256
	// MaxRecord bounds a call record and a journal entry, in bytes; larger ones are refused.
	MaxRecord = 1 << 20
	// MaxField bounds each text of an audit entry, in bytes; longer ones are refused.
	MaxField = 256
	// HeadCheck is how many of the newest audit entries Open verifies;
	// VerifyAudit verifies all.
	HeadCheck = 1000
	// HeadEvery is how often the audit's newest hash goes into the log, at most,
	// while the audit grows.
	HeadEvery = time.Minute
	// readers is how many readings run at once; more wait.
	readers = 4
)

// Errors that callers decide on.
var (
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("ledger: no such record")
	// ErrSealed: the record is final and may not be altered.
	ErrSealed = errors.New("ledger: the call record is final and can't be altered")
	// ErrReadOnly: the ledger was opened for reading.
	ErrReadOnly = errors.New("ledger: opened for reading only")
	// ErrClosed: the ledger is closed.
	ErrClosed = errors.New("ledger: closed")
	// ErrBusy: QueueSize writes wait and none was done within QueueWait.
	ErrBusy = errors.New("ledger: the write queue is full: the disk is too slow or stuck")
	// ErrInvalid: what was to be kept is malformed; nothing was written.
	ErrInvalid = errors.New("ledger: refused")
	// ErrChainBroken: the audit was altered outside Careline. See BrokenChain.
	ErrChainBroken = errors.New("ledger: the audit chain is broken")
	// ErrInUse: another process writes this ledger.
	ErrInUse = errors.New("ledger: in use by another careline process")
)

// Options say where the ledger is.
type Options struct {
	// Path of the database file. Its folder is made with mode 0700 if missing;
	// the file has mode 0600.
	Path string
	// Log takes the ledger's own events; nil for none.
	Log *zap.Logger
	// Now is the clock for audit times; nil for time.Now.
	Now func() time.Time
	// KeepTraces is how long a call's masked signalling is kept (SaveTrace); 0 for
	// as long as there is room for it.
	KeepTraces time.Duration
}

// Ledger is an open ledger. Its methods may be called from any goroutine.
type Ledger struct {
	path   string
	log    *zap.Logger
	now    func() time.Time
	lock   *os.File
	read   *sql.DB
	writer *writer // nil when opened for reading only
	// keepTraces is Options.KeepTraces.
	keepTraces time.Duration
}

// Open opens the ledger for writing, makes it if it is missing, brings its
// schema up to date and verifies the newest HeadCheck entries of the audit. It
// fails with ErrInUse while another process has it open for writing and with
// ErrChainBroken if the audit was altered. It starts the writer goroutine,
// which Close ends.
func Open(ctx context.Context, options Options) (*Ledger, error) {
	path, err := prepareFile(options.Path)
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: path, log: options.Log, now: options.Now, keepTraces: options.KeepTraces}
	if l.log == nil {
		l.log = zap.NewNop()
	}
	if l.now == nil {
		l.now = time.Now
	}
	if l.lock, err = lockFile(path); err != nil {
		return nil, err
	}
	if err := l.open(ctx); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context) error {
	write, err := openSQLite(ctx, l.path, "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(1)", 1)
	if err != nil {
		return err
	}
	if err := migrate(ctx, write, migrations(), l.now); err != nil {
		write.Close()
		return fmt.Errorf("ledger %s: %w", l.path, explain(err))
	}
	if l.read, err = openSQLite(ctx, l.path, "_pragma=query_only(1)", readers); err != nil {
		write.Close()
		return err
	}
	head, err := l.verifyHead(ctx)
	if err == nil {
		err = pruneFailures(ctx, write, l.now())
	}
	if err != nil {
		write.Close()
		return fmt.Errorf("ledger %s: %w", l.path, explain(err))
	}
	if l.writer, err = newWriter(ctx, write, head, l.log.With(zap.String("ledger", l.path)), l.now); err != nil {
		write.Close()
		return fmt.Errorf("ledger %s: %w", l.path, explain(err))
	}
	l.writer.note("ledger opened")
	go l.writer.run()
	return nil
}

// OpenReadOnly opens an existing ledger for reading, also while a server
// writes it. Methods that write fail with ErrReadOnly.
func OpenReadOnly(path string) (*Ledger, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("ledger %s: %w; is this the ledger.path of the configuration?", path, withoutPath(err))
	}
	ctx := context.Background()
	read, err := openSQLite(ctx, path, "mode=ro&_pragma=query_only(1)", readers)
	if err != nil {
		return nil, err
	}
	if err := checkSchema(ctx, read); err != nil {
		read.Close()
		return nil, fmt.Errorf("ledger %s: %w", path, explain(err))
	}
	return &Ledger{path: path, log: zap.NewNop(), now: time.Now, read: read}, nil
}

// Close writes what waits, ends the writer and closes the file. Writes after
// it fail with ErrClosed. It may be called once more without harm.
func (l *Ledger) Close() error {
	var err error
	if l.writer != nil {
		err = l.writer.close()
	}
	return errors.Join(err, l.release())
}

func (l *Ledger) release() error {
	var err error
	if l.read != nil {
		err = l.read.Close()
	}
	if l.lock != nil {
		l.lock.Close() // the lock goes with the descriptor
	}
	return err
}

// Stats are counts since Open, for metrics.
type Stats struct {
	// Writes and Batches: writes committed and the transactions they took.
	Writes, Batches uint64
	// Failed writes, for whatever reason.
	Failed uint64
	// Waiting writes at this moment.
	Waiting int
}

// Stats returns the counts; zero for a ledger opened for reading.
func (l *Ledger) Stats() Stats {
	if l.writer == nil {
		return Stats{}
	}
	return l.writer.stats()
}

// Healthy writes as much as a call would and says why that is not on disk, if
// so: what a readiness check asks. It asks the disk each time, because the last
// write tells neither that the disk is stuck since, nor that it has room again
// where no call comes any more to try it.
func (l *Ledger) Healthy(ctx context.Context) error {
	for _, statement := range []string{"INSERT OR REPLACE INTO probe VALUES (1, zeroblob(8192))", "DELETE FROM probe"} {
		if err := l.do(ctx, func(w *writer) error { return w.exec(statement) }); err != nil {
			return err
		}
	}
	return nil
}
