package tables

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"standpipe/partition"
	"standpipe/sink/parquet"
)

// Table is an output as a table.
type Table struct {
	Database  string // "" for the engine's current one
	Name      string
	Schema    *parquet.Schema
	JSON      bool // lines of JSON; else Parquet
	Bucket    string
	Prefix    *partition.Prefix
	Extension string // of the objects, such as ".parquet"
	UTC       bool   // the prefix is evaluated in UTC
	FirstYear int    // the first that has data
}

// Engine is a program that queries tables.
type Engine string

const (
	Athena Engine = "athena"
	Spark  Engine = "spark"
	Trino  Engine = "trino"
	DuckDB Engine = "duckdb"
)

// Engines are all of them, the default first.
var Engines = []Engine{Athena, Spark, DuckDB, Trino}

// lastYear is where partitions end that can only be counted, in Trino.
const lastYear = 2099

// DDL is the statement that makes the table known to an engine, with what there is to know about it as comments.
func (t *Table) DDL(engine Engine) (string, error) {
	l, err := divide(t.Prefix)
	if err != nil {
		return "", err
	}
	for _, c := range l.columns {
		if slices.ContainsFunc(t.columns(parquet.Hive), func(other parquet.Column) bool { return other.Name == c.name }) {
			return "", fmt.Errorf("column %s of the schema and a folder of the prefix have the same name; rename one, a column by its JSON key", c.name)
		}
	}
	if strings.ContainsAny(t.Database+t.Name, "`\"'\n") || t.Name == "" {
		return "", errors.New("the table's name is empty or has a quote in it")
	}
	switch engine {
	case Athena:
		return t.athena(l), nil
	case Spark:
		return t.spark(l), nil
	case Trino:
		return t.trino(l), nil
	case DuckDB:
		return t.duckDB(l), nil
	}
	return "", fmt.Errorf("unknown engine %q; there are %v", engine, Engines)
}

// columns are those of the schema. The column of unknown keys is made for Parquet; in JSON these keys are what they are.
func (t *Table) columns(d parquet.Dialect) []parquet.Column {
	columns := t.Schema.ColumnsIn(d)
	if t.JSON && t.Schema.Options().Rest {
		columns = columns[:len(columns)-1]
	}
	return columns
}

// name is the table's name in the engine's quotes.
func (t *Table) name(quote string) string {
	name := quote + t.Name + quote
	if t.Database != "" {
		name = quote + t.Database + quote + "." + name
	}
	return name
}

// literal is text as a string of SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// until is the end of a projected range: now, and where the prefix is not in UTC, the times of zones that are ahead.
func (t *Table) until() string {
	if t.UTC {
		return "NOW"
	}
	return "NOW+1DAYS"
}

// hive says whether all columns are folders name=value.
func (l *layout) hive() bool {
	return !slices.ContainsFunc(l.columns, func(c column) bool { return !c.hive })
}

func indent(lines []string) string { return "  " + strings.Join(lines, ",\n  ") }
