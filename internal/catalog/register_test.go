package catalog

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"standpipe/internal/gluefake"
	"standpipe/internal/tables"
	"standpipe/partition"
	"standpipe/sink/parquet"
)

// layout divides a table of lines by minute and second.
func layout(t *testing.T, prefix string, columns ...parquet.Column) *tables.Listed {
	t.Helper()
	p, err := partition.Parse(prefix, partition.Data)
	if err != nil {
		t.Fatal(err)
	}
	table := tables.Table{JSON: true, Bucket: "lake", Prefix: p}
	if len(columns) > 0 {
		if table.Schema, err = parquet.ParseSchema(columns, parquet.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	return table.Listed()
}

const fine = "clicks/m=!{timestamp:mm}/s=!{timestamp:ss}/"

var id = parquet.Column{Name: "id", Type: "bigint"}

// registering is a Register at work.
type registering struct {
	*Register
	glue *gluefake.Server
	log  *logText
	reg  *prometheus.Registry
}

// logText is what several goroutines log.
type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logText) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func register(t *testing.T, l *tables.Listed) *registering {
	t.Helper()
	r := &registering{glue: gluefake.New("lake"), log: &logText{}, reg: prometheus.NewRegistry()}
	r.Register = &Register{Output: "a", Table: clicks, Glue: client(r.glue), Layout: l, Log: zerolog.New(r.log), Metric: NewMetrics(r.reg)}
	return r
}

func (r *registering) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

// pass lets time pass, and everything that is due then happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *registering) partitions() int { return len(r.glue.Partitions("lake", "clicks")) }

func path(n int) string { return fmt.Sprintf("clicks/m=%02d/s=%02d/", n/60, n%60) }

// Many partitions go by a hundred a call; those that are there already, of another worker, are a success; what is
// registered is not asked for again.
func TestManyPartitionsByFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, other := register(t, layout(t, fine, id)), register(t, layout(t, fine, id))
		other.glue, other.Glue = r.glue, r.Glue
		for n := range 250 {
			r.Add(path(n))
			r.Add(path(n))
			other.Add(path(n + 100))
		}
		r.Add("elsewhere/m=00/s=00/")
		r.run(t)
		other.run(t)
		pass(time.Minute)
		if n, calls := r.partitions(), r.glue.Operations()["BatchCreatePartition"]; n != 350 || calls != 6 {
			t.Errorf("%d partitions by %d calls", n, calls)
		}
		for n := range 350 {
			r.Add(path(n))
		}
		pass(time.Minute)
		if n, calls := r.partitions(), r.glue.Operations()["BatchCreatePartition"]; n != 350 || calls != 7 {
			t.Errorf("%d partitions by %d calls", n, calls)
		}
		if strings.Contains(r.log.String()+other.log.String(), `"level":"error"`) {
			t.Errorf("%s%s", r.log, other.log)
		}
	})
}

// A partition that Glue refuses is tried again, and holds no other back.
func TestRefusedPartitionHoldsNoOtherBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := register(t, layout(t, fine, id))
		r.glue.Refuse("00/07", true)
		for n := range 150 {
			r.Add(path(n))
		}
		r.run(t)
		pass(time.Minute)
		if n := r.partitions(); n != 149 || strings.Count(r.log.String(), `"level":"error"`) != 1 {
			t.Errorf("%d partitions\n%s", n, r.log)
		}
		r.glue.Refuse("00/07", false)
		pass(10 * time.Minute)
		if n := r.partitions(); n != 150 || !strings.Contains(r.log.String(), "nothing waits") {
			t.Errorf("%d partitions\n%s", n, r.log)
		}
	})
}

// Nor do more of them than go in a call.
func TestManyRefusedPartitionsHoldNoOtherBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := register(t, layout(t, fine, id))
		for n := range 250 {
			r.Add(path(n))
			if n < 150 {
				r.glue.Refuse(fmt.Sprintf("%02d/%02d", n/60, n%60), true)
			}
		}
		r.run(t)
		pass(time.Minute)
		if n := r.partitions(); n != 100 {
			t.Errorf("%d partitions are registered, want the 100 that are not refused", n)
		}
		for n := range 150 {
			r.glue.Refuse(fmt.Sprintf("%02d/%02d", n/60, n%60), false)
		}
		pass(15 * time.Minute)
		if n := r.partitions(); n != 250 {
			t.Errorf("%d partitions are registered, want all", n)
		}
	})
}

// What waits is bounded; what found no room is known to be missing.
func TestWaitingPartitionsAreBounded(t *testing.T) {
	r := register(t, layout(t, "clicks/t=!{timestamp:yyyy-MM-dd-HH-mm-ss}/", id))
	for n := range mostOpen + 5 {
		r.Add(fmt.Sprintf("clicks/t=%04d-01-31-12-00-%02d/", n, n%60))
	}
	if len(r.open) != mostOpen || !r.overflowed() || r.overflowed() {
		t.Errorf("%d wait", len(r.open))
	}
}

