package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestLifecycleRulesAreJudged: clicks/ and errors/ are outputs' places, the journals have their own.
func TestLifecycleRulesAreJudged(t *testing.T) {
	expire := func(days string) string { return "<Expiration><Days>" + days + "</Days></Expiration>" }
	for name, tc := range map[string]struct {
		rules string
		want  []string // parts of the table
		not   string
	}{
		"too short": {rule("hasty", "", abortAfter(1)),
			[]string{"warning  bucket lake: lifecycle", "rule hasty aborts uploads under s3://lake/clicks/ after 1 days: an outage may last longer"}, "no rule aborts"},
		"one place only": {rule("one", "clicks/", abortAfter(8)),
			[]string{"incomplete uploads under s3://lake/clicks/ are aborted after 8 days", "no rule aborts incomplete uploads under s3://lake/errors/"}, "under s3://lake/clicks/: what a crash"},
		"a part of a place, short": {rule("all", "", abortAfter(7)) + rule("part", "clicks/year=2026/", abortAfter(2)),
			[]string{"rule part aborts uploads under s3://lake/clicks/ after 2 days", "under s3://lake/errors/ are aborted after 7 days"}, "under s3://lake/clicks/ are aborted"},
		"elsewhere": {rule("all", "", abortAfter(7)) + rule("logs", "logs/", abortAfter(1)), []string{"under s3://lake/clicks/ are aborted after 7 days"}, "warning"},
		"disabled":  {strings.ReplaceAll(rule("off", "", abortAfter(7)), "Enabled", "Disabled"), []string{"no rule aborts incomplete uploads under s3://lake/clicks/"}, "are aborted"},
		"old form":  {"<Rule><ID>old</ID><Status>Enabled</Status><Prefix></Prefix>" + abortAfter(9) + "</Rule>", []string{"under s3://lake/clicks/ are aborted after 9 days"}, "warning"},
		"and":       {"<Rule><ID>and</ID><Status>Enabled</Status><Filter><And><Prefix>clicks/</Prefix><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter>" + abortAfter(9) + "</Rule>", []string{"no rule aborts incomplete uploads under s3://lake/clicks/"}, "are aborted"},
		"journals":  {rule("all", "", abortAfter(7)) + rule("gone", "_standpipe/", expire("2")), []string{"rule gone deletes journals under s3://lake/_standpipe/standpipe-clicks/ after 2 days"}, "journals under s3://lake/clicks/"},
		"journals by date": {rule("all", "", abortAfter(7)) + rule("gone", "_standpipe/", "<Expiration><Date>2026-01-31T00:00:00Z</Date></Expiration>"),
			[]string{"rule gone deletes journals under s3://lake/_standpipe/standpipe-clicks/ from 2026-01-31 on, new ones too"}, "journals under s3://lake/clicks/"},
		"objects": {rule("all", "", abortAfter(7)) + rule("gone", "clicks/", expire("2")), []string{"under s3://lake/clicks/ are aborted after 7 days"}, "warning"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			rules(c, tc.rules)
			r := execute(t, c.env(), "check", "--online")
			for _, want := range tc.want {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("no %q in %s", want, r)
				}
			}
			_, table, _ := strings.Cut(r.stdout, "Online:")
			if r.code != exitOK || strings.Contains(table, tc.not) {
				t.Errorf("%q in %s", tc.not, r)
			}
		})
	}
}

func TestEachBucketIsLookedAtOnce(t *testing.T) {
	c := newCloud(t)
	_, lines := c.online(t, "STANDPIPE_JOURNAL_BUCKET=pond", "STANDPIPE_OUTPUTS_1_BUCKET=lake", "STANDPIPE_OUTPUTS_1_PREFIX=clicks/!{timestamp:yyyy}/")
	for check, want := range map[string]string{
		"bucket lake": "ok: ", "bucket pond": "failed: bucket pond does not exist", "bucket pond: lifecycle": "skipped: ",
		"s3://pond/_standpipe/standpipe-clicks/: upload": "skipped: ", "s3://lake/clicks/: upload": "ok: ", "s3://lake/errors/: missing key": "ok: ",
	} {
		if !strings.HasPrefix(lines[check], want) {
			t.Errorf("%s: got %q, want %q", check, lines[check], want)
		}
	}
	for _, check := range []string{"bucket lake again", "s3://lake/clicks/: upload again"} {
		if lines[check] != "" {
			t.Errorf("%s: %s", check, lines[check])
		}
	}
}

// TestLeaseTableIsReckoned against figures worked out by hand. A batch of one shard that is read once a second is cut
// half a second after its interval, in the mean.
func TestLeaseTableIsReckoned(t *testing.T) {
	const month = 730 * 3600.
	for _, tc := range []struct {
		interval, failover time.Duration
		shards             int
		writes, reads      float64
		dear               bool
	}{
		// A commit is 4 units for the item (0.8 KB) and 4 for the row; a heartbeat every 6 s; a scan every 2 s.
		{5 * time.Minute, 30 * time.Second, 1, month * (8/300.5 + 1/6.), month * (1/2. + 1/300.5), false},
		// A commit every 1.5 s costs nearly what the shard itself does; of two shards every 1.25 s more.
		{time.Second, 30 * time.Second, 1, month * (8/1.5 + 1/6.), month * (1/2. + 1/1.5), false},
		{time.Second, 30 * time.Second, 2, month * (12/1.25 + 1/6.), month * (1/2. + 1/1.25), true},
		// A failover of 6 s scans every second, and beats every 1.2 s.
		{5 * time.Minute, 6 * time.Second, 1, month * (8/300.5 + 1/1.2), month * (1 + 1/300.5), false},
		// An item of 19.4 KB and 99 rows, and one of 0.8 KB and 1 row; rows of 21.8 KB are 6 units.
		{time.Minute, 30 * time.Second, 100, month * (476/60.005 + 8/60.5 + 1/6.), month * (6/2. + 5/60.005 + 1/60.5), false},
		{5 * time.Second, 30 * time.Second, 100, month * (476/5.005 + 8/5.5 + 1/6.), month * (6/2. + 5/5.005 + 1/5.5), true},
	} {
		writes, reads := requestUnits(tc.interval, tc.failover, tc.shards)
		if math.Abs(writes-tc.writes) > 0.001*writes || math.Abs(reads-tc.reads) > 0.001*reads || dollars(writes, reads) > dear(tc.shards) != tc.dear {
			t.Errorf("%s, %d shards: got %.0f and %.0f units, $%.2f against $%.2f; want %.0f and %.0f, dear %v",
				tc.interval, tc.shards, writes, reads, dollars(writes, reads), dear(tc.shards), tc.writes, tc.reads, tc.dear)
		}
	}
}

func TestDearIntervalIsWarnedOf(t *testing.T) {
	c := newCloud(t)
	r, lines := c.online(t, "STANDPIPE_BUFFER_INTERVAL=1s")
	want := "warning: lease table: up to 25.7 million write and 3.4 million read units a month for 2 shards and one worker, about $16.47 at on-demand prices, where $10.95 is a fair limit: a longer buffer.interval costs less, 5m about $0.50"
	if r.code != exitOK || lines["cost"] != want {
		t.Errorf("got %s", r)
	}
}
