package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"careline/call"
	"careline/config"
	"careline/operations"
)

func callbacksEntry() command {
	return command{
		name: "callbacks", arguments: "[--config DIR | --socket FILE] [list [--json] | cancel --why WORDS ID]", summary: "list the callbacks that are open, or cancel one",
		details: `
Asks the running server, as its user or root, for the callers who are to be called
back: of which queue, how long ago they asked, how often they were called, and what
comes next. Of a number its last two digits are shown. cancel takes one back, and its
number is destroyed; the audit says who did it and why (docs/callbacks.md).`,
		examples: []string{"callbacks", "callbacks list --json", `callbacks cancel --why "asked twice" 0190a1b2-...`},
		run:      callbacksCommand,
	}
}

// callbacksCommand is careline callbacks.
func callbacksCommand(ctx context.Context, t terminal, args []string) int {
	var dir, socket, why string
	flags := flag.NewFlagSet("callbacks", flag.ContinueOnError)
	flags.StringVar(&dir, "config", defaultConfig, "folder whose server is meant")
	flags.StringVar(&socket, "socket", "", "the server's control socket")
	flags.StringVar(&why, "why", "", "why it is cancelled; it stands in the audit")
	asJSON := flags.Bool("json", false, "print as JSON")
	words, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	cancel := len(words) == 2 && words[0] == "cancel"
	switch {
	case cancel && why == "":
		err = t.misused("callbacks", "say why with --why")
	case !cancel && len(words) > 0 && !(len(words) == 1 && words[0] == "list"):
		err = t.misused("callbacks", "say list, or cancel and an ID as listed")
	}
	if err != nil {
		return exitMisused
	}
	if socket == "" {
		if socket, err = config.Control(dir); err != nil {
			return t.fail(fmt.Errorf("%w\nname the server's socket with --socket to go without the configuration", err))
		}
	}
	if cancel {
		if err = operations.CancelCallback(ctx, socket, words[1], why); err == nil {
			fmt.Fprintf(t.stdout, "%s is cancelled\n", words[1])
		}
	} else {
		err = listCallbacks(ctx, t, socket, *asJSON)
	}
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}

func listCallbacks(ctx context.Context, t terminal, socket string, asJSON bool) error {
	list, err := operations.ListCallbacks(ctx, socket)
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(t.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(list)
	}
	return printCallbacks(t.stdout, list, utc{}.Now())
}

func printCallbacks(to io.Writer, list []call.OpenCallback, now time.Time) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(to, "no callback is open")
		return err
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CALLBACK\tNUMBER\tQUEUE\tASKED\tCALLED\tSTATE")
	for _, one := range list {
		fmt.Fprintf(table, "%s\t…%s\t%s\t%s ago\t%d times\t%s\n",
			one.ID, cmp.Or(one.Ending, "??"), one.Queue, now.Sub(one.Asked).Round(time.Second), one.Attempts, standing(one))
	}
	return table.Flush()
}

// standing says in words how a callback stands.
func standing(one call.OpenCallback) string {
	switch one.State {
	case call.CallbackWaiting:
		return fmt.Sprintf("in line, place %d", one.Place)
	case call.CallbackAside:
		return "called from " + one.Next.Format(time.RFC3339)
	case call.CallbackOffered:
		return fmt.Sprintf("offered to %s", one.Agent)
	}
	if one.Agent != "" {
		return fmt.Sprintf("being called for %s", one.Agent)
	}
	return "being called"
}
