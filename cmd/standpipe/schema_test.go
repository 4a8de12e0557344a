package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"standpipe/config"
	"standpipe/internal/faults"
	"standpipe/internal/kinesistest"
	"standpipe/sink/parquet"
)

// proposal runs schema with --json.
func proposal(t *testing.T, env []string, args ...string) (proposalReport, result) {
	t.Helper()
	r := execute(t, env, append([]string{"schema", "--json"}, args...)...)
	var got proposalReport
	if r.stdout != "" {
		if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
			t.Fatalf("%v: %s", err, r)
		}
	}
	return got, r
}

// TestSchemaLooksAtEveryShard has closed shards and their children, aggregates, and what is no row; and nothing may be written.
func TestSchemaLooksAtEveryShard(t *testing.T) {
	c := newCloud(t)
	put := func(data []byte) {
		t.Helper()
		for i := range 40 { // enough keys to meet each shard
			if _, _, err := c.kinesis.Put("clicks", fmt.Sprint("k", i), data); err != nil {
				t.Fatal(err)
			}
		}
	}
	put([]byte(`{"id":1,"at":"2026-01-31T12:00:00Z"}`))
	if _, _, err := c.kinesis.Split("clicks", "shardId-000000000000"); err != nil {
		t.Fatal(err)
	}
	put(kinesistest.Aggregate(kinesistest.UserRecord{PartitionKey: "a", Data: []byte(`{"id":2}`)}, kinesistest.UserRecord{PartitionKey: "b", Data: []byte(`{"id":"x"}`)}))
	put([]byte("GET /?token=secret"))
	put([]byte("[1]"))
	env := []string{"STANDPIPE_STREAM_NAME=clicks", "STANDPIPE_STREAM_ENDPOINT=" + c.kinesisURL}
	got, r := proposal(t, env)
	if r.code != exitOK || r.stderr != "" || got.Records != 200 || got.Rows != 120 || got.NotJSON != 40 || got.NotObjects != 40 || got.Source != "stream clicks" ||
		got.Schema != "id string,\nat timestamp" || got.Columns[1].Values != 40 || got.Columns[1].NullRate != float64(80)/120 ||
		len(got.Rejected) != rejectsKept || !strings.HasPrefix(got.Rejected[0], "shardId-00000000000") || strings.Contains(r.stdout, "secret") {
		t.Error(r)
	}
	if rows := c.dynamo.Dump("standpipe-clicks"); len(rows) > 0 {
		t.Errorf("the lease table has %v", rows)
	}

	// A limit is kept.
	got, r = proposal(t, env, "--records", "60", "--show")
	if got.Records != 60 || !strings.Contains(strings.Join(got.Rejected, ""), `"GET /?token=secret"`) {
		t.Error(r)
	}
	// The table for people and the keys for the configuration do not mix.
	r = execute(t, env, "schema")
	if !strings.HasPrefix(r.stdout, "    # proposed by `standpipe schema` from 200 records of stream clicks: 120 JSON objects, 40 not JSON, 40 JSON but no object\n    format: parquet\n    schema: |\n      id string,\n      at timestamp\n") ||
		!strings.Contains(r.stderr, "\n  at      timestamp  66.7 %\n") || !strings.Contains(r.stderr, "\n  id is number 80 times and string 40 times; as a string it takes all of them.\n") {
		t.Error(r)
	}
}

// TestSchemaWaitsForRecords: with --for it goes on at the present, also into the children of a shard that ends.
func TestSchemaWaitsForRecords(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	env := []string{"STANDPIPE_STREAM_NAME=clicks", "STANDPIPE_STREAM_ENDPOINT=" + c.kinesisURL}
	r := execute(t, env, "schema")
	if r.code != exitRuntime || r.stdout != "" || r.stderr != "standpipe: stream clicks: no record of the last 10m is there: look further back, such as with --back 24h, or at what comes in, with --for 1m\n" {
		t.Error(r)
	}
	var reads atomic.Int32
	c.kinesis.Control("GetRecords", func(_ faults.Call, _ func()) error {
		if reads.Add(1) == 4 {
			if _, _, err := c.kinesis.Split("clicks", "shardId-000000000001"); err != nil {
				t.Error(err)
			}
			for i := range 20 {
				if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(i), []byte(`{"id":1}`)); err != nil {
					t.Error(err)
				}
			}
		}
		return nil
	})
	if got, r := proposal(t, env, "--for", "15s", "--records", "20", "--back", "0s"); r.code != exitOK || got.Rows != 20 {
		t.Error(r)
	}
}

