package main

import (
	"slices"
	"time"

	"standpipe/consumer"
	"standpipe/internal/httpserver"
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
		for _, t := range slices.Concat(s.Troubles(), c.Troubles(), troublesOf(list)) {
			snap.Troubles = append(snap.Troubles, httpserver.Trouble{Op: t.Op, Since: t.Since, Count: t.Count, Last: t.Last})
		}
		return snap
	}
}
