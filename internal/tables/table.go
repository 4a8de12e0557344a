package tables

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	Root      string // where the bucket is found, such as a folder; "" for s3://Bucket, in Spark's own form
	Prefix    *partition.Prefix
	Extension string // of the objects, such as ".parquet"
	Codec     string // of lines: one of outputs[].compression
	UTC       bool   // the prefix is evaluated in UTC
	FirstYear int    // the first that has data

	// Ahead is how far after now the prefix may be evaluated, as events are filed whose clocks are wrong.
	Ahead time.Duration
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

// name is how sentences call it.
func (e Engine) name() string {
	return map[Engine]string{Athena: "Athena", Spark: "Spark", Trino: "Trino", DuckDB: "DuckDB"}[e]
}

// lastYear is where partitions end that can only be counted, in Trino.
const lastYear = 2099

// DDL is the statement that makes the table known to an engine, ready to be pasted. What there is to know about it stands
// before it as comments; for Athena, which joins the lines of a statement before it reads them, in the table's COMMENT.
func (t *Table) DDL(engine Engine) (string, error) {
	l := divide(t.Prefix)
	if clashes := l.clashes(t.columns(parquet.Hive)); len(clashes) > 0 {
		return "", errors.New(clashes[0])
	}
	if strings.ContainsAny(t.Database+t.Name, "`\"'\n") || t.Name == "" {
		return "", errors.New("the table's name is empty or has a quote in it")
	}
	var notes notes
	if l.undivided != "" {
		notes.add("The table has no partitions, so each query reads all objects: %s.", l.undivided)
	}
	if unread := t.unread(engine); unread != "" {
		notes.add("%s", unread)
	}
	var statement string
	switch engine {
	case Athena:
		l.injected(&notes)
		return t.athena(l, notes), nil
	case Spark:
		statement = t.spark(l, &notes)
	case Trino:
		statement = t.trino(l, &notes)
	case DuckDB:
		statement = t.duckDB(l, &notes)
	default:
		return "", fmt.Errorf("unknown engine %q; there are %v", engine, Engines)
	}
	return notes.comments() + statement, nil
}

// Clashes says which columns of a schema have the names of folders, so that there can be no table with both.
func Clashes(s *parquet.Schema, p *partition.Prefix) []string {
	l := divide(p)
	return l.clashes(s.ColumnsIn(parquet.Hive))
}

func (l *layout) clashes(columns []parquet.Column) (sentences []string) {
	for _, c := range l.columns {
		if slices.ContainsFunc(columns, func(other parquet.Column) bool { return other.Name == c.name }) {
			sentences = append(sentences, fmt.Sprintf("column %s of the schema and a folder of the prefix have the same name; rename one, a column by its JSON key", c.name))
		}
	}
	return sentences
}

// injected notes what there is to know of columns whose values no engine can compute. Athena and Trino put what a query asks
// for into the location.
// https://docs.aws.amazon.com/athena/latest/ug/partition-projection-dynamic-id-partitioning.html
func (l *layout) injected(n *notes) {
	var names []string
	escaped := false
	for _, c := range l.columns {
		if c.keyed {
			names, escaped = append(names, c.name), c.escaped
		}
	}
	if len(names) == 0 {
		return
	}
	n.add("Each query must say which values of %s it wants, as in %s = 'value': they are not listed anywhere.", strings.Join(names, " and "), names[0])
	if escaped {
		n.add("In these values / = : %% and the like are written as the folders have them, such as a%%2Fb.")
	}
}

// notes are sentences about a statement.
type notes []string

func (n *notes) add(format string, args ...any) { *n = append(*n, fmt.Sprintf(format, args...)) }

func (n notes) comments() string {
	text := ""
	for _, note := range n {
		text += "-- " + note + "\n"
	}
	return text
}

// unread says why an engine does not read the objects, or nothing. Hadoop's readers go by the end of the name.
func (t *Table) unread(engine Engine) string {
	if !t.JSON {
		return ""
	}
	ends := map[string]string{"gzip": ".gz", "zstd": ".zst", "hadoop_snappy": ".snappy", "none": ""}
	if engine == DuckDB {
		delete(ends, "hadoop_snappy")
	}
	end, known := ends[t.Codec]
	switch {
	case t.Codec == "":
		return ""
	case !known:
		return fmt.Sprintf("Objects with compression %s can not be read by %s: those with gzip can.", t.Codec, engine.name())
	case engine != DuckDB && !strings.HasSuffix(t.Extension, end):
		return fmt.Sprintf("Objects that end in %s are taken for plain text by %s: let outputs[].extension end in %s.", t.Extension, engine.name(), end)
	}
	return ""
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

// hiveLiteral is the same for Hive's readers and Spark, where two quotes are the end of one string and the begin of another.
func hiveLiteral(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// location is where what lies below a path in the bucket is found.
func (t *Table) location(scheme, path string) string {
	if t.Root != "" {
		return strings.TrimSuffix(t.Root, "/") + "/" + path
	}
	return scheme + "://" + t.Bucket + "/" + path
}

// until is the end of a projected range: now, and the days by which times may be ahead of it. Where the prefix is not in UTC,
// those of its zone may be one.
func (t *Table) until() string {
	const day = 24 * time.Hour
	days := (t.Ahead + day - 1) / day
	if !t.UTC {
		days++
	}
	if days == 0 {
		return "NOW"
	}
	return fmt.Sprintf("NOW+%dDAYS", days)
}

// hive says whether all columns are folders name=value.
func (l *layout) hive() bool {
	return !slices.ContainsFunc(l.columns, func(c column) bool { return !c.hive })
}

func indent(lines []string) string { return "  " + strings.Join(lines, ",\n  ") }
