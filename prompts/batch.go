package prompts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// DefaultTime is how long a voice may take for one text.
const DefaultTime = 20 * time.Second

// job is words to be spoken into a file.
type job struct {
	words string
	// piece: it stands in a row with others.
	piece bool
	path  string
}

// render has jobs spoken by a voice, as many at once as there are processors; the
// errors are by job. A voice that isn't there, or takes too long once, is not
// asked again: an admin waits for an answer.
func render(ctx context.Context, voice Voice, limit time.Duration, jobs []job) []error {
	faults := make([]error, len(jobs))
	var lost struct {
		sync.Mutex
		why error
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, one := range jobs {
		group.Go(func() error {
			lost.Lock()
			faults[i] = lost.why
			lost.Unlock()
			if faults[i] != nil {
				return nil
			}
			if faults[i] = one.render(ctx, voice, limit); faults[i] != nil && hopeless(faults[i]) {
				lost.Lock()
				lost.why = faults[i]
				lost.Unlock()
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are by job
	return faults
}

// ErrVoice is wrapped by errors that every text of a voice would meet.
var ErrVoice = errors.New("the voice is not to be had")

func hopeless(err error) bool {
	return errors.Is(err, ErrVoice) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

func (j job) render(ctx context.Context, voice Voice, limit time.Duration) error {
	if limit == 0 {
		limit = DefaultTime
	}
	inTime, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	sound, err := voice.Speak(inTime, j.words)
	if err != nil {
		return err
	}
	samples, err := shape(tone(sound), j.piece)
	if err != nil {
		return err
	}
	return WriteFile(j.path, samples)
}

// replace writes a file whole or not at all: a server may be reading its folder.
func replace(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), os.Remove(file.Name()))
	}
	return nil
}