// TestSchemaIsTakenBackByTheConfiguration pastes what is printed for keys of every kind.
func TestSchemaIsTakenBackByTheConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "in.ndjson")
	records := `{"plain":1,"with space":"a","it's":1,"a,b":2,"x\"y":1,"at":"2026-01-31","from":1,"comment":2,"# no":1,"k: v":true,"tab\there":1,"ü":1,"\u202e":1,"a.b":1,"all'\"` + "`" + `":1}
{"nested":{"it's":{"b":[{"c":1}]},"sel-ect":1},"other":{"x'":[1],"y'":2},"last":1,"nl\nhere":2,"{":1,"<":1,"(":1, "  ":2}`
	if err := os.WriteFile(file, []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	r := execute(t, nil, "schema", file)
	pasted := write(t, "stream: {name: clicks, region: eu-west-1}\noutputs:\n  - name: table\n    bucket: lake\n"+r.stdout+"    prefix: t/\n")
	cfg, err := config.Load(config.Source{File: pasted})
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	pipe, err := newPipeline(cfg)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	var names []string
	for _, c := range pipe.schemas[0].Columns() {
		names = append(names, c.Name+"|"+c.Key+"|"+c.Type)
	}
	for _, want := range []string{
		"plain||bigint", "with_space|with space|string", "it's||bigint", "a_b|a,b|bigint", `x_y|x"y|bigint`, "at||date", "from||bigint", "comment||bigint",
		"#_no|# no|bigint", "k__v|k: v|boolean", "ü||bigint", "a_b_2|a.b|bigint", "nested||string", "other||struct<x':array<bigint>,y':bigint>", "last||bigint", "_|{|bigint", "__2|<|bigint",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("no column %s in %q", want, names)
		}
	}
	if left := strings.Count(r.stderr, "comes from a key that the configuration can not hold, so it is left out."); left != 5 || strings.Contains(r.stderr, "\u202e") {
		t.Errorf("%d keys left out: %s", left, r)
	}
}

func TestSchemaReadsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	zipped := func(text string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, text)
		_ = z.Close()
		return b.Bytes()
	}
	two := file("two-members", append(zipped("{\"a\":1}\n"), zipped("{\"a\":2}{\"b\":2}")...))
	plain := file("plain.json", []byte("\ufeff{\"a\":1}\r\n\n  \n{\"c\":{\"d\":1}}"))
	cut := file("cut.gz", zipped(strings.Repeat("{\"a\":1}\n", 100_000))[:500])
	got, r := proposal(t, nil, two, plain)
	if r.code != exitOK || got.Records != 4 || got.Rows != 5 || got.Schema != "a bigint,\nb bigint,\nc struct<d:bigint>" || got.Source != "2 files" {
		t.Error(r)
	}
	if got, r = proposal(t, nil, "--records", "1", two); got.Records != 1 {
		t.Error(r)
	}
	if got, r = proposal(t, nil, cut); r.code != exitPartial || got.Rows == 0 || !strings.Contains(r.stderr, "standpipe: the look ended early: look at "+cut+": line ") || !strings.Contains(r.stderr, "the file ends in the middle, so it was cut short") {
		t.Error(r)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "nothing to look at is named: a configuration with -c, a stream with --stream.name, or files"},
		{[]string{"--stream.name", "clicks"}, exitUsage, "no AWS region is set for Kinesis: set stream.region or AWS_REGION"},
		{[]string{filepath.Join(dir, "none")}, exitRuntime, "look at " + filepath.Join(dir, "none") + ": no such file or directory"},
		{[]string{dir}, exitRuntime, "look at " + dir + ": it is a folder: name the files in it"},
		{[]string{file("empty", nil)}, exitRuntime, "the files have no line in them"},
		{[]string{file("text", []byte("a\nb"))}, exitRuntime, "there is no JSON object among the records"},
		{[]string{file("a.parquet", []byte("PAR1...."))}, exitRuntime, "look at " + filepath.Join(dir, "a.parquet") + ": it is a Parquet file, which has its schema in it"},
		{[]string{file("zeros", make([]byte, longRecord+1<<20))}, exitRuntime, "look at " + filepath.Join(dir, "zeros") + ": line 1: it is long and does not begin as a JSON object does"},
		{[]string{file("head.gz", zipped("x")[:9])}, exitRuntime, "look at " + filepath.Join(dir, "head.gz") + ": the file ends within its first bytes, so it was cut short"},
		{[]string{"s3://lake/x.gz"}, exitUsage, "s3://lake/x.gz is no file: copy it, or use `aws s3 cp s3://lake/x.gz - | standpipe schema -`"},
		{[]string{two, two}, exitUsage, two + " is named twice"},
		{[]string{two, "--back", "1h"}, exitUsage, "--back and --for are about the stream, not about files"},
		{[]string{"--back", "0s"}, exitUsage, "--back 0s leaves nothing to look at without --for"},
		{[]string{"--back", "9000h"}, exitUsage, "--back must be 0s to 8760h"},
		{[]string{"--records", "-1"}, exitUsage, "--records must be 0, for no limit, or more (got -1)"},
		{[]string{"--for", "-1s"}, exitUsage, "--for must not be negative"},
	} {
		if r := execute(t, nil, append([]string{"schema"}, c.args...)...); r.code != c.code || r.stdout != "" || !strings.Contains(r.stderr, "standpipe: "+c.want) {
			t.Errorf("%q: %s", c.want, r)
		}
	}
}

