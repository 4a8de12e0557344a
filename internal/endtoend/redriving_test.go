package endtoend

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"standpipe/consumer"
	"standpipe/internal/redrive"
	"standpipe/internal/s3read"
	"standpipe/internal/verify"
	"standpipe/partition"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// redriver is one process' worth of `standpipe redrive`.
type redriver struct {
	plug   *plug
	cancel context.CancelFunc
	done   chan struct{}
	begin  func()
	report *redrive.Report
	err    error
}

// startRedrive runs a redrive of the error prefix, to the outputs of the settings.
func (w *World) startRedrive(name string, set Settings, change func(*redrive.Options)) *redriver {
	w.T.Helper()
	r := w.newRedrive(name, set, change)
	go r.begin()
	return r
}

// newRedrive makes one whose begin is still to be called, on a goroutine.
func (w *World) newRedrive(name string, set Settings, change func(*redrive.Options)) *redriver {
	w.T.Helper()
	r := &redriver{plug: &plug{name: name, next: w.net}, done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	cfg := w.config(r.plug)
	patient := func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 5, time.Second })
	}
	at := func(host string) *string { return aws.String("http://" + host) }
	db := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = at("dynamodb") })
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = at("s3"), true })
	readers := s3.New(client.Options(), func(o *s3.Options) { o.Retryer = patient() })
	lines := w.Log
	if lines == nil {
		lines = zerolog.ConsoleWriter{Out: testWriter{w.T}, NoColor: true}
	}
	log := zerolog.New(lines).With().Str("worker", name).Logger().Level(zerolog.InfoLevel)
	remember, err := redrive.Remember(Bucket, "_standpipe/test/")
	if err != nil {
		w.T.Fatal(err)
	}
	var mu sync.Mutex
	made := map[string]bool{}
	newID := func() string {
		mu.Lock()
		defer mu.Unlock()
		id := uuid.NewString()
		made[id] = true
		return id
	}
	memory := sink.NewMemory(or(set.Memory, 64<<20))
	o := redrive.Options{
		Source: redrive.Source{Place: s3read.Place{Bucket: Bucket, Head: "errors/"}},
		Chain:  redrive.Chained(steps.NewChain(set.Steps, memory, nil)),
		Worker: name, Failover: or(set.Failover, 10*time.Second), Memory: memory, Log: log,
		Table: consumer.NewTable(dynamodb.New(db.Options(), func(o *dynamodb.Options) { o.Retryer = patient() }), Tables),
		Store: s3read.S3{Client: func(string) *s3.Client { return readers }},
		Own: func(id string) bool {
			mu.Lock()
			defer mu.Unlock()
			return made[id]
		},
		Redriven: s3read.Place{Bucket: Bucket, Head: "_standpipe/test/redriven/"},
	}
	for _, out := range set.Outputs {
		o.Outputs = append(o.Outputs, out.Name)
	}
	if change != nil {
		change(&o)
	}
	if !o.DryRun {
		o.Sink = sink.New(context.WithoutCancel(ctx), sink.Options{
			Application: "test", Worker: name, Outputs: append(append([]*sink.Output(nil), set.Outputs...), remember),
			Errors:        &sink.Output{Name: "errors", Bucket: Bucket, Prefix: prefix(w.T, "errors/!{firehose:error-output-type}/", partition.Errors), Compression: "gzip"},
			JournalBucket: Bucket, JournalPrefix: "_standpipe/test/",
			Size: or(set.Size, 128<<20), Interval: or(set.Interval, time.Minute), Memory: memory, NewID: newID, Random: newID,
			Ledger: consumer.NewTable(db, Tables), Store: sink.NewS3(client, set.S3), Log: log,
		})
	}
	r.begin = func() {
		defer close(r.done)
		r.report, r.err = redrive.Run(ctx, o)
	}
	return r
}

// ensure makes the lease table, where no worker does.
func (w *World) ensure() {
	db := dynamodb.NewFromConfig(w.config(&plug{name: "setup", next: w.net}), func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://dynamodb") })
	if err := consumer.NewTable(db, Tables).Ensure(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
}

// kill ends it as SIGKILL does.
func (r *redriver) kill() {
	r.plug.set(dead)
	r.cancel()
}

// wait waits for its end.
func (r *redriver) wait() (*redrive.Report, error) {
	<-r.done
	r.cancel()
	return r.report, r.err
}

// redrive runs one to its end, which must be good.
func (w *World) redrive(name string, set Settings, change func(*redrive.Options)) *redrive.Report {
	w.T.Helper()
	report, err := w.startRedrive(name, set, change).wait()
	if err != nil {
		w.T.Fatal(err)
	}
	return report
}

// failed is an error record as Firehose writes one.
func failed(data, code string, arrival time.Time) string {
	raw := base64.StdEncoding.EncodeToString([]byte(data))
	return fmt.Sprintf(`{"rawData":%q,"errorCode":%q,"errorMessage":"no","attemptsMade":4,"arrivalTimestamp":%d,"attemptEndingTimestamp":1,"lambdaARN":"arn"}`+"\n", raw, code, arrival.UnixMilli())
}

// proved fails the test unless verify finds nothing wrong.
func (w *World) proved() {
	w.T.Helper()
	if text := w.unproved(); text != "" {
		w.T.Fatal(text)
	}
}

func (w *World) unproved() string {
	cfg := w.config(&plug{name: "verify", next: w.net})
	db := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://dynamodb") })
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = aws.String("http://s3"), true })
	report, err := verify.Run(w.T.Context(), verify.Options{
		Application: "test", Journal: s3read.Place{Bucket: Bucket, Head: "_standpipe/test/"}, Deep: true,
		Places: []s3read.Place{{Bucket: Bucket, Head: "clicks/"}, {Bucket: Bucket, Head: "plain/"}, {Bucket: Bucket, Head: "errors/"}},
		Store:  s3read.S3{Client: func(string) *s3.Client { return client }}, Table: consumer.NewTable(db, Tables),
	})
	switch {
	case err != nil:
		return "verify: " + err.Error()
	case !report.OK:
		return fmt.Sprintf("verify: %+v", report.Problems)
	}
	return ""
}

