package config

import (
	"math"
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
	// Recordings are what flows, or Careline itself, ask for by name.
	Recordings []ivr.Need
	// Texts are words that flows have spoken.
	Texts []ivr.Text
	// Speech says how words are spoken. It speaks at an admin's word, also where a
	// server must not.
	Speech prompts.Cache
	// Synthesized: a server lets words be spoken that nobody has recorded.
	Synthesized bool
	// Fallback names the languages that stand in for others.
	Fallback map[string][]string
	// Loudness that prompts are brought to, in LUFS; -Inf if they are left as they
	// are.
	Loudness float64
}

// LoadInventory reads the folder dir as LoadAt does, but lets sounds be missing. The
// error is a problem.List of all other mistakes.
func LoadInventory(dir string, now time.Time) (*Inventory, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, noFolder(dir)
	}
	r := &reader{dir: dir, files: os.DirFS(dir), raw: map[string][]byte{}, inventory: true}
	settings := r.load(now)
	if err := inFolder(dir, r.problems).Err(); err != nil {
		return nil, err
	}
	site := settings.rest.site
	inventory := &Inventory{
		Folder: filepath.Join(dir, "prompts"), Recordings: settings.Content.Flows.Needs(), Texts: settings.Content.Flows.Texts(),
		Synthesized: site.Speech.Synthesize, Fallback: site.Speech.fallbacks(), Loudness: math.Inf(-1),
	}
	if !site.Media.Loudness.off {
		inventory.Loudness = site.Media.Loudness.level
	}
	for i := range inventory.Recordings {
		inventory.Recordings[i].Position.File = filepath.Join(dir, inventory.Recordings[i].Position.File)
	}
	for i := range inventory.Texts {
		inventory.Texts[i].Position.File = filepath.Join(dir, inventory.Texts[i].Position.File)
	}
	site.Speech.Synthesize = true
	inventory.Speech = site.Speech.cache()
	return inventory, nil
}

func noFolder(dir string) problem.List {
	return problem.List{problem.Problem{Position: problem.Position{File: dir}, Message: "there is no such folder"}.
		Hint("name the folder that holds careline.yaml, such as config/demo")}
}

// unheard lets flows ask for what there is no sound for.
func unheard(environment *ivr.Environment) {
	environment.HasPrompt = func(string, string) bool { return true }
	environment.Speak = nil
}
