package publish_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"careline/ledger"
	"careline/problem"
	"careline/publish"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a folder, a ledger and the calls that begin, in a test's hands. A file that
// holds "broken" doesn't check.
type site struct {
	t  *testing.T
	mu sync.Mutex
	// folder's files; live is what calls begin with.
	folder map[string][]byte
	live   string
	kept   []ledger.Script
	texts  map[string]ledger.ScriptFiles
	full   bool // the ledger takes nothing more
	lost   bool // the folder can't be read
	*publish.Publisher
}

func newSite(t *testing.T, text string) *site {
	s := &site{t: t, texts: map[string]ledger.ScriptFiles{}}
	s.save(text)
	s.live = versionOf(s.folder)
	s.restart()
	return s
}

// restart is another process on the same folder and ledger.
func (s *site) restart() {
	s.t.Helper()
	s.Publisher = publish.New(publish.Options{Source: s, Store: s, Watch: true})
	s.live = versionOf(s.folder)
	if err := s.Begin(s.t.Context(), s.live); err != nil {
		s.t.Fatal(err)
	}
}

func versionOf(files map[string][]byte) string { return "v:" + string(files["flows/main.yaml"]) }

func (s *site) save(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folder = map[string][]byte{"flows/main.yaml": []byte(text)}
}

func (s *site) Folder() (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost {
		return nil, errors.New("the disk is gone")
	}
	return maps.Clone(s.folder), nil
}

func (s *site) Read(_ context.Context, files map[string][]byte) (publish.Candidate, error) {
	for name, text := range files {
		if strings.Contains(string(text), "broken") {
			return publish.Candidate{}, problem.List{{Position: problem.Position{File: name, Line: 1, Column: 1}, Message: "broken"}}
		}
	}
	version := versionOf(files)
	return publish.Candidate{Version: version, Live: func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.live = version
	}}, nil
}

func (s *site) SaveScript(_ context.Context, script ledger.Script, files ledger.ScriptFiles) (ledger.Script, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return ledger.Script{}, errors.New("the disk is full")
	}
	script.Number, script.Digest = int64(len(s.kept)+1), files.Digest()
	s.kept, s.texts[script.Digest] = append(s.kept, script), files
	return script, nil
}

func (s *site) Scripts(_ context.Context, limit int) ([]ledger.Script, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var newest []ledger.Script
	for i := len(s.kept) - 1; i >= 0 && len(newest) < limit; i-- {
		newest = append(newest, s.kept[i])
	}
	return newest, nil
}

func (s *site) Script(_ context.Context, number int64) (ledger.Script, ledger.ScriptFiles, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number < 1 || number > int64(len(s.kept)) {
		return ledger.Script{}, nil, ledger.ErrNotFound
	}
	script := s.kept[number-1]
	return script, s.texts[script.Digest], nil
}

// runs checks what calls begin with, and that the ledger and the status say so.
func (s *site) runs(text string, number int64) {
	s.t.Helper()
	s.mu.Lock()
	live, newest := s.live, s.kept[len(s.kept)-1]
	s.mu.Unlock()
	if live != "v:"+text || newest.Version != live || newest.Number != number || s.Status().Live.Number != number {
		s.t.Errorf("calls begin with %q, the ledger has %d %q, the status %d; want %d %q", live, newest.Number, newest.Version, s.Status().Live.Number, number, text)
	}
}

func (s *site) page(text string, after int64) error {
	_, _, err := s.Publish(s.t.Context(), publish.Request{
		Author: "agent:maria", Origin: publish.FromPage, After: after, Files: map[string][]byte{"flows/main.yaml": []byte(text)},
	})
	return err
}

