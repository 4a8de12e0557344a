package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/httpserver"
	"standpipe/internal/status"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// snapshot makes what the probes judge of what the worker says of itself.
func snapshot(s *sink.Sink, c *consumer.Consumer, list []steps.Step, started time.Time) func() httpserver.Snapshot {
	return func() httpserver.Snapshot {
		status := c.Status()
		snap := httpserver.Snapshot{
			Started: started, Scanned: status.Scanned, Looked: status.Looked, Failing: status.Failing,
			Unowned: status.Unowned, Oldest: s.Oldest(),
		}
		for _, t := range failingNow(s, c, list) {
			snap.Troubles = append(snap.Troubles, httpserver.Trouble{Op: t.Op, Since: t.Since, Count: t.Count, Last: t.Last})
		}
		return snap
	}
}

// failingNow are the operations of a worker that fail now.
func failingNow(s *sink.Sink, c *consumer.Consumer, list []steps.Step) []sink.Trouble {
	return slices.Concat(s.Troubles(), c.Troubles(), troublesOf(list))
}

// newBoard makes what the status page and the heartbeats show of a worker.
func newBoard(cfg config.Config, worker string, list []steps.Step, s *sink.Sink, c *consumer.Consumer) *status.Board {
	return status.NewBoard(status.Options{
		Application: cfg.Leases.Application, Stream: cfg.Stream.Name, Table: cfg.Leases.Table, Worker: worker, Program: programVersion(), Started: time.Now(),
		Limits: statusLimits(cfg), Reader: c, Writer: s, Troubles: func() []sink.Trouble { return failingNow(s, c, list) },
	})
}

func statusLimits(cfg config.Config) status.Limits {
	return status.Limits{Failover: time.Duration(cfg.Leases.Failover), Interval: time.Duration(cfg.Buffer.Interval)}
}

// watched has a board sample until ended is called.
func watched(ctx context.Context, board *status.Board) (ended func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { board.Run(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}
