package consumer

import (
	"time"

	"standpipe/sink"
)

// What came into a shard and left its retention before it was read is lost, and nobody can tell how much
// that was. So the fetcher keeps the time up to which everything is known to be read, and reports the time
// between that and the stream's horizon when it has to go on beyond it.

// knownAt is up to when everything in the shard has been read, by its row; zero when the row does not tell.
func knownAt(row *Lease) time.Time {
	if row.IdleAt == row.Checkpoint && row.IdleTime.After(row.Time) {
		return row.IdleTime
	}
	return row.Time
}

// watchHorizon reports what may be missing before an answer that was asked for at a time, and moves on what
// is known: caught up means that everything up to the call has been read.
func (f *fetcher) watchHorizon(a *answer, asked time.Time) {
	keeps := f.retention()
	horizon := asked.Add(-keeps)
	if keeps > 0 && !f.known.IsZero() && f.known.Before(horizon) {
		f.missing(f.known, horizon)
	}
	switch n := len(a.records); {
	case a.behind == 0 && !a.end:
		f.known = asked
	case n > 0:
		f.known = a.records[n-1].Arrival
	case keeps > 0 && f.known.Before(horizon) && !f.known.IsZero():
		f.known = horizon
	}
	if n := len(a.records); n > 0 || a.end {
		a.gap, f.gap = f.gap, nil
	}
}

// missing reports a time from which records may be lost. The journal names it with the next records.
func (f *fetcher) missing(from, to time.Time) {
	f.m.gaps.Inc()
	f.log.Error().Str("shard", f.shard).Time("from", from.UTC()).Time("to", to.UTC()).
		Msg("records may be lost: what came in then left the stream's retention before it was read")
	if f.gap != nil {
		from = f.gap.From
	}
	f.gap = &sink.Gap{From: from.UTC(), To: to.UTC()}
}
