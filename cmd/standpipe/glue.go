package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/internal/catalog"
	"standpipe/sink"
	"standpipe/sink/parquet"
)

// takesColumns says whether an output's columns are those of a Glue table.
func takesColumns(o config.Output) bool {
	return o.Format == "parquet" && o.Schema == "" && o.Glue.Table != ""
}

// glueTable is a table from which outputs take their columns, all with the same keys but refresh.
type glueTable struct {
	*catalog.Source
	section  string // that names it first, such as outputs[0].glue
	region   string
	endpoint string
	role     *role // nil: the program's own identity
}

// glueTables notes the tables of all outputs and the roles that they are read with.
func (s *services) glueTables(loaded aws.Config, cfg config.Config) {
	for i, o := range cfg.Outputs {
		if !takesColumns(o) {
			continue
		}
		g, section := o.Glue, fmt.Sprintf("outputs[%d].glue", i)
		ref := catalog.Ref{CatalogID: g.CatalogID, Database: g.Database, Table: g.Table}
		t := &glueTable{
			Source:  &catalog.Source{Table: ref, Every: time.Duration(g.Refresh)},
			section: section, region: cmp.Or(g.Region, loaded.Region), endpoint: g.Endpoint,
			role: s.roleFor(g.Role(), section, "Glue table "+ref.String()),
		}
		same := func(known *glueTable) bool {
			return known.Table == t.Table && known.region == t.region && known.endpoint == t.endpoint && known.role == t.role
		}
		if n := slices.IndexFunc(s.tables, same); n >= 0 {
			t = s.tables[n]
		} else {
			s.tables = append(s.tables, t)
		}
		t.Every = min(t.Every, time.Duration(g.Refresh))
		t.Takers = append(t.Takers, catalog.Taker{
			Output: o.Name, Options: parquetOptions(o.Parquet),
			Format: func(schema *parquet.Schema) (*parquet.Format, error) {
				return parquet.NewFormat(schema, fileOptions(cfg, o))
			},
		})
	}
}

// connect makes the table's client, which does not retry: the table is asked again anyway.
func (t *glueTable) connect(s *services, loaded aws.Config) {
	client := glue.NewFromConfig(loaded, func(o *glue.Options) {
		o.Retryer = aws.NopRetryer{}
		o.Region = t.region
		s.place("Glue", t.endpoint, &o.BaseEndpoint, &o.Credentials, t.role)
	})
	t.Glue, t.endpoint = client, aws.ToString(client.Options().BaseEndpoint)
}

// load asks for the table, or says why it can not be used.
func (t *glueTable) load(ctx context.Context) error {
	if err := t.role.verify(ctx); err != nil {
		return err
	}
	err := t.Load(ctx)
	var unusable *catalog.UnusableError
	if errors.As(err, &unusable) {
		return &sentence{fmt.Sprintf("Glue %v, or set %s.table to another", unusable, t.section), err}
	}
	name := "table " + t.Table.String()
	return explain(err, request{
		service: "Glue", endpoint: t.endpoint, key: t.section + ".endpoint", region: t.region,
		doing: "get " + name, thing: "Glue " + name,
		missing: fmt.Sprintf("%s does not exist in the Glue Data Catalog of %s%s: create it, or set %s.database and table", name, t.region, t.role.account(), t.section),
		denied:  "allow glue:GetTable on the catalog, the database and the table" + t.role.to() + "; where Lake Formation guards it, also DESCRIBE",
	})
}

// outputs names who takes the table's columns.
func (t *glueTable) outputs() string {
	var names []string
	for _, out := range t.Takers {
		names = append(names, out.Output)
	}
	return list(names)
}

// giveColumns gives the outputs the formats that the start's check has found.
func (s *services) giveColumns(pipe *pipeline, log zerolog.Logger) {
	for _, t := range s.tables {
		formats, definitions := t.Formats(), t.Definitions()
		for _, out := range pipe.outputs {
			f, d := formats[out.Name], definitions[out.Name]
			if f == nil {
				continue
			}
			out.Parquet = f
			log.Info().Str("output", out.Name).Str("table", t.Table.String()).Str("version", d.Version).Int("columns", len(d.Schema.Columns())).Msg("taking columns from a Glue table")
			for _, note := range d.Notes {
				log.Warn().Str("output", out.Name).Str("table", t.Table.String()).Msg(note)
			}
		}
	}
}

// follow looks for changes of the tables until ctx ends or the caller stops it, which waits for the end.
func (s *services) follow(ctx context.Context, to *sink.Sink, log zerolog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, t := range s.tables {
		wg.Go(func() { t.Follow(ctx, to.Reformat, s.measured, log) })
	}
	return func() {
		cancel()
		wg.Wait()
	}
}
