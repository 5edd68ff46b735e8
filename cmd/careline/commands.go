package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
)

// command is one subcommand.
type command struct {
	name, arguments, summary, details string
	examples                          []string
	run                               func(ctx context.Context, t terminal, args []string) int
}

// defaultConfig is the folder taken where none is named.
const defaultConfig = "config/demo"

func commands() []command {
	return []command{
		{
			name: "run", arguments: "[--config DIR]", summary: "start the server",
			details: `
Reads and checks DIR (config/demo if not given), starts the server and prints
where it is reached. Ctrl-C, or SIGTERM, takes no new calls, waits for those that
are up as long as the key drain says, and ends. A second Ctrl-C ends at once: the
calls get a BYE and their records.`,
			examples: []string{"run", "run --config /etc/careline"},
			run:      serveCommand,
		},
		{
			name: "check", arguments: "DIR", summary: "find what would go wrong, before a caller does",
			details: `
Reads DIR as run would, plays the tests of its flows, and starts nothing. Each
mistake is one line on stderr, file:line:column and what to do, and the exit code is
1. Silence and 0 mean that all is well. Warnings (a license that lapsed and left a state without a nurse) are
printed and leave the code at 0.`,
			examples: []string{"check config/demo"},
			run:      checkCommand,
		},
		flowEntry(),
		{
			name: "dial", arguments: "[--as member | --script FILE | STEPS …] [--save FILE.wav] [--transport udp|tcp] sip:NUMBER@ADDRESS:PORT",
			summary: "place a call, press keys, and say what was heard",
			details: `
A small SIP phone for the command line. Steps are listen 5s, press 12#,
speak FILE.wav, wait-for sound, wait-for silence 1s and hang-up; a script file
holds the same, one or more to a line. Without steps it listens until the far side
hangs up or Ctrl-C. --as member is a script that is there: an invented member of
the demo identifies herself and waits for a representative. --save keeps what was
heard as a WAV. The exit code is 0 if the call was answered and the script done.`,
			examples: []string{
				"dial --as member sip:5550100@127.0.0.1:5070",
				"dial --save heard.wav listen 8s press 1 listen 5s sip:5550100@127.0.0.1:5070",
				"dial --transport tcp --script caller.txt sip:5550100@127.0.0.1:5070",
			},
			run: dialCommand,
		},
		{
			name: "record", arguments: "[--config DIR | --ledger FILE] [--json] [ID | last]", summary: "print a call's record",
			details: `
Prints what is kept of one call: the times of each part, the way through the flow,
who ended it and why. Without an ID, the newest call's. It can be used while the
server runs. --json prints the record as it is kept.`,
			examples: []string{"record last", "record --json 019abc12-3456-7000-8000-000000000000"},
			run:      recordCommand,
		},
		{
			name: "audit", arguments: "[--config DIR | --ledger FILE] [--verify [--log FILE]] [ID | last]", summary: "print or verify the audit",
			details: `
Prints who read or did what in one call. --verify goes through the whole chain
of hashes instead and compares it with those noted in the log (that of the
configuration, or --log, - for standard input), which show whether its end was cut
off. The first entry that was altered is named, and the exit code is then 1.`,
			examples: []string{"audit last", "audit --verify", "audit --verify --log /srv/logs/careline.log"},
			run:      auditCommand,
		},
		messageEntry(),
		callbacksEntry(),
		surveyEntry(),
		bansEntry(),
		recordingEntry(),
		traceEntry(),
		promptsEntry(),
		passwordEntry(),
		{
			name: "version", arguments: "", summary: "print the version",
			details:  `Prints the version, the commit it was built from, and Go's version.`,
			examples: []string{"version"},
			run:      versionCommand,
		},
	}
}

func names() []string {
	list := []string{"help"}
	for _, c := range commands() {
		list = append(list, c.name)
	}
	return list
}

func find(name string) (command, bool) {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		return command{}, false
	}
	return all[i], true
}

var errMisused = errors.New("misused")

// parse reads flags wherever they stand and returns the other arguments. What
// is wrong is said on stderr with the command's use.
func (t terminal) parse(flags *flag.FlagSet, args []string) ([]string, error) {
	flags.SetOutput(io.Discard)
	var positional []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, t.misused(flags.Name(), err.Error())
		}
		if flags.NArg() == 0 {
			return positional, nil
		}
		positional = append(positional, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// misused says how the command is meant.
func (t terminal) misused(name, why string) error {
	c, _ := find(name)
	fmt.Fprintf(t.stderr, "careline %s: %s\nUse: %s\n", name, why, t.use(c))
	return errMisused
}
