package status

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"standpipe/consumer"
	"standpipe/sink"
)

// Outside looks at an application without being one of its workers. For one goroutine.
type Outside struct {
	Application string
	Stream      string
	Table       string
	Program     string
	Limits      Limits

	// Scan reads the lease table, List names the shards that the stream holds, each with its parents, and Lag asks Kinesis how
	// far behind the tip a checkpoint is.
	Scan func(context.Context) (*consumer.Snapshot, error)
	List func(context.Context) (map[string][]string, error)
	Lag  func(context.Context, consumer.Lease, consumer.Application) (time.Duration, error)

	// Retention is how long the stream keeps records; nil = not asked.
	Retention func(context.Context) (time.Duration, error)

	beats map[string]beat // at the last look
	lags  map[string]float64
	asked time.Time // when lags were
	keeps time.Duration
}

// beat is a heartbeat, and when it was last seen to move: zero where it was seen once.
type beat struct {
	n     int64
	moved time.Time
	seen  time.Time
}

const (
	askEvery = 30 * time.Second // between two questions to Kinesis
	askMost  = 100              // shards
	askers   = 8                // at once

	answerWithin = 6 * time.Second // Kinesis, to all that a look asks: what the lease table tells must not wait for it
)

// Look says how the application is. What Kinesis does not say is left out, and said to be.
func (o *Outside) Look(ctx context.Context) (*Snapshot, error) {
	table, err := o.Scan(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	s := &Snapshot{Form: Form, Time: now.UTC().Truncate(time.Millisecond), Application: o.Application, Stream: o.Stream, Table: o.Table, Program: o.Program, Batches: []Batch{}}
	var notes []Finding
	patient, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	listed, err := o.List(patient)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		notes = append(notes, Finding{Level: Watch, brief: "the stream's shards can not be listed", Text: "The stream's shards can not be listed: " + why("Kinesis", err) + ". Shards without a row in the lease table are not shown."})
	}
	view := o.view(table, listed, now)
	s.take(view, "", nil, nil)
	if err := o.ask(patient, s, table, now); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		notes = append(notes, Finding{Level: Well, Text: "How far some shards are behind is not known: " + why("Kinesis", err) + "."})
	}
	s.promised(view, "")
	s.judge(o.Limits, o.keeps, table.Unusable(), nil, notes...)
	return s, nil
}

// view is what a worker would make of the table.
func (o *Outside) view(table *consumer.Snapshot, listed map[string][]string, now time.Time) consumer.View {
	v := consumer.View{Snapshot: *table, Alive: map[string]bool{}, Unowned: map[string]bool{}, Waiting: map[string]bool{}}
	beats := map[string]beat{}
	for id, hb := range table.Workers {
		was, known := o.beats[id]
		b := beat{hb.Beat, was.moved, was.seen}
		switch {
		case !known:
			b.seen = now
		case was.n != hb.Beat:
			b.moved = now
		}
		beats[id] = b
		v.Alive[id] = o.alive(hb, b, now)
	}
	o.beats = beats
	parents := map[string][]string{}
	for id, of := range listed {
		parents[id] = of
	}
	born := map[string]bool{} // have a child with a row, so they were finished
	for id, l := range table.Leases {
		if id != consumer.RedriveShard && l.Checkpoint != sink.ShardEnd {
			if parents[id] == nil {
				parents[id] = l.Parents
			}
		}
		for _, p := range append(l.Parents, listed[id]...) {
			born[p] = true
		}
	}
	for id, of := range parents {
		row, has := table.Leases[id]
		switch {
		case table.Damaged[id] != nil, has && row.Checkpoint == sink.ShardEnd, !has && born[id]:
		case o.waits(table, listed, born, of):
			v.Waiting[id] = true
		case row.Owner == "" || !v.Alive[row.Owner]:
			v.Unowned[id] = true
		}
	}
	return v
}

// alive judges a worker by its own clock, and by whether its heartbeat moves between two looks. One that says nothing of
// itself is taken for alive until it has stood still.
func (o *Outside) alive(hb consumer.Heartbeat, b beat, now time.Time) bool {
	if hb.Beat == 0 {
		return false
	}
	if !b.moved.IsZero() {
		return now.Sub(b.moved) < o.Limits.Failover
	}
	if r := readReport(hb.Report); r != nil {
		return r.recent(now, o.Limits.Failover)
	}
	return now.Sub(b.seen) < o.Limits.Failover
}

// waits says whether a parent is not finished.
func (o *Outside) waits(table *consumer.Snapshot, listed map[string][]string, born map[string]bool, parents []string) bool {
	for _, p := range parents {
		row, has := table.Leases[p]
		_, there := listed[p]
		if has && row.Checkpoint != sink.ShardEnd || !has && there && !born[p] || table.Damaged[p] != nil {
			return true
		}
	}
	return false
}

// ask fills in the lags that no worker tells.
func (o *Outside) ask(ctx context.Context, s *Snapshot, table *consumer.Snapshot, now time.Time) error {
	var open []*Shard
	for i := range s.Shards.Shown {
		if sh := &s.Shards.Shown[i]; sh.Lag == nil && sh.State != waiting && len(open) < askMost {
			open = append(open, sh)
		}
	}
	var errs error
	if now.Sub(o.asked) >= askEvery {
		o.asked, o.lags = now, map[string]float64{}
		app := consumer.Application{Start: "TRIM_HORIZON"}
		if table.Application != nil {
			app = *table.Application
		}
		var mu sync.Mutex
		var group errgroup.Group
		group.SetLimit(askers)
		for _, sh := range open {
			lease, has := table.Leases[sh.ID]
			if !has {
				lease = consumer.Lease{Shard: sh.ID}
			}
			group.Go(func() error {
				lag, err := o.Lag(ctx, lease, app)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					errs = errors.Join(errs, err)
					return nil
				}
				o.lags[lease.Shard] = seconds(lag)
				return nil
			})
		}
		if o.Retention != nil {
			group.Go(func() error {
				keeps, err := o.Retention(ctx)
				mu.Lock()
				defer mu.Unlock()
				if err == nil { // else it is judged without
					o.keeps = keeps
				}
				return nil
			})
		}
		_ = group.Wait() // each error is in errs
	}
	for _, sh := range open {
		if lag, known := o.lags[sh.ID]; known {
			sh.Lag = ptr(lag)
			if lag > s.Shards.Lag || s.Shards.Worst == "" {
				s.Shards.Lag, s.Shards.Worst = lag, sh.ID
			}
		}
	}
	if joined, many := errs.(interface{ Unwrap() []error }); many { // a sentence is enough
		return joined.Unwrap()[0]
	}
	return errs
}
