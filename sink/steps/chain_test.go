package steps

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"standpipe/sink"
)

// words splits at spaces, drops empty records and refuses those with a digit.
type words string

func (w words) Name() string { return string(w) }

func (w words) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	if strings.ContainsAny(string(rec.Data), "0123456789") {
		rec.Failure = &sink.Failure{Type: "processing-failed", Code: "Digit", Step: string(w)}
		return yield(rec)
	}
	for word := range strings.FieldsSeq(string(rec.Data)) {
		piece := rec
		piece.Data = []byte(word)
		piece.Raw, piece.RawAfter = piece.Data, string(w)
		if !yield(piece) {
			return false
		}
	}
	return true
}

// upper takes all records together.
type upper struct{ err error }

func (upper) Name() string { return "upper" }

func (u upper) Do(_ context.Context, shard string, in iter.Seq[sink.Record], made func(sink.Record)) error {
	for rec := range in {
		if rec.Failure == nil && string(rec.Data) == "drop" {
			continue
		}
		if rec.Failure == nil {
			rec.Data = []byte(strings.ToUpper(string(rec.Data)) + "@" + shard)
		}
		made(rec)
	}
	return u.err
}

func records(data ...string) iter.Seq[sink.Record] {
	return func(yield func(sink.Record) bool) {
		for i, d := range data {
			if !yield(sink.Record{Data: []byte(d), Sequence: "49", SubSequence: i}) {
				return
			}
		}
	}
}

func TestChainGivesWhatItsStepsMake(t *testing.T) {
	memory := sink.NewMemory(1 << 20)
	reg := prometheus.NewRegistry()
	c := NewChain([]Step{words("split"), upper{}}, memory, reg)
	out, done, err := c.Run(t.Context(), "s1", records("a b", "7", "", "drop c", "d"))
	if err != nil {
		t.Fatal(err)
	}
	if memory.Used() == 0 {
		t.Error("what a step of all records holds is not counted")
	}
	type result struct {
		data, after string
		sub, part   int
		failed      bool
	}
	var got []result
	for rec := range out {
		got = append(got, result{string(rec.Data), rec.RawAfter, rec.SubSequence, rec.Part, rec.Failure != nil})
	}
	done()
	if want := []result{{"A@s1", "split", 0, 0, false}, {"B@s1", "split", 0, 1, false}, {"7", "", 1, 0, true}, {"C@s1", "split", 3, 0, false}, {"D@s1", "split", 4, 0, false}}; !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if memory.Used() != 0 {
		t.Errorf("%d bytes are counted for ever", memory.Used())
	}
	const want = `
# HELP standpipe_step_records_total Records that a step took, made of them, dropped, and sent to the error output.
# TYPE standpipe_step_records_total counter
standpipe_step_records_total{result="dropped",step="split"} 1
standpipe_step_records_total{result="dropped",step="upper"} 1
standpipe_step_records_total{result="failed",step="split"} 1
standpipe_step_records_total{result="failed",step="upper"} 0
standpipe_step_records_total{result="made",step="split"} 5
standpipe_step_records_total{result="made",step="upper"} 4
standpipe_step_records_total{result="taken",step="split"} 5
standpipe_step_records_total{result="taken",step="upper"} 5
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "standpipe_step_records_total"); err != nil {
		t.Error(err)
	}
}

func TestChainEndsEarly(t *testing.T) {
	c := NewChain([]Step{words("split")}, sink.NewMemory(1<<20), prometheus.NewRegistry())
	out, done, err := c.Run(t.Context(), "s1", records("a b", "c"))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for rec := range out {
		if string(rec.Data) != "a" {
			t.Fatalf("got %q", rec.Data)
		}
		break
	}
}

func TestChainOfAStepThatIsCancelled(t *testing.T) {
	memory := sink.NewMemory(1 << 20)
	c := NewChain([]Step{upper{context.Canceled}}, memory, prometheus.NewRegistry())
	if _, _, err := c.Run(t.Context(), "s1", records("a")); !errors.Is(err, context.Canceled) || memory.Used() != 0 {
		t.Errorf("got %v with %d bytes counted", err, memory.Used())
	}
}

func TestChainAfterAStep(t *testing.T) {
	c := NewChain([]Step{words("split"), upper{}}, sink.NewMemory(1<<20), prometheus.NewRegistry())
	for name, want := range map[string]string{"": "A@s B@s ", "split": "A B@s ", "upper": "a b "} {
		after, ok := c.After(name)
		if !ok {
			t.Fatalf("there is no step %q", name)
		}
		out, done, err := after.Run(t.Context(), "s", records("a b"))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for rec := range out {
			got += string(rec.Data) + " "
		}
		done()
		if got != want {
			t.Errorf("behind %q: got %q, want %q", name, got, want)
		}
	}
	if _, ok := c.After("other"); ok {
		t.Error("found a step that there is not")
	}
}
