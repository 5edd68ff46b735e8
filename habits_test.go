package careline_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Bounds of a file and of a function, in lines. They are a little above what
// docs/development.md asks for, so that a comment more doesn't break the build.
const (
	maxFileLines     = 450
	maxFunctionLines = 75
)

// habits are checked on every Go file that isn't generated.
func TestTheCodeKeepsItsHabits(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "var" || name == "bin") {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, broken := range brokenHabits(path, raw) {
			t.Error(broken)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files looked at: %v", files, err)
	}
}

// The word is put together so that this file doesn't hold it.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

// brokenHabits says what a file does that ours don't.
func brokenHabits(path string, raw []byte) []string {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, raw, parser.ParseComments)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	say := func(pos token.Pos, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", set.Position(pos), fmt.Sprintf(format, args...)))
	}
	if lines := bytes.Count(raw, []byte("\n")); lines > maxFileLines {
		say(file.Package, "the file has %d lines, more than %d: split it by noun", lines, maxFileLines)
	}
	if at := unfinished.FindIndex(raw); at != nil {
		say(file.FileStart+token.Pos(at[0]), "unfinished: %s", raw[at[0]:at[1]])
	}
	test := strings.HasSuffix(path, "_test.go")
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			functionHabits(set, d, test, say)
		case *ast.GenDecl:
			if !test {
				declarationHabits(d, say)
			}
		}
	}
	return found
}

func functionHabits(set *token.FileSet, f *ast.FuncDecl, test bool, say func(token.Pos, string, ...any)) {
	if f.Name.Name == "init" && f.Recv == nil {
		say(f.Pos(), "init runs before main can decide: make it a function that main calls")
	}
	if test {
		return
	}
	if lines := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; lines > maxFunctionLines {
		say(f.Pos(), "%s has %d lines, more than %d: it doesn't fit on a screen", f.Name.Name, lines, maxFunctionLines)
	}
	if f.Name.IsExported() && f.Doc == nil && exportedReceiver(f) && !wellKnown(f.Name.Name) {
		say(f.Pos(), "%s is exported and has no comment", f.Name.Name)
	}
}

func declarationHabits(d *ast.GenDecl, say func(token.Pos, string, ...any)) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				say(s.Pos(), "%s is exported and has no comment", s.Name.Name)
			}
		case *ast.ValueSpec:
			// A group's comment speaks for all of it.
			if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil && !d.Lparen.IsValid() {
				say(s.Pos(), "%s is exported and has no comment", s.Names[0].Name)
			}
		}
	}
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return true
	}
	kind := f.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

// wellKnown methods say by their name what the standard library asks of them.
func wellKnown(name string) bool {
	switch name {
	case "Error", "String", "Unwrap", "Len", "Less", "Swap", "MarshalText", "UnmarshalText", "MarshalJSON", "UnmarshalJSON", "Collect", "Describe":
		return true
	}
	return false
}

func TestABrokenHabitIsFound(t *testing.T) {
	cases := map[string]string{
		"init":     "package a\nfunc init() {}\n",
		"comment":  "package a\nfunc Open() {}\n",
		"type":     "package a\ntype Door struct{}\n",
		"variable": "package a\nvar Door = 1\n",
		"length":   "package a\n" + strings.Repeat("\n", maxFileLines),
		"function": "package a\nfunc f() {" + strings.Repeat("\n", maxFunctionLines+1) + "}\n",
		"word":     "package a\n// TO" + "DO: later\n",
	}
	for name, source := range cases {
		if found := brokenHabits("a.go", []byte(source)); len(found) != 1 {
			t.Errorf("%s: %q", name, found)
		}
	}
	if found := brokenHabits("a.go", []byte("package a\n\n// Open opens.\nfunc Open() {}\n")); len(found) != 0 {
		t.Errorf("a good file: %q", found)
	}
}
