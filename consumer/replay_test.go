package consumer

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"standpipe/internal/kinesisfake"
	"standpipe/sink"
)

// Which records of an answer are taken, and when the shard is finished: arrival times may be out of order by the margin.
func TestReplayLimitsAnAnswer(t *testing.T) {
	began := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	sec := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	gap := func(from, to float64) *sink.Gap { return &sink.Gap{From: sec(from), To: sec(to)} }
	for _, c := range []struct {
		name     string
		arrivals []float64
		behind   time.Duration
		asked    float64 // by this machine's clock, which is an hour late
		closed   bool
		gap      *sink.Gap
		taken    []float64
		end      bool
		left     *sink.Gap // for the next answer
	}{
		{name: "all of them", arrivals: []float64{0, 1, 9.999}, behind: time.Second, taken: []float64{0, 1, 9.999}},
		{name: "before and after", arrivals: []float64{-0.001, 5, 10, 11}, behind: time.Second, taken: []float64{5}},
		{name: "out of order", arrivals: []float64{1, -1, 10.5, 2, 10, 3}, behind: time.Second, taken: []float64{1, 2, 3}},
		{name: "just within the margin", arrivals: []float64{9, 11.999}, behind: time.Second, taken: []float64{9}},
		{name: "past the margin", arrivals: []float64{12, 9}, behind: time.Second, taken: []float64{9}, end: true},
		{name: "none", behind: time.Second},
		{name: "none, caught up too early", asked: 11.9},
		{name: "none, caught up", asked: 12, end: true},
		{name: "caught up", arrivals: []float64{3}, asked: 13, taken: []float64{3}, end: true},
		{name: "far past the time, and not caught up", arrivals: []float64{3}, behind: time.Second, asked: 1e6, taken: []float64{3}},
		{name: "the shard's end", arrivals: []float64{3, 10}, closed: true, taken: []float64{3}, end: true},
		{name: "a gap is kept for whom it concerns", arrivals: []float64{-1}, behind: time.Second, gap: gap(1, 2), left: gap(1, 2)},
		{name: "a gap at the end", arrivals: []float64{12}, behind: time.Second, gap: gap(1, 2), end: true},
		{name: "a gap after the time", arrivals: []float64{12}, behind: time.Second, gap: gap(10, 11), end: true},
	} {
		p := newReplay(&Replay{From: sec(0), To: sec(10), Margin: 2 * time.Second, Ahead: time.Hour})
		f := &fetcher{replay: p, shard: shardID(0)}
		a := &answer{behind: c.behind, end: c.closed, gap: c.gap}
		for _, s := range c.arrivals {
			a.records = append(a.records, kinesisRecord{Arrival: sec(s)})
		}
		f.limit(a, sec(c.asked).Add(-time.Hour))
		var taken []float64
		for _, k := range a.records {
			taken = append(taken, k.Arrival.Sub(began).Seconds())
		}
		if !slices.Equal(taken, c.taken) || a.end != c.end {
			t.Errorf("%s: took %v, end %v; want %v, %v", c.name, taken, a.end, c.taken, c.end)
		}
		if got, want := fmt.Sprint(f.gap), fmt.Sprint(c.left); got != want {
			t.Errorf("%s: the gap %s is left, want %s", c.name, got, want)
		}
		if want := c.gap != nil && c.end && c.gap.From.Before(sec(10)); (a.gap != nil) != want {
			t.Errorf("%s: the answer has the gap %v", c.name, a.gap)
		}
	}
}

// Kinesis counts in milliseconds: a time between two of them is the later one, at both ends.
func TestReplayCountsInWholeMilliseconds(t *testing.T) {
	at := time.UnixMilli(1000)
	p := newReplay(&Replay{From: at.Add(time.Microsecond), To: at.Add(5*time.Millisecond - time.Nanosecond)})
	if !p.From.Equal(at.Add(time.Millisecond)) || !p.until().Equal(at.Add(5*time.Millisecond)) {
		t.Errorf("from %v to %v", p.From, p.until())
	}
	if p = newReplay(&Replay{From: at, To: at}); !p.From.Equal(at) || !p.until().Equal(at) {
		t.Errorf("from %v to %v", p.From, p.until())
	}
}

