package endtoend

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"standpipe/internal/catalog"
	"standpipe/internal/s3read"
	"standpipe/internal/tables"
	"standpipe/sink"
	"standpipe/sink/parquet"
)

// search is how often workers look through the journals for partitions that are not registered.
const search = 30 * time.Second

// registers makes what registers outputs in their tables.
func (w *World) registers(cfg aws.Config, names []string, outputs []*sink.Output, log zerolog.Logger) (all []*catalog.Register) {
	w.T.Helper()
	metrics := catalog.NewMetrics(nil)
	for _, out := range outputs {
		if !slices.Contains(names, out.Name) {
			continue
		}
		t := tables.Table{JSON: out.Parquet == nil, Bucket: Bucket, Prefix: out.Prefix}
		if t.JSON {
			schema, err := parquet.ParseSchema([]parquet.Column{{Name: "id", Type: "bigint"}, {Name: "path", Type: "string"}}, parquet.Options{})
			if err != nil {
				w.T.Fatal(err)
			}
			t.Schema = schema
		} else {
			t.Schema = out.Parquet.Schema()
		}
		all = append(all, &catalog.Register{
			Output: out.Name, Table: catalog.Ref{Database: Bucket, Table: out.Name}, Glue: w.glueClient(cfg), Layout: t.Listed(), Log: log, Metric: metrics,
		})
	}
	return all
}

// registered takes what batches made visible.
func registered(registers []*catalog.Register) func([]sink.JournalObject) {
	if len(registers) == 0 {
		return nil
	}
	return func(objects []sink.JournalObject) {
		for _, o := range objects {
			for _, r := range registers {
				if r.Output == o.Output {
					r.Add(o.Path)
				}
			}
		}
	}
}

// register lets a worker register partitions, its own and those of the journals, until it is stopped.
func (w *World) register(ctx context.Context, registers []*catalog.Register, store sink.Store, client *s3.Client, log zerolog.Logger) (stop func()) {
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, r := range registers {
		wg.Go(func() { r.Run(lasting) })
	}
	if len(registers) > 0 {
		j := &catalog.Journals{Store: store, Lister: s3read.S3{Client: func(string) *s3.Client { return client }}, Bucket: Bucket, Prefix: "_standpipe/test/", Every: search, Registers: registers, Log: log}
		wg.Go(func() { j.Run(ctx) })
	}
	return func() {
		cancel()
		for _, r := range registers {
			r.Settle(lasting, 2*time.Second)
		}
		end()
		wg.Wait()
	}
}

// Unregistered gives the partitions of a table whose objects are visible and that the catalog does not list, and those
// that it lists without any object.
func (w *World) Unregistered(table, prefix string) (missing, empty []string) {
	w.T.Helper()
	objects := map[string]bool{}
	for _, o := range w.S3.Objects(Bucket) {
		if strings.HasPrefix(o.Key, prefix) {
			objects["s3://"+Bucket+"/"+o.Key[:strings.LastIndexByte(o.Key, '/')+1]] = true
		}
	}
	listed := map[string]bool{}
	for _, p := range w.Glue.Partitions(Bucket, table) {
		listed[p.StorageDescriptor.Location] = true
	}
	for folder := range objects {
		if !listed[folder] {
			missing = append(missing, folder)
		}
	}
	for folder := range listed {
		if !objects[folder] {
			empty = append(empty, folder)
		}
	}
	return missing, empty
}
