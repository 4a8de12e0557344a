package main

import (
	"fmt"
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
