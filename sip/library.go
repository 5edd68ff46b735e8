package sip

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
)

// libraryLogger is what sipgo logs through. Its records quote whole messages,
// callers' numbers included, so only the record's own words pass; attributes
// never do. Unreadable messages are counted.
func (s *Server) libraryLogger() *slog.Logger { return slog.New(&libraryHandler{server: s}) }

type libraryHandler struct{ server *Server }

// Enabled lets problems through, and all else only where debug is on.
func (h *libraryHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}

// Handle logs the record's words at debug: the peer causes them, at any rate
// it likes.
func (h *libraryHandler) Handle(_ context.Context, record slog.Record) error {
	if record.Message == "failed to parse" {
		h.server.counters.malformed.Add(1)
	}
	h.server.log.Debug("sip library", zap.String("says", record.Message))
	return nil
}

// WithAttrs drops the attributes.
func (h *libraryHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup drops the group.
func (h *libraryHandler) WithGroup(string) slog.Handler { return h }
