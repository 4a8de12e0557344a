package tables

import (
	"fmt"
	"regexp"
	"strings"

	"standpipe/partition"
	"standpipe/sink/parquet"
)

// The classes by which Hive and those who follow it read objects.
const (
	openXSerde = "org.openx.data.jsonserde.JsonSerDe"
	textInput  = "org.apache.hadoop.mapred.TextInputFormat"
	textOutput = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

	parquetSerde  = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
	parquetInput  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
	parquetOutput = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
)

// Listed is a table whose partitions a catalog lists one by one, instead of computing them. It never changes.
type Listed struct {
	Columns  []parquet.Column // with Hive's types; nil without a schema
	Keys     []Key            // by which it is divided; none where the prefix does not divide it
	Location string           // of all its objects

	Classification string // parquet or json
	Serde          string
	Properties     map[string]string // of the SerDe
	InputFormat    string
	OutputFormat   string

	escaped   []bool // keys whose values are escaped in folders
	undivided string
	folders   *regexp.Regexp
	place     string // of the bucket
}

// Key is a partition key. Its values are text, as they stand in the folders: 01, not 1.
type Key struct {
	Name  string
	Named bool // the folder says name=value, so that the catalog's key must have this name
}

// Listed reads how a prefix divides the table. Schema may be nil.
func (t *Table) Listed() *Listed {
	l := divide(t.Prefix)
	listed := &Listed{Location: t.location("s3", l.root), place: t.location("s3", ""), undivided: l.undivided}
	listed.Classification, listed.Serde, listed.InputFormat, listed.OutputFormat = "parquet", parquetSerde, parquetInput, parquetOutput
	listed.Properties = map[string]string{"serialization.format": "1"}
	if t.JSON {
		listed.Classification, listed.Serde, listed.InputFormat, listed.OutputFormat = "json", openXSerde, textInput, textOutput
	}
	if t.Schema != nil {
		listed.Columns = t.columns(parquet.Hive)
		if t.JSON {
			for _, p := range t.openXProperties() {
				listed.Properties[p[0]] = p[1]
			}
		}
	}
	pattern := "^" + regexp.QuoteMeta(l.root+l.path)
	for _, c := range l.columns {
		listed.Keys = append(listed.Keys, Key{c.name, c.hive})
		listed.escaped = append(listed.escaped, c.escaped)
		value := ""
		for _, piece := range c.pieces {
			if piece.Key != nil {
				value += `[^/]+`
			} else if piece.Field == 0 {
				value += regexp.QuoteMeta(piece.Text)
			} else {
				value += fmt.Sprintf(`\d{%d,}`, piece.Width)
			}
		}
		pattern = strings.Replace(pattern, regexp.QuoteMeta("${"+c.name+"}"), "("+value+")", 1)
	}
	listed.folders = regexp.MustCompile(pattern)
	return listed
}

// Undivided says why there are no keys; "" where there are.
func (l *Listed) Undivided() string { return l.undivided }

// Folders tells how paths are divided; two tables with the same have the same partitions.
func (l *Listed) Folders() string { return l.place + l.folders.String() }

// Partition tells the values of the keys, and the folder, of objects under an evaluated prefix; false where that is not
// one of this table, such as one of an earlier configuration, or with a slash in the value of a partition key.
func (l *Listed) Partition(path string) (values []string, location string, ok bool) {
	if len(l.Keys) == 0 {
		return nil, "", false
	}
	m := l.folders.FindStringSubmatch(path)
	if m == nil {
		return nil, "", false
	}
	values = m[1:]
	for i, escaped := range l.escaped {
		if escaped {
			values[i] = partition.Unescape(values[i])
		}
	}
	return values, l.place + m[0], true
}
