package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"careline/config"
	"careline/ivr"
	"careline/ivr/compare"
)

// flowDiff is careline flow diff.
func flowDiff(_ context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	positional, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	if len(positional) == 1 {
		positional = append(positional, defaultConfig)
	}
	if len(positional) != 2 {
		_ = t.misused("flow", "name two folders: what was, and what is")
		return exitMisused
	}
	settings, err := config.Load(positional[1])
	if err != nil {
		fmt.Fprintln(t.stderr, err)
		return exitFailed
	}
	before, err := flowsWere(positional[0], settings)
	if err != nil {
		fmt.Fprintln(t.stderr, err)
		return exitFailed
	}
	t.differences(compare.Sets(before, settings.Content.Flows))
	return exitOK
}

// flowsWere reads the flows of a folder: of a whole configuration, or of one that
// holds a script alone, as careline flow save writes it.
func flowsWere(dir string, settings *config.Config) (*ivr.Set, error) {
	if _, err := os.Stat(filepath.Join(dir, "careline.yaml")); err == nil {
		old, err := config.Load(dir)
		if err != nil {
			return nil, err
		}
		return old.Content.Flows, nil
	}
	files, err := config.ScriptFiles(dir)
	if err != nil {
		return nil, err
	}
	script, _, err := settings.Scripts().Load(files, time.Now())
	return script.Flows, err
}

// differences prints what is different.
func (t terminal) differences(flows []compare.Flow) {
	marks := map[compare.Kind]string{compare.Added: "+", compare.Removed: "-", compare.Changed: "~"}
	if len(flows) == 0 {
		fmt.Fprintln(t.stdout, "nothing is different")
	}
	for _, flow := range flows {
		fmt.Fprintf(t.stdout, "%s flow %s\n", marks[flow.Kind], flow.Name)
		for _, step := range flow.Steps {
			switch {
			case step.Name == "" && step.Kind == compare.Changed:
				fmt.Fprintln(t.stdout, "  ~ above the steps")
			case step.Name != "":
				fmt.Fprintf(t.stdout, "  %s step %s (%s)\n", marks[step.Kind], step.Name, step.Verb)
			}
			for _, line := range step.Lines {
				fmt.Fprintf(t.stdout, "      %s\n", line)
			}
		}
		for _, line := range flow.People {
			fmt.Fprintf(t.stdout, "  ! %s\n", line)
		}
	}
}