// A share of one half takes twice the time, so that half of what the shard gives is left to others.
func TestReplayTakesItsShare(t *testing.T) {
	took := map[float64]time.Duration{}
	for _, share := range []float64{0, 1, 0.5} {
		synctest.Test(t, func(t *testing.T) {
			srv := kinesisfake.New(kinesisfake.Options{})
			if err := srv.CreateStream("clicks", 1); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			putRecords(t, srv, 300, 50_000)
			time.Sleep(time.Hour)
			f, _ := newFetcher(t, srv, 64<<20)
			f.replay = newReplay(&Replay{From: began, To: began.Add(time.Minute), Share: share})
			start := time.Now()
			for at := trimHorizon; at != shardEnd; {
				var a *answer
				a, at = f.mustFetch(t, at)
				f.release(a)
			}
			took[share] = time.Since(start)
		})
	}
	if took[0] != took[1] || took[0.5] < took[1]*19/10 || took[0.5] > took[1]*21/10 {
		t.Errorf("took %v", took)
	}
}

// Of a shard whose parent is still listed nothing can have left the retention; of all others, what arrived since the stream
// was made.
func TestReplayKnowsSinceWhenAShardMatters(t *testing.T) {
	from := time.UnixMilli(5000)
	p := newReplay(&Replay{From: from, To: from.Add(time.Hour), Margin: time.Second})
	if got, ok := startTime(atTimestamp + "@" + p.start()); !ok || !got.Equal(from.Add(-time.Second)) || !p.filter().Timestamp.Equal(got) {
		t.Errorf("it begins at %v, and lists shards from %v", p.start(), p.filter().Timestamp)
	}
	listed := map[string]Shard{"a": {ID: "a"}, "b": {ID: "b", Parents: []string{"a"}}, "c": {ID: "c", Parents: []string{"gone"}}}
	for _, c := range []struct {
		shard   string
		created time.Time
		want    time.Time
	}{{"a", from.Add(-time.Hour), from}, {"a", from.Add(time.Second), from.Add(time.Second)}, {"b", time.Time{}, time.Time{}}, {"c", time.Time{}, from}} {
		if got := p.since(listed[c.shard], listed, c.created); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.shard, got, c.want)
		}
	}
}

// A replay is over when every shard is finished in a snapshot that is older than the listing, and late enough.
func TestReplayIsOver(t *testing.T) {
	to := time.UnixMilli(100_000)
	row := func(shard, checkpoint string) Lease { return Lease{Shard: shard, Checkpoint: checkpoint, Epoch: 1} }
	for name, c := range map[string]struct {
		change func(*leases)
		began  time.Time
		want   bool
	}{
		"all finished":                    {func(*leases) {}, to.Add(2 * time.Second), true},
		"listed too early":                {func(*leases) {}, to.Add(2*time.Second - 1), false},
		"one is being read":               {func(l *leases) { l.snap.Leases["b"] = row("b", "123") }, to.Add(time.Minute), false},
		"one has no row yet":              {func(l *leases) { delete(l.snap.Leases, "b") }, to.Add(time.Minute), false},
		"one is listed no more":           {func(l *leases) { delete(l.shards, "a"); l.snap.Leases["a"] = row("a", "1") }, to.Add(time.Minute), false},
		"a finished row was removed":      {func(l *leases) { delete(l.snap.Leases, "a"); l.outlived = map[string]bool{"a": true} }, to.Add(time.Minute), true},
		"a row is damaged":                {func(l *leases) { l.snap.Damaged = map[string]error{"a": errConflict} }, to.Add(time.Minute), false},
		"the row of an unlisted one is":   {func(l *leases) { l.snap.Damaged = map[string]error{"shardId-x": errConflict} }, to.Add(time.Minute), false},
		"a heartbeat is, which is nobody": {func(l *leases) { l.snap.Damaged = map[string]error{workerKey + "w": errConflict} }, to.Add(time.Minute), true},
	} {
		p := newReplay(&Replay{Name: "r", From: to.Add(-time.Minute), To: to, Margin: 2 * time.Second})
		l := &leases{log: zerolog.Nop(), shards: map[string]Shard{"a": {ID: "a"}, "b": {ID: "b"}},
			snap: &Snapshot{Leases: map[string]Lease{"a": row("a", shardEnd), "b": row("b", shardEnd)}}}
		c.change(l)
		p.finish(l, c.began)
		p.finish(l, c.began)
		select {
		case <-p.over():
			if !c.want {
				t.Errorf("%s: over", name)
			}
		default:
			if c.want {
				t.Errorf("%s: not over", name)
			}
		}
	}
	var none *replay
	none.finish(nil, to)
	if none.over() != nil || none.filter() != nil {
		t.Error("no replay ends")
	}
}
