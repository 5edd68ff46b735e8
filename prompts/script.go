package prompts

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Script is one language's prompts: name, then the words.
type Script struct {
	Language string
	Words    map[string]string
}

// names are path-like and can't leave their folder.
var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*$`)

// ReadScripts reads each <language>.yaml of a folder, in the order of their names.
func ReadScripts(folder string) ([]Script, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no prompt script here; wanted is <language>.yaml", folder)
	}
	slices.Sort(files)
	var scripts []Script
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		script := Script{Language: strings.TrimSuffix(filepath.Base(file), ".yaml")}
		if err := yaml.Unmarshal(raw, &script.Words); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for name, words := range script.Words {
			if !namePattern.MatchString(name) || strings.TrimSpace(words) == "" {
				return nil, fmt.Errorf("%s: prompt %q: a name is of a-z 0-9 - and /, and each has words", file, name)
			}
		}
		scripts = append(scripts, script)
	}
	return scripts, nil
}

// names of the prompts, sorted.
func (s Script) names() []string {
	names := make([]string, 0, len(s.Words))
	for name := range s.Words {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// piece reports whether a prompt is put together with others (digits/4), so
// that it must begin and end closely.
func piece(name string) bool {
	switch folder, _, _ := strings.Cut(name, "/"); folder {
	case "digits", "numbers", "months", "ordinals", "years", "weekdays", "times", "money", "letters", "order":
		return true
	}
	return false
}
