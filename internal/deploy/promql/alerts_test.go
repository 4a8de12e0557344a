package main

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// healthy are 20 minutes of two workers with which nothing is wrong, a sample a minute, and 0 errors of a kind.
var healthy = map[string]string{
	`standpipe_heartbeats_total{job="s", instance="a"}`:                                    `0+10x20`,
	`standpipe_heartbeats_total{job="s", instance="b"}`:                                    `0+10x20`,
	`standpipe_behind_latest_max_seconds{job="s", instance="a"}`:                           `1x20`,
	`standpipe_behind_latest_max_seconds{job="s", instance="b"}`:                           `600x20`,
	`standpipe_stream_retention_seconds{job="s", instance="a"}`:                            `86400x20`,
	`standpipe_stream_retention_seconds{job="s", instance="b"}`:                            `86400x20`,
	`standpipe_retention_gaps_total{job="s", instance="a"}`:                                `3x20`,
	`standpipe_oldest_uncommitted_seconds{job="s", instance="a"}`:                          `0 60 120 180 240 300 0 60 120 180 240 310 0 60 120 180 240 300 0 60 120`,
	`standpipe_oldest_uncommitted_seconds{job="s", instance="b"}`:                          `0x20`,
	`standpipe_buffer_interval_seconds{job="s", instance="a"}`:                             `300x20`,
	`standpipe_buffer_interval_seconds{job="s", instance="b"}`:                             `300x20`,
	`standpipe_shards_unowned{job="s", instance="a"}`:                                      `0x20`,
	`standpipe_shards_unowned{job="s", instance="b"}`:                                      `2x20`,
	`standpipe_batches_undone_total{job="s", instance="a"}`:                                `1x20`,
	`standpipe_rejected_records_total{job="s", instance="a", code="Standpipe.NotJSON"}`:    `0+1x20`,
	`standpipe_lambda_calls_total{job="s", instance="a", step="tidy", result="ok"}`:        `0+9x20`,
	`standpipe_lambda_calls_total{job="s", instance="a", step="tidy", result="throttled"}`: `4x20`,
	`standpipe_schema_refused{job="s", instance="a", output="rows"}`:                       `0x20`,
}

// sick are changes of what is healthy that must ring an alert.
var sick = map[string]map[string]string{
	"StandpipeNoHeartbeat":      {`standpipe_heartbeats_total{job="s", instance="a"}`: `0+10x10 100x9`, `standpipe_heartbeats_total{job="s", instance="b"}`: `0+10x10 100x9`},
	"StandpipeLagNearRetention": {`standpipe_behind_latest_max_seconds{job="s", instance="b"}`: `22000x20`},
	"StandpipeRetentionGap":     {`standpipe_retention_gaps_total{job="s", instance="a"}`: `3x15 4x4`},
	"StandpipeFreshness":        {`standpipe_oldest_uncommitted_seconds{job="s", instance="b"}`: `0+60x20`},
	"StandpipeShardsUnowned":    {`standpipe_shards_unowned{job="s", instance="a"}`: `2x20`},
	"StandpipeBatchUndone":      {`standpipe_batches_undone_total{job="s", instance="a"}`: `1x15 2x4`},
	"StandpipeErrorRecords":     {`standpipe_rejected_records_total{job="s", instance="a", code="Standpipe.NotJSON"}`: `0+3x20`},
	"StandpipeFunctionWaits":    {`standpipe_lambda_calls_total{job="s", instance="a", step="tidy", result="throttled"}`: `4+1x20`},
	"StandpipeTableRefused":     {`standpipe_schema_refused{job="s", instance="a", output="rows"}`: `1x20`},
}

// TestAlertsRing: each alert's expression gives a series after 20 minutes of its trouble, and none of nothing; with no metrics
// at all nobody writes heartbeats.
func TestAlertsRing(t *testing.T) {
	groups, errs := rulefmt.ParseFile("../../../deploy/prometheus/alerts.yml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	engine := promqltest.NewTestEngine(t, false, 5*time.Minute, 10000)
	rung := 0
	for _, r := range groups.Groups[0].Rules {
		rings := func(changes map[string]string) bool {
			t.Helper()
			var load strings.Builder
			load.WriteString("load 1m\n")
			for series, values := range healthy {
				if changed, ok := changes[series]; ok {
					values = changed
				}
				load.WriteString("  " + series + " " + values + "\n")
			}
			store := promqltest.LoadedStorage(t, load.String())
			defer func() { _ = store.Close() }()
			query, err := engine.NewInstantQuery(t.Context(), store, nil, r.Expr, time.Unix(20*60, 0))
			if err != nil {
				t.Fatalf("%s: %v", r.Alert, err)
			}
			defer query.Close()
			vector, err := query.Exec(t.Context()).Vector()
			if err != nil {
				t.Fatalf("%s: %v", r.Alert, err)
			}
			for _, s := range vector {
				if r.Alert != "StandpipeNoHeartbeat" && s.Metric.Get("job") != "s" {
					t.Errorf("%s rings for %v, which names no job", r.Alert, s.Metric)
				}
			}
			return len(vector) > 0
		}
		if rings(nil) {
			t.Errorf("%s rings although nothing is wrong", r.Alert)
		}
		if !rings(sick[r.Alert]) {
			t.Errorf("%s does not ring", r.Alert)
		}
		if sick[r.Alert] != nil {
			rung++
		}
	}
	if rung != len(sick) || rung != len(groups.Groups[0].Rules) {
		t.Errorf("%d of %d alerts were tried", rung, len(groups.Groups[0].Rules))
	}
}
