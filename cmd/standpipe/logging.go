package main

import (
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"

	"standpipe/config"
)

// newLogger writes lines of JSON, or text for people, with the time in UTC to the millisecond.
func newLogger(w io.Writer, cfg config.Log) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(cfg.Level)
	if err != nil {
		return zerolog.Nop(), usageError("log.level: %w", err)
	}
	if cfg.Format == "console" { // which looks at NO_COLOR itself
		w = zerolog.ConsoleWriter{Out: w, NoColor: !terminal(w), TimeFormat: "15:04:05.000"}
	}
	stamp := zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) {
		e.Str(zerolog.TimestampFieldName, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	})
	return zerolog.New(zerolog.SyncWriter(w)).Level(level).Hook(stamp), nil
}

// terminal says whether w is one that takes control characters, as opposed to a file, a pipe, or TERM=dumb.
func terminal(w io.Writer) bool {
	if s, ok := w.(*screen); ok {
		return s.terminal
	}
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
