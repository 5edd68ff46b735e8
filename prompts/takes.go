package prompts

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"careline/media"
	"careline/problem"
)

const (
	// fewLetters is how many letters words must have for their pace to tell anything.
	fewLetters = 15
	// shortestLetter and longestLetter bound the pace of speech: a person says twelve
	// to eighteen letters a second.
	shortestLetter, longestLetter = 25 * time.Millisecond, 300 * time.Millisecond
	// takeRate is what recordings are kept at: all that G.722 carries.
	takeRate = 16000
)

// take is a recording that was delivered.
type take struct {
	file   string
	prompt prompt
	words  string
	sound  media.Sound
}

// Import takes the recordings in a folder of deliveries (LANGUAGE/NAME.wav) into a
// folder of prompts: all of them or, if something is wrong with one, none. wanted
// are the prompts that flows ask for. The error is a problem.List.
func Import(folder, delivery string, wanted []Wanted, loudness float64) (imported int, err error) {
	files, err := soundFiles(delivery)
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, problem.List{fileProblem(delivery, "there is no recording").Hint("wanted are files such as es-US/welcome.wav, as careline prompts script names them")}
	}
	words, known := Words(folder), map[prompt]Wanted{}
	for _, one := range wanted {
		if one.Words == "" {
			one.Words = words[one.Language][one.Name]
		}
		known[prompt{one.Language, one.Name}] = one
	}
	var takes []take
	var list problem.List
	for key, file := range files {
		if !slices.ContainsFunc(wanted, func(one Wanted) bool { return one.Language == key.language }) {
			list = append(list, fileProblem(filepath.Join(delivery, filepath.FromSlash(file)), "no flow speaks %q", key.language).Hint("put it into a folder named after its language, such as es-US"))
			continue
		}
		one := take{file: filepath.Join(delivery, filepath.FromSlash(file)), prompt: key, words: known[key].Words}
		if _, asked := known[key]; !asked && !OfCareline(key.name) {
			list = append(list, unasked(one.file, key, known))
			continue
		}
		if p := one.judge(loudness); p != nil {
			list = append(list, *p)
			continue
		}
		takes = append(takes, one)
	}
	if err := list.Err(); err != nil {
		return 0, err
	}
	slices.SortFunc(takes, func(a, b take) int { return strings.Compare(a.file, b.file) })
	return keep(folder, takes)
}

func fileProblem(file, format string, args ...any) problem.Problem {
	return problem.Problem{Position: problem.Position{File: file}, Message: fmt.Sprintf(format, args...)}
}

// unasked is the problem of a recording that nobody would hear.
func unasked(file string, key prompt, known map[prompt]Wanted) problem.Problem {
	var names []string
	for other := range known {
		if other.language == key.language {
			names = append(names, other.name)
		}
	}
	slices.Sort(names)
	p := fileProblem(file, "no flow asks for %q in %s", key.name, key.language)
	if near := problem.Nearest(key.name, names); near != "" {
		return p.Hint("did you mean %q?", near)
	}
	return p.Hint("name it as careline prompts script does, or leave it out")
}

// judge listens to a recording; nil if it may be taken.
func (t *take) judge(loudness float64) *problem.Problem {
	var p problem.Problem
	sound, err := readSound(t.file)
	if err != nil {
		p = fileProblem(t.file, "can't be played: %v", err)
		return &p
	}
	t.sound = sound
	if fault, advice := Hearing(sound, loudness); fault != "" {
		p = fileProblem(t.file, "%s", fault).Hint("%s", advice)
		return &p
	}
	samples := sound.Samples(t.rate())
	begin, end, _ := speech(samples)
	letters := utf8.RuneCountInString(t.words)
	if begin >= end || letters < fewLetters {
		return nil
	}
	lasts := time.Duration(end-begin) * time.Second / time.Duration(t.rate())
	switch pace := lasts / time.Duration(letters); {
	case pace < shortestLetter:
		p = fileProblem(t.file, "it lasts %.1f s, and its words have %d letters", lasts.Seconds(), letters).Hint("look whether it is cut off, or another prompt's")
	case pace > longestLetter:
		p = fileProblem(t.file, "it lasts %.1f s, and its words have only %d letters", lasts.Seconds(), letters).Hint("look whether something else is in it, or it is another prompt's")
	default:
		return nil
	}
	return &p
}

// rate is what a recording is kept at: the telephone's, or the wider one.
func (t *take) rate() int {
	if t.sound.Rate() < takeRate {
		return media.SampleRate
	}
	return takeRate
}

// keep writes recordings to the folder, and notes that they are a person's.
func keep(folder string, takes []take) (kept int, err error) {
	manifests := map[string]manifest{}
	defer func() {
		for _, language := range slices.Sorted(maps.Keys(manifests)) {
			err = errors.Join(err, manifests[language].write(filepath.Join(folder, language)))
		}
	}()
	for _, one := range takes {
		home := filepath.Join(folder, one.prompt.language)
		known, read := manifests[one.prompt.language]
		if !read {
			if known, err = readManifest(home); err != nil {
				return kept, err
			}
			manifests[one.prompt.language] = known
		}
		var file bytes.Buffer
		if err := media.WriteWAVAt(&file, trim(one.sound.Samples(one.rate()), one.rate(), piece(one.prompt.name)), one.rate()); err != nil {
			return kept, err
		}
		path := wavPath(home, one.prompt.name)
		if err := replace(path, file.Bytes()); err != nil {
			return kept, err
		}
		for _, extension := range []string{".opus", ".ogg"} { // what was there before
			if err := os.Remove(strings.TrimSuffix(path, ".wav") + extension); err != nil && !errors.Is(err, os.ErrNotExist) {
				return kept, err
			}
		}
		known.Prompts[one.prompt.name] = rendered{WAV: hash(file.String()), Recorded: true}
		kept++
	}
	return kept, nil
}
