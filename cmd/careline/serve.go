package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"careline/config"
	"careline/ledger"
)

// utc is the program's clock for logs: wall time in UTC (contract 10).
type utc struct{}

func (utc) Now() time.Time                         { return time.Now().UTC() }
func (utc) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

// serveCommand is careline run.
func serveCommand(ctx context.Context, t terminal, args []string) int {
	var dir string
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&dir, "config", defaultConfig, "folder with careline.yaml")
	positional, err := t.parse(flags, args)
	if err == nil && len(positional) > 0 {
		err = t.misused("run", fmt.Sprintf("what is %q? The folder is named with --config", positional[0]))
	}
	if err != nil {
		return exitMisused
	}
	var live ledger.Script
	settings, broken, err := config.LoadLive(dir, func(path string) (files map[string][]byte, err error) {
		live, files, err = lastLive(ctx, path)
		return files, err
	})
	switch {
	case err != nil:
		fmt.Fprintln(t.stderr, err)
		fmt.Fprintf(t.stderr, "careline: %s is not started with mistakes in it; careline check %s shows them again\n", dir, dir)
		return exitFailed
	case broken != nil:
		fmt.Fprintln(t.stderr, broken)
		fmt.Fprintf(t.stderr, "careline: the flows have mistakes, so that script %d of %s goes on, which was live before; careline check %s shows them again\n", live.Number, live.Author, dir)
		settings.Publish.Broken = broken
	}
	log, closeLog, err := openLog(settings.Log, zapcore.AddSync(t.stderr))
	if err != nil {
		return t.fail(err)
	}
	defer closeLog()
	// Signals from here on, so that one that comes during the start is heard.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := serve(ctx, t, settings, log, signals); err != nil {
		log.Error("stopped", zap.Error(err))
		return t.fail(err)
	}
	return exitOK
}

// lastLive reads the script that was live last, from a ledger.
func lastLive(ctx context.Context, path string) (ledger.Script, ledger.ScriptFiles, error) {
	kept, err := ledger.OpenReadOnly(path)
	if err != nil {
		return ledger.Script{}, nil, err
	}
	defer kept.Close()
	newest, err := kept.Scripts(ctx, 1)
	if err != nil {
		return ledger.Script{}, nil, err
	}
	if len(newest) == 0 {
		return ledger.Script{}, nil, ledger.ErrNotFound
	}
	return kept.Script(ctx, newest[0].Number)
}

// serve starts everything, waits for the end to be asked for, and ends in order.
func serve(ctx context.Context, t terminal, settings *config.Config, log *zap.Logger, signals <-chan os.Signal) error {
	for _, warning := range settings.Warnings {
		log.Warn("config warning", zap.String("place", warning.Position.String()), zap.String("what", warning.Message), zap.String("hint", warning.Advice))
		fmt.Fprintln(t.stderr, "warning:", warning.Error())
	}
	s, err := assemble(ctx, settings, log)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.listen(); err != nil {
		return err
	}
	s.start(ctx)
	if err := s.ready(t); err != nil {
		return errors.Join(err, s.stop())
	}
	select {
	case <-ctx.Done():
	case <-signals:
	case <-s.failed():
		return s.stop()
	}
	s.drain(ctx, t, signals)
	return s.stop()
}
