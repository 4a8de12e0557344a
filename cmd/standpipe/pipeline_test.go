package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/sink"
	"standpipe/sink/eventtime"
)

// Every codec that a configuration may name, at every level that it may ask for, is one that the sink has.
func TestEveryConfiguredCodecIsOneOfTheSink(t *testing.T) {
	var codecs []string
	for _, o := range config.Options() {
		if o.Key == "outputs[].compression" {
			codecs = strings.FieldsFunc(strings.ReplaceAll(o.Allowed, " or ", ", "), func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	if len(codecs) < 2 {
		t.Fatalf("codecs %q", codecs)
	}
	levels := 0
	for _, codec := range codecs {
		for level := range 30 {
			env := []string{"STANDPIPE_STREAM_NAME=clicks", "STANDPIPE_OUTPUTS_0_BUCKET=lake", "STANDPIPE_OUTPUTS_0_PREFIX=a/", "STANDPIPE_ERRORS_COMPRESSION=" + codec,
				"STANDPIPE_OUTPUTS_0_COMPRESSION=" + codec, fmt.Sprintf("STANDPIPE_OUTPUTS_0_COMPRESSION_LEVEL=%d", level)}
			cfg, err := config.Load(config.Source{Env: env})
			if err != nil {
				continue // no such level
			}
			levels++
			p, err := newPipeline(cfg)
			if err != nil {
				t.Fatal(err)
			}
			s := sink.New(t.Context(), sink.Options{Outputs: p.outputs, Errors: p.errors, Memory: sink.NewMemory(1 << 20), Log: zerolog.Nop()}) // panics where it has not
			if err := s.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := 6 + 9 + 9 + 22; levels != want {
		t.Errorf("%d codecs and levels, want %d", levels, want)
	}
}

// Prefixes and schemas are looked at although the configuration is broken elsewhere, whatever that is.
func TestBrokenConfigurationsEndInSentences(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "config", "bad", "*.yaml"))
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for _, codec := range []string{"outputs: [{bucket: lake, compression: lz4}]", "outputs: [{bucket: lake}]\nerrors: {compression: lz4}", "outputs: [{bucket: lake, format: parquet, schema: id int, compression: lz4}]"} {
		files = append(files, write(t, "stream: {name: clicks, region: eu-west-1}\n"+codec))
	}
	for _, file := range files {
		if r := execute(t, nil, "check", "-c", file); r.code != exitUsage || !strings.HasPrefix(r.stderr, "standpipe: ") {
			t.Errorf("%s: %s", file, r)
		}
	}
}

// Programs and patterns are looked at with everything else, and each is said to be wrong at its own key.
func TestPathsAndFormatsOfEventTimesAreChecked(t *testing.T) {
	file := write(t, `stream: {name: clicks, region: eu-west-1}
outputs:
  - {bucket: lake, prefix: a/, timestamp: ".a | nothing", timestamp_format: iso8601}
  - {bucket: lake, prefix: b/, timestamp: .a, timestamp_format: "HH:mm"}
  - {bucket: lake, prefix: c/, timestamp: ".a[", timestamp_format: epoch_ms}
`)
	r := execute(t, nil, "check", "-c", file)
	for _, want := range []string{
		`outputs[0].timestamp: is no jq program: function not defined: nothing/0 (got ".a | nothing", line 3)`,
		`outputs[0].timestamp_format: is neither auto, epoch_s, epoch_ms, epoch_us, epoch_ns, rfc3339 nor a pattern: offset 0: "iso" is not made of known letters`,
		`outputs[1].timestamp_format: is neither auto, epoch_s, epoch_ms, epoch_us, epoch_ns, rfc3339 nor a pattern: offset 0: "HH:mm" has no year`,
		"outputs[2].timestamp: is no jq program: unexpected EOF",
	} {
		if r.code != exitUsage || !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in %s", want, r)
		}
	}
}

func TestEventTimesAreWired(t *testing.T) {
	file := write(t, `stream: {name: clicks, region: eu-west-1}
outputs:
  - {bucket: lake, prefix: a/}
  - {bucket: lake, prefix: b/, timestamp: .at, time_zone: Asia/Kolkata, timestamp_oldest: 1h, timestamp_newest: 5m, timestamp_otherwise: error}
`)
	cfg, err := config.Load(config.Source{File: file})
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if out := p.outputs[0]; out.Timestamp != nil || out.RejectUntimed {
		t.Errorf("%+v", out)
	}
	out, arrival := p.outputs[1], time.Date(2026, 7, 13, 14, 0, 0, 0, time.UTC)
	if !out.RejectUntimed {
		t.Error("records without a time are not refused")
	}
	for record, want := range map[string]eventtime.Reason{
		`{"at":"2026-07-13 18:30:00"}`: eventtime.Usable, `{"at":"2026-07-13 18:29:59"}`: eventtime.TooOld, `{"at":"2026-07-13 19:35:01"}`: eventtime.TooNew, `{"at":"2026-07-13 19:35:00"}`: eventtime.Usable,
	} {
		if got := out.Timestamp.Find([]byte(record), arrival); got.Reason != want {
			t.Errorf("%s: %q, want %q", record, got.Reason, want)
		}
	}
}
