package status

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/consumer"
	"standpipe/sink"
)

// stand is a worker as far as a board sees it.
type stand struct {
	status consumer.Status
	view   consumer.View
	read   consumer.Totals
	sink   sink.Status
	wrote  sink.Totals
	fails  []sink.Trouble
}

type reads struct{ *stand }

func (r reads) Status() consumer.Status { return r.status }
func (r reads) View() consumer.View     { return r.view }
func (r reads) Totals() consumer.Totals { return r.read }

type writes struct{ *stand }

func (w writes) Status() sink.Status { return w.sink }
func (w writes) Totals() sink.Totals { return w.wrote }

func (s *stand) board() *Board {
	return NewBoard(Options{Application: "app", Stream: "clicks", Table: "app", Worker: "me", Started: time.Now(), Limits: Limits{Failover: 30 * time.Second, Interval: time.Minute},
		Reader: reads{s}, Writer: writes{s}, Troubles: func() []sink.Trouble { return s.fails }})
}

func shard(n int) string { return fmt.Sprintf("shardId-%012d", n) }

// newStand owns n shards.
func newStand(n int) *stand {
	s := &stand{status: consumer.Status{Scanned: time.Now()}, view: consumer.View{Alive: map[string]bool{"me": true}, Snapshot: consumer.Snapshot{
		Leases: map[string]consumer.Lease{}, Workers: map[string]consumer.Heartbeat{"me": {Worker: "me", Beat: 3}}, Batches: map[string]consumer.BatchRef{}}}}
	for i := range n {
		s.view.Leases[shard(i)] = consumer.Lease{Shard: shard(i), Owner: "me", Epoch: 1, Checkpoint: "49", Time: time.Now().Add(-time.Minute)}
		s.status.Shards = append(s.status.Shards, consumer.ShardStatus{Shard: shard(i), Epoch: 1, Position: "50"})
	}
	return s
}

func manyTroubles(now time.Time) (list []sink.Trouble) {
	for i := range 10 {
		list = append(list, sink.Trouble{Op: fmt.Sprintf("UploadPart of part 1 of k%d", i), Since: now.Add(-time.Duration(81+i) * time.Second), Count: 3, Last: fmt.Errorf("upload: %w", syscall.ECONNREFUSED)})
	}
	return append(list, sink.Trouble{Op: "heartbeat", Since: now, Count: 1})
}

func TestHourOfSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(2)
		b := s.board()
		if snap := b.Snapshot(); snap.History != nil || snap.Shards.Shown[0].Records != nil {
			t.Errorf("there are rates before the first sample: %+v", snap.Shards.Shown[0])
		}
		b.sample(time.Now())
		for i := range 400 {
			time.Sleep(Every)
			s.read.Records += 500
			s.read.Bytes += 5000
			s.wrote.Rejected = map[string]float64{"Standpipe.NotJSON": float64(i)}
			s.wrote.Retries = map[string]float64{"s3 UploadPart": float64(i / 2), "s3 CompleteMultipartUpload": 0}
			s.read.Retries = map[string]float64{"kinesis GetRecords": 7}
			s.status.Shards[0].Records += 400
			s.status.Shards[0].Behind = time.Duration(i) * time.Second
			if i%2 == 0 {
				s.sink.Commits = append([]sink.Commit{{Batch: fmt.Sprint(i), Visible: time.Now(), Closing: 2 * time.Second, Intent: time.Second, Complete: 3 * time.Second}}, s.sink.Commits...)
			}
			b.sample(time.Now())
		}
		snap := b.Snapshot()
		h := snap.History
		if len(h.Read) != 360 || h.Read[0] != 50 || h.ReadBytes[359] != 500 || h.Lag[359] != 399 || !h.Until.Equal(snap.Time) {
			t.Errorf("%d samples, %g and %g a second, lag %g", len(h.Read), h.Read[0], h.ReadBytes[359], h.Lag[359])
		}
		if h.Closing[358] != 2 || h.Intent[358] != 1 || h.Complete[358] != 3 || h.Closing[359] != 0 {
			t.Errorf("commits %v, %v", h.Closing[358:], h.Complete[358:])
		}
		hour := snap.Hour
		if hour.Seconds != 3600 || hour.Records != 360*500 || hour.Commits != 180 || hour.Rejected["Standpipe.NotJSON"] != 360 || hour.Retries["uploading to S3"] != 180 || len(hour.Retries) != 1 {
			t.Errorf("the hour is %+v", hour)
		}
		if sh := snap.Shards.Shown[0]; sh.ID != shard(0) || *sh.Records != 40 || *sh.Lag != 399 || sh.Position != "50" {
			t.Errorf("the shard that lags is %+v", sh)
		}
		if len(snap.Commits) != 20 || snap.Commits[0].Seconds != 6 {
			t.Errorf("commits %+v", snap.Commits[0])
		}
		// A lease that was given up and acquired anew counts from 0.
		s.status.Shards[0].Records = 10
		time.Sleep(fresh)
		if sh := b.Snapshot().Shards.Shown[0]; sh.Records != nil {
			t.Errorf("rate %g of a new lease", *sh.Records)
		}
	})
}

func TestOthersAreKnownByTheirReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(1)
		other := full()
		other.At = time.Now().UnixMilli()
		other.Lags = map[string]int64{"5": 995, "77": 996}
		for i := range other.Troubles {
			other.Troubles[i].Since = time.Now().Add(-time.Hour).Unix()
		}
		s.view.Workers["other"] = consumer.Heartbeat{Worker: "other", Beat: 9, Report: other.Encode(900)}
		s.view.Workers["old"] = consumer.Heartbeat{Worker: "old", Beat: 9}
		other.Started = time.Now().Add(-time.Minute).Unix()
		s.view.Workers["dead"] = consumer.Heartbeat{Worker: "dead", Beat: 9, Report: other.Encode(900)}
		young := Report{At: time.Now().UnixMilli(), Started: time.Now().Add(-5 * time.Second).Unix()}
		s.view.Workers["young"] = consumer.Heartbeat{Worker: "young", Beat: 1, Report: young.Encode(900)}
		s.view.Alive["other"], s.view.Alive["old"], s.view.Alive["young"] = true, true, true
		s.view.Unowned = map[string]bool{shard(8): true, shard(10): true}
		s.view.Waiting = map[string]bool{shard(11): true}
		for n, owner := range map[int]string{5: "other", 6: "other", 7: "old", 8: "dead"} {
			s.view.Leases[shard(n)] = consumer.Lease{Shard: shard(n), Owner: owner, Epoch: 2, Checkpoint: "49"}
		}
		s.view.Leases[shard(9)] = consumer.Lease{Shard: shard(9), Checkpoint: sink.ShardEnd}
		s.view.Leases[consumer.RedriveShard] = consumer.Lease{Shard: consumer.RedriveShard, Checkpoint: "x"}
		s.view.Batches["b1"] = consumer.BatchRef{ID: "b1", Owner: "dead"}
		snap := s.board().Snapshot()
		states := map[string]string{}
		for _, sh := range snap.Shards.Shown {
			states[sh.ID] = sh.State
		}
		for n, want := range map[int]string{0: "reading", 5: "reading", 6: "reading", 7: "reading", 8: "silent", 10: "unowned", 11: "waiting"} {
			if states[shard(n)] != want {
				t.Errorf("shard %d is %q, not %q", n, states[shard(n)], want)
			}
		}
		if c := snap.Shards; len(states) != 7 || c.Total != 6 || c.Read != 4 || c.Unowned != 2 || c.Waiting != 1 || c.Finished != 1 || c.Worst != shard(77) || c.Lag != 996 {
			t.Errorf("shards %+v", c)
		}
		var list []string
		for _, w := range snap.Workers {
			list = append(list, fmt.Sprint(w.ID, " ", w.State, " ", w.Shards))
		}
		if got := strings.Join(list, ", "); got != "dead silent 1, me alive 1, old unknown 1, other alive 2, young alive 0" {
			t.Errorf("workers %s", got)
		}
		for _, w := range snap.Workers {
			knows := w.ID == "other" // what the dead one did it does no more, and the young one has not measured yet
			if w.ID != "me" && ((w.Bytes != nil) != knows || (w.Records != nil) != knows || (w.Oldest != nil) != (knows || w.ID == "young") || (w.Memory != nil) != (w.ID != "old")) {
				t.Errorf("%s: %+v", w.ID, w)
			}
		}
		list = nil
		for _, x := range snap.Batches {
			list = append(list, fmt.Sprint(x.Owner, " ", x.Stage, " ", x.ID))
		}
		if got := strings.Join(list, ", "); got != "other completing , dead promised b1, other filling " {
			t.Errorf("batches %+v", snap.Batches)
		}
		if snap.Verdict.Level != Bad || !strings.Contains(snap.Verdict.Headline, "doing 0 fails") {
			t.Errorf("verdict %+v", snap.Verdict)
		}
		if _, err := json.Marshal(snap); err != nil {
			t.Error(err)
		}
	})
}

