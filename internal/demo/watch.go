package demo

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// view is how far a demo is.
type view struct {
	put, delivered, rejected int // user records
	objects                  int
	held, shards             int // leases with an owner, shards that are not finished
	waiting                  int // shards whose last record is not yet committed
	lines                    int // found so far; moves whenever something is delivered
}

// watcher looks at the folder and the lease table while the workers run.
type watcher struct {
	servers *servers
	truth   *truth
	auditor *auditor
	known   map[string]bool

	mu   sync.Mutex
	view view
}

func newWatcher(s *servers, t *truth, lake string) *watcher {
	return &watcher{servers: s, truth: t, auditor: newAuditor(lake, t), known: map[string]bool{}}
}

// run looks again and again until ctx ends.
func (w *watcher) run(ctx context.Context) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := w.look(); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *watcher) look() error {
	if err := w.auditor.walk(w.known); err != nil {
		return err
	}
	var v view
	v.put, _, _ = w.truth.count()
	v.delivered, v.rejected = w.auditor.present()
	found := &w.auditor.found
	v.objects, v.lines = found.Objects+found.ErrorObjects, found.Lines+found.ErrorLines
	if err := w.leases(&v); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.view = v
	return nil
}

func (w *watcher) now() view {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view
}

// leases compares the lease table with what was put. The ends of the shards are taken first: what is put meanwhile
// makes a shard look unfinished, never finished.
func (w *watcher) leases(v *view) error {
	ends := w.truth.ends()
	all, err := w.servers.Kinesis.Shards(stream)
	if err != nil {
		return err
	}
	rows := map[string]map[string]any{}
	for _, row := range w.servers.Dynamo.Dump(application) {
		if key, ok := row["leaseKey"].(string); ok && row["entityType"] == "LEASE" {
			rows[key] = row
		}
	}
	for _, s := range all {
		row := rows[s.ID]
		checkpoint, pending := row["checkpoint"], row["pendingBatch"]
		switch {
		case checkpoint == "SHARD_END" && pending == nil:
			continue
		case row["leaseOwner"] != nil:
			v.held++
		}
		v.shards++
		end, hasRecords := ends[s.ID]
		if s.End != "" || pending != nil || hasRecords && checkpoint != end {
			v.waiting++
		}
	}
	return nil
}

// settle waits until every shard is committed to its end. It fails when nothing has moved for limit.
func (w *watcher) settle(ctx context.Context, limit time.Duration) error {
	began := time.Now()
	moved, last := began, view{}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		records, _, _ := w.truth.count()
		v := w.now()
		if v.put == records && v.waiting == 0 {
			return nil
		}
		if v.lines != last.lines || v.waiting != last.waiting || v.shards != last.shards {
			moved, last = time.Now(), v
		}
		if time.Since(moved) > limit {
			return fmt.Errorf("wait for delivery: %d of %d shards are not committed to their end, and nothing has moved for %v", v.waiting, v.shards, limit)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
