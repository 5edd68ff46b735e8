package ivr

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"careline/problem"
)

// MaxFlows bounds the number of flow files that are read.
const MaxFlows = 500

// Load reads every *.yaml in dir, one flow per file, and checks them together.
// The error is a problem.List with everything that is wrong; then there is no set.
func Load(fsys fs.FS, dir string, environment Environment) (*Set, error) {
	set, complete, list := read(fsys, dir, environment)
	list = append(list, check(set, complete, len(list) == 0)...)
	if err := list.Err(); err != nil {
		return nil, err
	}
	return set, nil
}

// read reads the files of a folder. complete says that none is missing.
func read(fsys fs.FS, dir string, environment Environment) (set *Set, complete bool, list problem.List) {
	files, list := flowFiles(fsys, dir)
	if environment.Zone == nil {
		environment.Zone = time.UTC
	}
	if len(environment.States) == 0 {
		environment.States = allStates()
	}
	set = &Set{flows: map[string]*flow{}, environment: environment, variables: map[string]variableKind{}}
	hash := sha256.New()
	complete = len(list) == 0
	for _, file := range files {
		raw, err := fs.ReadFile(fsys, file)
		if err != nil {
			list.Add(file, err)
			complete = false
			continue
		}
		fmt.Fprintf(hash, "%s\x00%d\x00", path.Base(file), len(raw))
		hash.Write(raw)
		parsed, err := parseFlow(file, raw, set)
		list.Add(file, err)
		if parsed == nil {
			complete = false
			continue
		}
		if first := set.flows[parsed.name]; first != nil {
			node := problem.Get(parsed.source.document.Root, "flow")
			list = append(list, parsed.source.at(node, "a flow named %q is already in %s", parsed.name, first.source.document.File).Hint("give each flow its own name"))
			continue
		}
		set.flows[parsed.name] = parsed
	}
	hash.Write(environment.Beside)
	set.version = hex.EncodeToString(hash.Sum(nil))[:12]
	return set, complete, list
}

// flowFiles lists the files of a folder, and what would silently not be read.
func flowFiles(fsys fs.FS, dir string) ([]string, problem.List) {
	about := func(name, format string, args ...any) problem.Problem {
		return problem.Problem{Position: problem.Position{File: name}, Message: fmt.Sprintf(format, args...)}
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, problem.List{about(dir, "there is no such folder").Hint("make it, and write one flow per file into it, named *.yaml")}
	}
	var files []string
	var list problem.List
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		switch {
		case entry.IsDir():
			list = append(list, about(name, "a folder among the flows is not looked into").Hint("put its flows beside the others"))
		case path.Ext(name) == ".yml":
			list = append(list, about(name, "a flow's file ends in .yaml; this one would not be read").Hint("name it %s.yaml", strings.TrimSuffix(path.Base(name), ".yml")))
		case path.Ext(name) == ".yaml":
			files = append(files, name)
		}
	}
	switch {
	case len(files) == 0 && len(list) == 0:
		list = append(list, about(dir, "there is no flow").Hint("write one flow per file, named *.yaml"))
	case len(files) > MaxFlows:
		list = append(list, about(dir, "%d files are there", len(files)).Hint("at most %d are read", MaxFlows))
		files = nil
	}
	return files, list
}
