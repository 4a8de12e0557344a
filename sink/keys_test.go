package sink

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"standpipe/partition"
)

func keyedPrefix(t testing.TB, expr string, opts ...partition.Option) *partition.Prefix {
	t.Helper()
	p, err := partition.Parse(expr, partition.Data, append(opts, partition.WithKeys())...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var (
	customer = partition.Key{Source: partition.Query, Name: "customer"}
	zoneKey  = partition.Key{Source: partition.Lambda, Name: "zone"}
)

// folders gives what is visible below each folder, its lines joined.
func (b *bench) folders() map[string]string {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	found := map[string]string{}
	for key, o := range b.store.objects {
		if !strings.HasPrefix(key, "_standpipe/") {
			found[key[:strings.LastIndexByte(key, '/')+1]] += string(o.data)
		}
	}
	return found
}

// A record lies under the path of its keys in each output that has them. Where a value can be in no path, it goes to the
// error output for that output alone.
func TestRecordsLieUnderTheirKeys(t *testing.T) {
	onBench(t, func(o *Options) {
		o.Outputs = []*Output{
			{Name: "all", Bucket: "lake", Prefix: parsePrefix(t, "all/!{timestamp:HH}/", partition.Data), Compression: "none", Validate: true},
			{Name: "by", Bucket: "lake", Prefix: keyedPrefix(t, "by/!{partitionKeyFromQuery:customer}/z=!{partitionKeyFromLambda:zone}/", partition.NamesOf(100)), Compression: "none", Validate: true},
		}
	}, func(t *testing.T, b *bench) {
		var records []Record
		var want []string
		for i, c := range []struct{ customer, zone, path string }{
			{"a", "1", "by/a/z=1/"}, {"b", "1", "by/b/z=1/"}, {"a", "1", "by/a/z=1/"}, {"x/y", "é", "by/x/y/z=é/"},
			{"", "1", ""}, {"a", "", ""}, {"..", "1", ""}, {"a\n", "1", ""}, {strings.Repeat("日", 400), "1", ""},
		} {
			rec := Record{Data: []byte(`{"n":` + string(rune('0'+i)) + `}`), Arrival: time.Date(2026, 1, 31, 7, 0, 0, 0, time.UTC), Sequence: "49"}
			if c.customer != "" {
				rec.Keys = append(rec.Keys, KeyValue{Key: customer, Value: c.customer})
			}
			rec.Keys = append(rec.Keys, KeyValue{Key: zoneKey, Value: c.zone})
			records = append(records, rec)
			want = append(want, c.path)
		}
		r := b.read("a")
		if err := r.Append(t.Context(), Response{Records: slices.Values(records), After: "0", Through: "1"}); err != nil {
			t.Fatal(err)
		}
		b.stop()
		found := b.folders()
		failed := 0
		for line := range strings.Lines(found["errors/metadata-extraction-failed/"]) {
			var e struct{ ErrorCode, ErrorMessage, Output, RawData string }
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.ErrorCode != "DynamicPartitioning.MetadataExtractionFailed" || e.Output != "by" || len(e.ErrorMessage) > 300 {
				t.Errorf("%v: %s", err, line)
			}
			failed++
		}
		for i, path := range want {
			line := string(records[i].Data) + "\n"
			if !strings.Contains(found["all/07/"], line) {
				t.Errorf("record %d is not among all", i)
			}
			if path != "" && !strings.Contains(found[path], line) {
				t.Errorf("record %d is not under %s", i, path)
			}
		}
		paths := slices.Sorted(maps.Keys(found))
		if wantPaths := []string{"all/07/", "by/a/z=1/", "by/b/z=1/", "by/x/y/z=é/", "errors/metadata-extraction-failed/"}; failed != 5 || !slices.Equal(paths, wantPaths) {
			t.Errorf("%d error records, paths %q", failed, paths)
		}
	})
}
