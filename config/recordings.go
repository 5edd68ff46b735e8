package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"careline/call"
	"careline/ivr"
	"careline/ledger/recording"
	"careline/problem"
)

// options of the store that the keys ask for, beside the ledger where they don't say;
// ledger, log and clock are the server's.
func (k recordingsKeys) options(beside string) recording.Options {
	options := recording.Options{Folder: cmp.Or(k.Path, filepath.Join(beside, "recordings")), KeyFile: cmp.Or(k.KeyFile, filepath.Join(beside, "recordings.key")), OldKeyFiles: k.OldKeyFiles, Keep: map[string]time.Duration{}, MinFree: k.MinFree.bytes}
	for _, class := range k.classes() {
		options.Keep[class] = k.Keep[class].Duration
	}
	if options.Keep[recording.DefaultClass] == 0 {
		options.Keep[recording.DefaultClass] = recording.DefaultKeep
	}
	return options
}

// classes of retention that lines and steps may name.
func (k recordingsKeys) classes() []string {
	classes := slices.AppendSeq([]string{recording.DefaultClass}, maps.Keys(k.Keep))
	slices.Sort(classes)
	return slices.Compact(classes)
}

// recorded checks that a line which is recorded says so to every caller, before
// anything is asked of her (DOMAIN.md §7).
func (r *reader) recorded(doc *problem.Document, value *yaml.Node, number string, line lineKeys, recordings recordingsKeys, flows *ivr.Set) call.RecordLine {
	if line.Record == "" {
		return call.RecordLine{}
	}
	if classes := recordings.classes(); !slices.Contains(classes, line.Record) {
		r.add(unknown(doc, at(value, "record"), "a retention class", line.Record, classes))
	}
	if flows != nil && flows.Has(line.Flow) {
		var list problem.List
		list.Add("flows", flows.CheckNotice(line.Flow, ivr.RecordingNotice))
		for _, p := range list {
			r.add(doc.At(at(value, "record"), "calls to %q are recorded, and callers aren't told: %s", number, p.Message).
				Hint("%s (%s)", p.Advice, p.Position))
		}
	}
	return call.RecordLine{Calls: true, Class: line.Record}
}
