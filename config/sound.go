package config

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"careline/ivr"
	"careline/media"
	"careline/problem"
)

// maxSound bounds one sound file: four minutes of 16-bit sound at 8 kHz.
const maxSound = 4 << 20

// sounds are the clips of the folders prompts and music, held in memory.
type sounds struct {
	prompts map[ivr.Prompt]*media.Clip
	music   map[string]*media.Clip
}

// sounds loads prompts/<language>/<name>.wav and music/<name>.wav.
func (r *reader) sounds() sounds {
	all := sounds{prompts: map[ivr.Prompt]*media.Clip{}, music: map[string]*media.Clip{}}
	strange := map[string]bool{}
	r.wavs("prompts", func(file, name string, clip *media.Clip) {
		tag, rest, _ := strings.Cut(name, "/")
		if !languageTag.MatchString(tag) {
			if strange[tag] {
				return
			}
			strange[tag] = true
			r.add(problem.Problem{Position: problem.Position{File: file}, Message: fmt.Sprintf("%q is not a language with its region", tag)}.
				Hint("keep prompts in a folder such as prompts/en-US"))
			return
		}
		all.prompts[ivr.Prompt{Language: tag, Name: rest}] = clip
	})
	readable := r.wavs("music", func(_, name string, clip *media.Clip) { all.music[name] = clip })
	if readable && len(all.music) == 0 {
		r.add(problem.Problem{Position: problem.Position{File: "music"}, Message: "there is no hold music"}.
			Hint("put a WAV of 8 kHz, mono, such as music/calm.wav"))
	}
	return all
}

// wavs loads every WAV under a folder; name is the path below it without .wav.
// One that can't be played is kept as nil: it is there, and its fault is told.
func (r *reader) wavs(folder string, keep func(file, name string, clip *media.Clip)) (readable bool) {
	problemAt := func(file, format string, args ...any) problem.Problem {
		return problem.Problem{Position: problem.Position{File: file}, Message: fmt.Sprintf(format, args...)}
	}
	err := fs.WalkDir(r.files, folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		extension := path.Ext(file)
		switch {
		case entry.IsDir():
			return nil
		case extension != ".wav":
			if slices.Contains(soundExtensions(), strings.ToLower(extension)) {
				r.add(problemAt(file, "a sound's file ends in .wav; this one would not be read").Hint("make it one: sox %s -r 8000 -c 1 -e u-law %s.wav", path.Base(file), strings.TrimSuffix(path.Base(file), extension)))
			}
			return nil
		}
		clip, err := r.clip(file)
		if err != nil {
			r.add(problemAt(file, "can't be played: %v", err))
		}
		keep(file, strings.TrimSuffix(strings.TrimPrefix(file, folder+"/"), ".wav"), clip)
		return nil
	})
	if err != nil {
		r.add(problemAt(folder, "can't be read: %v", err).Hint("copy the folder from config/demo"))
	}
	return err == nil
}

// soundExtensions are what a recording is likely to end in by mistake.
func soundExtensions() []string {
	return []string{".wav", ".wave", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".flac", ".aif", ".aiff", ".au", ".ul", ".gsm"}
}

func (r *reader) clip(file string) (*media.Clip, error) {
	f, err := r.files.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxSound {
		return nil, fmt.Errorf("it has %d bytes, and at most %d are read; cut it, or make it 8 kHz, mono, µ-law", info.Size(), maxSound)
	}
	return media.LoadClip(io.LimitReader(f, maxSound))
}

// languages that have prompts, sorted.
func (s sounds) languages() []string {
	found := map[string]bool{}
	for prompt := range s.prompts {
		found[prompt.Language] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// names of all prompts, whatever the language, sorted.
func (s sounds) names() []string {
	found := map[string]bool{}
	for prompt := range s.prompts {
		found[prompt.Name] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// defaultMusic is the first by name.
func (s sounds) defaultMusic() string {
	names := slices.Sorted(maps.Keys(s.music))
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
