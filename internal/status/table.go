package status

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"standpipe/consumer"
	"standpipe/sink"
)

// shownShards is how many shards a snapshot lists.
const shownShards = 500

// states of shards and workers.
const (
	reading = "reading"
	leaving = "leaving"
	waiting = "waiting"
	unowned = "unowned"
	silent  = "silent"
	alive   = "alive"
	unknown = "unknown"
)

// take fills in shards and workers by what the lease table says; me is the worker that looks, "" when none does, mine its
// own report, and own are the shards that it reads.
func (s *Snapshot) take(view consumer.View, me string, mine *Report, own map[string]consumer.ShardStatus) {
	reports := map[string]*Report{me: mine}
	for id, hb := range view.Workers {
		if id != me {
			reports[id] = readReport(hb.Report)
		}
	}
	held := map[string]int{}
	var list []Shard
	add := func(sh Shard) {
		switch sh.State {
		case waiting:
			s.Shards.Waiting++
		case unowned, silent:
			s.Shards.Unowned++
		default:
			s.Shards.Read++
		}
		if sh.Lag != nil && (*sh.Lag > s.Shards.Lag || s.Shards.Worst == "") {
			s.Shards.Lag, s.Shards.Worst = *sh.Lag, sh.ID
		}
		list = append(list, sh)
	}
	for id, l := range view.Leases {
		reader, reads := own[id]
		switch {
		case strings.HasPrefix(id, "standpipe#"): // the row of redrive
			continue
		case l.Checkpoint == sink.ShardEnd:
			s.Shards.Finished++
			continue
		}
		sh := Shard{ID: id, Owner: l.Owner, Checkpoint: l.Checkpoint, Visible: l.Time.UTC(), Pending: l.Pending}
		if l.Time.IsZero() || sh.Visible.Year() > 9999 { // later is a damaged row's, and no JSON can say it
			sh.Visible = time.Time{}
		}
		held[l.Owner]++
		switch {
		case reads:
			sh.State, sh.Owner, sh.Position, sh.Lag = reading, me, reader.Position, ptr(seconds(reader.Behind))
			if reader.Leaving != "" {
				sh.State = leaving
			}
		case view.Waiting[id]:
			sh.State = waiting
		case l.Owner == "":
			sh.State = unowned
		case view.Unowned[id]:
			sh.State = silent
		default:
			sh.State = reading
			if r := reports[l.Owner]; r != nil {
				if lag, told := r.lag(id); told {
					sh.Lag = ptr(lag)
				}
			}
		}
		add(sh)
	}
	for _, states := range []struct {
		of map[string]bool
		as string
	}{{view.Unowned, unowned}, {view.Waiting, waiting}} {
		for id := range states.of {
			if _, row := view.Leases[id]; !row {
				add(Shard{ID: id, State: states.as})
			}
		}
	}
	s.Shards.Total = s.Shards.Read + s.Shards.Unowned
	for _, err := range view.Damaged {
		if newer := (*consumer.NewerError)(nil); errors.As(err, &newer) {
			s.Shards.Newer++
		} else {
			s.Shards.Damaged++
		}
	}
	slices.SortFunc(list, func(a, b Shard) int {
		return cmp.Or(cmp.Compare(b.urgency(), a.urgency()), cmp.Compare(a.ID, b.ID))
	})
	shown := min(len(list), shownShards)
	s.Shards.Shown, s.Shards.More = slices.Clip(list[:shown]), len(list)-shown
	if s.Shards.Shown == nil {
		s.Shards.Shown = []Shard{}
	}
	s.Workers, s.Shards.room = []Worker{}, 0
	for _, id := range slices.Sorted(maps.Keys(view.Workers)) {
		hb := view.Workers[id]
		w := Worker{ID: id, This: id == me, State: alive, Shards: held[id]}
		if r := reports[id]; r != nil {
			r.fill(&w)
		}
		switch {
		case !view.Alive[id] || s.Shards.room < 0:
		case hb.MaxLeases == 0:
			s.Shards.room = -1
		default:
			s.Shards.room += hb.MaxLeases
		}
		switch {
		case !view.Alive[id]:
			w.State = silent
			w.Lag, w.Records, w.Bytes, w.Oldest = nil, nil, nil, nil // were so once; its memory and last commit may tell why it died
		case hb.Leaving:
			w.State = leaving
		case w.Heard.IsZero() && !w.This:
			w.State = unknown
		}
		if r := reports[id]; r != nil && !w.This && w.State != silent { // its shards that lag may not all be in the report
			if lag, shard := r.worst(); lag > s.Shards.Lag {
				s.Shards.Lag, s.Shards.Worst = lag, shard
			}
		}
		s.Workers = append(s.Workers, w)
	}
}

// urgency puts what wants to be seen first: shards that nobody reads, then those that lag by ten seconds more.
func (s *Shard) urgency() int {
	switch s.State {
	case silent, unowned:
		return 1 << 40
	case waiting:
		return -1
	}
	if s.Lag == nil {
		return 0
	}
	return int(*s.Lag / 10)
}

// Report is what this worker says of itself at a heartbeat, in at most room bytes.
func (b *Board) Report(room int) string {
	read, written, failing := b.opts.Reader.Status(), b.opts.Writer.Status(), troubles(b.opts.Troubles())
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.report(time.Now(), read, written, failing).Encode(room)
}

// report is what this worker says of itself. The caller holds b.mu.
func (b *Board) report(now time.Time, read consumer.Status, written sink.Status, failing []Trouble) Report {
	r := Report{At: now.UnixMilli(), Program: clip(b.opts.Program, 40), Started: b.opts.Started.Unix(), Used: written.Used, Budget: written.Budget, Open: written.Open, Oldest: int64(written.Oldest.Seconds())}
	r.Records, r.Bytes = b.ring.rate()
	r.Lags = map[string]int64{}
	for _, s := range read.Shards {
		if lag := int64(s.Behind.Seconds()); lag > 0 {
			r.Lags[shortShard(s.Shard)] = lag
		}
	}
	for _, x := range written.Batches[:min(len(written.Batches), 4)] {
		r.Batches = append(r.Batches, ReportBatch{Stage: string(x.Stage), Opened: x.Opened.Unix(), Bytes: x.Bytes})
	}
	if len(written.Commits) > 0 {
		c := commit(written.Commits[0])
		r.Commit = &ReportCommit{Visible: c.Visible.Unix(), Cause: c.Cause, Took: c.Seconds, Objects: c.Objects, Records: c.Records, Bytes: c.Bytes, Stored: c.Stored}
	}
	for _, t := range failing {
		r.Troubles = append(r.Troubles, ReportTrouble{Doing: t.Doing, Why: t.Why, Since: t.Since.Unix(), Count: t.Count, More: t.More})
	}
	return r
}
