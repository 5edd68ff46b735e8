package prompts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// recipe is part of each prompt's hash: raise it when shaping changes.
const recipe = "1"

// Options of Render.
type Options struct {
	// Voice of a language; nil: VoiceOf.
	Voice func(language string) Voice
	// Time that a voice may take for one text; 0: DefaultTime.
	Time time.Duration
	// Tell hears of each prompt as it is rendered; may be nil.
	Tell func(language, name string)
}

// Result counts what Render did.
type Result struct{ Rendered, Kept, Removed int }

// Render brings the WAVs of a folder in line with its scripts: renders what is
// new or changed, keeps the rest, removes what no script names any more.
func Render(ctx context.Context, folder string, options Options) (Result, error) {
	var result Result
	scripts, err := ReadScripts(folder)
	if err != nil {
		return result, err
	}
	for _, script := range scripts {
		if err := renderLanguage(ctx, filepath.Join(folder, script.Language), script, options, &result); err != nil {
			return result, err
		}
	}
	return result, nil
}

func (o Options) voice(language string) Voice {
	if o.Voice == nil {
		return VoiceOf(language)
	}
	return o.Voice(language)
}

func renderLanguage(ctx context.Context, folder string, script Script, options Options, result *Result) error {
	known, err := readManifest(folder)
	if err != nil {
		return err
	}
	removed, err := removeOrphans(folder, script)
	result.Removed += removed
	if err != nil {
		return err
	}
	maps.DeleteFunc(known.Prompts, func(name string, _ rendered) bool { return script.Words[name] == "" && !isText(name) })
	voice := options.voice(script.Language)
	var jobs []job
	var changed []string
	for _, name := range script.names() {
		if known.recorded(folder, name) || known.made(folder, name) && known.Prompts[name].From == hash(recipe, voice.Name(), script.Words[name]) {
			result.Kept++
			continue
		}
		changed, jobs = append(changed, name), append(jobs, job{words: script.Words[name], piece: piece(name), path: wavPath(folder, name)})
		if options.Tell != nil {
			options.Tell(script.Language, name)
		}
	}
	var faults []error
	for i, fault := range render(ctx, voice, options.Time, jobs) {
		if fault == nil {
			known.Prompts[changed[i]], fault = renderedNow(jobs[i], voice)
		}
		if fault != nil {
			faults = append(faults, fmt.Errorf("prompt %s in %s: %w", changed[i], script.Language, fault))
			continue
		}
		result.Rendered++
	}
	// Also after an error: what has been rendered needn't be again.
	return errors.Join(append(faults, known.write(folder))...)
}

// removeOrphans deletes WAVs that no script names.
func removeOrphans(folder string, script Script) (removed int, err error) {
	files, err := wavs(folder)
	for _, name := range files {
		if _, ok := script.Words[name]; ok || isText(name) {
			continue
		}
		if err := os.Remove(wavPath(folder, name)); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, err
}

// wavs lists the prompts that a language's folder has sound for.
func wavs(folder string) (names []string, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == folder {
			return fs.SkipAll
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".wav" {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		names = append(names, strings.TrimSuffix(filepath.ToSlash(relative), ".wav"))
		return err
	})
	return names, err
}
