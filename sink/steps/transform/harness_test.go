package transform

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"standpipe/internal/faults"
	"standpipe/internal/lambdafake"
	"standpipe/partition"
	"standpipe/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const arn = "arn:aws:lambda:eu-west-1:111122223333:function:tidy:live"

var arrived = time.Date(2026, 7, 13, 14, 15, 16, 17e6, time.UTC)

// bench is a step with a Lambda service of its own.
type bench struct {
	*Lambda
	t       *testing.T
	server  *lambdafake.Server
	memory  *sink.Memory
	metrics *Metrics
	log     bytes.Buffer
}

// newBench has the step tidy, and a function for it if there is one.
func newBench(t *testing.T, f lambdafake.Function, change ...func(*Options)) *bench {
	t.Helper()
	opts := Options{Function: arn, BufferSize: 1 << 20, Parallel: 5, Retries: 3, Timeout: 5 * time.Minute}
	for _, c := range change {
		c(&opts)
	}
	b := &bench{Lambda: New("tidy", opts), t: t, server: lambdafake.New(), memory: sink.NewMemory(128 << 20), metrics: NewMetrics(nil)}
	if f != nil {
		b.server.Put("tidy", f)
	}
	b.connect(faults.Transport(map[string]http.Handler{"lambda": b.server}))
	return b
}

func (b *bench) connect(transport http.RoundTripper) {
	client := lambda.NewFromConfig(aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), BaseEndpoint: aws.String("http://lambda"),
		HTTPClient: &http.Client{Transport: transport},
	})
	b.Connect(Link{
		Client: client, DeliveryStreamARN: "arn:aws:firehose:eu-west-1:111122223333:deliverystream/standpipe-clicks",
		StreamARN: "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks", Region: "eu-west-1",
		Memory: b.memory, Metrics: b.metrics, Log: zerolog.New(&b.log), Jitter: func() float64 { return 0 },
	})
}

// record is one with its own sequence number.
func record(n int, data string) sink.Record {
	return sink.Record{Data: []byte(data), Arrival: arrived, Sequence: fmt.Sprintf("4954698668313554428650745793632162567570019247115678%04d", n), PartitionKey: fmt.Sprint("key-", n)}
}

// records have the data given, each its own sequence number.
func records(data ...string) (list []sink.Record) {
	for i, d := range data {
		list = append(list, record(i, d))
	}
	return list
}

// do runs the step, and checks that nothing is counted as memory afterwards.
func (b *bench) do(ctx context.Context, in []sink.Record) (out []sink.Record, err error) {
	b.t.Helper()
	err = b.Do(ctx, "shardId-000000000002", slices.Values(in), func(rec sink.Record) { out = append(out, rec) })
	if n := b.memory.Used(); n != 0 {
		b.t.Errorf("%d bytes are counted for ever", n)
	}
	if list := b.Troubles(); len(list) > 0 {
		b.t.Errorf("troubles remain: %v", list)
	}
	return out, err
}

// must is do without an error.
func (b *bench) must(in ...sink.Record) []sink.Record {
	b.t.Helper()
	out, err := b.do(b.t.Context(), in)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// count is a metric of calls.
func (b *bench) count(result callResult) int {
	return int(testutil.ToFloat64(b.Lambda.metrics.calls[result]))
}

// shown tells a record in a line.
func shown(rec sink.Record) string {
	var s strings.Builder
	s.WriteString(string(rec.Data))
	if rec.Raw != nil {
		fmt.Fprintf(&s, " raw %s", rec.Raw)
	}
	for _, k := range rec.Keys {
		if k.Source != partition.Lambda {
			fmt.Fprintf(&s, " %s", k.Source)
		}
		fmt.Fprintf(&s, " %s=%s", k.Name, k.Value)
	}
	if f := rec.Failure; f != nil {
		fmt.Fprintf(&s, " %s %s", f.Type, f.Code)
	}
	return s.String()
}

func allShown(list []sink.Record) (lines []string) {
	for _, rec := range list {
		lines = append(lines, shown(rec))
	}
	return lines
}

// upper is a function that changes every record.
var upper = lambdafake.Each(func(r lambdafake.Record) lambdafake.Result { return r.Ok(bytes.ToUpper(r.Data)) })
