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
	"standpipe/internal/s3read"
	"standpipe/internal/tables"
	"standpipe/partition"
	"standpipe/sink"
	"standpipe/sink/parquet"
)

// takesColumns says whether an output's columns are those of a Glue table.
func takesColumns(o config.Output) bool {
	return o.Format == "parquet" && o.Schema == "" && o.Glue.Table != ""
}

// glueAccess is how Glue is asked for a table.
type glueAccess struct {
	section  string // that names it first, such as outputs[0].glue
	region   string
	endpoint string
	role     *role // nil: the program's own identity
}

// glueTable is a table from which outputs take their columns, all with the same keys but refresh.
type glueTable struct {
	glueAccess
	*catalog.Source
}

// glueRegister is a table in which an output is registered.
type glueRegister struct {
	glueAccess
	*catalog.Register
}

// glueTables notes the tables of all outputs and the roles that Glue is asked with.
func (s *services) glueTables(loaded aws.Config, cfg config.Config) {
	for i, o := range cfg.Outputs {
		g, section := o.Glue, fmt.Sprintf("outputs[%d].glue", i)
		ref := catalog.Ref{CatalogID: g.CatalogID, Database: g.Database, Table: g.Table}
		if g.Table == "" {
			continue
		}
		access := glueAccess{section, cmp.Or(g.Region, loaded.Region), g.Endpoint, s.roleFor(g.Role(), section, "Glue table "+ref.String())}
		if o.Catalog == "glue" {
			s.registers = append(s.registers, &glueRegister{access, &catalog.Register{Output: o.Name, Table: ref, Layout: listedTable(cfg, i)}})
		}
		if !takesColumns(o) {
			continue
		}
		t := &glueTable{access, &catalog.Source{Table: ref, Every: time.Duration(g.Refresh)}}
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

// listedTable is an output as a table whose partitions are listed. What is wrong with its prefix and schema, newPipeline says.
func listedTable(cfg config.Config, i int) *tables.Listed {
	o := cfg.Outputs[i]
	var problems config.Problems
	schema := outputSchema(cfg, i, &problems)
	prefix, err := partition.Parse(o.Prefix, partition.Data, append(keyOptions(cfg, o), partition.WithKeys())...)
	if err != nil {
		return nil
	}
	t := tables.Table{Schema: schema, JSON: o.Format != "parquet", Bucket: o.Bucket, Prefix: prefix}
	return t.Listed()
}

// client makes a client of Glue, which does not retry: what fails is asked again anyway.
func (a *glueAccess) client(s *services, loaded aws.Config) *glue.Client {
	client := glue.NewFromConfig(loaded, func(o *glue.Options) {
		o.Retryer = aws.NopRetryer{}
		o.Region = a.region
		s.place("Glue", a.endpoint, &o.BaseEndpoint, &o.Credentials, a.role)
	})
	a.endpoint = aws.ToString(client.Options().BaseEndpoint)
	return client
}

// connectGlue makes the clients of all tables.
func (s *services) connectGlue(loaded aws.Config) {
	for _, t := range s.tables {
		t.Glue = t.client(s, loaded)
	}
	for _, r := range s.registers {
		r.Glue = r.client(s, loaded)
	}
}

// load asks for the table, or says why it can not be used.
func (t *glueTable) load(ctx context.Context) error {
	if err := t.role.verify(ctx); err != nil {
		return err
	}
	return t.explain(t.Load(ctx), t.Table, "allow glue:GetTable on the catalog, the database and the table")
}

// explain says why a table can not be used.
func (a *glueAccess) explain(err error, table catalog.Ref, allow string) error {
	var unusable *catalog.UnusableError
	if errors.As(err, &unusable) {
		return &sentence{fmt.Sprintf("Glue %v, or set %s.table to another", unusable, a.section), err}
	}
	name := "table " + table.String()
	return explain(err, request{
		service: "Glue", endpoint: a.endpoint, key: a.section + ".endpoint", region: a.region,
		doing: "get " + name, thing: "Glue " + name,
		missing: fmt.Sprintf("%s does not exist in the Glue Data Catalog of %s%s: create it, or set %s.database and table", name, a.region, a.role.account(), a.section),
		denied:  allow + a.role.to() + "; where Lake Formation guards it, also DESCRIBE",
	})
}

// load asks for the table in which an output is registered, or says why it can not be used. One that is missing is created
// later, where the output's columns are known.
func (r *glueRegister) load(ctx context.Context) error {
	_, err := r.look(ctx)
	return err
}

func (r *glueRegister) look(ctx context.Context) (missing bool, err error) {
	if err := r.role.verify(ctx); err != nil {
		return false, err
	}
	missing, err = r.Check(ctx)
	return missing, r.explain(err, r.Table, "allow glue:GetTable, glue:CreateTable and glue:BatchCreatePartition on the catalog, the database and the table")
}

// outputs names who takes the table's columns.
func (t *glueTable) outputs() string {
	var names []string
	for _, out := range t.Takers {
		names = append(names, out.Output)
	}
	return list(names)
}

// named is the table as error records name it.
func (t *glueTable) named() *sink.CatalogTable {
	named := &sink.CatalogTable{DatabaseName: t.Table.Database, TableName: t.Table.Table, Region: t.region, VersionID: "LATEST"}
	if t.Table.CatalogID != "" {
		named.CatalogID = &t.Table.CatalogID
	}
	if t.role != nil {
		named.RoleARN = &t.role.ARN
	}
	return named
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
			out.Parquet, out.Table = f, t.named()
			log.Info().Str("output", out.Name).Str("table", t.Table.String()).Str("version", d.Version).Int("columns", len(d.Schema.Columns())).Msg("taking columns from a Glue table")
			for _, note := range d.Notes {
				log.Warn().Str("output", out.Name).Str("table", t.Table.String()).Msg(note)
			}
		}
	}
}

