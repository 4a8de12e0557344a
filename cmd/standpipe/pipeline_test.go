package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/sink"
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
