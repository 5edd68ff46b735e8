package prompts

import (
	"fmt"
	"os"
	"path/filepath"

	"careline/media"
)

// Check compares a folder's scripts with its WAVs and says all that is amiss:
// words without sound, words changed since, a WAV changed by hand, silence, a
// level that is off, a WAV without words. What to do is always `make prompts`.
func Check(folder string, voice func(language string) Voice) []error {
	scripts, err := ReadScripts(folder)
	if err != nil {
		return []error{err}
	}
	var amiss []error
	for _, script := range scripts {
		amiss = append(amiss, checkLanguage(filepath.Join(folder, script.Language), script, voice(script.Language))...)
	}
	return amiss
}

func checkLanguage(folder string, script Script, voice Voice) (amiss []error) {
	say := func(name, what string) {
		amiss = append(amiss, fmt.Errorf("prompt %s in %s: %s; run make prompts", name, script.Language, what))
	}
	known, err := readManifest(folder)
	if err != nil {
		return []error{err}
	}
	for _, name := range script.names() {
		entry, ok := known.Prompts[name]
		switch {
		case !ok:
			say(name, "was never rendered")
			continue
		case entry.Recorded:
			continue
		case entry.From != hash(recipe, voice.Name(), script.Words[name]):
			say(name, "its words or voice have changed")
		}
		path := wavPath(folder, name)
		if sum, err := hashFile(path); err != nil {
			say(name, "the WAV can't be read")
			continue
		} else if sum != entry.WAV {
			say(name, "the WAV isn't the one that was rendered")
		}
		if what := checkSound(path); what != "" {
			say(name, what)
		}
	}
	files, err := wavs(folder)
	if err != nil {
		return append(amiss, err)
	}
	for _, name := range files {
		if _, ok := script.Words[name]; !ok && !isText(name) {
			say(name, "a WAV without words")
		}
	}
	return amiss
}

func checkSound(path string) string {
	samples, err := readFile(path)
	if err != nil {
		return err.Error()
	}
	begin, end, level := speech(samples)
	switch {
	case begin >= end:
		return "the WAV is silent"
	case level < 0.04 || level > 0.2:
		return fmt.Sprintf("the level %.3f is off", level)
	case len(samples)%media.FrameSamples != 0:
		return "the WAV ends within a frame of 20 ms"
	}
	return ""
}

func readFile(path string) ([]int16, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return media.ReadWAV(file)
}