// TestSchemaReadsWhatIsWritten has an object of each codec.
func TestSchemaReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	if _, _, err := c.kinesis.Put("clicks", "k", []byte(`{"id":1}{"id":2}`)); err != nil {
		t.Fatal(err)
	}
	codecs, env := []string{"none", "gzip", "zstd", "snappy", "hadoop_snappy", "zip"}, c.env()
	for i, codec := range codecs {
		output := fmt.Sprintf("STANDPIPE_OUTPUTS_%d_", i)
		env = append(env, output+"BUCKET=lake", output+"PREFIX="+codec+"/", output+"COMPRESSION="+codec)
	}
	d := start(t, env)
	d.leased(t)
	eventually(t, "read the record", func() bool { return d.read(t) == 1 })
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	for _, codec := range codecs {
		looked := 0
		for _, o := range c.s3.Objects("lake") {
			if !strings.HasPrefix(o.Key, codec+"/") {
				continue
			}
			looked++
			f, err := c.s3.Open("lake", o.Key)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(f)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), filepath.Base(o.Key))
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if got, r := proposal(t, nil, file); got.Rows != 2 || got.Schema != "id bigint" {
				t.Errorf("%s: %s", codec, r)
			}
		}
		if looked == 0 {
			t.Errorf("no object of %s", codec)
		}
	}
}

// TestSchemaNeedsOnlyTheStream: whoever has no schema yet has a configuration that run refuses.
func TestSchemaNeedsOnlyTheStream(t *testing.T) {
	c := newCloud(t)
	if _, _, err := c.kinesis.Put("clicks", "k", []byte(`{"id":1}`)); err != nil {
		t.Fatal(err)
	}
	file := write(t, "stream: {name: clicks, endpoint: \""+c.kinesisURL+"\"}\noutputs: [{bucket: lake, format: parquet}]\n")
	if got, r := proposal(t, nil, "-c", file); r.code != exitOK || got.Schema != "id bigint" {
		t.Error(r)
	}
	for text, want := range map[string]string{
		"stream: {nme: clicks}\n": "stream.nme: unknown key (line 1); did you mean name?",
		"stream: {name: a b}\n":   "stream.name: must be 1 to 128 letters",
		"stream: [\n":             ": ",
		"stream: {name: gone, endpoint: \"" + c.kinesisURL + "\"}\n": "stream gone ",
	} {
		if r := execute(t, nil, "schema", "-c", write(t, text)); r.code == exitOK || r.stdout != "" || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %s", want, r)
		}
	}
}

// TestSchemaTellsWhatItLearnedSoFar: a signal ends the look, here at standard input, which does not.
func TestSchemaTellsWhatItLearnedSoFar(t *testing.T) {
	in, out := io.Pipe()
	s := &sample{bar: newBar(io.Discard)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.readFiles(ctx, in, []string{"-"}) }()
	if _, err := io.WriteString(out, "{\"a\":1}\n{\"b\":1}\n{\"c\":"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "two records", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.taken == 2
	})
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("standard input holds it up")
	}
	_ = out.Close()
	_ = in.Close()
}

