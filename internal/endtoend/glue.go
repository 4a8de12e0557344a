package endtoend

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/rs/zerolog"

	"standpipe/internal/catalog"
	"standpipe/internal/gluefake"
	"standpipe/sink"
	"standpipe/sink/parquet"
)

// look is how often workers look at the tables of their columns.
const look = 10 * time.Second

// PutTable gives the table of an output its next version, with these columns beside the one that the truth is told by.
func (w *World) PutTable(name string, columns ...gluefake.Column) {
	w.Glue.Put(Bucket, gluefake.Table{Name: name, TableType: "EXTERNAL_TABLE", StorageDescriptor: &gluefake.Storage{
		Columns:     append([]gluefake.Column{{Name: "id", Type: "bigint"}, {Name: "path", Type: "string"}}, columns...),
		InputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
		SerdeInfo:   &gluefake.Serde{SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
	}})
}

func (w *World) glueClient(cfg aws.Config) *glue.Client {
	return glue.NewFromConfig(cfg, func(o *glue.Options) { o.BaseEndpoint = aws.String("http://glue") })
}

// sources asks for the tables of outputs.
func (w *World) sources(ctx context.Context, cfg aws.Config, outputs []string) (all []*catalog.Source) {
	w.T.Helper()
	for _, name := range outputs {
		s := &catalog.Source{Table: catalog.Ref{Database: Bucket, Table: name}, Glue: w.glueClient(cfg), Every: look, Takers: []catalog.Taker{{
			Output: name, Format: func(schema *parquet.Schema) (*parquet.Format, error) {
				return parquet.NewFormat(schema, parquet.FileOptions{})
			},
		}}}
		if err := s.Load(ctx); err != nil {
			w.T.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// withFormats gives the outputs the formats of their tables. Outputs are shared by workers, so it makes copies.
func withFormats(outputs []*sink.Output, sources []*catalog.Source) []*sink.Output {
	own := make([]*sink.Output, len(outputs))
	for i, out := range outputs {
		changed := *out
		for _, s := range sources {
			if f := s.Formats()[out.Name]; f != nil {
				changed.Parquet = f
			}
		}
		own[i] = &changed
	}
	return own
}

// follow lets a worker look for changes of its tables, until it is stopped.
func (w *World) follow(ctx context.Context, to *sink.Sink, sources []*catalog.Source, log zerolog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, s := range sources {
		wg.Go(func() { s.Follow(ctx, to.Reformat, catalog.NewMetrics(nil), log) })
	}
	return func() {
		cancel()
		wg.Wait()
	}
}
