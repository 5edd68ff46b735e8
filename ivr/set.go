package ivr

import (
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// Set is all flows of a configuration, checked and immutable. A call keeps the
// one it began with.
type Set struct {
	flows       map[string]*flow
	version     string
	environment Environment
	// variables that some flow sets, with their kinds.
	variables map[string]variableKind
	// texts are the words that flows have spoken.
	texts map[Prompt]Text
}

// flow is one file.
type flow struct {
	name      string
	label     string
	languages []string
	// takes and gives are its variables that a flow which calls it knows of.
	takes, gives map[string]variableKind
	timing       timing
	// personWithin is the flow's own limit of keys to a person; nil: the site's.
	personWithin *int
	start        edge
	// steps in the order written, inline ones after the step they stand in.
	steps  []*step
	byName map[string]*step
	source *source
}

// step is one thing done in a flow.
type step struct {
	flow  *flow
	name  string
	label string
	// node is the step's name in the file, or its choice key if inline.
	node   *yaml.Node
	inline bool
	action action
}

// action is what a step does: one type per verb.
type action interface {
	verb() string
	// edges are the ways on from here, resolved after parsing.
	edges() []*edge
	// prompts that it may play, save those of numbers and dates.
	prompts() []promptUse
	// touches are what it does with values, for the proof.
	touches() []touch
	enter(*Run)
}

// edge is one way on.
type edge struct {
	// via names it as the admin wrote it: "next", "no_input", `choice "1"`.
	via string
	// target is the step's name; for a transfer, in the flow named by flow.
	target string
	flow   string
	// node is where the target is written.
	node *yaml.Node
	to   *step
	kind edgeKind
	// proves what taking this edge of a branch shows to be true.
	proves facts
}

// edgeKind says what it means for a caller that an edge is taken.
type edgeKind int

const (
	// onward goes on without waiting for the caller.
	onward edgeKind = iota
	// chosen follows what the caller keyed in.
	chosen
	// silent follows when the caller gave no usable answer.
	silent
	// refused follows verification that failed: at once, if it failed before.
	refused
	// left follows when a queue let the caller go after waiting.
	left
	// turnedAway follows when a queue never took the caller.
	turnedAway
)

// waits reports whether the caller had time, or a say, before the edge is taken.
func (k edgeKind) waits() bool { return k == chosen || k == silent || k == left }

// promptUse is a prompt as written in a flow: a name, or words.
type promptUse struct {
	name string
	// language is empty for the call's language.
	language string
	// words that name stands for; empty for a recording.
	words string
	// by gives a text's words for each language that a call may be in.
	by   map[string]promptUse
	node *yaml.Node
}

// source is the text that a flow was read from.
type source struct {
	document *problem.Document
	lines    []string
}

// at starts a problem at a node.
func (s *source) at(node *yaml.Node, format string, args ...any) problem.Problem {
	return s.document.At(node, format, args...)
}

// within starts a problem at a part of a scalar: the first place at or after
// the node where the part stands in the file, plus an offset in runes.
func (s *source) within(node *yaml.Node, part string, offset int, format string, args ...any) problem.Problem {
	p := s.at(node, format, args...)
	first, _, _ := strings.Cut(part, "\n")
	for n := node.Line; n <= len(s.lines) && n <= node.Line+len(strings.Split(node.Value, "\n")); n++ {
		line, from := []rune(s.lines[n-1]), 0
		if n == node.Line {
			from = min(node.Column-1, len(line))
		}
		if i := strings.Index(string(line[from:]), first); i >= 0 && first != "" {
			p.Line, p.Column = n, from+len([]rune(string(line[from:])[:i]))+1+offset
			return p
		}
	}
	return p
}

// Has reports whether there is a flow of that name.
func (s *Set) Has(flow string) bool { return s.flows[flow] != nil }

// Flows lists the flows' names, sorted.
func (s *Set) Flows() []string {
	names := make([]string, 0, len(s.flows))
	for name := range s.flows {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Position is where a flow says its name; zero for an unknown flow.
func (s *Set) Position(flow string) problem.Position {
	if f := s.flows[flow]; f != nil {
		return f.source.at(problem.Get(f.source.document.Root, "flow"), "").Position
	}
	return problem.Position{}
}

// Version is a short fingerprint of the files: the same text, the same version.
func (s *Set) Version() string { return s.version }

// Queued gives each queue that some flow leads to, with the languages that a
// call may come to it in.
func (s *Set) Queued() map[string][]string {
	queued := map[string][]string{}
	for _, f := range s.sorted() {
		for _, step := range f.steps {
			a, ok := step.action.(waited)
			if !ok {
				continue
			}
			for _, name := range a.lined() {
				for _, language := range f.languages {
					if !slices.Contains(queued[name], language) {
						queued[name] = append(queued[name], language)
					}
				}
			}
		}
	}
	return queued
}

// Outside lists the numbers and the lists of those on call that flows call.
func (s *Set) Outside() []string {
	names := map[string]bool{}
	for _, f := range s.flows {
		for _, step := range f.steps {
			switch a := step.action.(type) {
			case *outsideAction:
				names[a.number] = true
			case *escalateAction:
				for _, l := range a.lines {
					for _, list := range l.onCall {
						names[list.name] = true
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Skills lists what the queue steps of all flows want of agents.
func (s *Set) Skills() []string {
	names := map[string]bool{}
	for _, f := range s.flows {
		for _, step := range f.steps {
			if a, ok := step.action.(*queueAction); ok {
				for name := range a.skills {
					names[name] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// TransferredTo lists the flows that another one leads to.
func (s *Set) TransferredTo() []string {
	names := map[string]bool{}
	for _, f := range s.flows {
		for _, step := range f.steps {
			if a, ok := step.action.(*transferAction); ok && a.to.flow != f.name {
				names[a.to.flow] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
