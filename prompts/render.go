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

	"careline/media"
)

// recipe is part of each prompt's hash: raise it when shaping changes.
const recipe = "1"

// Options of Render.
type Options struct {
	// Voices by language tag.
	Voices map[string]Voice
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
		voice, ok := options.Voices[script.Language]
		if !ok {
			return result, fmt.Errorf("%s: no voice for %s; name one in prompts.Voices", folder, script.Language)
		}
		if err := renderLanguage(ctx, filepath.Join(folder, script.Language), script, voice, options.Tell, &result); err != nil {
			return result, err
		}
	}
	return result, nil
}

func renderLanguage(ctx context.Context, folder string, script Script, voice Voice, tell func(string, string), result *Result) (err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	known, err := readManifest(folder)
	if err != nil {
		return err
	}
	removed, err := removeOrphans(folder, script)
	result.Removed += removed
	if err != nil {
		return err
	}
	maps.DeleteFunc(known.Prompts, func(name string, _ rendered) bool { return script.Words[name] == "" })
	// Also after an error: what has been rendered needn't be again.
	defer func() { err = errors.Join(err, known.write(folder)) }()
	for _, name := range script.names() {
		path := filepath.Join(folder, filepath.FromSlash(name)+".wav")
		from := hash(recipe, voice.Name, script.Words[name])
		if old := known.Prompts[name]; old.From == from {
			if sum, err := hashFile(path); err == nil && sum == old.WAV {
				result.Kept++
				continue
			}
		}
		if tell != nil {
			tell(script.Language, name)
		}
		if err := renderPrompt(ctx, voice, script.Words[name], piece(name), path); err != nil {
			return fmt.Errorf("prompt %s in %s: %w", name, script.Language, err)
		}
		sum, err := hashFile(path)
		if err != nil {
			return err
		}
		known.Prompts[name] = rendered{From: from, WAV: sum}
		result.Rendered++
	}
	return nil
}

func renderPrompt(ctx context.Context, voice Voice, words string, piece bool, path string) error {
	folder, err := os.MkdirTemp("", "careline-prompt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	spoken, err := voice.speak(ctx, words, folder)
	if err != nil {
		return err
	}
	file, err := os.Open(spoken)
	if err != nil {
		return err
	}
	defer file.Close()
	samples, err := media.ReadWAV(file)
	if err != nil {
		return err
	}
	samples, err = shape(samples, piece)
	if err != nil {
		return err
	}
	return WriteFile(path, samples)
}

// removeOrphans deletes WAVs that no script names.
func removeOrphans(folder string, script Script) (removed int, err error) {
	files, err := wavs(folder)
	for _, name := range files {
		if _, ok := script.Words[name]; ok {
			continue
		}
		if err := os.Remove(filepath.Join(folder, filepath.FromSlash(name)+".wav")); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, err
}

// wavs lists the prompts that a language's folder has sound for.
func wavs(folder string) (names []string, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".wav" {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		names = append(names, strings.TrimSuffix(filepath.ToSlash(relative), ".wav"))
		return err
	})
	return names, err
}
