package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"

	"standpipe/config"
)

// Defaults of the command line.
const (
	DefaultDir     = "./standpipe-demo"
	DefaultRecords = 100_000
	DefaultWorkers = 2
	MaxWorkers     = 16
)

// Formats of the output.
const (
	FormatLines   = "ndjson"
	FormatParquet = "parquet"
)

// Options says what a demo does.
type Options struct {
	// Dir is the folder that takes everything. It is created when missing, and emptied when a former demo made it.
	Dir string
	// Records is how many user records are put. The embedded Kinesis keeps all of them in memory, some 500 bytes each.
	Records int
	// Workers share the stream, 1 to MaxWorkers.
	Workers int
	// Format is that of the output: FormatLines, also for "", or FormatParquet, for which the records are lines of an
	// access log, whose calls are counted by user and hour in the end.
	Format string
	// Crash runs the workers as processes that are killed with SIGKILL, and replaced, again and again.
	Crash bool
	// Seed decides about the records, but for the times in them, and about the moments of the kills that wait for no
	// commit. 0: a random one, which is printed.
	Seed uint64

	// Worker runs one worker in this process until ctx ends. Not used with Crash.
	Worker func(ctx context.Context, cfg config.Config, log zerolog.Logger) error
	// Command starts one worker as a process: it is followed by the path of the configuration file. Used with
	// Crash only.
	Command []string

	// Out takes progress and report. It is written by one goroutine at a time.
	Out io.Writer
	// Terminal makes the progress one line that changes, instead of one line every two seconds.
	Terminal bool

	stall time.Duration // limit of waiting without progress; 0: a minute
}

// ErrInexact says that something was lost, doubled or changed. The report has said what.
var ErrInexact = errors.New("the demo's records are not in the folder exactly once, unchanged")

// ErrUsage is what every error about an option's value wraps.
var ErrUsage = errors.New("wrong usage")

type usageError string

func (e usageError) Error() string { return string(e) }
func (e usageError) Unwrap() error { return ErrUsage }

func (o Options) check() error {
	switch {
	case o.Records < 1:
		return usageError(fmt.Sprintf("--records: must be at least 1 (got %d)", o.Records))
	case o.Workers < 1 || o.Workers > MaxWorkers:
		return usageError(fmt.Sprintf("--workers: must be 1 to %d (got %d)", MaxWorkers, o.Workers))
	case o.Format != "" && o.Format != FormatLines && o.Format != FormatParquet:
		return usageError(fmt.Sprintf("--format: must be %s or %s (got %q)", FormatLines, FormatParquet, o.Format))
	case o.Dir == "":
		return usageError("--dir: must name a folder (got an empty text)")
	}
	return nil
}

// The pace: 100,000 records in 12 s leave each of the four shards well below the 2 MiB a second it can be read at.
const (
	recordsPerSecond = 100_000 / 12
	leastSpread      = 3 * time.Second
	leastCrashSpread = 15 * time.Second // room for the kills
	defaultStall     = time.Minute
)

// spread is how long the records are put.
func (o Options) spread() time.Duration {
	spread := max(leastSpread, time.Duration(o.Records)*time.Second/recordsPerSecond)
	if o.Crash {
		spread = max(leastCrashSpread, spread)
	}
	return spread
}

func (o Options) withDefaults() Options {
	if o.Seed == 0 {
		o.Seed = rand.Uint64N(1_000_000) + 1 // short enough to be typed again
	}
	if o.stall == 0 {
		o.stall = defaultStall
	}
	return o
}