// visible takes the objects that batches made visible, for the tables in which their outputs are registered; nil where
// there are none.
func (s *services) visible(also func([]sink.JournalObject)) func([]sink.JournalObject) {
	by := make(map[string]*glueRegister)
	for _, r := range s.registers {
		by[r.Output] = r
	}
	if len(by) == 0 {
		return also
	}
	return func(objects []sink.JournalObject) {
		if also != nil {
			also(objects)
		}
		for _, o := range objects {
			if r := by[o.Output]; r != nil {
				r.Add(o.Path)
			}
		}
	}
}

// settleLimit is how long a stop waits for the last partitions.
const settleLimit = 2 * time.Second

// follow looks for changes of the tables until ctx ends, and registers partitions until the caller stops it, which waits a
// little for the last ones. What is not registered then is found in the journals by whoever comes next.
func (s *services) follow(ctx context.Context, cfg config.Config, to *sink.Sink, log zerolog.Logger) (stop func()) {
	lasting, end := context.WithCancel(context.WithoutCancel(ctx)) // the last batch is committed after ctx has ended
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, t := range s.tables {
		wg.Go(func() { t.Follow(ctx, to.Reformat, s.measured, log) })
	}
	var registers []*catalog.Register
	for _, r := range s.registers {
		registers = append(registers, r.Register)
		wg.Go(func() { r.Run(lasting) })
	}
	if len(registers) > 0 {
		journals := &catalog.Journals{
			Store: s.store(cfg, sink.S3Options{}), Lister: s3read.S3{Client: bucketClients(s)},
			Bucket: cfg.Journal.Bucket, Prefix: cfg.Journal.Prefix, Registers: registers, Log: log,
		}
		wg.Go(func() { journals.Run(ctx) })
	}
	return func() {
		cancel()
		var last sync.WaitGroup
		for _, r := range registers {
			last.Go(func() { r.Settle(lasting, settleLimit) })
		}
		last.Wait()
		end()
		wg.Wait()
	}
}
