package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"standpipe/internal/pause"
)

// latency is the table of how soon a record can be seen.
func (b *bench) latency() table {
	t := table{
		name: "latency",
		intro: fmt.Sprintf("1 MB a second and shard, in records of 1 KiB, for %d s. Answers take %v (Kinesis), %v (DynamoDB), %v (S3; completing an upload %v).",
			b.seconds, kinesisTakes, dynamoTakes, s3Takes, completeTakes),
		head: fmt.Sprintf("| %-28s | records | p50 | p99 | longest |\n|%s|---:|---:|---:|---:|\n", "case", strings.Repeat("-", 30)),
		row:  b.live,
	}
	for _, shards := range []int{1, 8} {
		for _, interval := range []time.Duration{time.Second, 5 * time.Second} {
			t.cases = append(t.cases, with(fmt.Sprintf("shards: %d, interval: %v", shards, interval), func(c *benchCase) {
				c.Shards, c.Interval, c.Live, c.Level, c.Counted = shards, interval, true, 0, time.Duration(b.seconds)*time.Second
			}))
		}
	}
	return t
}

// live runs the program while records come.
func (b *bench) live(ctx context.Context, c benchCase) (string, error) {
	return b.beside(ctx, c, func(s served, w *worker) (string, error) {
		l, err := seen(ctx, s, c)
		if err := errors.Join(err, w.stop()); err != nil {
			return "", fmt.Errorf("%w\n%s", err, w.logs)
		}
		return fmt.Sprintf("%7d | %.2f s | %.2f s | %.2f s", l.Seen, l.P50.Seconds(), l.P99.Seconds(), l.Max.Seconds()), nil
	})
}

// seen waits until all records that count were seen.
func seen(ctx context.Context, s served, c benchCase) (l latencies, err error) {
	limit := warmUp + c.Counted + c.Interval + 20*time.Second
	for began := time.Now(); ; {
		if err := pause.For(ctx, time.Second); err != nil {
			return l, err
		}
		r, err := ask(ctx, s)
		l = r.Latency
		switch {
		case err != nil:
			return l, err
		case l.Trouble != "":
			return l, errors.New(l.Trouble)
		case l.Twice > 0:
			return l, fmt.Errorf("%d records were seen twice", l.Twice)
		case l.Over && l.Seen == l.Put:
			return l, nil
		case time.Since(began) > limit:
			return l, fmt.Errorf("%d of %d records were not seen: it does not keep up", l.Put-l.Seen, l.Put)
		}
	}
}

// ask gives what the servers have seen so far.
func ask(ctx context.Context, s served) (r report, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.State, nil)
	if err != nil {
		return r, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return r, err
	}
	return r, errors.Join(json.NewDecoder(resp.Body).Decode(&r), resp.Body.Close())
}
