package config

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"careline/ivr"
	"careline/media"
	"careline/problem"
	"careline/prompts"
)

// maxSoundBytes and maxSoundTime bound one sound's file: what is played is held in
// memory.
const (
	maxSoundBytes = media.MaxWAV
	maxSoundTime  = 5 * time.Minute
)

// maxLoading is how many sounds are read at once, beside what the processors allow:
// each may take megabytes.
const maxLoading = 8

// sounds are the clips of the folders prompts and music, held in memory.
type sounds struct {
	prompts map[ivr.Prompt]*media.Clip
	music   map[string]*media.Clip
	// speak gives words their sound; fallback names the languages that stand in for
	// others.
	speak    func([]ivr.Text) map[ivr.Prompt]error
	fallback map[string][]string
}

// sounds loads the folders prompts/<language> and music, brings what is in them to
// its loudness, and holds it in the codecs.
func (r *reader) sounds(keys mediaKeys, codecs []media.Codec) sounds {
	all := sounds{prompts: map[ivr.Prompt]*media.Clip{}, music: map[string]*media.Clip{}}
	strange := map[string]bool{}
	r.clips("prompts", keys.Loudness, codecs, func(file, name string, clip *media.Clip) {
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
	readable := r.clips("music", keys.Music, codecs, func(_, name string, clip *media.Clip) { all.music[name] = clip })
	if readable && len(all.music) == 0 {
		r.add(problem.Problem{Position: problem.Position{File: "music"}, Message: "there is no hold music"}.
			Hint("put a WAV there, such as music/calm.wav"))
	}
	return all
}

// clips loads every sound under a folder; name is the path below it without its
// extension. One that can't be played is kept as nil: it is there, and its fault is
// told.
func (r *reader) clips(folder string, target lufs, codecs []media.Codec, keep func(file, name string, clip *media.Clip)) (readable bool) {
	known := map[string]string{}
	var files []string
	err := fs.WalkDir(r.files, folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		extension, name := path.Ext(file), nameOf(folder, file)
		switch {
		case entry.IsDir():
			return nil
		case !slices.Contains(playable(), extension):
			if slices.Contains(soundExtensions(), strings.ToLower(extension)) {
				base := path.Base(name)
				r.add(soundProblem(file, "a sound's file ends in %s; this one would not be read", strings.Join(playable(), ", ")).
					Hint("make it one: sox %s%s -r 16000 -c 1 -b 16 %s.wav", base, extension, base))
			}
			return nil
		case known[name] != "":
			r.add(soundProblem(file, "there is also %s: callers would hear one of them", known[name]).Hint("remove one"))
			return nil
		}
		known[name] = file
		files = append(files, file)
		return nil
	})
	for i, clip := range r.sideBySide(files, target, codecs) {
		keep(files[i], nameOf(folder, files[i]), clip)
	}
	if err != nil {
		r.add(soundProblem(folder, "can't be read: %v", err).Hint("copy the folder from config/demo"))
	}
	return err == nil
}

// nameOf is what a sound's file is called in flows.
func nameOf(folder, file string) string {
	return strings.TrimSuffix(strings.TrimPrefix(file, folder+"/"), path.Ext(file))
}

func soundProblem(file, format string, args ...any) problem.Problem {
	return problem.Problem{Position: problem.Position{File: file}, Message: fmt.Sprintf(format, args...)}
}

// playable are the extensions that sounds are read by.
func playable() []string { return []string{".wav", ".opus", ".ogg"} }

// soundExtensions are what a recording is likely to end in by mistake.
func soundExtensions() []string {
	return []string{".wav", ".wave", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".flac", ".aif", ".aiff", ".au", ".ul", ".gsm"}
}

// sideBySide loads sounds. One that can't be played is nil, and a problem.
func (r *reader) sideBySide(files []string, target lufs, codecs []media.Codec) []*media.Clip {
	clips := make([]*media.Clip, len(files))
	readers := make([]reader, len(files)) // each with what it finds
	var group errgroup.Group
	group.SetLimit(min(runtime.GOMAXPROCS(0), maxLoading))
	for i, file := range files {
		readers[i].files = r.files
		group.Go(func() error {
			one := &readers[i]
			clips[i] = r.known.clip(one, file, func() *media.Clip { return one.clip(file, target, codecs) })
			return nil
		})
	}
	_ = group.Wait() // the problems are told of
	for _, one := range readers {
		r.problems = append(r.problems, one.problems...)
		r.warnings = append(r.warnings, one.warnings...)
	}
	return clips
}

// clip loads one sound; nil if it can't be played, which is then a problem.
func (r *reader) clip(file string, target lufs, codecs []media.Codec) *media.Clip {
	sound, err := r.sound(file)
	if err != nil {
		r.add(soundProblem(file, "can't be played: %v", err))
		return nil
	}
	r.audible(file, sound, target)
	if !target.off {
		sound.Normalize(target.level)
	}
	return sound.Clip(codecs...)
}

func (r *reader) sound(file string) (media.Sound, error) {
	f, err := r.files.Open(file)
	if err != nil {
		return media.Sound{}, err
	}
	defer f.Close()
	return media.ReadSound(io.LimitReader(f, maxSoundBytes+1<<10), maxSoundTime)
}

// audible warns of a sound that callers won't hear, or won't like to.
func (r *reader) audible(file string, sound media.Sound, target lufs) {
	level := math.Inf(-1)
	if !target.off {
		level = target.level
	}
	if fault, advice := prompts.Hearing(sound, level); fault != "" {
		r.warn(soundProblem(file, "%s", fault).Hint("%s", advice))
	}
}

// clips are all that can be played, music first: it is played the longest.
func (s sounds) clips() []*media.Clip {
	all := slices.AppendSeq(slices.Collect(maps.Values(s.music)), maps.Values(s.prompts))
	seen := map[*media.Clip]bool{nil: true}
	return slices.DeleteFunc(all, func(clip *media.Clip) bool {
		again := seen[clip]
		seen[clip] = true
		return again
	})
}

// pauseTime is the silence between the groups of a telephone number.
const pauseTime = 240 * time.Millisecond

// pauses gives each language the pause that stands between groups of digits, unless
// somebody recorded one.
func (s sounds) pauses(pause *media.Clip) {
	for _, tag := range s.languages() {
		prompt := ivr.Prompt{Language: tag, Name: ivr.PromptPause}
		if _, there := s.prompts[prompt]; !there {
			s.prompts[prompt] = pause
		}
	}
}

// languages that have prompts, or words that stand in, sorted.
func (s sounds) languages() []string {
	found := map[string]bool{}
	for tag := range s.fallback {
		found[tag] = true
	}
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
