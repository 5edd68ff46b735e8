package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"careline/config"
	"careline/ledger"
	"careline/operations"
)

func bansEntry() command {
	return command{
		name: "bans", arguments: "[--config DIR | --socket FILE] [--json] [lift SOURCE]", summary: "list the addresses that aren't heard, or let one be heard again",
		details: `
Asks the running server which sources of SIP it has banned, until when, how many
times so far and what for. lift ends the bans of one source, as listed, and forgets
what led to them; the audit says who did it. It needs the server's user or root.
Trunks are never banned.`,
		examples: []string{"bans", "bans lift 192.0.2.7"},
		run:      bansCommand,
	}
}

// bansCommand is careline bans.
func bansCommand(ctx context.Context, t terminal, args []string) int {
	var dir, socket string
	flags := flag.NewFlagSet("bans", flag.ContinueOnError)
	flags.StringVar(&dir, "config", defaultConfig, "folder whose server is meant")
	flags.StringVar(&socket, "socket", "", "the server's control socket")
	asJSON := flags.Bool("json", false, "print as JSON")
	positional, err := t.parse(flags, args)
	lift := len(positional) == 2 && positional[0] == "lift"
	if err == nil && len(positional) > 0 && !lift {
		err = t.misused("bans", "to lift one, name it: lift SOURCE")
	}
	if err != nil {
		return exitMisused
	}
	if socket == "" {
		if socket, err = config.Control(dir); err != nil {
			return t.fail(fmt.Errorf("%w\nname the server's socket with --socket to go without the configuration", err))
		}
	}
	if lift {
		err = liftBan(ctx, t, socket, positional[1])
	} else {
		err = listBans(ctx, t, socket, *asJSON)
	}
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}

func liftBan(ctx context.Context, t terminal, socket, source string) error {
	lifted, err := operations.LiftBan(ctx, socket, source)
	if err != nil {
		return err
	}
	if lifted == 0 {
		return fmt.Errorf("%s isn't banned; careline bans lists those that are", source)
	}
	fmt.Fprintf(t.stdout, "%s is heard again\n", source)
	return nil
}

func listBans(ctx context.Context, t terminal, socket string, asJSON bool) error {
	bans, err := operations.ListBans(ctx, socket)
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(t.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(bans)
	}
	if len(bans) == 0 {
		fmt.Fprintln(t.stdout, "nobody is banned")
		return nil
	}
	table := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SOURCE\tFOR\tUNTIL\tTIMES\tBECAUSE OF")
	for _, ban := range bans {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", ban.Source, ban.By, ban.Until.Format(time.RFC3339), ban.Times, ban.Because)
	}
	return table.Flush()
}

// auditLifting writes down who lets whom be heard again.
func (s *server) auditLifting(ctx context.Context, operator, source string) error {
	_, err := s.kept.Append(ctx, ledger.AuditEntry{Kind: ledger.AuditBanLifted, Actor: operator, Subject: "source " + source, Outcome: "ok"})
	return err
}
