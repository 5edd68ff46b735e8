package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"careline/dial"
)

// dialCommand is careline dial.
func dialCommand(ctx context.Context, t terminal, args []string) int {
	var options dial.Options
	var as, file string
	flags := flag.NewFlagSet("dial", flag.ContinueOnError)
	flags.StringVar(&as, "as", "", "built-in script")
	flags.StringVar(&file, "script", "", "script file")
	flags.StringVar(&options.Record, "save", "", "WAV file for what was heard")
	flags.StringVar(&options.Transport, "transport", "", "udp or tcp")
	words, err := t.parse(flags, args)
	if err != nil {
		return exitMisused
	}
	var steps []string
	for _, word := range words {
		if strings.HasPrefix(word, "sip:") {
			options.Target = word
			continue
		}
		steps = append(steps, word)
	}
	if options.Target == "" {
		_ = t.misused("dial", "name whom to call, as sip:5550100@127.0.0.1:5070")
		return exitMisused
	}
	if options.Script, err = script(as, file, steps); err != nil {
		return t.fail(err)
	}
	told := &teller{out: t.stdout}
	options.Progress = told.tell
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := dial.Call(ctx, options)
	told.hush()
	if err != nil {
		return t.fail(err)
	}
	fmt.Fprint(t.stdout, report)
	if !report.Answered || report.Problem != "" {
		return exitFailed
	}
	return exitOK
}

// teller prints the turns of a call, which come from several goroutines, until
// it is hushed.
type teller struct {
	mu    sync.Mutex
	out   io.Writer
	quiet bool
}

func (t *teller) tell(p dial.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.quiet {
		fmt.Fprintf(t.out, "%6.1f s  %s\n", p.After.Seconds(), p.What)
	}
}

func (t *teller) hush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.quiet = true
}

// script takes the steps from where they were given; at most one place may be.
func script(as, file string, steps []string) ([]dial.Step, error) {
	given := 0
	for _, is := range []bool{as != "", file != "", len(steps) > 0} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, errors.New("give one of --as, --script and steps")
	case as != "":
		return dial.Builtin(as)
	case file != "":
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		parsed, err := dial.ParseScript(string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return parsed, nil
	case len(steps) > 0:
		return dial.ParseScript(strings.Join(steps, " "))
	}
	return dial.ParseScript("listen")
}
