package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"careline/call"
	"careline/ivr/flowtest"
	"careline/problem"
)

const (
	// maxScriptFiles and maxScriptBytes bound what is read of a folder's script.
	maxScriptFiles = 2000
	maxScriptBytes = 16 << 20
)

// scriptFolders and scriptSingles are where a script's files are; the sounds that it
// names are read from the folder, whatever the script.
var (
	scriptFolders = []string{"flows", "tests"}
	scriptSingles = []string{"boxes.yaml", "calendars.yaml", "lookups.yaml", "outside.yaml"}
)

// Scripts reads scripts (flows, their tests, calendars) against the rest of a
// configuration, which stays as it was when it was loaded: a server's queues and
// agents are those that it was started with. It may be used by one goroutine at a
// time per method call; calls wait for each other.
type Scripts struct {
	dir  string
	rest rest

	mu     sync.Mutex
	sounds *knownSounds
}

// Scripts gives the reader of scripts for this configuration.
func (c *Config) Scripts() *Scripts {
	return &Scripts{dir: c.Dir, rest: c.rest, sounds: c.known}
}

// Folder reads the script's files that are in the folder now, by name
// ("flows/main.yaml"). It says nothing of what is in them.
func (s *Scripts) Folder() (map[string][]byte, error) {
	return ScriptFiles(s.dir)
}

// ScriptFiles reads a folder's script: flows/*.yaml, tests/*.yaml and what stands
// beside them.
func ScriptFiles(dir string) (map[string][]byte, error) {
	files, size := map[string][]byte{}, 0
	add := func(name string, must bool) error {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) && !must {
			return nil
		}
		if err != nil {
			return fmt.Errorf("config: %w", err)
		}
		files[name] = raw
		if size += len(raw); len(files) > maxScriptFiles || size > maxScriptBytes {
			return fmt.Errorf("config: the flows in %s are more than %d files or %d bytes", dir, maxScriptFiles, maxScriptBytes)
		}
		return nil
	}
	for _, folder := range scriptFolders {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("config: %w", err)
		}
		for _, entry := range entries {
			if entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(entry.Name())) {
				continue
			}
			if err := add(path.Join(folder, entry.Name()), true); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range scriptSingles {
		if err := add(name, false); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Draft is a script as it was read, whole or with what is wrong.
type Draft struct {
	// Script has no Flows where the files have mistakes.
	Script call.Script
	// Testing played its tests; Results are what came of them, nil where they could not
	// be played.
	Testing Testing
	Results *flowtest.Results
	// Begins are the flows that lines lead to, with the lines' names.
	Begins map[string]string
	// Problems are the mistakes, and the tests that failed; file names in them are the
	// script's own.
	Problems problem.List
	Warnings problem.List
}

// Draft reads a script of these files as of now, and plays its tests.
func (s *Scripts) Draft(files map[string][]byte, now time.Time) Draft {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &reader{dir: s.dir, files: overlay{os.DirFS(s.dir), files}, raw: map[string][]byte{}, known: s.sounds}
	read := r.script(s.rest, now.In(s.rest.site.Site.Zone.Location).Format(time.DateOnly))
	s.sounds.forget()
	for i := range read.testing.Files { // named as they are in the script
		if name, err := filepath.Rel(s.dir, read.testing.Files[i].Name); err == nil {
			read.testing.Files[i].Name = filepath.ToSlash(name)
		}
	}
	draft := Draft{
		Script: call.Script{
			Flows: read.flows, Prompts: read.sounds.prompts, Music: read.sounds.music, LookUps: read.lookUps, Boxes: read.boxes, Outside: read.outside,
		}, Testing: read.testing,
		Begins: map[string]string{}, Problems: r.problems, Warnings: r.warnings,
	}
	for _, line := range read.lines {
		draft.Begins[line.Flow] = line.Name
	}
	if read.flows != nil {
		draft.Results = read.testing.Run(read.flows)
		draft.Problems = append(draft.Problems, draft.Results.Problems...)
	}
	draft.Problems.Sort()
	draft.Warnings.Sort()
	return draft
}

// Load is Draft for who wants a script that may go live. The error is a problem.List
// with a line for each mistake and each test that failed.
func (s *Scripts) Load(files map[string][]byte, now time.Time) (call.Script, problem.List, error) {
	draft := s.Draft(files, now)
	if err := draft.Problems.Err(); err != nil {
		return call.Script{}, nil, err
	}
	return draft.Script, draft.Warnings, nil
}
