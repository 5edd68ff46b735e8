package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"careline/config"
	"careline/problem"
)

// flowEntry is careline flow in the list of commands.
func flowEntry() command {
	return command{
		name:      "flow",
		arguments: "WHAT [DIR] …",
		summary:   "check, test, draw, try and publish call flows",
		details: `
Each works on the flows of DIR (config/demo if not given), docs/flow-tools.md tells
more.

check [DIR]              what is wrong with the flows and their tests, or how many
                         there are
test [--cover N] [--missed] [DIR]
                         plays the tests of DIR/tests in virtual time and tells
                         which steps and ways they go through; --missed lists
                         the others, --cover fails under N percent of the ways
graph [--flow NAME] [--mermaid] [--coverage] [--out FILE] [DIR]
                         draws the flows as SVG, or as Mermaid's text; --coverage
                         numbers steps and ways by how often the tests go there
simulate [--flow NAME] [--given FILE] [--save FILE] [DIR]
                         a call in writing: type what a caller presses, read what
                         she hears; --save writes it as a test
schema [--tests] [--out FILE] [DIR]
                         the JSON Schema of flows, or of tests, for editors; with
                         DIR, it knows the names of that configuration too
diff OLD [DIR]           what is different between two folders: steps, and what
                         that means for callers who want a person; OLD may be a
                         script that flow save wrote

These talk to the running server (--config DIR or --socket FILE says which), and
need its user or root; docs/publishing.md tells more.

publish [--comment WHY] [DIR]
                         puts flows live for the calls to come: those of DIR, or
                         those of the server's own folder; with a mistake, or a
                         test that fails, nothing changes
rollback [--comment WHY] [SCRIPT]
                         goes back to a script that was live before: to the one
                         before, or to that number
versions [--last N]      what was live when, by whom, and what is now
save SCRIPT DIR          writes a script's files into a folder`,
		examples: []string{"flow check", "flow test --cover 100 config/demo", "flow graph --flow nurse-line --out nurse-line.svg", "flow simulate", "flow diff /tmp/yesterday config/demo", `flow publish --comment "Friday's hours"`, "flow rollback"},
		run:      flowCommand,
	}
}

// flowTask is one thing that careline flow does.
type flowTask struct {
	name string
	run  func(ctx context.Context, t terminal, args []string) int
}

func flowTasks() []flowTask {
	return []flowTask{
		{"check", flowCheck}, {"test", flowTest}, {"graph", flowGraph}, {"simulate", flowSimulate}, {"schema", flowSchema}, {"diff", flowDiff},
		{"publish", flowPublish}, {"rollback", flowRollBack}, {"versions", flowVersions}, {"save", flowSave},
	}
}

// flowCommand is careline flow.
func flowCommand(ctx context.Context, t terminal, args []string) int {
	tasks := flowTasks()
	if len(args) > 0 {
		if i := slices.IndexFunc(tasks, func(task flowTask) bool { return task.name == args[0] }); i >= 0 {
			return tasks[i].run(ctx, t, args[1:])
		}
	}
	var names []string
	for _, task := range tasks {
		names = append(names, task.name)
	}
	why := "say what to do: " + strings.Join(names, ", ")
	if len(args) > 0 {
		if near := problem.Nearest(args[0], names); near != "" {
			why = fmt.Sprintf("there is no %q; did you mean %q?", args[0], near)
		} else {
			why = fmt.Sprintf("there is no %q; there are %s", args[0], strings.Join(names, ", "))
		}
	}
	_ = t.misused("flow", why)
	return exitMisused
}

// flowFolder reads flags and the one folder that may be named.
func (t terminal) flowFolder(flags *flag.FlagSet, args []string) (dir string, ok bool) {
	positional, err := t.parse(flags, args)
	switch {
	case err != nil:
		return "", false
	case len(positional) > 1:
		_ = t.misused("flow", "name one folder")
		return "", false
	case len(positional) == 1:
		return positional[0], true
	}
	return defaultConfig, true
}

// flowSettings reads flags, and the configuration of the one folder that may be named;
// nil with the exit code if that can't be done, which it has said.
func (t terminal) flowSettings(flags *flag.FlagSet, args []string) (*config.Config, int) {
	dir, ok := t.flowFolder(flags, args)
	if !ok {
		return nil, exitMisused
	}
	settings, err := config.Load(dir)
	if err != nil {
		fmt.Fprintln(t.stderr, err)
		return nil, exitFailed
	}
	return settings, exitOK
}

// flowCheck is careline flow check.
func flowCheck(_ context.Context, t terminal, args []string) int {
	settings, code := t.flowSettings(flag.NewFlagSet("flow", flag.ContinueOnError), args)
	if settings == nil {
		return code
	}
	results := settings.Testing.Run(settings.Content.Flows)
	if err := results.Err(); err != nil {
		fmt.Fprintln(t.stderr, err)
		return exitFailed
	}
	coverage := results.Coverage
	fmt.Fprintf(t.stdout, "%d flows with %d steps and %d ways on, %d tests: all is well (version %s)\n",
		len(coverage.Flows), coverage.Steps.All, coverage.Edges.All, len(results.Tests), settings.Content.Flows.Version())
	return exitOK
}