// TestSchemaTellsAtASignal is the same for the whole program, and its exit code.
func TestSchemaTellsAtASignal(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	if _, _, err := c.kinesis.Put("clicks", "k", []byte(`{"id":1}`)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var reads atomic.Int32
	c.kinesis.Control("GetRecords", func(faults.Call, func()) error {
		if reads.Add(1) == 5 {
			cancel()
		}
		return nil
	})
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"schema", "--for", "1h"}, []string{"STANDPIPE_STREAM_NAME=clicks", "STANDPIPE_STREAM_ENDPOINT=" + c.kinesisURL}, &stdout, &stderr)
	if code != exitInterrupted || !strings.Contains(stdout.String(), "      id bigint\n") {
		t.Errorf("code %d\n%s\n%s", code, &stdout, &stderr)
	}
}

// TestSchemaKeepsTerminalsSafe: what a record says is not acted on.
func TestSchemaKeepsTerminalsSafe(t *testing.T) {
	if got := beginning([]byte("\x1b[2J" + strings.Repeat("ä", 100) + "\xff")); got != `"\x1b[2J`+strings.Repeat("ä", 76)+`"…` {
		t.Error(got)
	}
	if got := written(parquet.Column{Name: "a", Type: "int", Key: "\x1b[2J"}); got != "" {
		t.Error(got)
	}
	for rate, want := range map[float64]string{0: "0 %", 1: "100 %", 0.00001: "<0.1 %", 0.99999: ">99.9 %", 0.5: "50.0 %"} {
		if got := percent(rate); got != want {
			t.Errorf("%v: %s", rate, got)
		}
	}
}

// TestSchemaOfAnyKeysIsRead draws records with keys that are hard to write down: whatever is printed, a configuration takes.
func TestSchemaOfAnyKeysIsRead(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	alphabet := []rune("aZ_09 .,:;#'\"`\\/<>(){}[]=|*&!%@-?~\t\n\r\u00e4\u0130\u212a\u2028\u202e\ufeff\ufffd\U0001f600\x00\x1b\u0085")
	words := []string{"from", "FROM", "comment", "struct", "array", "map", "_rest", "null", "true", "year", "- a", "key", "int,", "x from y"}
	key := func() string {
		if r.IntN(4) == 0 {
			return words[r.IntN(len(words))]
		}
		var b strings.Builder
		for range r.IntN(5) {
			b.WriteRune(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	var value func(depth int) any
	value = func(depth int) any {
		switch n := r.IntN(8); {
		case n < 3 && depth < 3:
			object := map[string]any{}
			for range r.IntN(4) {
				object[key()] = value(depth + 1)
			}
			return object
		case n == 3:
			return []any{value(depth + 1)}
		case n == 4:
			return "2026-01-31T12:00:00Z"
		case n == 5:
			return nil
		}
		return r.IntN(100)
	}
	columns := 0
	for range 150 {
		s := &sample{source: "x", bar: newBar(io.Discard)}
		record, err := json.Marshal(map[string]any{"id": 1, key(): value(0), key(): value(0), key(): value(0), key(): value(0)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.add(func() string { return "x" }, record); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		if err := s.print(&stdout, &stderr, s.in.Proposal(), false); err != nil {
			t.Fatal(err)
		}
		file := write(t, "stream: {name: clicks, region: eu-west-1}\noutputs:\n  - name: table\n    bucket: lake\n"+stdout.String()+"    prefix: t/\n")
		cfg, err := config.Load(config.Source{File: file})
		if err != nil {
			t.Fatalf("%q: %v\n%s", record, err, &stdout)
		}
		pipe, err := newPipeline(cfg)
		if err != nil {
			t.Fatalf("%q: %v\n%s", record, err, &stdout)
		}
		columns += len(pipe.schemas[0].Columns())
		if got, want := len(pipe.schemas[0].Columns()), strings.Count(stdout.String(), "\n")-3; got != want {
			t.Fatalf("%q: %d columns of %d\n%s", record, got, want, &stdout)
		}
		if strings.ContainsFunc(stdout.String()+stderr.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Fatalf("%q: %q", record, stderr.String())
		}
	}
	if columns < 300 {
		t.Errorf("only %d columns were written", columns)
	}
}
