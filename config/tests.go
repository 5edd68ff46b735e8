package config

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/ivr"
	"careline/ivr/flowtest"
	"careline/problem"
)

// maxTestFiles bounds the number of files of tests.
const maxTestFiles = 500

// tests reads the folder tests: what admins expect of their flows. It may be left
// out. What the files say is read where they are played.
func (r *reader) tests() []flowtest.File {
	const folder = "tests"
	if !r.exists(folder) {
		return nil
	}
	entries, err := fs.ReadDir(r.files, folder)
	if err != nil {
		r.problems.Add(folder, err)
		return nil
	}
	about := func(name, format string, args ...any) problem.Problem {
		return problem.Problem{Position: problem.Position{File: path.Join(folder, name)}, Message: fmt.Sprintf(format, args...)}
	}
	var files []flowtest.File
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case entry.IsDir():
			r.add(about(name, "a folder among the tests is not looked into").Hint("put its tests beside the others"))
		case path.Ext(name) == ".yml":
			r.add(about(name, "a file of tests ends in .yaml; this one would not be read").Hint("name it %s.yaml", strings.TrimSuffix(name, ".yml")))
		case path.Ext(name) == ".yaml":
			raw, err := fs.ReadFile(r.files, path.Join(folder, name))
			if err != nil {
				r.problems.Add(path.Join(folder, name), err)
				continue
			}
			files = append(files, flowtest.File{Name: path.Join(folder, name), Raw: raw})
		}
	}
	if len(files) > maxTestFiles {
		r.add(about("", "%d files of tests are there", len(files)).Hint("at most %d are read", maxTestFiles))
	}
	return files
}

// words reads what prompts say, from the scripts beside their recordings
// (prompts/en-US.yaml), so that tests may name words. Where there is no script,
// they name prompts.
func (r *reader) words(languages []string) map[ivr.Prompt]string {
	words := map[ivr.Prompt]string{}
	for _, language := range languages {
		raw, err := fs.ReadFile(r.files, "prompts/"+language+".yaml")
		if err != nil {
			continue
		}
		texts := map[string]string{}
		if err := yaml.Unmarshal(raw, &texts); err != nil {
			r.problems.Add("prompts/"+language+".yaml", err)
		}
		for name, text := range texts {
			words[ivr.Prompt{Language: language, Name: name}] = text
		}
	}
	return words
}

// testing is how a script's tests are played.
func (r *reader) testing(rest rest, s script) Testing {
	words := r.words(s.sounds.languages())
	return Testing{
		Files: r.tests(),
		Options: flowtest.Options{
			Zone:  rest.site.Site.Zone.Location,
			Words: func(prompt ivr.Prompt) string { return words[prompt] },
		},
	}
}

// Testing is what admins expect of their flows, and how it is played.
type Testing struct {
	// Files of the folder tests.
	Files   []flowtest.File
	Options flowtest.Options
}

// Run plays the tests on a set of flows.
func (t Testing) Run(flows *ivr.Set) *flowtest.Results {
	return flowtest.Run(flows, t.Files, t.Options)
}

// in gives the tests' files the names that they have from outside of a folder.
func (t Testing) in(dir string) Testing {
	t.Files = slices.Clone(t.Files)
	for i := range t.Files {
		t.Files[i].Name = filepath.Join(dir, t.Files[i].Name)
	}
	return t
}
