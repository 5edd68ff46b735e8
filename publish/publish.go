package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/problem"
)

// Origins of a script.
const (
	// FromStart: the folder had it when the server started.
	FromStart = "start"
	// FromFolder: it was saved to the folder while the server ran.
	FromFolder = "folder"
	// FromCommand: careline flow publish.
	FromCommand = "command"
	// FromPage: the desk's page.
	FromPage = "page"
	// FromRollBack: it was live before, and was gone back to.
	FromRollBack = "rollback"
)

// DefaultEvery is how often the folder is looked at.
const DefaultEvery = time.Second

var (
	// ErrConflict: what would be published doesn't follow on what is live.
	ErrConflict = errors.New("publish: something else was published in between")
	// ErrNoEarlier: nothing was live before.
	ErrNoEarlier = errors.New("publish: no other script was live before")
)

// Candidate is a script that was read and checked, and passed its own tests.
type Candidate struct {
	// Version is the flows' own, as records name it.
	Version  string
	Warnings problem.List
	// Live makes calls begin with it from now on.
	Live func()
}

// Source reads scripts.
type Source interface {
	// Folder gives the files that are in the folder now.
	Folder() (map[string][]byte, error)
	// Read checks files; the error is a problem.List where they are wrong.
	Read(ctx context.Context, files map[string][]byte) (Candidate, error)
}

// Store keeps what was published; *ledger.Ledger is one.
type Store interface {
	SaveScript(ctx context.Context, script ledger.Script, files ledger.ScriptFiles) (ledger.Script, error)
	Scripts(ctx context.Context, limit int) ([]ledger.Script, error)
	Script(ctx context.Context, number int64) (ledger.Script, ledger.ScriptFiles, error)
}

// Options make a Publisher.
type Options struct {
	Source Source
	Store  Store
	// Watch publishes what is saved to the folder; Every is how often it is looked at.
	Watch bool
	Every time.Duration
	// Broken is why the server couldn't start with the folder's script, and starts with
	// the newest of the store; nil if it could.
	Broken error
	Log    *zap.Logger
}

// Publisher puts scripts live, one at a time. Its methods may be called from any
// goroutine.
type Publisher struct {
	options Options
	log     *zap.Logger
	// turn is taken by whoever publishes.
	turn chan struct{}

	mu     sync.Mutex
	status Status
}

// Status is what is live, and what the folder has besides.
type Status struct {
	// Live is the newest script.
	Live ledger.Script
	// Pending says why the folder isn't live although it was changed: its mistakes, or
	// ErrConflict. Nil: it is live, or it is as it was when something else went live.
	Pending error
	// Broken: the server started with the script that was live before, since the folder's
	// had mistakes, and nothing was published since.
	Broken bool
	// Published and Refused count since the start.
	Published, Refused uint64
}

// Request is what somebody wants live.
type Request struct {
	// Author as the audit names them: "os:root", "agent:maria".
	Author  string
	Comment string
	// Origin is one of the From constants.
	Origin string
	// Files by name; nil are those of the folder.
	Files map[string][]byte
	// After is the number of the script that the files were made from: if another one
	// is live by now, the request is refused with ErrConflict. 0 doesn't ask.
	After int64
}

// New checks nothing and starts nothing.
func New(options Options) *Publisher {
	if options.Every <= 0 {
		options.Every = DefaultEvery
	}
	if options.Log == nil {
		options.Log = zap.NewNop()
	}
	return &Publisher{options: options, log: options.Log, turn: make(chan struct{}, 1)}
}

