package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"careline/config"
	"careline/operations"
)

// serverFlags are the flags of a command that talks to the running server.
type serverFlags struct{ dir, socket string }

func (f *serverFlags) add(flags *flag.FlagSet) {
	flags.StringVar(&f.dir, "config", defaultConfig, "folder whose server is meant")
	flags.StringVar(&f.socket, "socket", "", "the server's control socket")
}

// path is the control socket.
func (f *serverFlags) path() (string, error) {
	if f.socket != "" {
		return f.socket, nil
	}
	control, err := config.Control(f.dir)
	if err != nil {
		return "", fmt.Errorf("%w\nname the server's socket with --socket to go without the configuration", err)
	}
	return control, nil
}

// flowPublish is careline flow publish.
func flowPublish(ctx context.Context, t terminal, args []string) int {
	var server serverFlags
	var request operations.FlowRequest
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	server.add(flags)
	flags.StringVar(&request.Comment, "comment", "", "why, for those who look later")
	positional, err := t.parse(flags, args)
	if err == nil && len(positional) > 1 {
		err = t.misused("flow", "name one folder")
	}
	if err != nil {
		return exitMisused
	}
	if len(positional) == 1 {
		if request.Files, err = config.ScriptFiles(positional[0]); err == nil && len(request.Files) == 0 {
			err = fmt.Errorf("there is no flow in %s; flows are files in its folder flows", positional[0])
		}
		if err != nil {
			return t.fail(err)
		}
	}
	return t.changeFlows(ctx, server, request, operations.PublishFlows)
}

// flowRollBack is careline flow rollback.
func flowRollBack(ctx context.Context, t terminal, args []string) int {
	var server serverFlags
	var request operations.FlowRequest
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	server.add(flags)
	flags.StringVar(&request.Comment, "comment", "", "why, for those who look later")
	positional, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	if request.Number, err = scriptNumber(positional); err != nil {
		_ = t.misused("flow", err.Error())
		return exitMisused
	}
	return t.changeFlows(ctx, server, request, operations.RollBackFlows)
}

// scriptNumber reads the one number that may be given; 0 for none.
func scriptNumber(positional []string) (int64, error) {
	switch len(positional) {
	case 0:
		return 0, nil
	case 1:
		if number, err := strconv.ParseInt(positional[0], 10, 64); err == nil && number > 0 {
			return number, nil
		}
		return 0, fmt.Errorf("%q is no number of a script; careline flow versions lists them", positional[0])
	}
	return 0, errors.New("name one script, by its number")
}

// changeFlows asks the server for a change and tells what came of it.
func (t terminal) changeFlows(ctx context.Context, server serverFlags, request operations.FlowRequest, change func(context.Context, string, operations.FlowRequest) (operations.FlowAnswer, error)) int {
	socket, err := server.path()
	if err != nil {
		return t.fail(err)
	}
	answer, err := change(ctx, socket, request)
	if err != nil {
		return t.fail(err)
	}
	if len(answer.Mistakes) > 0 {
		for _, mistake := range answer.Mistakes {
			fmt.Fprintln(t.stderr, mistake)
		}
		fmt.Fprintln(t.stderr, "careline: nothing was published; what was live goes on")
		return exitFailed
	}
	for _, warning := range answer.Warnings {
		fmt.Fprintln(t.stderr, "warning:", warning)
	}
	fmt.Fprintf(t.stdout, "script %d is live, version %s: calls that come now begin with it\n", answer.Script.Number, answer.Script.Version)
	return exitOK
}

// flowVersions is careline flow versions.
func flowVersions(ctx context.Context, t terminal, args []string) int {
	var server serverFlags
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	server.add(flags)
	limit := flags.Int("last", 20, "how many")
	positional, err := t.parse(flags, args)
	if err == nil && len(positional) > 0 {
		err = t.misused("flow", "versions takes no names; --last says how many")
	}
	if err != nil {
		return exitMisused
	}
	socket, err := server.path()
	if err != nil {
		return t.fail(err)
	}
	status, err := operations.FlowScripts(ctx, socket, *limit)
	if err != nil {
		return t.fail(err)
	}
	table := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tSCRIPT\tVERSION\tWHEN\tBY\tFROM\tCOMMENT")
	for _, script := range status.Scripts {
		mark, from := "", script.Origin
		if script.Number == status.Live {
			mark = "live"
		}
		if script.Source != 0 {
			from = fmt.Sprintf("%s to %d", from, script.Source)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", mark, script.Number, script.Version, script.Time.Format(time.RFC3339), script.Author, from, script.Comment)
	}
	if err := table.Flush(); err != nil {
		return t.fail(err)
	}
	if status.Pending != "" {
		why := "the folder was changed and isn't live"
		if status.Broken {
			why = "the folder had mistakes when the server started, which runs what was live before"
		}
		fmt.Fprintf(t.stderr, "%s:\n%s\n", why, status.Pending)
	}
	return exitOK
}

// flowSave is careline flow save.
func flowSave(ctx context.Context, t terminal, args []string) int {
	var server serverFlags
	flags := flag.NewFlagSet("flow", flag.ContinueOnError)
	server.add(flags)
	positional, err := t.parse(flags, args)
	if err == nil && len(positional) != 2 {
		err = t.misused("flow", "name a script by its number, and the folder to save it to: save 7 /tmp/seven")
	}
	if err != nil {
		return exitMisused
	}
	number, err := scriptNumber(positional[:1])
	if err != nil {
		_ = t.misused("flow", err.Error())
		return exitMisused
	}
	socket, err := server.path()
	if err != nil {
		return t.fail(err)
	}
	text, err := operations.FlowScript(ctx, socket, number)
	if err != nil {
		return t.fail(err)
	}
	if err := saveScript(positional[1], text.Files); err != nil {
		return t.fail(err)
	}
	fmt.Fprintf(t.stdout, "%d files of script %d, version %s, are in %s\n", len(text.Files), number, text.Script.Version, positional[1])
	return exitOK
}

// saveScript writes a script's files over those of a folder; the folder's other flows
// and tests are removed, since together they would be another script.
func saveScript(dir string, files map[string][]byte) error {
	before, err := config.ScriptFiles(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for name, raw := range files {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%q leads out of the folder", name)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path+".new", raw, 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	for name := range before {
		if _, kept := files[name]; !kept {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	return nil
}
