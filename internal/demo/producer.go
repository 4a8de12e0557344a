package demo

import (
	"context"
	"fmt"
	"time"

	"standpipe/internal/kinesisfake"
)

const (
	stream = "clicks"
	shards = 4
)

// producer puts the records of a source at an even pace, and splits and merges shards on the way.
type producer struct {
	kinesis *kinesisfake.Server
	truth   *truth
	source  *source
	spread  time.Duration
	say     func(format string, args ...any)
}

// run returns when everything is put, or with ctx's error. What it can not put in time, on a busy machine, it puts
// later.
func (p *producer) run(ctx context.Context) error {
	began := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	steps := []struct {
		at int
		do func() error
	}{{p.source.total / 3, p.split}, {2 * p.source.total / 3, p.merge}}
	for {
		due := p.source.total
		if gone := time.Since(began); gone < p.spread {
			due = int(float64(due) * gone.Seconds() / p.spread.Seconds())
		}
		for p.source.made < due {
			if len(steps) > 0 && p.source.made >= steps[0].at {
				if err := steps[0].do(); err != nil {
					return err
				}
				steps = steps[1:]
			}
			d, _ := p.source.next(time.Now())
			if err := p.truth.put(d, p.send); err != nil {
				return err
			}
		}
		if due == p.source.total {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *producer) send(key string, data []byte) (shard, sequence string, err error) {
	return p.kinesis.Put(stream, key, data)
}

// split divides the open shard that took the most records.
func (p *producer) split() error {
	open, err := openShards(p.kinesis)
	if err != nil {
		return err
	}
	most := open[0]
	for _, s := range open {
		if s.Records > most.Records {
			most = s
		}
	}
	left, right, err := p.kinesis.Split(stream, most.ID)
	if err != nil {
		return err
	}
	p.say("%s is split into %s and %s", short(most.ID), short(left), short(right))
	return nil
}

// merge joins two open shards that lie side by side and were there from the start.
func (p *producer) merge() error {
	open, err := openShards(p.kinesis)
	if err != nil {
		return err
	}
	for i := 1; i < len(open); i++ {
		a, b := open[i-1], open[i]
		if a.Parent != "" || b.Parent != "" {
			continue
		}
		if child, err := p.kinesis.Merge(stream, a.ID, b.ID); err == nil {
			p.say("%s and %s are merged into %s", short(a.ID), short(b.ID), short(child))
			return nil
		}
	}
	return fmt.Errorf("merge shards of %s: no two open ones lie side by side", stream)
}

func openShards(kinesis *kinesisfake.Server) ([]kinesisfake.Shard, error) {
	all, err := kinesis.Shards(stream)
	if err != nil {
		return nil, err
	}
	var open []kinesisfake.Shard
	for _, s := range all {
		if s.End == "" {
			open = append(open, s)
		}
	}
	return open, nil
}

// short is a shard's id without its zeros: shard-4 for shardId-000000000004.
func short(id string) string {
	var n int
	if _, err := fmt.Sscanf(id, "shardId-%d", &n); err != nil {
		return id
	}
	return fmt.Sprintf("shard-%d", n)
}
