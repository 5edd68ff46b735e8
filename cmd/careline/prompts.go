package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"careline/config"
	"careline/prompts"
)

func promptsEntry() command {
	return command{
		name: "prompts", arguments: "render DIR", summary: "render, list, script and import what callers hear",
		details: `
render has the words that flows write spoken by the synthesiser, into
DIR/prompts/LANGUAGE/text: then the server needs none. What a person recorded
stays, and what was rendered and no flow says any more is removed.`,
		examples: []string{"prompts render config/demo"},
		run:      promptsCommand,
	}
}

// promptsCommand is careline prompts.
func promptsCommand(ctx context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("prompts", flag.ContinueOnError)
	positional, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	if len(positional) != 2 || positional[0] != "render" {
		_ = t.misused("prompts", "say what to do with which folder")
		return exitMisused
	}
	inventory, err := config.LoadInventory(positional[1], time.Now())
	if err != nil {
		fmt.Fprintln(t.stderr, err)
		return exitFailed
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return t.renderPrompts(ctx, inventory)
}

// renderPrompts has the words of flows spoken into the folder of prompts.
func (t terminal) renderPrompts(ctx context.Context, inventory *config.Inventory) int {
	result, err := prompts.RenderTexts(ctx, inventory.Folder, inventory.Spoken(), prompts.Options{
		Voice: inventory.Voice, Time: inventory.Time,
		Tell: func(language, name string) { fmt.Fprintf(t.stdout, "%s  %s\n", language, name) },
	})
	fmt.Fprintf(t.stdout, "%d rendered, %d kept, %d removed\n", result.Rendered, result.Kept, result.Removed)
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}
