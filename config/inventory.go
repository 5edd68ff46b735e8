package config

import (
	"os"
	"path/filepath"
	"time"

	"careline/ivr"
	"careline/problem"
	"careline/prompts"
)

// Inventory is what the flows of a configuration want to be heard, whether there
// is a sound for it or not.
type Inventory struct {
	// Folder holds the prompts, in a folder for each language.
	Folder string
	// Named are recordings that flows or Careline itself ask for.
	Named []ivr.Prompt
	// Texts are words that flows have spoken.
	Texts []ivr.Text
	// Voice speaks a language; nil where nothing is synthesised. Time bounds one text.
	Voice func(language string) prompts.Voice
	Time  time.Duration
	// Fallback names the languages that stand in for others.
	Fallback map[string][]string
}

// LoadInventory reads the folder dir as LoadAt does, but lets sounds be missing. The
// error is a problem.List of all other mistakes.
func LoadInventory(dir string, now time.Time) (*Inventory, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, noFolder(dir)
	}
	inventory := &Inventory{Folder: filepath.Join(dir, "prompts")}
	r := &reader{dir: dir, files: os.DirFS(dir), raw: map[string][]byte{}, inventory: inventory}
	settings := r.load(now)
	if err := inFolder(dir, r.problems).Err(); err != nil {
		return nil, err
	}
	speech := settings.rest.site.Speech
	inventory.Time, inventory.Fallback = speech.Time, speech.fallbacks()
	speech.Synthesize = true // at an admin's word
	inventory.Voice = speech.voice
	return inventory, nil
}

// watch notes what flows ask for, and lets them have it.
func (i *Inventory) watch(environment *ivr.Environment) {
	seen := map[ivr.Prompt]bool{}
	environment.HasPrompt = func(language, name string) bool {
		if prompt := (ivr.Prompt{Language: language, Name: name}); !seen[prompt] {
			seen[prompt] = true
			i.Named = append(i.Named, prompt)
		}
		return true
	}
	environment.Speak = func(texts []ivr.Text) map[ivr.Prompt]error {
		i.Texts = texts
		return nil
	}
}

// Spoken gives the texts as the room of prompts takes them.
func (i *Inventory) Spoken() []prompts.Text {
	var texts []prompts.Text
	for _, text := range i.Texts {
		texts = append(texts, prompts.Text{Language: text.Language, Name: text.Name, Words: text.Words})
	}
	return texts
}

func noFolder(dir string) problem.List {
	return problem.List{problem.Problem{Position: problem.Position{File: dir}, Message: "there is no such folder"}.
		Hint("name the folder that holds careline.yaml, such as config/demo")}
}