// A table that somebody made is used as it is, if its partition keys are the folders, in whatever order.
func TestTablesOfOthers(t *testing.T) {
	lines := func(keys ...string) gluefake.Table {
		made := gluefake.Table{Name: "clicks", StorageDescriptor: &gluefake.Storage{Columns: []gluefake.Column{{Name: "id", Type: "int"}}, SerdeInfo: &gluefake.Serde{SerializationLibrary: openX}}}
		for _, k := range keys {
			made.PartitionKeys = append(made.PartitionKeys, gluefake.Column{Name: k, Type: "int"})
		}
		return made
	}
	for _, c := range []struct {
		prefix  string
		columns []parquet.Column
		table   *gluefake.Table
		missing bool
		wrong   string
	}{
		{prefix: fine, columns: []parquet.Column{id}, missing: true},
		{prefix: fine, wrong: "EntityNotFoundException"},
		{prefix: fine, table: new(lines("m", "s"))},
		{prefix: fine, table: new(lines("S", "m"))},
		{prefix: "clicks/", table: new(lines("dt"))},
		{prefix: "clicks/!{firehose:random-string}/", table: new(lines())},
		{prefix: fine, table: new(lines("m")), wrong: "its partition keys are (m), and the folders of the prefix give (m, s)"},
		{prefix: fine, table: new(lines("m", "second")), wrong: "its partition keys are (m, second)"},
		{prefix: fine, table: new(lines("m", "s", "t")), wrong: "its partition keys are (m, s, t)"},
		{prefix: "clicks/!{firehose:random-string}/", table: new(lines("m")), wrong: "its partition keys are (m)"},
		{prefix: fine, table: &gluefake.Table{Name: "clicks", StorageDescriptor: &gluefake.Storage{SerdeInfo: &gluefake.Serde{SerializationLibrary: parquetSerde}}}, wrong: "it is stored as Parquet, and the output writes JSON"},
		{prefix: fine, table: &gluefake.Table{Name: "clicks", TableType: "VIRTUAL_VIEW"}, wrong: "it says nothing of its storage"},
	} {
		r := register(t, layout(t, c.prefix, c.columns...))
		if c.table != nil {
			r.glue.Put("lake", *c.table)
		}
		missing, err := r.Check(t.Context())
		if missing != c.missing || (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s with %+v: missing %v, %v", c.prefix, c.table, missing, err)
		}
		if ops := r.glue.Operations(); len(ops) != 1 {
			t.Errorf("the check calls %v", ops)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		r := register(t, layout(t, fine))
		r.glue.Put("lake", lines("s", "m"))
		r.Add(path(61))
		r.run(t)
		pass(time.Minute)
		p, there := r.glue.Partitions("lake", "clicks")["01/01"]
		if !there || p.StorageDescriptor.Location != "s3://lake/clicks/m=01/s=01/" || p.StorageDescriptor.SerdeInfo.SerializationLibrary != openX {
			t.Errorf("%+v", r.glue.Partitions("lake", "clicks"))
		}
		r.Add(path(62))
		pass(time.Minute)
		if _, there := r.glue.Partitions("lake", "clicks")["02/01"]; !there {
			t.Errorf("values are not in the order of the keys: %+v", r.glue.Partitions("lake", "clicks"))
		}
	})
}

// Without a table and without columns to make one, nothing is registered until somebody makes it.
func TestNothingToCreateTheTableFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := register(t, layout(t, fine))
		r.Add(path(1))
		r.run(t)
		pass(time.Minute)
		if r.partitions() != 0 || strings.Count(r.log.String(), "without outputs[].schema it can not be created") != 1 {
			t.Errorf("%s", r.log)
		}
		r.glue.Put("lake", gluefake.Table{Name: "clicks", PartitionKeys: []gluefake.Column{{Name: "m"}, {Name: "s"}}, StorageDescriptor: &gluefake.Storage{SerdeInfo: &gluefake.Serde{SerializationLibrary: openX}}})
		pass(longWait)
		if r.partitions() != 1 {
			t.Errorf("%s", r.log)
		}
		// The table goes, as in a test of somebody's: the next partition says so, and nothing breaks.
		r.glue.Drop("lake", "clicks")
		r.Add(path(2))
		pass(time.Minute)
		if strings.Count(r.log.String(), "can not be created") != 2 {
			t.Errorf("%s", r.log)
		}
	})
}

// The database is missing: it is said, and everything is made as soon as it is there.
func TestDatabaseIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := register(t, layout(t, fine, id))
		r.glue = gluefake.New()
		r.Glue = client(r.glue)
		r.Add(path(1))
		r.run(t)
		pass(time.Minute)
		if !strings.Contains(r.log.String(), "Database lake not found") {
			t.Errorf("%s", r.log)
		}
		r.glue.Put("lake", gluefake.Table{Name: "other"})
		pass(longWait)
		if r.partitions() != 1 {
			t.Errorf("%s", r.log)
		}
	})
}
