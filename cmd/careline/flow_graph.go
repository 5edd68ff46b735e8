package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"careline/config"
	"careline/ivr/graph"
	"careline/problem"
)

// flowGraph is careline flow graph.
func flowGraph(_ context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	flow := flags.String("flow", "", "draw this flow alone")
	mermaid := flags.Bool("mermaid", false, "write Mermaid's language instead of SVG")
	coverage := flags.Bool("coverage", false, "number steps and ways by how often the tests go there")
	out := flags.String("out", "", "write to this file")
	settings, code := t.flowSettings(flags, args)
	if settings == nil {
		return code
	}
	flows := settings.Content.Flows
	if *flow != "" && !flows.Has(*flow) {
		return t.noFlow(*flow, flows.Flows())
	}
	drawing := drawn(settings, *flow, *mermaid, *coverage)
	var err error
	if *out == "" {
		_, err = t.stdout.Write(drawing)
	} else {
		err = os.WriteFile(*out, drawing, 0o600)
	}
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}

// drawn is the drawing of a configuration's flows, or of one of them.
func drawn(settings *config.Config, flow string, mermaid, coverage bool) []byte {
	flows, options := settings.Content.Flows, graph.Options{Flow: flow}
	if coverage {
		visits := settings.Testing.Run(flows).Visits
		options.Counts = &graph.Counts{Steps: visits.Steps, Edges: visits.Edges}
	}
	if mermaid {
		return []byte(graph.Mermaid(flows.View(), options))
	}
	return graph.SVG(flows.View(), options)
}

// noFlow says that there is no flow of a name.
func (t terminal) noFlow(name string, names []string) int {
	if near := problem.Nearest(name, names); near != "" {
		return t.fail(fmt.Errorf("there is no flow %q; did you mean %q?", name, near))
	}
	return t.fail(fmt.Errorf("there is no flow %q; the flows are %s", name, strings.Join(names, ", ")))
}
