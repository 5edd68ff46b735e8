package config

import (
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// law is what licensing.yaml says on a day.
type law struct {
	states  []string
	compact []string
}

var stateCode = regexp.MustCompile(`^[A-Z]{2}$`)

// licensing reads licensing.yaml and takes the compact's list that counts on today.
func (r *reader) licensing(today string) law {
	doc := r.document("licensing.yaml")
	if doc == nil {
		return law{}
	}
	var file licensingFile
	r.problems.Add(doc.File, doc.Decode(doc.Root, &file))
	for i, code := range file.States {
		if !stateCode.MatchString(code) {
			r.add(doc.At(item(at(doc.Root, "states"), i), "%q is not a state's code", code).Hint("write its two letters, as WI"))
		} else if slices.Contains(file.States[:i], code) {
			r.add(doc.At(item(at(doc.Root, "states"), i), "%q is in the list twice", code).Hint("remove one"))
		}
	}
	if len(file.States) == 0 {
		r.add(doc.At(doc.Root, "no states are listed").Hint("add states, each with its two letters"))
	}
	current, from := []string(nil), ""
	for i, entry := range file.Compact {
		node := item(at(doc.Root, "compact"), i)
		r.compact(doc, node, entry, file.States)
		if string(entry.From) <= today && string(entry.From) > from {
			current, from = entry.States, string(entry.From)
		}
	}
	switch {
	case len(file.Compact) == 0:
		r.add(doc.At(at(doc.Root, "compact"), "no list of compact states is there: a multistate license would count at home alone").Hint("copy compact from config/demo/licensing.yaml"))
	case from == "" && !slices.ContainsFunc(file.Compact, func(entry compactKeys) bool { return entry.From == "" }):
		r.add(doc.At(at(doc.Root, "compact"), "no list of compact states has begun by %s", today).Hint("add the one that is in force, with the day it came"))
	}
	return law{states: file.States, compact: current}
}

func (r *reader) compact(doc *problem.Document, node *yaml.Node, entry compactKeys, states []string) {
	if entry.From == "" {
		r.add(doc.At(node, "the list has no first day").Hint("add from, as 2026-07-01"))
	}
	if entry.Source == "" {
		r.add(doc.At(node, "the list has no source").Hint("add source: where it was read, so that the next one can check"))
	}
	seen := map[string]bool{}
	for i, code := range entry.States {
		place := item(at(node, "states"), i)
		if !slices.Contains(states, code) {
			r.add(doc.At(place, "%q is not a state", code).Hint("write its two letters, as WI; states above lists them"))
		}
		if seen[code] {
			r.add(doc.At(place, "%q is in the list twice", code).Hint("remove one"))
		}
		seen[code] = true
	}
}
