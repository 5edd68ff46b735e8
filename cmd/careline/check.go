package main

import (
	"context"
	"flag"
	"fmt"

	"careline/config"
)

// checkCommand is careline check.
func checkCommand(_ context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	positional, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	if len(positional) != 1 {
		_ = t.misused("check", "name one folder")
		return exitMisused
	}
	settings, err := config.Load(positional[0])
	if err != nil {
		fmt.Fprintln(t.stderr, err)
		return exitFailed
	}
	if err := settings.Testing.Run(settings.Content.Flows).Err(); err != nil {
		fmt.Fprintln(t.stderr, err)
		return exitFailed
	}
	for _, warning := range settings.Warnings {
		fmt.Fprintln(t.stderr, "warning:", warning.Error())
	}
	return exitOK
}
