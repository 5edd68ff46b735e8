package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"
)

// A room that hangs must not keep the calls' BYEs, or the health of a server
// that is gone, from their end.
func TestARoomThatHangsDoesNotKeepTheOthersUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var ended []string
		polite := func(name string) func(context.Context) error {
			return func(ctx context.Context) error {
				<-ctx.Done()
				ended = append(ended, name)
				return nil
			}
		}
		s := &server{log: zap.NewNop()}
		s.run(t.Context(), []*service{
			{name: "first", run: polite("first")},
			{name: "stuck", run: func(context.Context) error { <-release; return nil }},
			{name: "last", run: polite("last")},
		})
		err := s.stop()
		if err == nil || !strings.Contains(err.Error(), "stuck did not end within 10s") {
			t.Errorf("stop said %v", err)
		}
		if got := strings.Join(ended, " "); got != "first last" {
			t.Errorf("ended: %q", got)
		}
		close(release)
		synctest.Wait()
	})
}
