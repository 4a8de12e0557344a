//go:build !race

package requests

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"standpipe/internal/endtoend"
	"standpipe/partition"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// within fails the test where a formula is further from what was counted than a share of it. What it says may be more for
// sizes in the table, which are those of the names that people give on AWS.
func within(t *testing.T, what string, formula, counted, below, above float64) {
	t.Helper()
	if formula < counted*(1-below) || formula > counted*(1+above) {
		t.Errorf("%s: the formula gives %.0f an hour, counted were %.0f", what, formula, counted)
	}
}

func hold(t *testing.T, l Load, counted Counts) {
	t.Helper()
	f := PerHour(l)
	within(t, "commits", f.Commits, counted.Commits, 0.1, 0.1)
	within(t, "objects", f.Objects, counted.Objects, 0.1, 0.1)
	within(t, "write units", f.WriteUnits, counted.WriteUnits, 0.1, 0.15)
	within(t, "read units", f.ReadUnits, counted.ReadUnits, 0.1, 0.3)
	within(t, "S3 requests at the price of PUT", f.S3Puts, counted.S3Puts, 0.1, 0.1)
	within(t, "S3 requests at the price of GET", f.S3Gets, counted.S3Gets, 0.1, 0.1)
	within(t, "GetRecords", f.GetRecords, counted.GetRecords, 0.02, 0.02)
	if l.withDefaults().Interval > 30*time.Second { // else too few were counted
		within(t, "ListShards", f.ListShards, counted.ListShards, 0.2, 0.2)
	}
}

// TestObjectsOfPathsAndOutputs: three requests for each object, and for the journal.
func TestObjectsOfPathsAndOutputs(t *testing.T) {
	by, err := partition.Parse("by/!{partitionKeyFromQuery:k}/", partition.Data, partition.WithKeys())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := steps.NewPartitionKeys("keys", "{k: .k}", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	l := Load{Shards: 8, Workers: 2, Interval: time.Minute, Poll: 5 * time.Second, Outputs: 2, Paths: 10}
	output := func(name string) *sink.Output {
		return &sink.Output{Name: name, Bucket: endtoend.Bucket, Prefix: by, Compression: "gzip"}
	}
	hold(t, l, story{Load: l, commits: 20,
		settings: endtoend.Settings{Steps: []steps.Step{keys}, Outputs: []*sink.Output{output("a"), output("b")}},
		record:   func(n int) []byte { return fmt.Appendf(nil, `{"id":%d,"k":"%d"}`, n, n*7919/8%10) },
	}.count(t))
}

// TestObjectsGetFull: where records come faster than the interval, batches are cut by size, and objects have parts.
func TestObjectsGetFull(t *testing.T) {
	line := append(append([]byte(`{"a":"`), bytes.Repeat([]byte("x"), 256<<10)...), `"}`...)
	raw := float64(4*(len(line)+1)) / 2 // 4 shards get one every 2 s
	l := Load{Shards: 4, Interval: time.Minute, Poll: time.Second, Size: 16 << 20, Lines: raw, Stored: raw}
	plain, err := partition.Parse("raw/", partition.Data)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, l, story{Load: l, commits: 20, every: 2 * time.Second, record: func(int) []byte { return line },
		settings: endtoend.Settings{Outputs: []*sink.Output{{Name: "raw", Bucket: endtoend.Bucket, Prefix: plain, Compression: "none"}}},
	}.count(t))
}

func TestDefaultsAreThoseOfTheConfiguration(t *testing.T) {
	got, want := Load{}.withDefaults(), Load{Shards: 1, Workers: 1, Interval: 300 * time.Second, Size: 128 << 20, Failover: 30 * time.Second, Poll: time.Second, Outputs: 1, Paths: 1}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
