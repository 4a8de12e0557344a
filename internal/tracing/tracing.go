package tracing

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	// flush is how long the end waits for the last spans to be sent.
	flush = time.Second
	// complain is how often a collector that is away is logged.
	complain = 5 * time.Minute
)

// Options configures the traces of a process.
type Options struct {
	Worker  string // service.instance.id
	Version string // service.version
	Log     zerolog.Logger
}

// Start gives a tracer, nil where the environment asks for no traces, and what ends it: that sends what is left within a
// second. The variables are OpenTelemetry's: traces are sent where OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set or OTEL_TRACES_EXPORTER is otlp, unless that is none or OTEL_SDK_DISABLED is
// true. The exporter, the sampler and the queue read theirs. An error is about a variable that asks for what is not there.
func Start(ctx context.Context, opts Options) (tracer trace.Tracer, end func(), err error) {
	wanted, err := wanted(os.Getenv)
	if err != nil || !wanted {
		return nil, func() {}, err
	}
	ctx = context.WithoutCancel(ctx)
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, func() {}, fmt.Errorf("send traces: %w: see OTEL_EXPORTER_OTLP_ENDPOINT", err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "standpipe"), attribute.String("service.version", opts.Version), attribute.String("service.instance.id", opts.Worker)),
		resource.WithFromEnv()) // last, so that it wins
	if err != nil {
		return nil, func() {}, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(&complaints{log: opts.Log})
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	opts.Log.Info().Msg("traces are sent to the OpenTelemetry collector")
	return provider.Tracer("standpipe"), func() {
		ctx, cancel := context.WithTimeout(ctx, flush)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			opts.Log.Warn().Err(err).Msg("the last traces were not sent")
		}
	}, nil
}

// wanted says whether the environment asks for traces.
func wanted(getenv func(string) string) (bool, error) {
	switch exporter := strings.TrimSpace(getenv("OTEL_TRACES_EXPORTER")); {
	case strings.EqualFold(strings.TrimSpace(getenv("OTEL_SDK_DISABLED")), "true") || exporter == "none":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fmt.Errorf("send traces: OTEL_TRACES_EXPORTER is %q: write otlp, or none", exporter)
	case exporter == "" && getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return false, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch protocol := strings.TrimSpace(getenv(name)); protocol {
		case "":
			continue
		case "http/protobuf":
			return true, nil
		default:
			return false, fmt.Errorf("send traces: %s is %q: write http/protobuf, and the collector's port for it, often 4318", name, protocol)
		}
	}
	return true, nil
}

// complaints logs what the OpenTelemetry library has to say, at most once in five minutes: a collector that is away fails
// every few seconds.
type complaints struct {
	log  zerolog.Logger
	mu   sync.Mutex
	last time.Time
}

// Handle is otel.ErrorHandler's.
func (c *complaints) Handle(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.last.IsZero() || now.Sub(c.last) >= complain {
		c.last = now
		c.log.Warn().Err(err).Msg("traces are not sent; delivery goes on")
	}
}
