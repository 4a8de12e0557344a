package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"standpipe/config"
)

var description = regexp.MustCompile(`fqName: "(standpipe_[^"]*)", help: "([^"]*)", .*variableLabels: \{([^}]*)\}`)

// TestMetricNames compares every metric of a wired daemon with testdata/metrics.txt: dashboards and alerts
// are built on these names. UPDATE=1 writes the file anew.
func TestMetricNames(t *testing.T) {
	c := newCloud(t)
	cfg, err := config.Load(config.Source{Env: c.env()})
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := newPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := connect(t.Context(), cfg, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	s, _, _ := wire(t.Context(), cfg, pipe, svc, zerolog.Nop(), daemonHooks{registry: reg})
	defer func() {
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()

	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		reg.Describe(descs)
	}()
	var lines []string
	for d := range descs {
		m := description.FindStringSubmatch(d.String())
		if m == nil {
			t.Errorf("not one of ours: %s", d)
			continue
		}
		name := m[1]
		if m[3] != "" {
			name += "{" + m[3] + "}"
		}
		lines = append(lines, name+"\n    "+m[2]+"\n")
	}
	slices.Sort(lines)
	got, file := strings.Join(lines, ""), filepath.Join("testdata", "metrics.txt")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("metrics differ from %s; if that is meant, run with UPDATE=1 and note it in CHANGELOG.md\n got:\n%s\nwant:\n%s", file, got, want)
	}
}
