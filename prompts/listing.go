package prompts

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"careline/media"
)

// Wanted is a prompt that flows ask for.
type Wanted struct {
	Language string
	Name     string
	// Words that are heard; empty where nobody has written them.
	Words string
	// Where is the first place that asks for it, as file:line:column.
	Where string
	// Text: the flow writes the words, so a synthesiser may speak them.
	Text bool
}

// State is where a prompt's sound comes from.
type State string

const (
	// Recorded by a person, as far as can be told.
	Recorded State = "recorded"
	// Rendered by a synthesiser into the folder.
	Rendered State = "rendered"
	// Synthesized when it is read; nothing is in the folder.
	Synthesized State = "synthesized"
	// Borrowed from a language that stands in.
	Borrowed State = "borrowed"
	// Missing: callers would hear nothing; the flow is refused.
	Missing State = "missing"
	// Orphaned: no flow asks for it.
	Orphaned State = "orphaned"
)

// Entry is a prompt of a listing.
type Entry struct {
	Wanted
	State State
	// Lasts is how long it is heard, if it has a file.
	Lasts time.Duration
	// Fault says why callers won't hear it well, and Advice what to do; else empty.
	Fault, Advice string
}

// ListOptions say what a listing is held against.
type ListOptions struct {
	// Fallback names the languages that stand in for others.
	Fallback map[string][]string
	// Synthesized: texts without a file are spoken by a synthesiser.
	Synthesized bool
	// Loudness that prompts are brought to, in LUFS; -Inf: left as they are.
	Loudness float64
}

// List tells of each prompt that is wanted or in the folder where its sound comes
// from and what is wrong with it, by language and name.
func List(folder string, wanted []Wanted, options ListOptions) ([]Entry, error) {
	files, err := soundFiles(folder)
	if err != nil {
		return nil, err
	}
	words := Words(folder)
	manifests := map[string]manifest{}
	var entries []Entry
	asked := map[prompt]bool{}
	for _, one := range wanted {
		key := prompt{one.Language, one.Name}
		asked[key] = true
		if one.Words == "" {
			one.Words = words[one.Language][one.Name]
		}
		entry := Entry{Wanted: one}
		if file, there := files[key]; there {
			entry.listen(folder, file, options.Loudness, manifests)
		} else {
			entry.State = absent(one, files, options)
		}
		entries = append(entries, entry)
	}
	for key, file := range files {
		if asked[key] || OfCareline(key.name) || lent(key, wanted, options.Fallback) {
			continue
		}
		entry := Entry{Wanted: Wanted{Language: key.language, Name: key.name, Words: words[key.language][key.name], Text: isText(key.name)}}
		entry.listen(folder, file, options.Loudness, manifests)
		entry.State = Orphaned
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Name, b.Name))
	})
	return entries, nil
}

// prompt is a prompt's language and name.
type prompt struct{ language, name string }

// OfCareline reports whether Careline may ask for a prompt by itself: pieces of
// values, and what is in system and hold.
func OfCareline(name string) bool {
	folder, _, _ := strings.Cut(name, "/")
	return piece(name) || folder == "system" || folder == "hold" || folder == "names"
}

// absent says what becomes of a prompt without a file.
func absent(one Wanted, files map[prompt]string, options ListOptions) State {
	for _, other := range options.Fallback[one.Language] {
		if _, there := files[prompt{other, one.Name}]; there {
			return Borrowed
		}
	}
	if one.Text && options.Synthesized {
		return Synthesized
	}
	return Missing
}

// lent reports whether another language that this one stands in for asks for it.
func lent(key prompt, wanted []Wanted, fallback map[string][]string) bool {
	return slices.ContainsFunc(wanted, func(one Wanted) bool {
		return one.Name == key.name && slices.Contains(fallback[one.Language], key.language)
	})
}

// listen looks at a prompt's file.
func (e *Entry) listen(folder, file string, target float64, manifests map[string]manifest) {
	home := filepath.Join(folder, e.Language)
	known, read := manifests[e.Language]
	if !read {
		known, _ = readManifest(home) // a broken one: all count as recorded
		manifests[e.Language] = known
	}
	e.State = Recorded
	if known.made(home, e.Name) && !known.Prompts[e.Name].Recorded {
		e.State = Rendered
	}
	sound, err := readSound(filepath.Join(folder, filepath.FromSlash(file)))
	if err != nil {
		e.Fault, e.Advice = "it can't be played: "+err.Error(), "record it anew"
		return
	}
	e.Lasts = sound.Duration()
	e.Fault, e.Advice = Hearing(sound, target)
}

func readSound(file string) (media.Sound, error) {
	f, err := os.Open(file)
	if err != nil {
		return media.Sound{}, err
	}
	defer f.Close()
	return media.ReadSound(f, longestSpeech)
}

// soundFiles finds the sounds of a folder of prompts, by language and name.
func soundFiles(folder string) (map[prompt]string, error) {
	files := map[prompt]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".wav", ".opus", ".ogg"}, path.Ext(file)) {
			return err
		}
		if language, name, found := strings.Cut(strings.TrimSuffix(file, path.Ext(file)), "/"); found {
			files[prompt{language, name}] = file
		}
		return nil
	})
	return files, err
}

// Words gives what prompts say as far as scripts (LANGUAGE.yaml) in their folder
// tell, by language and name. A script that can't be read tells nothing.
func Words(folder string) map[string]map[string]string {
	all := map[string]map[string]string{}
	scripts, _ := ReadScripts(folder)
	for _, script := range scripts {
		all[script.Language] = script.Words
	}
	return all
}
