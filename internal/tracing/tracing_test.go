package tracing

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func TestWhatTheEnvironmentAsksFor(t *testing.T) {
	for _, c := range []struct {
		env  string
		want bool
		bad  string // what the error names
	}{
		{"", false, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", true, ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4318/v1/traces", true, ""},
		{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://c:4318", false, ""},
		{"OTEL_TRACES_EXPORTER=otlp", true, ""},
		{"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", false, ""},
		{"OTEL_SDK_DISABLED=TRUE OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", false, ""},
		{"OTEL_SDK_DISABLED=true OTEL_TRACES_EXPORTER=zipkin", false, ""},
		{"OTEL_SDK_DISABLED=no OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", true, ""},
		{"OTEL_TRACES_EXPORTER=zipkin", false, "OTEL_TRACES_EXPORTER"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, ""}, // asks for no traces
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318 OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", true, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318 OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json", false, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"},
	} {
		env := map[string]string{}
		for _, pair := range strings.Fields(c.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		got, err := wanted(func(name string) string { return env[name] })
		if got != c.want || (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad+" is ") {
			t.Errorf("%s: %v, %v", c.env, got, err)
		}
	}
}

// TestACollectorThatIsAwayIsLoggedNowAndThen, not at every attempt.
func TestACollectorThatIsAwayIsLoggedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		c := &complaints{log: zerolog.New(&log)}
		for range 125 { // of 5 s: a little more than ten minutes
			c.Handle(errors.New("connection refused"))
			time.Sleep(5 * time.Second)
		}
		if n := strings.Count(log.String(), "\n"); n != 3 {
			t.Errorf("%d lines:\n%s", n, log.String())
		}
	})
}
