package prompts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Text is words that flows have spoken, under the name that their sound is called
// by ("text/we-are-closed-today-0123456789").
type Text struct{ Language, Name, Words string }

// textFolder is where sounds of texts are kept within a language's folder. Flows
// write their words, not a script.
const textFolder = "text/"

func isText(name string) bool { return strings.HasPrefix(name, textFolder) }

// RenderTexts brings the sounds of texts in a folder of prompts in line with what
// flows say: renders what is new or has another voice, keeps the rest, also what
// a person recorded, and removes what it rendered and no flow says any more.
func RenderTexts(ctx context.Context, folder string, texts []Text, options Options) (Result, error) {
	var result Result
	byLanguage := map[string][]Text{}
	for _, text := range texts {
		byLanguage[text.Language] = append(byLanguage[text.Language], text)
	}
	manifests, err := filepath.Glob(filepath.Join(folder, "*", manifestName))
	if err != nil {
		return result, err
	}
	for _, file := range manifests { // also languages that nothing is said in any more
		language := filepath.Base(filepath.Dir(file))
		byLanguage[language] = append([]Text(nil), byLanguage[language]...)
	}
	for _, language := range slices.Sorted(maps.Keys(byLanguage)) {
		if err := renderTexts(ctx, filepath.Join(folder, language), byLanguage[language], options.voice(language), options, &result); err != nil {
			return result, err
		}
	}
	return result, nil
}

func renderTexts(ctx context.Context, folder string, texts []Text, voice Voice, options Options, result *Result) error {
	known, err := readManifest(folder)
	if err != nil {
		return err
	}
	removed, err := known.removeTexts(folder, texts)
	result.Removed += removed
	if err != nil {
		return err
	}
	var jobs []job
	var missing []Text
	for _, text := range texts {
		from := hash(recipe, voice.Name(), text.Words)
		if hasSound(folder, text.Name) && (!known.made(folder, text.Name) || known.Prompts[text.Name].Recorded || known.Prompts[text.Name].From == from) {
			result.Kept++
			continue
		}
		jobs, missing = append(jobs, job{words: text.Words, path: wavPath(folder, text.Name)}), append(missing, text)
		if options.Tell != nil {
			options.Tell(text.Language, text.Name)
		}
	}
	var faults []error
	for i, fault := range render(ctx, voice, options.Time, jobs) {
		if fault == nil {
			known.Prompts[missing[i].Name], fault = renderedNow(jobs[i], voice)
		}
		if fault != nil {
			faults = append(faults, fmt.Errorf("%s in %s: %w", missing[i].Name, missing[i].Language, fault))
			continue
		}
		result.Rendered++
	}
	if len(jobs) > 0 || removed > 0 {
		faults = append(faults, known.write(folder))
	}
	return errors.Join(faults...)
}

// removeTexts removes texts that were rendered and that nobody says any more.
func (m manifest) removeTexts(folder string, texts []Text) (removed int, err error) {
	for name := range m.Prompts {
		if !isText(name) || slices.ContainsFunc(texts, func(text Text) bool { return text.Name == name }) {
			continue
		}
		if m.Prompts[name].Recorded {
			continue // somebody was paid for it
		}
		if m.made(folder, name) {
			if err := os.Remove(wavPath(folder, name)); err != nil {
				return removed, err
			}
			removed++
		}
		delete(m.Prompts, name)
	}
	return removed, nil
}

// hasSound reports whether a folder has a prompt, in whatever format.
func hasSound(folder, name string) bool {
	return slices.ContainsFunc([]string{".wav", ".opus", ".ogg"}, func(extension string) bool {
		_, err := os.Stat(filepath.Join(folder, filepath.FromSlash(name)+extension))
		return err == nil
	})
}

func wavPath(folder, name string) string {
	return filepath.Join(folder, filepath.FromSlash(name)+".wav")
}
