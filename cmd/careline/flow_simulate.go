package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"careline/ivr"
	"careline/ivr/flowtest"
	"careline/ivr/simulate"
)

// inventedMember is who can be verified in a simulation that is given nobody else,
// with what of her flows may speak.
func inventedMember(facts map[string]ivr.FactKind) string {
	values := map[ivr.FactKind]string{ivr.FactDate: "2027-01-14", ivr.FactNumber: "2", ivr.FactDigits: `"5550101"`}
	text := "member:\n  id: \"48201937\"\n  born: 1961-04-12\n"
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if value := values[facts[name]]; value != "" && name != "id" {
			text += fmt.Sprintf("  %s: %s\n", name, value)
		}
	}
	return text
}

// flowSimulate is careline flow simulate.
func flowSimulate(_ context.Context, t terminal, args []string) int {
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	flow := flags.String("flow", "", "flow that the call begins in")
	given := flags.String("given", "", "file with what the call takes as given")
	save := flags.String("save", "", "file of tests that the conversation is written to")
	settings, code := t.flowSettings(flags, args)
	if settings == nil {
		return code
	}
	flows := settings.Content.Flows
	if *flow == "" {
		lines := settings.Content.Lines
		*flow = lines[slices.Min(slices.Collect(maps.Keys(lines)))].Flow
	}
	if !flows.Has(*flow) {
		return t.noFlow(*flow, flows.Flows())
	}
	file := flowtest.File{Name: cmp.Or(*given, "given"), Raw: []byte(inventedMember(flows.Facts()))}
	if *given != "" {
		raw, err := os.ReadFile(*given)
		if err != nil {
			return t.fail(err)
		}
		file.Raw = raw
	}
	world, err := flowtest.World(flows, file, settings.Testing.Options)
	if err != nil {
		fmt.Fprintln(t.stderr, err)
		return exitFailed
	}
	fmt.Fprintf(t.stdout, "A call to %s. Type keys, Enter alone to press nothing, ? for more.\n", *flow)
	if *given == "" {
		fmt.Fprintln(t.stdout, "An invented member is there: number 48201937, born 04121961.")
	}
	conversation := &simulate.Conversation{Set: flows, Flow: *flow, World: world, Words: settings.Testing.Options.Words}
	if err := conversation.Run(t.stdin, t.stdout); err != nil {
		return t.fail(err)
	}
	if *save != "" {
		if err := keepTest(*save, *flow, string(file.Raw), conversation); err != nil {
			return t.fail(err)
		}
		fmt.Fprintf(t.stdout, "written to %s: say in it what it shows\n", *save)
	}
	return exitOK
}

// keepTest writes a conversation as a new file of tests.
func keepTest(path, flow, given string, conversation *simulate.Conversation) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "flow: %s\ngiven:\n%stests:\n%s", flow, indented(given), conversation.Test("what was tried by hand"))
	return errors.Join(err, file.Close())
}

// indented moves each line of a text in by two spaces.
func indented(text string) string {
	var moved strings.Builder
	for line := range strings.Lines(text) {
		moved.WriteString("  " + line)
	}
	if !strings.HasSuffix(text, "\n") {
		moved.WriteString("\n")
	}
	return moved.String()
}
