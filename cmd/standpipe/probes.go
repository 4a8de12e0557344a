package main

import (
	"time"

	"standpipe/consumer"
	"standpipe/internal/httpserver"
	"standpipe/sink"
)

// snapshot makes what the probes judge of what the worker says of itself.
func snapshot(s *sink.Sink, c *consumer.Consumer, started time.Time) func() httpserver.Snapshot {
	return func() httpserver.Snapshot {
		status := c.Status()
		snap := httpserver.Snapshot{
			Started: started, Scanned: status.Scanned, Looked: status.Looked, Failing: status.Failing,
			Unowned: status.Unowned, Oldest: s.Oldest(),
		}
		for _, t := range append(s.Troubles(), c.Troubles()...) {
			snap.Troubles = append(snap.Troubles, httpserver.Trouble{Op: t.Op, Since: t.Since, Count: t.Count, Last: t.Last})
		}
		return snap
	}
}
