package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"

	"careline/config"
	"careline/ivr/schema"
)

// flowSchema is careline flow schema.
func flowSchema(_ context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	tests := flags.Bool("tests", false, "the schema of files of tests instead")
	out := flags.String("out", "", "write to this file")
	positional, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	var names schema.Names
	switch len(positional) {
	case 0:
	case 1:
		settings, err := config.Load(positional[0])
		if err != nil {
			fmt.Fprintln(t.stderr, err)
			return exitFailed
		}
		names = namesOf(settings)
	default:
		_ = t.misused("flow", "name one folder")
		return exitMisused
	}
	raw := schema.Flow(names)
	if *tests {
		raw = schema.Tests(names)
	}
	if *out == "" {
		_, err = t.stdout.Write(raw)
	} else {
		err = os.WriteFile(*out, raw, 0o600)
	}
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}

// namesOf are a configuration's names that flows may use.
func namesOf(settings *config.Config) schema.Names {
	names := schema.Names{Prompts: settings.Content.Flows.Prompts(), Music: slices.Sorted(maps.Keys(settings.Content.Music))}
	for prompt := range settings.Content.Prompts {
		if !slices.Contains(names.Languages, prompt.Language) {
			names.Languages = append(names.Languages, prompt.Language)
		}
	}
	slices.Sort(names.Languages)
	for _, queue := range settings.Content.Rules.Queues {
		names.Queues = append(names.Queues, queue.Name)
	}
	return names
}