// watched runs a story while the folder is looked at, in virtual time.
func watched(t *testing.T, story func(*site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "one")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		story(s)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// passes lets the folder be looked at a few times.
func passes() {
	<-time.After(5 * publish.DefaultEvery)
	synctest.Wait()
}

func TestWhatIsSavedGoesLive(t *testing.T) {
	watched(t, func(s *site) {
		s.runs("one", 1)
		s.save("two")
		passes()
		s.runs("two", 2)
		if kept := s.kept[1]; kept.Origin != publish.FromFolder || kept.Comment != "flows/main.yaml" || kept.Folder != kept.Digest {
			t.Errorf("kept as %+v", kept)
		}
		passes()
		s.runs("two", 2) // once
	})
}

func TestABrokenFolderLeavesWhatIsLive(t *testing.T) {
	watched(t, func(s *site) {
		s.save("broken")
		passes()
		s.runs("one", 1)
		status := s.Status()
		if status.Pending == nil || !strings.Contains(status.Pending.Error(), "flows/main.yaml:1:1: broken") || status.Refused != 1 {
			t.Errorf("the status is %+v", status)
		}
		s.save("one")
		passes()
		if s.runs("one", 1); s.Status().Pending != nil {
			t.Error("changed back, it still waits for something")
		}
		s.save("broken")
		passes()
		s.save("three")
		passes()
		if s.runs("three", 2); s.Status().Pending != nil {
			t.Error("mended, it still waits for something")
		}
	})
}

func TestAHalfWrittenFileIsWaitedFor(t *testing.T) {
	watched(t, func(s *site) {
		for i := range 10 { // an editor that writes for ten looks
			s.save(fmt.Sprint("half ", i))
			<-time.After(publish.DefaultEvery)
			synctest.Wait()
		}
		s.save("whole")
		passes()
		s.runs("whole", 2)
	})
}

func TestAFolderThatCantBeReadLeavesWhatIsLive(t *testing.T) {
	watched(t, func(s *site) {
		s.mu.Lock()
		s.lost = true
		s.mu.Unlock()
		passes()
		s.runs("one", 1)
		if s.Status().Pending == nil {
			t.Error("nothing tells of it")
		}
	})
}

func TestRollingBackStaysBack(t *testing.T) {
	watched(t, func(s *site) {
		s.save("two")
		passes()
		s.save("three")
		passes()
		roll := func(number int64) ledger.Script {
			t.Helper()
			script, _, err := s.RollBack(s.t.Context(), publish.Request{Author: "os:root", Comment: "callers heard nothing"}, number)
			if err != nil {
				t.Fatal(err)
			}
			passes() // the folder still has what was bad, and must not come back by itself
			return script
		}
		if script := roll(0); script.Source != 2 || script.Origin != publish.FromRollBack {
			t.Errorf("went back to %+v", script)
		}
		s.runs("two", 4)
		roll(0)
		s.runs("one", 5)
		if _, _, err := s.RollBack(s.t.Context(), publish.Request{Author: "os:root"}, 0); !errors.Is(err, publish.ErrNoEarlier) {
			t.Errorf("before the first: %v", err)
		}
		roll(3)
		s.runs("three", 6)
		s.save("four") // mended in the folder
		passes()
		s.runs("four", 7)
	})
}

func TestWhatThePagePublishedIsNotUndoneByTheFolder(t *testing.T) {
	watched(t, func(s *site) {
		if err := s.page("from the page", 1); err != nil {
			t.Fatal(err)
		}
		passes()
		s.runs("from the page", 2)
		s.save("from the folder")
		passes()
		s.runs("from the page", 2)
		if !errors.Is(s.Status().Pending, publish.ErrConflict) {
			t.Errorf("pending is %v", s.Status().Pending)
		}
		// The admin saves the live text to the folder, and changes that.
		s.save("from the page")
		passes()
		s.runs("from the page", 2)
		if s.Status().Pending != nil {
			t.Errorf("pending is %v", s.Status().Pending)
		}
	})
}

func TestTwoWhoEditAtOnceAreTold(t *testing.T) {
	s := newSite(t, "one")
	if err := s.page("maria's", 1); err != nil {
		t.Fatal(err)
	}
	if err := s.page("james's", 1); !errors.Is(err, publish.ErrConflict) {
		t.Fatalf("the second: %v", err)
	}
	s.runs("maria's", 2)
	if err := s.page("james's, again", 2); err != nil {
		t.Fatal(err)
	}
	s.runs("james's, again", 3)
}

// TestAServerStartsWithWhatWasLiveWhenTheFolderIsBroken: and follows the folder again
// once that is mended.
func TestAServerStartsWithWhatWasLiveWhenTheFolderIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "one")
		if err := s.page("two", 1); err != nil {
			t.Fatal(err)
		}
		s.save("broken")
		s.Publisher = publish.New(publish.Options{Source: s, Store: s, Watch: true, Broken: errors.New("flows/main.yaml:1:1: broken")})
		if err := s.Begin(t.Context(), s.live); err != nil {
			t.Fatal(err)
		}
		s.runs("two", 2)
		if status := s.Status(); !status.Broken || status.Pending == nil || !strings.Contains(status.Pending.Error(), "flows/main.yaml:1:1") {
			t.Errorf("the status is %+v", status)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		passes()
		if s.runs("two", 2); !s.Status().Broken {
			t.Error("it is as if nothing were broken")
		}
		s.save("two")
		passes()
		if s.runs("two", 2); s.Status().Broken || s.Status().Pending != nil {
			t.Errorf("the folder has what is live, and the status is %+v", s.Status())
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	s := newSite(t, "one")
	s.kept = nil
	s.Publisher = publish.New(publish.Options{Source: s, Store: s, Broken: errors.New("broken")})
	if err := s.Begin(t.Context(), ""); err == nil {
		t.Error("it starts with what never was")
	}
}

func TestWhatCantBeKeptIsNotPublished(t *testing.T) {
	s := newSite(t, "one")
	s.full = true
	if err := s.page("two", 1); err == nil {
		t.Fatal("published without a trace")
	}
	s.runs("one", 1)
}

func TestAfterARestart(t *testing.T) {
	for name, story := range map[string]struct {
		before, stopped func(*site)
		live            string
		number          int64
		pending         bool
	}{
		"nothing happened":           {live: "one", number: 1},
		"the page had the last word": {before: func(s *site) { _ = s.page("page", 1) }, live: "page", number: 2},
		"it was gone back": {before: func(s *site) {
			s.save("two")
			_, _, _ = s.Publish(s.t.Context(), publish.Request{Author: "os:root", Origin: publish.FromCommand})
			_, _, _ = s.RollBack(s.t.Context(), publish.Request{Author: "os:root"}, 0)
		}, live: "one", number: 3},
		"the folder was changed":                    {stopped: func(s *site) { s.save("new") }, live: "new", number: 2},
		"the folder was changed, and the page's is": {before: func(s *site) { _ = s.page("page", 1) }, stopped: func(s *site) { s.save("new") }, live: "page", number: 2, pending: true},
		"the page's no longer fits": {before: func(s *site) {
			_ = s.page("page", 1)
			s.texts[s.kept[1].Digest] = ledger.ScriptFiles{"flows/main.yaml": []byte("broken")} // by a queue that is gone, say
		}, live: "one", number: 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "one")
			if story.before != nil {
				story.before(s)
			}
			if story.stopped != nil {
				story.stopped(s)
			}
			s.restart()
			s.runs(story.live, story.number)
			if pending := s.Status().Pending != nil; pending != story.pending {
				t.Errorf("pending is %v", s.Status().Pending)
			}
		})
	}
}
