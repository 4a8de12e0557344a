package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/internal/tables"
)

// ddlFlags are what the statements do not take from the configuration.
type ddlFlags struct {
	engine, output, database, table, root string

	since int
}

func (p *program) ddlCommand() *cobra.Command {
	var o ddlFlags
	cmd := &cobra.Command{
		Use:   "ddl",
		Short: "Print the CREATE TABLE by which a query engine finds what an output delivers",
		Long: `Ddl prints a statement for each output that has a schema: its columns, its partitions from the folders of the prefix,
and where the objects are. It calls nothing on AWS. Stdout is SQL and nothing else, to be pasted or piped.

Athena and Trino compute the partitions themselves (partition projection): no crawler and no MSCK REPAIR TABLE is needed,
ever. Spark lists its folders when told to, and DuckDB gets a view that lists them at each query. A prefix whose times
can not be told from the folders makes a table without partitions, and a comment that says why.

An output of lines needs a schema too, for this command alone; ` + "`standpipe schema`" + ` proposes one.`,
		Example: `  standpipe ddl -c standpipe.yaml
  standpipe ddl -c standpipe.yaml --engine trino --output table --database lake
  standpipe ddl -c standpipe.yaml --engine duckdb --root ./copy-of-lake | duckdb`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, pipe, err := p.load(cmd)
			if wrong := o.check(); wrong != "" {
				return joinUsage(err, "%s", wrong)
			}
			if err != nil {
				return err
			}
			return o.print(p.stdout, p.stderr, cfg, pipe)
		},
	}
	configFlag(cmd)
	config.Flags(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&o.engine, "engine", string(tables.Engines[0]), "athena, spark, duckdb or trino")
	f.StringVar(&o.output, "output", "", "the only output to print, by its name")
	f.StringVar(&o.database, "database", "", "database, or schema, of the table; without it the engine's current one")
	f.StringVar(&o.table, "table", "", "name of the table; without it the output's, or the stream's where the output has none")
	f.StringVar(&o.root, "root", "", "where the bucket is found, in place of s3://<bucket>, such as a folder that holds a copy")
	f.IntVar(&o.since, "since", 0, "year of the first partitions; without it last year, since a stream keeps records for 365 days at most")
	return cmd
}

// identifier is what every engine takes for a name in quotes.
var identifier = regexp.MustCompile(`^[A-Za-z0-9_]{1,128}$`)

// check says what is wrong with the flags, or nothing.
func (o ddlFlags) check() string {
	switch {
	case !slices.Contains(tables.Engines, tables.Engine(o.engine)):
		return fmt.Sprintf("--engine must be athena, spark, duckdb or trino (got %q)", o.engine)
	case o.table != "" && !identifier.MatchString(o.table):
		return fmt.Sprintf("--table must be letters, digits and underscores (got %q)", o.table)
	case o.database != "" && !identifier.MatchString(o.database):
		return fmt.Sprintf("--database must be letters, digits and underscores (got %q)", o.database)
	case o.since != 0 && o.since < 1970 || o.since > time.Now().Year():
		return fmt.Sprintf("--since must be a year from 1970 to this one (got %d)", o.since)
	}
	return ""
}

// print writes all statements, or none where one can not be made. Outputs without a schema are named on stderr, unless
// they are all there is.
func (o ddlFlags) print(stdout, stderr io.Writer, cfg config.Config, pipe *pipeline) error {
	var statements, names, notes []string
	var missing config.Problems
	of := map[string]string{} // outputs, by table
	for i, out := range pipe.outputs {
		names = append(names, out.Name)
		if o.output != "" && out.Name != o.output {
			continue
		}
		if pipe.schemas[i] == nil {
			if takesColumns(cfg.Outputs[i]) {
				notes = append(notes, fmt.Sprintf("output %s takes its columns from a table of the Glue Data Catalog, which is there already", out.Name))
				missing.Add(fmt.Sprintf("outputs[%d].glue.table", i), "the table is in the Glue Data Catalog already, where the output takes its columns from; no statement is needed", cfg.Outputs[i].Glue.Table)
				continue
			}
			notes = append(notes, fmt.Sprintf("output %s has no schema, so there is no statement for it", out.Name))
			missing.Add(fmt.Sprintf("outputs[%d].schema", i), "a table needs columns; list them as in CREATE TABLE, or have them proposed by `standpipe schema`", "")
			continue
		}
		t := o.tableOf(cfg, pipe, i)
		if other, twice := of[t.Name]; twice && o.table != "" {
			return usageError("--table names one table, and there are several outputs with a schema: name one with --output (%s or %s)", other, out.Name)
		} else if twice {
			return usageError("the outputs %s and %s would both be the table %s: print each by itself, with --output and --table", other, out.Name, t.Name)
		}
		of[t.Name] = out.Name
		statement, err := t.DDL(tables.Engine(o.engine))
		if err != nil {
			return usageError("make the table of output %s: %w", out.Name, err)
		}
		statements = append(statements, statement)
		notes = append(notes, o.unbounded(cfg.Outputs[i])...)
	}
	switch {
	case len(statements) > 0:
	case len(missing) > 0:
		return cfg.Locate(missing)
	default:
		return usageError("--output must be %s (got %q)", strings.Join(names, " or "), o.output)
	}
	for _, why := range notes {
		if _, err := fmt.Fprintf(stderr, "standpipe: %s\n", why); err != nil {
			return err
		}
	}
	_, err := io.WriteString(stdout, strings.Join(statements, "\n"))
	return err
}

// tableOf is an output as a table.
func (o ddlFlags) tableOf(cfg config.Config, pipe *pipeline, i int) *tables.Table {
	out, c := pipe.outputs[i], cfg.Outputs[i]
	t := &tables.Table{
		Database: o.database, Name: o.table, Schema: pipe.schemas[i], JSON: c.Format != "parquet", Bucket: c.Bucket, Root: o.root,
		Prefix: out.Prefix, Extension: out.ObjectExtension(), Codec: c.Compression, UTC: c.TimeZone == "UTC", FirstYear: o.since,
	}
	t.FirstYear, t.Ahead = o.years(c)
	if t.Name == "" {
		t.Name = tableName(cfg, i)
	}
	return t
}

// tableName is the name of an output as that of a table, or the stream's where the output has none of its own.
func tableName(cfg config.Config, i int) string {
	name := cfg.Outputs[i].Name
	if name == fmt.Sprintf("output-%d", i) {
		if name = cfg.Stream.Name; len(cfg.Outputs) > 1 {
			name += fmt.Sprint("_", i)
		}
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
}