// bars is a step that makes several records of each, at vertical bars.
type bars struct{}

func (bars) Name() string { return "bars" }

func (bars) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	for piece := range bytes.SplitSeq(rec.Data, []byte("|")) {
		part := rec
		part.Data, part.Raw, part.RawAfter = piece, piece, "bars"
		if !yield(part) {
			return false
		}
	}
	return true
}

// mended is a step that does not take records that say that they are broken, until it was mended.
type mended bool

func (mended) Name() string { return "mend" }

func (m mended) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	if bytes.Contains(rec.Data, []byte("broken")) && !bool(m) {
		rec.Failure = &sink.Failure{Type: "processing-failed", Code: "Test.Broken", Message: "it is broken", Step: "mend"}
	}
	if rec.Raw == nil {
		rec.Raw = rec.Data
	}
	rec.Data = bytes.ReplaceAll(rec.Data, []byte("broken"), []byte("good"))
	return yield(rec)
}

// A step could not take some records. Once it was mended they are redriven, those that were split off another record too,
// into the hour of their arrival and to both outputs. What was redriven stays where it is, and is not redriven again.
func TestMendedStepRedrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		set := Settings{Outputs: []*sink.Output{w.Output("raw", "clicks/!{timestamp:HH}/", "gzip"), w.Output("plain", "plain/", "none")}}
		set.Steps = []steps.Step{bars{}, mended(false)}
		arrived := time.Now().UTC().Format("15")
		for i := range 10 {
			w.raw(fmt.Appendf(nil, `{"id":%d}|{"id":%d,"is":"broken"}`, 100+i, 200+i))
		}
		wk := w.Start(set)
		w.eventually(time.Minute, "errors", func() bool { return len(w.Lines("errors/")) == 10 })
		before := w.Lines("errors/")
		if err := wk.Stop(); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * time.Hour)
		set.Steps = []steps.Step{bars{}, mended(true)}
		dry := w.redrive("dry", set, func(o *redrive.Options) { o.DryRun = true })
		if dry.Records != 10 || len(dry.Counts) != 1 || dry.Counts[0].Code != "Test.Broken" {
			t.Errorf("dry run: %+v", dry)
		}
		for i, want := range []int64{10, 0} {
			if r := w.redrive(fmt.Sprint("redrive-", i), set, nil); r.Records != want || r.Broken != 0 {
				t.Errorf("call %d: %+v", i, r)
			}
		}
		for _, pre := range []string{"clicks/" + arrived + "/", "plain/"} {
			got := w.Delivered(pre)
			for i := range 10 {
				if got[100+i] != 1 || got[200+i] != 1 || len(got) != 20 {
					t.Errorf("under %s: %v", pre, got)
					break
				}
			}
		}
		if after := w.Lines("errors/"); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("the error prefix holds %q, before %q", after, before)
		}
		w.proved()
	})
}

// What fails again has a new error record that says where it was, and is redriven from it.
func TestRecordFailsAgainAndIsRedrivenLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		set := Settings{Outputs: []*sink.Output{w.Output("raw", "clicks/", "gzip")}, Steps: []steps.Step{bars{}, mended(false)}}
		shard, sequence := w.raw([]byte(`{"id":1}|{"id":2,"is":"broken"}|{"id":3,"is":"broken"}`))
		wk := w.Start(set)
		w.eventually(time.Minute, "errors", func() bool { return len(w.Lines("errors/")) == 2 })
		if r := w.redrive("first", set, nil); r.Records != 2 {
			t.Errorf("%+v", r)
		}
		lines := w.Lines("errors/")
		if len(lines) != 4 {
			t.Fatalf("error records %q", lines)
		}
		parts := map[int]int{}
		for _, line := range lines {
			var e struct {
				ShardID, SequenceNumber, RawDataAfter, Step string
				Part                                        int
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.ShardID != shard || e.SequenceNumber != sequence || e.RawDataAfter != "bars" || e.Step != "mend" {
				t.Errorf("%s", line)
			}
			parts[e.Part]++
		}
		if parts[1] != 2 || parts[2] != 2 {
			t.Errorf("parts %v", parts)
		}
		set.Steps = []steps.Step{bars{}, mended(true)}
		if r := w.redrive("second", set, nil); r.Records != 2 || r.Finished != 1 {
			t.Errorf("%+v", r)
		}
		if got := w.Delivered("clicks/"); got[1] != 1 || got[2] != 1 || got[3] != 1 {
			t.Errorf("delivered %v", got)
		}
		if err := wk.Stop(); err != nil {
			t.Error(err)
		}
		w.proved()
	})
}
