package ivr

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"careline/problem"
)

// MaxFlows bounds the number of flow files that are read.
const MaxFlows = 500

// Load reads every *.yaml in dir, one flow per file, and checks them together.
// The error is a problem.List with everything that is wrong; then there is no set.
func Load(fsys fs.FS, dir string, environment Environment) (*Set, error) {
	var list problem.List
	files, err := flowFiles(fsys, dir)
	if err != nil {
		return nil, problem.List{{Position: problem.Position{File: dir}, Message: "the flows can't be read: " + err.Error()}}
	}
	if len(environment.States) == 0 {
		environment.States = allStates()
	}
	set := &Set{flows: map[string]*flow{}, environment: environment, variables: map[string]variableKind{}}
	hash := sha256.New()
	complete := true
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
	set.version = hex.EncodeToString(hash.Sum(nil))[:12]
	list = append(list, check(set, complete, len(list) == 0)...)
	if err := list.Err(); err != nil {
		return nil, err
	}
	return set, nil
}

func flowFiles(fsys fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && strings.HasSuffix(entry.Name(), ".yaml") {
			files = append(files, path.Join(dir, entry.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no *.yaml file is there; write one flow per file")
	}
	if len(files) > MaxFlows {
		return nil, fmt.Errorf("%d files are there; at most %d are read", len(files), MaxFlows)
	}
	slices.Sort(files)
	return files, nil
}
