package statuspage

import (
	"fmt"
	"math"
	"strings"
	"time"

	"standpipe/internal/status"
)

func ptr[T any](v T) *T { return &v }

// sample is a busy application at a time: 99 shards on three workers, an hour of history, 10,000 open paths.
func sample(now time.Time) *status.Snapshot {
	s := &status.Snapshot{
		Form: status.Form, Time: now, Application: "standpipe-clicks", Stream: "clicks", Table: "standpipe-clicks",
		Worker: "ip-10-0-3-17-9f2c11ab", Program: "v1.4.0 (3f9c2d1)", Started: now.Add(-51 * time.Hour),
		Verdict: status.Verdict{Level: status.Well, Headline: "Well: 99 shards are read by 3 workers, at most 1.2 s behind", Findings: []status.Finding{
			{Level: status.Well, Text: "12 records went to the error prefix in the last hour (docs/errors.md says what to do)."}}},
		Shards: status.Shards{Total: 99, Read: 99, Finished: 12, Lag: 1.2, Worst: "shardId-000000000017"},
		Paths:  &status.Paths{Open: 10_000}, Memory: &status.Memory{Used: 83 << 20, Budget: 128 << 20},
		Hour: &status.Hour{Seconds: 3600, Records: 14_210_442, Visible: 14_190_001, Commits: 13, Rejected: map[string]int64{"Standpipe.NotJSON": 12}, Retries: map[string]int64{"uploading to S3": 3}},
	}
	owners := []string{s.Worker, "ip-10-0-7-201-03be77c4", "ip-10-0-9-88-d01f4e52"}
	for i := range 99 {
		sh := status.Shard{ID: fmt.Sprintf("shardId-%012d", i), State: "reading", Owner: owners[i%3], Lag: ptr(float64(i%13) / 10), Checkpoint: strings.Repeat("4968047234006347", 3) + fmt.Sprintf("%08d", i), Visible: now.Add(-time.Duration(40+i) * time.Second)}
		if i%3 == 0 {
			sh.Records, sh.Bytes = ptr(float64(900+i*3)), ptr(float64(310_000+i*1000))
		}
		s.Shards.Shown = append(s.Shards.Shown, sh)
	}
	for i, id := range owners {
		s.Workers = append(s.Workers, status.Worker{ID: id, This: i == 0, State: "alive", Heard: now.Add(-time.Duration(1+2*i) * time.Second), Program: "v1.4.0", Started: now.Add(-50 * time.Hour), Shards: 33, Lag: ptr(float64(i) / 2),
			Records: ptr(32_089.0 + float64(i)*700), Bytes: ptr(9_960_000.0 + float64(i)*210_000), Memory: &status.Memory{Used: int64(83-i*11) << 20, Budget: 128 << 20}, OpenPaths: ptr(10_000 - 17*i), Oldest: ptr(301.0 - 70*float64(i)),
			Commit: &status.Commit{Cause: "interval", Visible: now.Add(-time.Duration(150+i) * time.Second), Seconds: 1.4}})
	}
	for i := range 20 {
		s.Commits = append(s.Commits, status.Commit{Batch: fmt.Sprintf("01a20553-d0dc-765d-a5cc-407b8997%04d", i), Cause: []string{"interval", "size"}[i%2], Visible: now.Add(-time.Duration(150+300*i) * time.Second), Seconds: 1.4, Closing: 1.1, Intent: 0.02, Complete: 0.28, Open: 300,
			Shards: 33, Objects: 48, Records: 1_080_000 + int64(i)*1000, Bytes: 340 << 20, Stored: 61 << 20})
	}
	s.Batches = []status.Batch{
		{ID: "01a20553-d0dc-765d-a5cc-407b89977146", Owner: s.Worker, Stage: "completing", Cause: "interval", Opened: now.Add(-301 * time.Second), Shards: 33, Objects: 48, Records: 1_082_000, Bytes: 341 << 20},
		{ID: "01a20554-aaaa-765d-a5cc-407b89977147", Owner: s.Worker, Stage: "filling", Opened: now.Add(-142 * time.Second), Shards: 33, Objects: 10_000, Records: 482_000, Bytes: 151 << 20},
	}
	for i := range 100 {
		s.Paths.Shown = append(s.Paths.Shown, status.Path{Output: "raw", Path: fmt.Sprintf("clicks/customer=c%04d/year=2026/month=11/day=22/hour=22/", i), Records: int64(4000 - 30*i), Bytes: int64(1_300_000 - 9000*i), Held: 140_000})
	}
	h := &status.History{Every: 10, Until: now}
	for i := range 360 {
		x := float64(i)
		wave := 9e6 + 1.5e6*math.Sin(x/40) + 4e5*math.Sin(x*1.7)
		h.Read, h.ReadBytes = append(h.Read, wave/310), append(h.ReadBytes, wave)
		h.Visible, h.Stored = append(h.Visible, 0), append(h.Stored, 0)
		h.Lag = append(h.Lag, math.Max(0, 0.8+0.5*math.Sin(x/7)+8*math.Exp(-math.Pow((x-210)/12, 2))))
		h.Oldest, h.Memory = append(h.Oldest, math.Mod(x*10, 300)), append(h.Memory, 80<<20)
		c := 0.0
		if i%30 == 5 {
			c = 1 + 0.3*math.Sin(x)
		}
		h.Closing, h.Intent, h.Complete = append(h.Closing, c), append(h.Intent, c/20), append(h.Complete, c/4)
		h.Retries, h.Rejected = append(h.Retries, 0), append(h.Rejected, 0)
	}
	s.History = h
	return s
}
