package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"careline/config"
	"careline/prompts"
)

func promptsEntry() command {
	return command{
		name: "prompts", arguments: "list [--all] DIR | script [--all] [--language TAG] DIR | import DIR FOLDER | render DIR",
		summary: "list, script, import and render what callers hear",
		details: `
list names the prompts that are missing, too loud, too quiet or cut off, and those
that no flow asks for; --all names every prompt and where its sound comes from. The
exit code is 1 if something is missing.

script prints a table (CSV) of what a voice talent is to record: file, words, how to
say them. It holds what no person has recorded; --all holds everything.

import takes recordings out of FOLDER, named as the script names them
(es-US/welcome.wav). Each is listened to first: one that is silent, torn, far too
quiet, much too short or long for its words, or that no flow asks for is named, and
then none is taken. Silence at the ends is cut.

render has the words that flows write spoken by the synthesiser, into
DIR/prompts/LANGUAGE/text: then the server needs none. What a person recorded
stays, and what was rendered and no flow says any more is removed.`,
		examples: []string{"prompts list config/demo", "prompts script --language es-US config/demo > talent.csv", "prompts import config/demo delivery", "prompts render config/demo"},
		run:      promptsCommand,
	}
}

// promptsCommand is careline prompts.
func promptsCommand(ctx context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("prompts", flag.ContinueOnError)
	all := flags.Bool("all", false, "every prompt")
	language := flags.String("language", "", "this language alone")
	positional, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	folders := map[string]int{"list": 1, "script": 1, "render": 1, "import": 2}
	if len(positional) == 0 || folders[positional[0]] == 0 || len(positional) != folders[positional[0]]+1 {
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
	switch positional[0] {
	case "list":
		return t.listPrompts(inventory, *all)
	case "script":
		return t.scriptPrompts(inventory, *all, *language)
	case "import":
		return t.importPrompts(inventory, positional[2])
	}
	return t.renderPrompts(ctx, inventory)
}

// wanted gives what flows ask for as the room of prompts takes it.
func wanted(inventory *config.Inventory) []prompts.Wanted {
	var list []prompts.Wanted
	for _, need := range inventory.Recordings {
		list = append(list, prompts.Wanted{Language: need.Language, Name: need.Name, Where: need.Position.String()})
	}
	for _, text := range inventory.Texts {
		list = append(list, prompts.Wanted{Language: text.Language, Name: text.Name, Words: text.Words, Where: text.Position.String(), Text: true})
	}
	return list
}

func listing(inventory *config.Inventory) ([]prompts.Entry, error) {
	return prompts.List(inventory.Folder, wanted(inventory), prompts.ListOptions{
		Fallback: inventory.Fallback, Synthesized: inventory.Synthesized, Loudness: inventory.Loudness,
	})
}

// listPrompts tells what is amiss, or of every prompt where its sound comes from.
func (t terminal) listPrompts(inventory *config.Inventory, all bool) int {
	entries, err := listing(inventory)
	if err != nil {
		return t.fail(err)
	}
	counts, missing := map[prompts.State]int{}, false
	table := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	for _, entry := range entries {
		counts[entry.State]++
		missing = missing || entry.State == prompts.Missing
		if !all && entry.Fault == "" && entry.State != prompts.Missing && entry.State != prompts.Orphaned {
			continue
		}
		remark := entry.Where
		if entry.Fault != "" {
			remark = entry.Fault + "; " + entry.Advice
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", entry.Language, entry.Name, entry.State, remark)
	}
	if err := table.Flush(); err != nil {
		return t.fail(err)
	}
	var sums []string
	for _, state := range []prompts.State{prompts.Recorded, prompts.Rendered, prompts.Synthesized, prompts.Borrowed, prompts.Missing, prompts.Orphaned} {
		if counts[state] > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	fmt.Fprintln(t.stdout, strings.Join(sums, ", "))
	if missing {
		return exitFailed
	}
	return exitOK
}

// scriptPrompts prints what a voice talent is to record.
func (t terminal) scriptPrompts(inventory *config.Inventory, all bool, language string) int {
	entries, err := listing(inventory)
	if err != nil {
		return t.fail(err)
	}
	if language != "" && !slices.ContainsFunc(entries, func(entry prompts.Entry) bool { return entry.Language == language }) {
		return t.fail(fmt.Errorf("no flow speaks %q", language))
	}
	entries = slices.DeleteFunc(entries, func(entry prompts.Entry) bool {
		done := entry.State == prompts.Recorded && entry.Fault == "" || entry.State == prompts.Borrowed
		return entry.State == prompts.Orphaned || language != "" && entry.Language != language || done && !all
	})
	if err := prompts.WriteTalentScript(t.stdout, entries); err != nil {
		return t.fail(err)
	}
	return exitOK
}

// importPrompts takes recordings into the folder of prompts.
func (t terminal) importPrompts(inventory *config.Inventory, delivery string) int {
	imported, err := prompts.Import(inventory.Folder, delivery, wanted(inventory), inventory.Loudness)
	if err != nil {
		fmt.Fprintln(t.stderr, err)
		return exitFailed
	}
	fmt.Fprintf(t.stdout, "%d imported\n", imported)
	return t.listPrompts(inventory, false)
}

// renderPrompts has the words of flows spoken into the folder of prompts.
func (t terminal) renderPrompts(ctx context.Context, inventory *config.Inventory) int {
	var texts []prompts.Text
	for _, text := range inventory.Texts {
		texts = append(texts, prompts.Text{Language: text.Language, Name: text.Name, Words: text.Words})
	}
	result, err := prompts.RenderTexts(ctx, inventory.Folder, texts, prompts.Options{
		Voice: inventory.Speech.Voice, Time: inventory.Speech.Time,
		Tell: func(language, name string) { fmt.Fprintf(t.stdout, "%s  %s\n", language, name) },
	})
	fmt.Fprintf(t.stdout, "%d rendered, %d kept, %d removed\n", result.Rendered, result.Kept, result.Removed)
	if err != nil {
		return t.fail(err)
	}
	return exitOK
}
