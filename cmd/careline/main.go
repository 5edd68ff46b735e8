// Command careline is a voice ACD and IVR server for healthcare contact centers.
//
// What lives here: the subcommands and the wiring of the rooms. What must not:
// logic of calls, queues or flows; those have rooms of their own.
//
//	careline run --config config/demo     the server
//	careline check config/demo            what would go wrong
//	careline dial --as member sip:5550100@127.0.0.1:5070
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"careline/problem"
)

func main() {
	// Libraries that log on their own would write past our log, unmasked; each
	// room takes up what it needs of theirs.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK      = 0
	exitFailed  = 1
	exitMisused = 2
)

// terminal is what a command talks to, and under which name it was called.
type terminal struct {
	program        string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// fail says on stderr why it didn't work.
func (t terminal) fail(err error) int {
	fmt.Fprintf(t.stderr, "careline: %v\n", err)
	return exitFailed
}

// run is the whole program; args[0] is its name. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := terminal{program: "careline", stdin: stdin, stdout: stdout, stderr: stderr}
	if len(args) > 0 && args[0] != "" {
		t.program = args[0]
	}
	if len(args) < 2 {
		t.overview(stderr)
		return exitMisused
	}
	name, rest := args[1], args[2:]
	switch name {
	case "help", "-h", "-help", "--help":
		return t.help(rest)
	case "--version", "-v":
		name = "version"
	}
	command, ok := find(name)
	if !ok {
		t.unknown(name)
		return exitMisused
	}
	for _, arg := range rest {
		if arg == "-h" || arg == "-help" || arg == "--help" {
			t.explain(stdout, command)
			return exitOK
		}
	}
	return command.run(ctx, t, rest)
}

func (t terminal) unknown(name string) {
	fmt.Fprintf(t.stderr, "careline: there is no command %q", name)
	if near := problem.Nearest(name, names()); near != "" {
		fmt.Fprintf(t.stderr, "; did you mean %q?", near)
	}
	fmt.Fprintf(t.stderr, "\n%s help lists the commands\n", t.program)
}

// help explains one command, or lists them all.
func (t terminal) help(args []string) int {
	if len(args) == 0 {
		t.overview(t.stdout)
		return exitOK
	}
	if args[0] == "help" {
		fmt.Fprintf(t.stdout, "help: say how a command is used\n\nUse: %s help [COMMAND]\n", t.program)
		return exitOK
	}
	command, ok := find(args[0])
	if !ok {
		t.unknown(args[0])
		return exitMisused
	}
	t.explain(t.stdout, command)
	return exitOK
}

func (t terminal) overview(w io.Writer) {
	fmt.Fprintf(w, "Careline, a voice ACD and IVR server for healthcare contact centers\n\nUse: %s COMMAND …\n\n", t.program)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(w, "\n%s help COMMAND says more, with examples.\n", t.program)
}

func (t terminal) explain(w io.Writer, c command) {
	fmt.Fprintf(w, "%s: %s\n\nUse: %s\n\n%s\n\nExamples:\n", c.name, c.summary, t.use(c), strings.TrimSpace(c.details))
	for _, example := range c.examples {
		fmt.Fprintf(w, "  %s %s\n", t.program, example)
	}
}

func (t terminal) use(c command) string {
	return strings.TrimSpace(t.program + " " + c.name + " " + c.arguments)
}
