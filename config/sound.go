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
	r.wavs("prompts", func(file, name string, clip *media.Clip) {
		tag, rest, _ := strings.Cut(name, "/")
		if !languageTag.MatchString(tag) {
			r.add(problem.Problem{Position: problem.Position{File: file}, Message: fmt.Sprintf("%q is not a language with its region", tag)}.
				Hint("keep prompts in a folder such as prompts/en-US"))
			return
		}
		all.prompts[ivr.Prompt{Language: tag, Name: rest}] = clip
	})
	r.wavs("music", func(_, name string, clip *media.Clip) { all.music[name] = clip })
	if len(all.music) == 0 {
		r.add(problem.Problem{Position: problem.Position{File: "music"}, Message: "there is no hold music"}.
			Hint("put a WAV of 8 kHz, mono, such as music/calm.wav"))
	}
	return all
}

// wavs loads every WAV under a folder; name is the path below it without .wav.
func (r *reader) wavs(folder string, keep func(file, name string, clip *media.Clip)) {
	problemAt := func(file, format string, args ...any) problem.Problem {
		return problem.Problem{Position: problem.Position{File: file}, Message: fmt.Sprintf(format, args...)}
	}
	err := fs.WalkDir(r.files, folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || path.Ext(file) != ".wav" {
			return nil
		}
		clip, err := r.clip(file)
		if err != nil {
			r.add(problemAt(file, "can't be played: %v", err).Hint("make it a WAV of 8 kHz, mono, 16-bit or µ-law, as make prompts does"))
			return nil
		}
		keep(file, strings.TrimSuffix(strings.TrimPrefix(file, folder+"/"), ".wav"), clip)
		return nil
	})
	if err != nil {
		r.add(problemAt(folder, "can't be read: %v", err).Hint("copy the folder from config/demo"))
	}
}

func (r *reader) clip(file string) (*media.Clip, error) {
	f, err := r.files.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxSound {
		return nil, fmt.Errorf("it has %d bytes, more than %d", info.Size(), maxSound)
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

// defaultMusic is the first by name.
func (s sounds) defaultMusic() string {
	names := slices.Sorted(maps.Keys(s.music))
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
