// Package problem says what is wrong with something an admin wrote, where, and
// what to do about it.
//
// Every room that reads YAML (config, ivr) reports through this one type, so
// that an admin meets one form everywhere:
//
//	flows/main.yaml:42:7: step "nurse" goes to "nurse-line", which no step is called; did you mean "nurse_line"?
//
// What lives here: positions, problems, lists of them, near-miss suggestions
// and a strict YAML decoder that keeps positions. What must not: any knowledge
// of what the YAML is about. It imports nothing of ours.
//
//	doc, err := problem.Parse("flows/main.yaml", raw)     // malformed YAML → List
//	err = doc.Decode(doc.Root, &target)                   // unknown keys, wrong kinds → List
//	list = append(list, doc.At(node, "…").Hint("did you mean %q?", problem.Nearest(name, names)))
package problem

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Position is a place in a file. Line and Column count from 1; zero means that
// the whole file is meant.
type Position struct {
	File   string
	Line   int
	Column int
}

// String gives the file:line:column form that editors understand.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one mistake: where, what, and what to do.
type Problem struct {
	Position
	Message string
	// Advice tells the reader what to do; empty where the message says it.
	Advice string
}

// Hint gives the problem its advice and returns it. An advice whose
// last argument is an empty string is left out: Nearest found nothing near.
func (p Problem) Hint(format string, args ...any) Problem {
	if len(args) > 0 {
		if last, ok := args[len(args)-1].(string); ok && last == "" {
			return p
		}
	}
	p.Advice = fmt.Sprintf(format, args...)
	return p
}

// Error gives the whole problem on one line.
func (p Problem) Error() string {
	text := p.Position.String() + ": " + p.Message
	if p.Advice != "" {
		text += "; " + p.Advice
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// List holds all that is wrong, so that an admin mends a file in one round.
type List []Problem

// Error gives one line per problem.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the list sorted by place, or nil if nothing is wrong.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	l.Sort()
	return l
}

// Sort orders the list by file, line and column.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Add appends the problems in err: a List, a Problem, several joined errors, or
// any other error, which is then about the whole of file.
func (l *List) Add(file string, err error) {
	var list List
	var one Problem
	joined, several := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
	case several:
		for _, part := range joined.Unwrap() {
			l.Add(file, part)
		}
	case errors.As(err, &list):
		*l = append(*l, list...)
	case errors.As(err, &one):
		*l = append(*l, one)
	default:
		*l = append(*l, Problem{Position: Position{File: file}, Message: err.Error()})
	}
}

// Document is a parsed YAML file that remembers its name.
type Document struct {
	File string
	// Root is the top-level mapping; never nil after Parse.
	Root *yaml.Node
	// protected: no message repeats what stands in the file.
	protected bool
}

// quoted gives what stands in the file for a message, or a word for it.
func (d *Document) quoted(value string) string {
	if d.protected {
		return "this"
	}
	return fmt.Sprintf("%q", value)
}

// At starts a problem at a node.
func (d *Document) At(node *yaml.Node, format string, args ...any) Problem {
	p := Problem{Position: Position{File: d.File, Line: 1, Column: 1}, Message: fmt.Sprintf(format, args...)}
	if node != nil && node.Line > 0 {
		p.Line, p.Column = node.Line, node.Column
	}
	return p
}