// TestWorkerThatDiedBeforeThisOneStarted is not shown alive for leases.failover; one whose clock is wrong is, once it moves.
func TestWorkerThatDiedBeforeThisOneStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(1)
		stale := full()
		stale.At = time.Now().Add(-30 * time.Minute).UnixMilli()
		s.view.Workers["ghost"] = consumer.Heartbeat{Worker: "ghost", Beat: 9, Report: stale.Encode(900)}
		s.view.Workers["slow clock"] = consumer.Heartbeat{Worker: "slow clock", Beat: 9, Report: stale.Encode(900)}
		b := s.board()
		for _, want := range []string{"ghost silent, me alive, slow clock silent", "ghost silent, me alive, slow clock alive", "ghost silent, me alive, slow clock alive"} {
			s.view.Alive = map[string]bool{"me": true, "ghost": true, "slow clock": true} // as the leases take them
			snap := b.Snapshot()
			var list []string
			for _, w := range snap.Workers {
				list = append(list, w.ID+" "+w.State)
			}
			if got := strings.Join(list, ", "); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			for _, x := range snap.Batches {
				if x.Owner == "ghost" {
					t.Errorf("a dead worker fills a batch: %+v", x)
				}
			}
			time.Sleep(fresh)
			hb := s.view.Workers["slow clock"]
			hb.Beat++
			s.view.Workers["slow clock"] = hb
		}
	})
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*stand)
		level  string
		text   string
	}{
		{"nothing is wrong", func(*stand) {}, Well, "Well: 2 shards are read by 1 worker, none of them behind"},
		{"a little behind", func(s *stand) { s.status.Shards[0].Behind = 2 * time.Second }, Well, "at most 2.0 s behind"},
		{"far behind", func(s *stand) { s.status.Shards[0].Behind = 2 * time.Hour }, Watch, "reading lags by 2.0 h"},
		{"about to lose", func(s *stand) { s.status.Shards[0].Behind, s.view.Retention = 20*time.Hour, 24*time.Hour }, Bad, "about to leave the stream unread"},
		{"something fails", func(s *stand) { s.fails = manyTroubles(time.Now())[10:] }, Watch, "writing the heartbeat fails"},
		{"something goes on failing", func(s *stand) { s.fails = manyTroubles(time.Now()) }, Bad, "uploading to S3 fails"},
		{"a damaged row", func(s *stand) { s.view.Damaged = map[string]error{"x": fmt.Errorf("no")} }, Bad, "damaged rows"},
		{"a row of a newer version", func(s *stand) { s.view.Damaged = map[string]error{"x": &consumer.NewerError{Version: 2, Known: 1}} }, Bad, "rows of a newer version"},
		{"it starts", func(s *stand) { s.status.Scanned = time.Time{} }, Watch, "it is starting"},
		{"nobody may own a shard", func(s *stand) {
			s.view.Unowned = map[string]bool{shard(7): true}
			s.view.Workers["me"] = consumer.Heartbeat{Worker: "me", Beat: 3, MaxLeases: 2}
		}, Bad, "nobody may own all shards"},
		{"another worker may own it", func(s *stand) {
			s.view.Unowned, s.view.Alive["b"] = map[string]bool{shard(7): true}, true
			s.view.Workers["me"], s.view.Workers["b"] = consumer.Heartbeat{Worker: "me", Beat: 3, MaxLeases: 2}, consumer.Heartbeat{Worker: "b", Beat: 3}
		}, Watch, "1 shard without an owner"},
		{"another worker does not commit", func(s *stand) {
			s.view.Alive["b"] = true
			s.view.Workers["b"] = consumer.Heartbeat{Worker: "b", Beat: 3, Report: Report{At: time.Now().UnixMilli(), Oldest: 181}.Encode(500)}
		}, Bad, "commits do not come through"},
		{"a row of a newer version", func(s *stand) { s.view.Damaged = map[string]error{"x": &consumer.NewerError{Version: 2, Known: 1}} }, Bad, "rows of a newer version"},
		{"nobody reads a shard", func(s *stand) { s.view.Unowned = map[string]bool{shard(7): true} }, Watch, "1 shard without an owner"},
		{"records are rejected", func(s *stand) { s.wrote.Rejected = map[string]float64{"x": 12} }, Well, "Well: 2 shards"},
		{"records are lost", func(s *stand) { s.read.Gaps = 1 }, Bad, "records have probably been lost"},
		{"a batch was undone", func(s *stand) { s.wrote.Undone = 1 }, Watch, "batches were undone"},
		{"there is nothing", func(s *stand) { *s = *newStand(0) }, Well, "there is no shard to read yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStand(2)
				b := s.board()
				b.sample(time.Now())
				c.change(s)
				time.Sleep(Every)
				b.sample(time.Now())
				if v := b.Snapshot().Verdict; v.Level != c.level || !strings.Contains(v.Headline, c.text) {
					t.Errorf("got %+v", v)
				}
			})
		})
	}
}

