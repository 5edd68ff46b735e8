package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"

	"careline/operations"
)

const (
	// retryAfter is what callers who come during a drain are told: by then
	// another server, or this one again, is there.
	retryAfter = 30 * time.Second
	// countEvery is how often a draining server looks how many calls are left.
	countEvery = time.Second
)

// drain takes no more calls and waits for those that are up, at most as long as
// the key drain says. A signal ends the wait.
func (s *server) drain(ctx context.Context, t terminal, signals <-chan os.Signal) {
	_ = s.operations.SetState(operations.Draining)
	s.trunk.Drain(retryAfter)
	s.desk.Drain()
	left := s.center.Stats().Calls
	s.log.Info("draining", zap.Int("calls", left), zap.Duration("limit", s.settings.Drain))
	if left > 0 {
		fmt.Fprintf(t.stdout, "\nNo new calls. Waiting up to %s for %s; Ctrl-C again ends at once.\n", s.settings.Drain, calls(left))
	}
	waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.settings.Drain)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- s.center.Drain(waiting) }()
	ticker := time.NewTicker(countEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-over:
			s.drained(t, err)
			return
		case <-signals:
			cancel()
		case <-s.failed():
			cancel()
		case <-ticker.C:
			if now := s.center.Stats().Calls; now != left && now > 0 {
				left = now
				fmt.Fprintf(t.stdout, "%s left\n", calls(left))
			}
		}
	}
}

func (s *server) drained(t terminal, err error) {
	left := s.center.Stats().Calls
	s.log.Info("drained", zap.Int("calls", left), zap.Bool("cut", err != nil))
	if left > 0 {
		fmt.Fprintf(t.stdout, "Ending %s now.\n", calls(left))
		return
	}
	fmt.Fprintln(t.stdout, "No call is up. Good-bye.")
}

func calls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}
