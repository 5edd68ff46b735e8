package main

import (
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"careline/config"
)

// openLog makes the logger: one line of JSON per event, none left out. Close
// the file when nothing logs any more.
func openLog(settings config.Log, stderr zapcore.WriteSyncer) (*zap.Logger, func(), error) {
	sink, done := stderr, func() {}
	if settings.File != "" {
		if err := os.MkdirAll(filepath.Dir(settings.File), 0o700); err != nil {
			return nil, nil, fmt.Errorf("the log's folder (key log.file): %w", err)
		}
		file, err := os.OpenFile(settings.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("the log (key log.file): %w", err)
		}
		sink, done = file, func() { file.Close() }
	}
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey, encoder.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
	encoder.EncodeDuration = zapcore.StringDurationEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.Lock(sink), settings.Level)
	return zap.New(core, zap.WithClock(utc{})), done, nil
}
