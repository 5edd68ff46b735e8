package prompts

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// DefaultKept is how many rendered texts a cache keeps.
const DefaultKept = 5000

// Cache keeps what voices made of words, by voice and content: the same words are
// rendered once, and a machine without a synthesiser speaks what is there.
type Cache struct {
	Folder string
	// Voice of a language; nil: VoiceOf. Where it gives none, nothing is rendered.
	Voice func(language string) Voice
	// Time that a voice may take for one text; 0: DefaultTime.
	Time time.Duration
	// Kept bounds how many sounds are kept; those that were not used for longest go.
	// 0: DefaultKept.
	Kept int
}

// Spoken is where a text's sound is, or why there is none.
type Spoken struct {
	// File is relative to the cache's folder, with slashes.
	File string
	Err  error
}

var errNoVoice = errors.New("nobody has recorded them, and no synthesiser may speak them")

// Speak finds or renders texts; what it returns is in their order.
func (c Cache) Speak(ctx context.Context, texts []Text) []Spoken {
	spoken := make([]Spoken, len(texts))
	jobs, whose, voices := map[string][]job{}, map[string][]int{}, map[string]Voice{}
	for i, text := range texts {
		voice := VoiceOf(text.Language)
		if c.Voice != nil {
			voice = c.Voice(text.Language)
		}
		if voice == nil {
			spoken[i].Err = errNoVoice
			continue
		}
		spoken[i].File = path.Join(text.Language, hash(recipe, voice.Name()), path.Base(text.Name)+".wav")
		file := filepath.Join(c.Folder, filepath.FromSlash(spoken[i].File))
		if _, err := os.Stat(file); err == nil {
			now := time.Now()
			_ = os.Chtimes(file, now, now) // a cache that can't be written still serves
			continue
		}
		voices[voice.Name()] = voice
		jobs[voice.Name()] = append(jobs[voice.Name()], job{words: text.Words, path: file})
		whose[voice.Name()] = append(whose[voice.Name()], i)
	}
	for name, voice := range voices {
		for i, fault := range render(ctx, voice, c.Time, jobs[name]) {
			spoken[whose[name][i]].Err = fault
		}
	}
	if len(jobs) > 0 {
		c.prune(spoken)
	}
	return spoken
}

// prune removes the sounds that were not used for longest, save those just asked
// for. What can't be removed stays, until next time.
func (c Cache) prune(used []Spoken) {
	type file struct {
		name string
		used time.Time
	}
	var files []file
	_ = filepath.WalkDir(c.Folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".wav" {
			return nil
		}
		relative, err := filepath.Rel(c.Folder, name)
		info, infoErr := entry.Info()
		if err != nil || infoErr != nil || slices.ContainsFunc(used, func(s Spoken) bool { return s.File == filepath.ToSlash(relative) }) {
			return nil
		}
		files = append(files, file{name, info.ModTime()})
		return nil
	})
	most := cmp.Or(c.Kept, DefaultKept) - len(used)
	if len(files) <= most {
		return
	}
	slices.SortFunc(files, func(a, b file) int { return b.used.Compare(a.used) })
	for _, old := range files[max(most, 0):] {
		_ = os.Remove(old.name)
	}
}
