package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"standpipe/internal/faults"
)

// receiver is an OpenTelemetry collector that keeps what it gets.
type receiver struct {
	mu       sync.Mutex
	spans    []*tracepb.Span
	resource map[string]*common.AnyValue
	bad      []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	var got collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &got)
	}
	if err != nil || req.URL.Path != "/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" || req.Header.Get("X-Key") != "secret" {
		r.bad = append(r.bad, fmt.Sprint(req.URL, req.Header, err))
	}
	for _, rs := range got.ResourceSpans {
		r.resource = attributes(rs.Resource.Attributes)
		for _, ss := range rs.ScopeSpans {
			r.spans = append(r.spans, ss.Spans...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	body, _ = proto.Marshal(&collector.ExportTraceServiceResponse{})
	_, _ = w.Write(body)
}

func attributes(list []*common.KeyValue) map[string]*common.AnyValue {
	all := map[string]*common.AnyValue{}
	for _, a := range list {
		all[a.Key] = a.Value
	}
	return all
}

// traced sets the environment that asks for traces.
func traced(t *testing.T, endpoint string) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret")
}

// TestTraceOfABatch has a daemon deliver a batch to two objects and its error output, with a step and a retry, and reads the
// trace as a collector does.
func TestTraceOfABatch(t *testing.T) {
	r := &receiver{}
	server := httptest.NewServer(r)
	defer server.Close()
	traced(t, server.URL)
	c := newCloud(t)
	const records = 200
	for i := range records {
		if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(i), fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := c.kinesis.Put("clicks", "x", []byte("no JSON")); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	c.s3.Control("UploadPart", func(faults.Call, func()) (err error) {
		once.Do(func() { err = &faults.Error{Status: http.StatusServiceUnavailable, Code: "SlowDown"} })
		return err
	})
	d := start(t, c.env("STANDPIPE_STEPS_0_JQ=.n += 1"))
	eventually(t, "read all records", func() bool { return d.read(t) == records+1 })
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.bad) > 0 {
		t.Errorf("requests that a collector refuses: %v", r.bad)
	}
	if r.resource["service.name"].GetStringValue() != "standpipe" || r.resource["service.instance.id"].GetStringValue() == "" {
		t.Errorf("resource %v", r.resource)
	}
	var root *tracepb.Span
	count := map[string]int{}
	for _, s := range r.spans {
		count[s.Name]++
		if s.Name == "batch" {
			root = s
		}
	}
	// create, upload and complete: the object, the error object, the journal; upload once more.
	want := map[string]int{"batch": 1, "read": 1, "steps": 1, "encode": 1, "close": 1, "create": 3, "upload": 4, "complete": 3, "read journal": 1, "intent": 1, "advance": 1}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Fatalf("spans %v, should be %v", count, want)
	}
	failed := 0
	for _, s := range r.spans {
		about := attributes(s.Attributes)
		if string(s.TraceId) != string(root.TraceId) || s != root && string(s.ParentSpanId) != string(root.SpanId) {
			t.Errorf("%s is not in the batch's trace", s.Name)
		}
		if s.StartTimeUnixNano < root.StartTimeUnixNano || s.EndTimeUnixNano > root.EndTimeUnixNano || s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("%s lasts from %d to %d, the batch from %d to %d", s.Name, s.StartTimeUnixNano, s.EndTimeUnixNano, root.StartTimeUnixNano, root.EndTimeUnixNano)
		}
		if s.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR {
			failed++
		}
		switch s.Name {
		case "upload", "complete", "create":
			if about["aws.s3.bucket"].GetStringValue() != "lake" || !strings.Contains(about["aws.s3.key"].GetStringValue(), "/") {
				t.Errorf("%s has %v", s.Name, about)
			}
		case "read", "steps", "encode":
			if about["standpipe.busy_ms"].GetDoubleValue() <= 0 {
				t.Errorf("%s has %v", s.Name, about)
			}
		}
	}
	if failed != 1 {
		t.Errorf("%d spans failed, should be the first upload", failed)
	}
	about := attributes(root.Attributes)
	for name, want := range map[string]int64{"standpipe.records": records + 1, "standpipe.objects": 2} {
		if about[name].GetIntValue() != want {
			t.Errorf("%s is %v, should be %d", name, about[name], want)
		}
	}
	if about["standpipe.cause"].GetStringValue() != "shutdown" || about["standpipe.outcome"].GetStringValue() != "advanced" || about["standpipe.batch"].GetStringValue() == "" ||
		len(about["standpipe.shards"].GetArrayValue().GetValues()) != 2 || about["standpipe.bytes"].GetIntValue() == 0 || about["standpipe.stored_bytes"].GetIntValue() == 0 {
		t.Errorf("the batch's span has %v", about)
	}
}

// TestCollectorThatHangsDoesNotHoldUpDelivery: neither batches nor the stop.
func TestCollectorThatHangsDoesNotHoldUpDelivery(t *testing.T) {
	hold := make(chan struct{})
	asked := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-hold
	}))
	defer server.Close()
	defer close(hold)
	traced(t, server.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "4")
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")
	c := newCloud(t)
	d := start(t, c.env("STANDPIPE_BUFFER_INTERVAL=1s"))
	d.leased(t)
	for i := range 3 {
		if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(i), fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "deliver the record", func() bool { return c.lines(t, "clicks/")[fmt.Sprintf(`{"n":%d}`, i)] == 1 })
	}
	<-asked
	began := time.Now()
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

// TestVariablesOfTraces: what asks for something that is not there ends the start with a sentence; what asks for none is none.
func TestVariablesOfTraces(t *testing.T) {
	for _, refused := range [][]string{{"OTEL_TRACES_EXPORTER=zipkin"}, {"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json"}} {
		t.Run(strings.Join(refused, " "), func(t *testing.T) {
			c := newCloud(t)
			for _, pair := range refused {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			r := execute(t, c.env(), "run")
			if name, value, _ := strings.Cut(refused[len(refused)-1], "="); r.code != exitUsage || !strings.Contains(r.stderr, name+" is \""+value+`": write `) {
				t.Errorf("%v", r)
			}
		})
	}
}
