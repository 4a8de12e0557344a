package endtoend

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/lambdafake"
	"standpipe/partition"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// keyed makes an NDJSON output whose prefix may name partition keys.
func (w *World) keyed(pre string) *sink.Output {
	w.T.Helper()
	out := w.Output("keyed", "-", "gzip")
	p, err := partition.Parse(pre, partition.Data, partition.WithKeys())
	if err != nil {
		w.T.Fatal(err)
	}
	out.Prefix = p
	return out
}

func keysBy(t testing.TB, program string) steps.Step {
	t.Helper()
	s, err := steps.NewPartitionKeys("keys", program, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// putMembers puts a record with members behind its number, which belongs into the error output if it is bad.
func (w *World) putMembers(members string, bad bool) *entry {
	w.T.Helper()
	e := w.next()
	e.bad, e.line = bad, fmt.Sprintf(`{"id":%d%s}`, e.id, members)
	w.store(fmt.Sprintf("key-%d", e.id), []byte(e.line), e)
	return e
}

// Records lie under the values of their keys and the hour of their event, although workers die. Those of further paths than
// may be open, and those without a key, are error records, once. One shard, so that its order says which paths come first.
func TestPartitionKeysWhileWorkersDie(t *testing.T) {
	want := map[int]string{}
	put := func(w *World) {
		at := func(customer, hour, folder string) {
			e := w.putMembers(fmt.Sprintf(`,"customer":%s,"time":"1999-12-31T%s:30:00Z"`, customer, hour), folder == "")
			if folder != "" {
				want[e.id] = folder
			}
		}
		at(`"acme"`, "23", "acme/23")
		at(`"acme"`, "22", "acme/22")
		at(`"acme"`, "23", "acme/23")
		at(`7`, "23", "7/23")
		at(`7`, "22", "")
		at(`"third"`, "23", "")
		at(`7`, "23", "7/23")
		at(`null`, "23", "")
		w.putMembers(`,"time":"1999-12-31T23:30:00Z"`, true)
		at(`"acme"`, "22", "acme/22")
	}
	settings := func(w *World) Settings {
		out := timed(t, w.keyed("clicks/!{partitionKeyFromQuery:customer}/!{timestamp:HH}/"), true)
		out.MaxOpenPaths = 3
		return Settings{Steps: []steps.Step{keysBy(t, "{customer: .customer}")}, Outputs: []*sink.Output{out}}
	}
	whileWorkersDieOn(t, 1, settings, put, func(w *World, times int) {
		got := w.folders("clicks/")
		for id, folder := range want {
			if got[id] != folder {
				t.Errorf("record %d lies under %q, want %q", id, got[id], folder)
			}
		}
		if len(got) != len(want) || len(want) != 6*times {
			t.Errorf("%d records have a path, %d should", len(got), len(want))
		}
		exceeded := w.refused("errors/activePartitionExceeded/")
		if len(exceeded) != 2*times {
			t.Errorf("%d records are beyond the limit, want %d", len(exceeded), 2*times)
		}
		for _, r := range exceeded {
			if r.ErrorCode != "DynamicPartitioning.ActivePartitionsLimitExceeded" || r.ErrorMessage != "the record belongs under a further path, and the 3 that outputs[].max_open_paths allows are open" || r.Step != "" {
				t.Errorf("%+v", r)
			}
		}
		keyless := w.refused("errors/metadata-extraction-failed/")
		if len(keyless) != 2*times {
			t.Errorf("%d records have no key, want %d", len(keyless), 2*times)
		}
		for _, r := range keyless {
			if r.ErrorCode != "DynamicPartitioning.MetadataExtractionFailed" || r.ErrorMessage != "partitionKeys values must not be null or empty" || r.Step != "keys" {
				t.Errorf("%+v", r)
			}
		}
	})
}

// The keys that a function returns with a record stand in the key of its object.
func TestPartitionKeysOfAFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		check := w.Watch("clicks/")
		w.control(check.Hook(nil))
		w.Lambda.Put("zones", lambdafake.Each(func(r lambdafake.Record) lambdafake.Result {
			var rec struct{ ID int }
			result := r.Ok(r.Data)
			if err := json.Unmarshal(r.Data, &rec); err != nil {
				return r.Failed()
			}
			if rec.ID%5 != 0 {
				result.Metadata = &lambdafake.Metadata{PartitionKeys: map[string]string{"zone": fmt.Sprint("z", rec.ID%3), "other": "x"}}
			}
			return result
		}))
		want := map[int]string{}
		for i := 1; i <= 30; i++ {
			if e := w.putMembers("", i%5 == 0); !e.bad {
				want[e.id] = fmt.Sprintf("zone=z%d", e.id%3)
			}
		}
		wk := w.Start(Settings{Functions: []string{"zones"}, Outputs: []*sink.Output{w.keyed("clicks/zone=!{partitionKeyFromLambda:zone}/")}})
		w.eventually(time.Minute, "all of it", check.Done)
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		for _, v := range check.Final() {
			t.Error(v)
		}
		got := w.folders("clicks/")
		for id, folder := range want {
			if got[id] != folder {
				t.Errorf("record %d lies under %q, want %q", id, got[id], folder)
			}
		}
		keyless := w.refused("errors/metadata-extraction-failed/")
		if len(keyless) != 6 {
			t.Errorf("%d records without the key, want 6", len(keyless))
		}
		for _, r := range keyless {
			if r.ErrorCode != "DynamicPartitioning.MetadataExtractionFailed" {
				t.Errorf("%+v", r)
			}
		}
	})
}