// A row may name any time. One that JSON can not say is left out, and does not cost the whole page.
func TestTimesThatJSONCanNotSay(t *testing.T) {
	s := newStand(1)
	row := s.view.Leases[shard(0)]
	row.Time = time.UnixMilli(1 << 62)
	s.view.Leases[shard(0)] = row
	snap := s.board().Snapshot()
	if _, err := json.Marshal(snap); err != nil || !snap.Shards.Shown[0].Visible.IsZero() {
		t.Errorf("%v, visible until %v", err, snap.Shards.Shown[0].Visible)
	}
}

// TestReadyzIsHeeded takes over what /readyz says, but for what the verdict says itself.
func TestReadyzIsHeeded(t *testing.T) {
	s := newStand(1)
	s.fails = manyTroubles(time.Now())[:1]
	b := s.board()
	b.Heed(func() []string {
		return []string{"UploadPart of part 1 of k0 fails for 1m21s (3 attempts): x", "lease table or stream can not be read: y"}
	})
	v := b.Snapshot().Verdict
	if v.Level != Bad || len(v.Findings) != 2 || v.Findings[0].Text != "Lease table or stream can not be read: y" {
		t.Errorf("got %+v", v)
	}
}

// TestTenThousandFailures: uploads of 10,000 paths fail for more than a minute, each with a line of /readyz.
func TestTenThousandFailures(t *testing.T) {
	s := newStand(99)
	var lines []string
	for i := range 10_000 {
		op := fmt.Sprintf("CreateMultipartUpload of by/customer=customer-%d/year=2026/standpipe-clicks-2026-11-22-22-15-08.ndjson.gz", i)
		s.fails = append(s.fails, sink.Trouble{Op: op, Since: time.Now().Add(-2 * time.Minute), Count: 9, Last: syscall.ECONNREFUSED})
		lines = append(lines, op+" fails for 2m0s (9 attempts): connection refused")
	}
	b := s.board()
	b.Heed(func() []string { return lines })
	begin := time.Now()
	v := b.Snapshot().Verdict
	if took := time.Since(begin); took > 200*time.Millisecond { // it takes some 5 ms; in the square of their number it would take seconds
		t.Errorf("it took %v", took)
	}
	if len(v.Findings) != 1 || !strings.Contains(v.Findings[0].Text, "(90000 attempts)") || !strings.Contains(v.Findings[0].Text, "and 9999 more") {
		t.Errorf("got %+v", v)
	}
	if r := b.Report(700); !strings.Contains(r, `"m":9999`) {
		t.Errorf("report %s", r)
	}
}

// TestSnapshotServesASecond: many viewers cost as much as one.
func TestSnapshotServesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStand(1).board()
		first := b.Snapshot()
		time.Sleep(fresh - time.Millisecond)
		if b.Snapshot() != first {
			t.Error("it was made again")
		}
		time.Sleep(time.Millisecond)
		if b.Snapshot() == first {
			t.Error("it is a second old")
		}
	})
}

func BenchmarkSample(b *testing.B) {
	s := newStand(99)
	for i := range 64 {
		s.sink.Commits = append(s.sink.Commits, sink.Commit{Batch: fmt.Sprint(i)})
	}
	board := s.board()
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(Every)
		board.sample(now)
	}
}

// TestLagWithoutAWorker: no further worker or shard helps where there is none at all.
func TestLagWithoutAWorker(t *testing.T) {
	t.Parallel()
	for living, want := range map[int]string{0: "The stream is unread since 120 s (x).", 1: "Reading lags by 120 s at most (x). It catches up if the lag falls; if it grows, add workers or shards."} {
		s := &Snapshot{Shards: Shards{Lag: 120, Worst: "x"}}
		said := ""
		s.judgeLag(func(_, _, format string, args ...any) { said += fmt.Sprintf(format, args...) }, living, 24*time.Hour)
		if want = strings.Replace(want, "120 s", span(120), 1); said != want {
			t.Errorf("%d workers: %q", living, said)
		}
	}
}
