package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// reader gathers what the files say and what is wrong with them.
type reader struct {
	dir      string
	files    fs.FS
	problems problem.List
	warnings problem.List
	// inventory lets flows ask for sounds that are not there.
	inventory bool
	// raw is every file read, for the version.
	raw map[string][]byte
	// known are sounds that were read before; nil for none.
	known *knownSounds
}

// document reads and parses one file; nil if it can't be, which is then a problem.
func (r *reader) document(file string) *problem.Document {
	raw, err := fs.ReadFile(r.files, file)
	if errors.Is(err, fs.ErrNotExist) {
		r.add(problem.Problem{Position: problem.Position{File: file}, Message: "the file is missing"}.
			Hint("copy it from config/demo and change what differs"))
		return nil
	}
	if err != nil {
		r.add(problem.Problem{Position: problem.Position{File: file}, Message: fmt.Sprintf("can't be read: %v", err)}.
			Hint("put a file there that the server's user may read"))
		return nil
	}
	r.raw[file] = raw
	doc, err := problem.Parse(file, raw)
	if err != nil {
		r.problems.Add(file, err)
		return nil
	}
	return doc
}

// exists reports whether a file that may be left out is there.
func (r *reader) exists(file string) bool {
	_, err := fs.Stat(r.files, file)
	return !errors.Is(err, fs.ErrNotExist)
}

func (r *reader) add(p problem.Problem)  { r.problems = append(r.problems, p) }
func (r *reader) warn(p problem.Problem) { r.warnings = append(r.warnings, p) }

// at finds the node under a row of keys, or the deepest of them that is written.
func at(node *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		next := problem.Get(node, key)
		if next == nil {
			return node
		}
		node = next
	}
	return node
}

// keyNode finds the key itself, not its value: where a whole section is meant.
func keyNode(node *yaml.Node, key string) *yaml.Node {
	for _, pair := range problem.Pairs(node) {
		if pair.Key.Value == key {
			return pair.Key
		}
	}
	return node
}

// item gives the nth entry of a list, or the list.
func item(list *yaml.Node, n int) *yaml.Node {
	if list != nil && list.Kind == yaml.SequenceNode && n < len(list.Content) {
		return list.Content[n]
	}
	return list
}

// unknown is the problem of a name that nothing bears.
func unknown(doc *problem.Document, node *yaml.Node, kind, name string, known []string) problem.Problem {
	p := doc.At(node, "%q is not %s", name, kind)
	if near := problem.Nearest(name, known); near != "" {
		return p.Hint("did you mean %q?", near)
	}
	if len(known) == 0 {
		return p.Hint("there is none yet")
	}
	return p.Hint("there is %s", strings.Join(known, ", "))
}
