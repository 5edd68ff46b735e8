package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"careline/ivr/flowtest"
	"careline/problem"
)

// flowTest is careline flow test.
func flowTest(_ context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	cover := flags.Int("cover", 0, "percent of the ways that must be gone through")
	missed := flags.Bool("missed", false, "list the steps and ways that no test goes through")
	settings, code := t.flowSettings(flags, args)
	if settings == nil {
		return code
	}
	began := time.Now()
	results := settings.Testing.Run(settings.Content.Flows)
	t.coverage(settings.Dir, results.Coverage, *missed)
	if err := results.Err(); err != nil {
		fmt.Fprintln(t.stderr, err)
		fmt.Fprintf(t.stdout, "%d of %d tests failed\n", results.Failed(), len(results.Tests))
		return exitFailed
	}
	var lasted time.Duration
	for _, one := range results.Tests {
		lasted += one.Lasted
	}
	fmt.Fprintf(t.stdout, "%d tests passed: %s of calls in %s\n", len(results.Tests), lasted.Round(time.Second), time.Since(began).Round(time.Millisecond))
	if got := results.Coverage.Edges.Percent(); got < *cover {
		fmt.Fprintf(t.stderr, "careline: %d percent of the ways are gone through, and %d are asked for; --missed lists the others\n", got, *cover)
		return exitFailed
	}
	return exitOK
}

// coverage prints a line for each flow, and what was missed of those in dir.
func (t terminal) coverage(dir string, all flowtest.Coverage, missed bool) {
	row := func(name string, steps, edges flowtest.Share) {
		fmt.Fprintf(t.stdout, "%-24s steps %9s %3d%%   ways %10s %3d%%\n", name, steps, steps.Percent(), edges, edges.Percent())
	}
	for _, flow := range all.Flows {
		row(flow.Flow, flow.Steps, flow.Edges)
		if !missed {
			continue
		}
		for _, step := range flow.MissedSteps {
			fmt.Fprintf(t.stdout, "  %s: no test enters step %q\n", within(dir, step.Position), step.Step)
		}
		for _, edge := range flow.MissedEdges {
			fmt.Fprintf(t.stdout, "  %s: no test goes from %q by %s to %q\n", within(dir, edge.Position), edge.From, edge.Via, edge.To)
		}
	}
	if len(all.Flows) > 1 {
		row("all", all.Steps, all.Edges)
	}
}

// within gives a place with the folder that it was read from.
func within(dir string, at problem.Position) problem.Position {
	at.File = filepath.Join(dir, at.File)
	return at
}
