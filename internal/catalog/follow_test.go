package catalog

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"standpipe/internal/faults"
	"standpipe/internal/gluefake"
	"standpipe/sink/parquet"
)

// client is the SDK's own, in front of the fake.
func client(s *gluefake.Server) *glue.Client {
	return glue.New(glue.Options{
		BaseEndpoint: aws.String("http://glue"), Region: "eu-west-1", Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient:  &http.Client{Transport: faults.Transport(map[string]http.Handler{"glue": s})},
	})
}

func put(s *gluefake.Server, library string, columns ...string) {
	t := gluefake.Table{Name: "clicks", StorageDescriptor: &gluefake.Storage{SerdeInfo: &gluefake.Serde{SerializationLibrary: library}}}
	for _, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		t.StorageDescriptor.Columns = append(t.StorageDescriptor.Columns, gluefake.Column{Name: name, Type: kind})
	}
	s.Put("lake", t)
}

func format(s *parquet.Schema) (*parquet.Format, error) {
	return parquet.NewFormat(s, parquet.FileOptions{})
}

// followed is a source of two outputs that is being followed.
type followed struct {
	glue *gluefake.Server
	log  bytes.Buffer
	reg  *prometheus.Registry

	mu      sync.Mutex
	changes []map[string]*parquet.Format
}

func follow(t *testing.T, every time.Duration) *followed {
	f := &followed{glue: gluefake.New("lake"), reg: prometheus.NewRegistry()}
	put(f.glue, parquetSerde, "id bigint")
	s := &Source{Table: clicks, Glue: client(f.glue), Every: every, Takers: []Taker{{Output: "a", Format: format}, {Output: "b", Options: parquet.Options{Rest: true}, Format: format}}}
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if first := s.Formats(); len(first) != 2 || len(first["a"].Schema().Columns()) != 1 {
		t.Fatalf("first formats %v", first)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		s.Follow(ctx, func(by map[string]*parquet.Format) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.changes = append(f.changes, by)
		}, NewMetrics(f.reg), zerolog.New(&f.log))
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return f
}

// look passes the time of more than one question, and gives how many changes there were and the last one's columns.
func (f *followed) look(every time.Duration) (changes, columns int) {
	time.Sleep(every * 5 / 2)
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.changes); n > 0 {
		return n, len(f.changes[n-1]["a"].Schema().Columns())
	}
	return 0, 0
}

func (f *followed) logged(text string) int { return strings.Count(f.log.String(), text) }

// metric gives the values of a metric, by its label.
func (f *followed) metric(t *testing.T, name string) map[string]float64 {
	t.Helper()
	families, err := f.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "standpipe_"+name {
				by[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return by
}

func (f *followed) refused(t *testing.T, want float64) {
	t.Helper()
	if got := f.metric(t, "schema_refused"); got["a"] != want || got["b"] != want || len(got) != 2 {
		t.Errorf("refused %v, want %v", got, want)
	}
}

// A table is asked for once, for all outputs, at its interval; a change is handed on once, for all outputs together.
func TestOneQuestionForAllOutputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, time.Minute)
		time.Sleep(time.Hour)
		if n := f.glue.Operations()["GetTable"]; n < 52 || n > 72 {
			t.Errorf("%d questions in an hour", n)
		}
		put(f.glue, parquetSerde, "id bigint") // a version with nothing new, as an update of statistics makes it
		if n, _ := f.look(time.Minute); n != 0 {
			t.Errorf("%d changes", n)
		}
		put(f.glue, parquetSerde, "id bigint", "extra string")
		if n, columns := f.look(time.Minute); n != 1 || columns != 2 || len(f.changes[0]) != 2 {
			t.Errorf("%d changes, %d columns", n, columns)
		}
		if f.logged("+ extra string") != 2 || f.logged(`"version":"2"`) != 2 {
			t.Errorf("logged %s", f.log.String())
		}
	})
}

// What can not be used is refused and said once, whatever it is; the next definition that can is taken.
func TestUnusableVersionsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, time.Minute)
		for i, bad := range []struct {
			spoil func()
			says  string
		}{
			{func() { f.glue.Drop("lake", "clicks") }, "does not exist any more"},
			{func() { put(f.glue, "org.apache.hadoop.hive.ql.io.orc.OrcSerde", "id bigint", "new int") }, "stored as ORC"},
			{func() { put(f.glue, openX, "id bigint", "new int") }, "stored as JSON"},
			{func() { put(f.glue, parquetSerde, "id bigint", "n number") }, "number is no type"},
			{func() { put(f.glue, parquetSerde, "id bigint", "ID int") }, "has the same name as id"},
		} {
			bad.spoil()
			if n, _ := f.look(time.Minute); n != 0 {
				t.Errorf("%s: %d changes", bad.says, n)
			}
			if got := f.logged(bad.says); got != 2 || f.logged(`"level":"error"`) != 2*(i+1) {
				t.Errorf("%s: logged %d times\n%s", bad.says, got, f.log.String())
			}
			f.refused(t, 1)
		}
		put(f.glue, parquetSerde, "id bigint")
		if n, _ := f.look(time.Minute); n != 0 || f.logged("can be used again") != 2 {
			t.Errorf("%d changes\n%s", n, f.log.String())
		}
		f.refused(t, 0)
		put(f.glue, parquetSerde, "id bigint", "new int")
		if n, columns := f.look(time.Minute); n != 1 || columns != 2 {
			t.Errorf("%d changes, %d columns", n, columns)
		}
	})
}

// A Glue that does not answer changes nothing, is logged once, counted, and asked again.
func TestGlueIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, answer := range []error{gluefake.Throttled(), gluefake.Down(), gluefake.Denied(), faults.ErrLost} {
			f := follow(t, time.Minute)
			remove := f.glue.Control("GetTable", func(faults.Call, func()) error { return answer })
			put(f.glue, parquetSerde, "id bigint", "extra string")
			time.Sleep(10 * time.Minute)
			if n, _ := f.look(time.Minute); n != 0 || f.logged("did not tell") != 1 {
				t.Errorf("%v: %d changes\n%s", answer, n, f.log.String())
			}
			f.refused(t, 0)
			if failures := f.metric(t, "glue_failures_total")["GetTable"]; failures < 9 {
				t.Errorf("%v failures", failures)
			}
			remove()
			if n, columns := f.look(time.Minute); n != 1 || columns != 2 || f.logged("answers again") != 1 {
				t.Errorf("%v: %d changes, %d columns", answer, n, columns)
			}
		}
	})
}

// The first question tells what is wrong instead of keeping anything.
func TestFirstQuestionFails(t *testing.T) {
	s := gluefake.New("lake")
	source := &Source{Table: clicks, Glue: client(s), Takers: []Taker{{Output: "a", Format: format}}}
	if err := source.Load(t.Context()); !gone(err) {
		t.Error(err)
	}
	put(s, openX, "id int")
	var unusable *UnusableError
	if err := source.Load(t.Context()); !errors.As(err, &unusable) {
		t.Error(err)
	}
	put(s, parquetSerde, "id int")
	source.Takers[0].Format = func(*parquet.Schema) (*parquet.Format, error) { return nil, errors.New("no such column") }
	if err := source.Load(t.Context()); !errors.As(err, &unusable) || !strings.Contains(err.Error(), "no such column") {
		t.Error(err)
	}
}