// Status is a snapshot.
func (p *Publisher) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// take waits for its turn; give it back with done.
func (p *Publisher) take(ctx context.Context) (done func(), err error) {
	select {
	case p.turn <- struct{}{}:
		return func() { <-p.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Check reads files as Publish would, and leaves what is live as it is.
func (p *Publisher) Check(ctx context.Context, files map[string][]byte) (problem.List, error) {
	candidate, err := p.options.Source.Read(ctx, files)
	return candidate.Warnings, err
}

// Publish puts files live. The error is a problem.List where they are wrong, or
// ErrConflict; then what was live goes on.
func (p *Publisher) Publish(ctx context.Context, request Request) (ledger.Script, problem.List, error) {
	done, err := p.take(ctx)
	if err != nil {
		return ledger.Script{}, nil, err
	}
	defer done()
	return p.publish(ctx, request)
}

// publish has the turn.
func (p *Publisher) publish(ctx context.Context, request Request) (ledger.Script, problem.List, error) {
	folder, err := p.options.Source.Folder()
	if err != nil {
		return p.refused(request, err)
	}
	if request.Files == nil {
		request.Files = folder
	}
	if live := p.Status().Live; request.After != 0 && request.After != live.Number {
		return p.refused(request, fmt.Errorf("%w: script %d of %s is live, and this one was made from %d; look at what changed and try again", ErrConflict, live.Number, live.Author, request.After))
	}
	candidate, err := p.options.Source.Read(ctx, request.Files)
	if err != nil {
		return p.refused(request, err)
	}
	script := ledger.Script{
		Author: request.Author, Comment: request.Comment, Origin: request.Origin, Version: candidate.Version,
		Folder: ledger.ScriptFiles(folder).Digest(),
	}
	kept, err := p.goLive(ctx, script, request.Files, candidate)
	if err != nil {
		return p.refused(request, err)
	}
	return kept, candidate.Warnings, nil
}

// goLive keeps a script and makes calls begin with it. It is kept first: no call may
// run what nobody can look up.
func (p *Publisher) goLive(ctx context.Context, script ledger.Script, files ledger.ScriptFiles, candidate Candidate) (ledger.Script, error) {
	kept, err := p.options.Store.SaveScript(ctx, script, files)
	if err != nil {
		return ledger.Script{}, fmt.Errorf("publish: not kept, so not published: %w", err)
	}
	candidate.Live()
	p.mu.Lock()
	p.status.Live, p.status.Pending, p.status.Broken = kept, nil, false
	p.status.Published++
	p.mu.Unlock()
	p.log.Info("flows live", zap.Int64("script", kept.Number), zap.String("version", kept.Version), zap.String("author", kept.Author), zap.String("origin", kept.Origin))
	return kept, nil
}

func (p *Publisher) refused(request Request, err error) (ledger.Script, problem.List, error) {
	p.mu.Lock()
	p.status.Refused++
	p.mu.Unlock()
	p.log.Warn("flows not published", zap.String("author", request.Author), zap.String("origin", request.Origin), zap.Error(err))
	return ledger.Script{}, nil, err
}

// RollBack puts a script live that was before; number 0 is the newest whose text
// differs from the live one's. It is read and checked anew: a queue that it names may
// be gone.
func (p *Publisher) RollBack(ctx context.Context, request Request, number int64) (ledger.Script, problem.List, error) {
	done, err := p.take(ctx)
	if err != nil {
		return ledger.Script{}, nil, err
	}
	defer done()
	request.Origin = FromRollBack
	if number == 0 {
		if number, err = p.before(ctx); err != nil {
			return ledger.Script{}, nil, err
		}
	}
	wanted, files, err := p.options.Store.Script(ctx, number)
	if err != nil {
		return ledger.Script{}, nil, err
	}
	folder, err := p.options.Source.Folder()
	if err != nil {
		return p.refused(request, err)
	}
	candidate, err := p.options.Source.Read(ctx, files)
	if err != nil {
		return p.refused(request, err)
	}
	script := ledger.Script{
		Author: request.Author, Comment: request.Comment, Origin: FromRollBack, Source: wanted.Number, Version: candidate.Version,
		Folder: ledger.ScriptFiles(folder).Digest(),
	}
	kept, err := p.goLive(ctx, script, files, candidate)
	if err != nil {
		return p.refused(request, err)
	}
	return kept, candidate.Warnings, nil
}

// maxBefore is how far back RollBack looks for another text by itself.
const maxBefore = 200

// before is the script that was live before the live one: rolled back twice, a
// server goes back twice.
func (p *Publisher) before(ctx context.Context) (int64, error) {
	scripts, err := p.options.Store.Scripts(ctx, maxBefore)
	if err != nil {
		return 0, err
	}
	if len(scripts) == 0 {
		return 0, ErrNoEarlier
	}
	live, below := scripts[0], scripts[0].Number
	if live.Source != 0 {
		below = live.Source
	}
	for _, script := range scripts {
		if script.Number < below && script.Digest != live.Digest {
			return script.Number, nil
		}
	}
	return 0, ErrNoEarlier
}

// Scripts lists the newest, the live one first.
func (p *Publisher) Scripts(ctx context.Context, limit int) ([]ledger.Script, error) {
	return p.options.Store.Scripts(ctx, limit)
}

// Script is one that is or was live, with its files.
func (p *Publisher) Script(ctx context.Context, number int64) (ledger.Script, ledger.ScriptFiles, error) {
	return p.options.Store.Script(ctx, number)
}
