package sink

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/partition"
)

// given gives a record to outputs, and says which have it and what error records there are: code, output and shard.
func given(t *testing.T, rec Record, outputs ...*Output) (got []string) {
	t.Helper()
	onBench(t, func(o *Options) {
		o.Outputs = outputs
		for _, out := range outputs {
			out.Bucket, out.Prefix, out.Compression = "lake", parsePrefix(t, out.Name+"/", partition.Data), "none"
		}
	}, func(t *testing.T, b *bench) {
		r := b.read("a")
		rec.Arrival, rec.Sequence = time.UnixMilli(1_675_146_135_164), "49"
		if err := r.Append(t.Context(), Response{After: "0", Through: "49", Records: slices.Values([]Record{rec})}); err != nil {
			t.Fatal(err)
		}
		b.stop()
		synctest.Wait()
		for key, o := range b.store.objects {
			name, _, _ := strings.Cut(key, "/")
			switch name {
			case "_standpipe":
			case "errors":
				for line := range strings.Lines(string(o.data)) {
					var e struct{ ErrorCode, LastErrorCode, Output, ShardID string }
					if err := json.Unmarshal([]byte(line), &e); err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprintf("%s for %q of %q", cmp.Or(e.ErrorCode, e.LastErrorCode), e.Output, e.ShardID))
				}
			default:
				got = append(got, name)
			}
		}
	})
	slices.Sort(got)
	return got
}

// An error record without an output is of a record that no output has; one with an output is of one that this output alone
// lacks. Whoever redrives goes by that.
func TestErrorRecordsSayWhoLacksTheRecord(t *testing.T) {
	raw := func() *Output { return &Output{Name: "raw"} }
	lines := func() *Output { return &Output{Name: "lines", Validate: true} }
	rows := func() *Output { return &Output{Name: "rows", Parquet: accessLogFormat(t)} }
	more := func() *Output { return &Output{Name: "more", Parquet: accessLogFormat(t)} }
	named := func() *Output { return &Output{Name: "named", Named: true} }
	const broken, misfit, good = "no JSON", `{"status":"many"}`, `{"status":200}`
	const notJSON, parse, data = `Standpipe.NotJSON for "" of "a"`, `DataFormatConversion.ParseError for "" of "a"`, "DataFormatConversion.MalformedData for "
	for _, c := range []struct {
		what    string
		outputs []*Output
		want    []string
	}{
		{good, []*Output{raw(), lines(), rows(), named()}, []string{"lines", "raw", "rows"}},
		{broken, []*Output{lines(), rows()}, []string{notJSON}},
		{broken, []*Output{rows(), more()}, []string{parse}},
		{broken, []*Output{raw(), lines(), rows(), named()}, []string{`Standpipe.NotJSON for "lines" of "a"`, `Standpipe.NotJSON for "rows" of "a"`, "raw"}},
		{broken, []*Output{lines(), raw()}, []string{`Standpipe.NotJSON for "lines" of "a"`, "raw"}},
		{broken, []*Output{raw(), rows(), more()}, []string{`DataFormatConversion.ParseError for "more" of "a"`, `DataFormatConversion.ParseError for "rows" of "a"`, "raw"}},
		{misfit, []*Output{lines(), rows(), more()}, []string{data + `"more" of "a"`, data + `"rows" of "a"`, "lines"}},
	} {
		if got := given(t, Record{Data: []byte(c.what)}, c.outputs...); !slices.Equal(got, c.want) {
			t.Errorf("%s to %s: %q, want %q", c.what, names(c.outputs), got, c.want)
		}
	}
	for _, c := range []struct {
		what, output string
		outputs      []*Output
		want         []string
	}{
		{good, "", []*Output{raw(), lines(), named()}, []string{"lines", "raw"}},
		{good, "rows", []*Output{raw(), lines(), rows(), more()}, []string{"rows"}},
		{good, "named", []*Output{raw(), named()}, []string{"named"}},
		{broken, "lines", []*Output{raw(), lines(), rows()}, []string{`Standpipe.NotJSON for "lines" of "before"`}},
		{broken, "rows", []*Output{raw(), lines(), rows(), more()}, []string{`DataFormatConversion.ParseError for "rows" of "before"`}},
		{broken, "", []*Output{lines(), rows()}, []string{`Standpipe.NotJSON for "" of "before"`}},
		{misfit, "rows", []*Output{lines(), rows(), more()}, []string{data + `"rows" of "before"`}},
	} {
		rec := Record{Data: []byte(c.what), Redriven: &Redriven{Shard: "before", Output: c.output}}
		if got := given(t, rec, c.outputs...); !slices.Equal(got, c.want) {
			t.Errorf("%s, redriven for %q, to %s: %q, want %q", c.what, c.output, names(c.outputs), got, c.want)
		}
	}
	failed := Record{Data: []byte(good), Failure: &Failure{Type: "processing-failed", Code: "Step"}, Redriven: &Redriven{Shard: "before", Output: "rows"}}
	if got := given(t, failed, lines(), rows()); !slices.Equal(got, []string{`Step for "rows" of "before"`}) {
		t.Errorf("a step fails again: %q", got)
	}
	if failed.Failure.Output != "" {
		t.Error("the step's failure was changed")
	}
}

func names(outputs []*Output) (list []string) {
	for _, o := range outputs {
		list = append(list, o.Name)
	}
	return list
}

// Partition keys of steps in front go with a piece's error record.
func TestErrorRecordKeepsPartitionKeys(t *testing.T) {
	rec := &Record{Data: []byte("{}"), Raw: []byte("{}"), RawAfter: "split", Sequence: "49",
		Keys: []KeyValue{{partition.Key{Source: partition.Query, Name: "customer"}, `a"b`}, {partition.Key{Source: partition.Lambda, Name: "n"}, ""}}}
	f := &Failure{Type: "processing-failed", Code: "c", Message: "m"}
	const want = `,"rawDataAfter":"split","partitionKeys":{"partitionKeyFromQuery:customer":"a\"b","partitionKeyFromLambda:n":""}}` + "\n"
	if got := string(appendErrorRecord(nil, rec, f, "s", time.Now())); !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want the end %s", got, want)
	}
	rec.RawAfter = ""
	if got := string(appendErrorRecord(nil, rec, f, "s", time.Now())); strings.Contains(got, "partitionKeys") {
		t.Errorf("keys are given for what enters in front of all steps: %s", got)
	}
}

// Records that steps made of one share its partition keys: each writes no more of them than a path may need.
func TestErrorRecordHasRoomForSomePartitionKeys(t *testing.T) {
	rec := &Record{RawAfter: "jq"}
	for _, name := range []string{strings.Repeat("n", 5000), "a", "b", "c", "d"} {
		rec.Keys = append(rec.Keys, KeyValue{partition.Key{Source: partition.Query, Name: name}, strings.Repeat("v", 1536)})
	}
	var got struct{ PartitionKeys map[string]string }
	if err := json.Unmarshal(appendErrorRecord(nil, rec, &Failure{}, "s", time.Now()), &got); err != nil {
		t.Fatal(err)
	}
	if keys := slices.Sorted(maps.Keys(got.PartitionKeys)); !slices.Equal(keys, []string{"partitionKeyFromQuery:a", "partitionKeyFromQuery:b"}) {
		t.Errorf("got %q", keys)
	}
	rec.Keys = rec.Keys[:1]
	if err := json.Unmarshal(appendErrorRecord(nil, rec, &Failure{}, "s", time.Now()), &got); err != nil {
		t.Errorf("of keys that do not fit: %v", err)
	}
}
