package publish

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"careline/ledger"
)

// Begin decides what is live as the server starts. version is that of the folder's
// flows, which calls would begin with otherwise.
//
// What was live before goes on, if the folder is as it was then: a page or a roll-back
// may have had the last word. A folder that was changed since is what counts, save
// where that would undo what was published by a page and never saved to the folder.
func (p *Publisher) Begin(ctx context.Context, version string) error {
	done, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	newest, err := p.options.Store.Scripts(ctx, 1)
	if err != nil {
		return err
	}
	if p.options.Broken != nil {
		return p.beginWithout(newest)
	}
	folder, err := p.options.Source.Folder()
	if err != nil {
		return err
	}
	digest := ledger.ScriptFiles(folder).Digest()
	comment := ""
	if len(newest) > 0 {
		live := newest[0]
		p.setLive(live)
		switch {
		case live.Digest == digest && live.Version == version:
			return nil
		case live.Digest != digest && (live.Folder == digest || p.conflict(live, digest)):
			broken := p.resume(ctx, live, digest)
			if broken == nil {
				return nil
			}
			p.log.Error("what was live no longer fits; the folder's flows are live", zap.Int64("script", live.Number), zap.Error(broken))
			comment = fmt.Sprintf("script %d no longer fits", live.Number)
		}
	}
	script := ledger.Script{Author: "folder", Comment: comment, Origin: FromStart, Version: version, Folder: digest}
	kept, err := p.options.Store.SaveScript(ctx, script, folder)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	p.setLive(kept)
	return nil
}

// beginWithout goes on with the newest script, which calls begin with already: the
// folder's has mistakes.
func (p *Publisher) beginWithout(newest []ledger.Script) error {
	if len(newest) == 0 {
		return p.options.Broken
	}
	live := newest[0]
	p.setLive(live)
	p.mu.Lock()
	p.status.Broken = true
	p.status.Pending = p.options.Broken
	p.mu.Unlock()
	p.log.Error("the folder's flows have mistakes; what was live before is live again", zap.Int64("script", live.Number), zap.String("version", live.Version), zap.Error(p.options.Broken))
	return nil
}

func (p *Publisher) setLive(script ledger.Script) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Live = script
}

// conflict reports whether the folder, with this digest, would undo what a page
// published.
func (p *Publisher) conflict(live ledger.Script, digest string) bool {
	return live.Origin == FromPage && live.Digest != live.Folder && live.Digest != digest
}

// resume makes a script live that was when the server stopped.
func (p *Publisher) resume(ctx context.Context, live ledger.Script, folder string) error {
	_, files, err := p.options.Store.Script(ctx, live.Number)
	if err != nil {
		return err
	}
	candidate, err := p.options.Source.Read(ctx, files)
	if err != nil {
		return err
	}
	candidate.Live()
	if live.Folder != folder {
		p.pend(conflictOf(live))
	}
	return nil
}

func conflictOf(live ledger.Script) error {
	return fmt.Errorf("%w: script %d, by %s, was published by the page and isn't in the folder; save it there with careline flow save and make the change again, or publish the folder's in its place with careline flow publish", ErrConflict, live.Number, live.Author)
}

// settle says that the folder wants nothing that isn't live.
func (p *Publisher) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Pending, p.status.Broken = nil, false
}

func (p *Publisher) pend(err error) {
	p.mu.Lock()
	p.status.Pending = err
	p.mu.Unlock()
	p.log.Warn("the folder's flows are not live", zap.Error(err))
}

// Run publishes what is saved to the folder, if the options say so, until ctx is
// done. A change counts when it has been the same for two looks: an editor may still
// be writing. A broken one is told of once, and what is live goes on.
func (p *Publisher) Run(ctx context.Context) error {
	if !p.options.Watch {
		<-ctx.Done()
		return nil
	}
	w := &watch{Publisher: p, tried: p.Status().Live.Folder}
	ticker := time.NewTicker(p.options.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			w.look(ctx)
		}
	}
}

// watch is what is remembered between two looks.
type watch struct {
	*Publisher
	// tried is the folder's digest that was published, refused, or there when
	// something else went live; seen is that of the last look.
	tried, seen string
	// unreadable: so it was at the last look.
	unreadable bool
}

func (w *watch) look(ctx context.Context) {
	folder, err := w.options.Source.Folder()
	if err != nil {
		if !w.unreadable {
			w.pend(err)
		}
		w.unreadable = true
		return
	}
	w.unreadable = false
	digest := ledger.ScriptFiles(folder).Digest()
	before := w.seen
	w.seen = digest
	if digest != before || digest == w.tried {
		return
	}
	done, err := w.take(ctx)
	if err != nil {
		return
	}
	defer done()
	w.tried = digest
	live := w.Status().Live
	switch {
	case live.Digest == digest, live.Folder == digest: // changed back, or published by somebody else meanwhile
		w.settle()
		return
	case w.conflict(live, digest):
		w.pend(conflictOf(live))
		return
	}
	if _, _, err := w.publish(ctx, Request{Author: "folder", Comment: w.changed(ctx, live, folder), Origin: FromFolder, Files: folder}); err != nil {
		w.pend(err)
	}
}

// maxChanged is how many changed files a comment names.
const maxChanged = 5

// changed names the files that differ from the live script's.
func (w *watch) changed(ctx context.Context, live ledger.Script, files map[string][]byte) string {
	_, before, err := w.options.Store.Script(ctx, live.Number)
	if err != nil {
		return ""
	}
	all := maps.Clone(files)
	maps.Copy(all, before)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool {
		now, is := files[name]
		then, was := before[name]
		return is == was && bytes.Equal(now, then)
	})
	if more := len(names) - maxChanged; more > 0 {
		names = append(names[:maxChanged], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
