package httpserver

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	start  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	limits = Limits{Failover: 30 * time.Second, Interval: 5 * time.Minute}
)

func after(d time.Duration) time.Time { return start.Add(d) }

func TestHealthFollowsTheLookAtTheTable(t *testing.T) {
	for name, tc := range map[string]struct {
		limits  Limits
		scanned time.Time
		now     time.Time
		want    string
	}{
		"just started":         {limits, time.Time{}, after(time.Second), ""},
		"still starting":       {limits, time.Time{}, after(2 * time.Minute), ""},
		"never looked":         {limits, time.Time{}, after(121 * time.Second), "lease table not looked at for 2m1s since the start (more than 2m0s)"},
		"looked lately":        {limits, after(time.Hour), after(time.Hour + 2*time.Minute), ""},
		"looked long ago":      {limits, after(time.Hour), after(2 * time.Hour), "lease table not looked at for 1h0m0s since it last tried (more than 2m0s)"},
		"short failover":       {Limits{Failover: 3 * time.Second}, after(0), after(time.Minute), ""},
		"short failover, hung": {Limits{Failover: 3 * time.Second}, after(0), after(61 * time.Second), "lease table not looked at for 1m1s since it last tried (more than 1m0s)"},
	} {
		j := judge{limits: tc.limits}
		if got := j.dead(Snapshot{Started: start, Looked: tc.scanned}, tc.now); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestReadinessNamesEachReason(t *testing.T) {
	now := after(time.Hour)
	fine := Snapshot{Started: start, Scanned: now}
	for name, tc := range map[string]struct {
		change func(*Snapshot)
		want   string
	}{
		"fine":           {func(*Snapshot) {}, ""},
		"starting":       {func(s *Snapshot) { s.Scanned = time.Time{} }, "starting: lease table and stream have not been read yet"},
		"table":          {func(s *Snapshot) { s.Failing = errors.New("scan lease table t:\nno") }, "lease table or stream can not be read: scan lease table t:; no"},
		"retried lately": {func(s *Snapshot) { s.Troubles = []Trouble{{"UploadPart", now.Add(-time.Minute), 9, errors.New("x")}} }, ""},
		"stuck": {func(s *Snapshot) {
			s.Troubles = []Trouble{{"UploadPart", now.Add(-61 * time.Second), 9, errors.New("SlowDown")}, {"Intend", now.Add(-2 * time.Minute), 1, errors.New("no")}}
		}, "UploadPart fails for 1m1s (9 attempts): SlowDown\nIntend fails for 2m0s (1 attempt): no"},
		"waiting":  {func(s *Snapshot) { s.Oldest = 11 * time.Minute }, ""},
		"too late": {func(s *Snapshot) { s.Oldest = 11*time.Minute + time.Second }, "the oldest record waits for its commit for 11m1s (more than 11m0s)"},
	} {
		s := fine
		tc.change(&s)
		j := judge{limits: limits}
		if got := strings.Join(j.unready(s, now), "\n"); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

// TestShardsMayBeUnownedForAWhile walks through a failover: shards are without an owner, are taken, and are
// lost again.
func TestShardsMayBeUnownedForAWhile(t *testing.T) {
	j := judge{limits: limits}
	for _, step := range []struct {
		at      time.Duration
		unowned int
		want    string
	}{
		{0, 0, ""},
		{5 * time.Second, 3, ""},
		{65 * time.Second, 2, ""}, // 60 s, not more
		{66 * time.Second, 2, "2 shards without an owner for 1m1s: start more workers or raise leases.max_leases"},
		{70 * time.Second, 0, ""},
		{75 * time.Second, 1, ""},
		{136 * time.Second, 1, "1 shard without an owner for 1m1s: start more workers or raise leases.max_leases"},
	} {
		now := after(step.at)
		s := Snapshot{Started: start, Scanned: now, Unowned: step.unowned}
		j.observe(s, now)
		if got := strings.Join(j.unready(s, now), "\n"); got != step.want {
			t.Errorf("after %s: got %q, want %q", step.at, got, step.want)
		}
	}
}
