package catalog

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"standpipe/sink/parquet"
)

const (
	parquetSerde = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
	openX        = "org.openx.data.jsonserde.JsonSerDe"
)

var clicks = Ref{Database: "lake", Table: "clicks"}

// table makes a table of Parquet files with columns written as "name type".
func table(columns ...string) *types.Table {
	t := &types.Table{Name: &clicks.Table, VersionId: aws.String("7"), StorageDescriptor: &types.StorageDescriptor{
		SerdeInfo: &types.SerDeInfo{SerializationLibrary: aws.String(parquetSerde), Parameters: map[string]string{"serialization.format": "1"}},
	}}
	for _, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		t.StorageDescriptor.Columns = append(t.StorageDescriptor.Columns, types.Column{Name: &name, Type: &kind})
	}
	return t
}

func TestColumnsOfATable(t *testing.T) {
	with := table("id bigint", "at timestamp", "Caller struct<ip:string>")
	with.PartitionKeys = []types.Column{{Name: aws.String("year"), Type: aws.String("string")}}
	with.StorageDescriptor.SerdeInfo.Parameters = map[string]string{
		"mapping.at": "requestTime", "mapping.nobody": "x", "dots.in.keys": "TRUE", "case.insensitive": "FALSE",
		"ignore.malformed.json": "true", "timestamp.formats": "yyyy", "parquet.column.index.access": "false", "serialization.format": "1",
	}
	d, err := Define(clicks, with, parquet.Options{Rest: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []parquet.Column{{Name: "id", Type: "bigint"}, {Name: "at", Type: "timestamp", Key: "requestTime"}, {Name: "caller", Type: "struct<ip:string>"}}
	if got := d.Schema.Columns(); !slices.Equal(got, want) {
		t.Errorf("columns %v", got)
	}
	if got, want := d.Schema.Options(), (parquet.Options{Rest: true, CaseSensitive: true, DotsToUnderscores: true}); got != want {
		t.Errorf("options %+v", got)
	}
	if got := strings.Join(d.Notes, "\n"); d.Version != "7" || len(d.Notes) != 3 || !strings.Contains(got, "ignore.malformed.json has no effect: a record that is no JSON goes to the error output") ||
		!strings.Contains(got, "mapping.nobody has no effect: there is no column nobody") || !strings.Contains(got, "timestamp.formats") {
		t.Errorf("version %s, notes %s", d.Version, got)
	}
	// A table that only lists columns, as for Firehose, says nothing of its format.
	bare := table("id int")
	bare.StorageDescriptor.SerdeInfo = nil
	if _, err := Define(clicks, bare, parquet.Options{}); err != nil {
		t.Error(err)
	}
}

func TestTablesThatCanNotBeUsed(t *testing.T) {
	serde := func(library string) func(*types.Table) {
		return func(t *types.Table) { t.StorageDescriptor.SerdeInfo.SerializationLibrary = &library }
	}
	for _, c := range []struct {
		want    string
		columns []string
		change  func(*types.Table)
	}{
		{"stored as ORC", nil, serde("org.apache.hadoop.hive.ql.io.orc.OrcSerde")},
		{"stored as JSON", nil, serde(openX)},
		{"stored as JSON", nil, serde("org.apache.hive.hcatalog.data.JsonSerDe")},
		{"stored as text", nil, serde("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe")},
		{"stored as CSV", nil, serde("org.apache.hadoop.hive.serde2.OpenCSVSerde")},
		{"stored as com.example.Own", nil, serde("com.example.Own")},
		{"stored as ORC", nil, func(t *types.Table) {
			t.StorageDescriptor.SerdeInfo = nil
			t.StorageDescriptor.InputFormat = aws.String("org.apache.hadoop.hive.ql.io.orc.OrcInputFormat")
		}},
		{"stored as CSV", nil, func(t *types.Table) {
			t.StorageDescriptor.SerdeInfo, t.Parameters = nil, map[string]string{"classification": "csv"}
		}},
		{"it is a view", nil, func(t *types.Table) { t.TableType = aws.String("VIRTUAL_VIEW") }},
		{"table of type iceberg", nil, func(t *types.Table) { t.Parameters = map[string]string{"table_type": "ICEBERG"} }},
		{"table of type delta", nil, func(t *types.Table) { t.Parameters = map[string]string{"spark.sql.sources.provider": "delta"} }},
		{"it has no columns", nil, func(t *types.Table) { t.StorageDescriptor.Columns = nil }},
		{"it has no columns", nil, func(t *types.Table) { t.StorageDescriptor = nil }},
		{`column id: its type at position 1: int32 is no type that a column can have`, []string{"id int32"}, nil},
		{"column ID: has the same name as id", []string{"id int", "ID string"}, nil},
		{"column year is also a partition key", []string{"year int"}, func(t *types.Table) {
			t.PartitionKeys = []types.Column{{Name: aws.String("Year")}}
		}},
		{`SerDe property dots.in.keys must be TRUE or FALSE, not "often"`, nil, func(t *types.Table) {
			t.StorageDescriptor.SerdeInfo.Parameters = map[string]string{"dots.in.keys": "often"}
		}},
		{"column 2: its name", []string{"id int", " int"}, nil},
		{"column id: its type", []string{"id"}, nil},
	} {
		columns := c.columns
		if columns == nil {
			columns = []string{"id bigint"}
		}
		tab := table(columns...)
		if c.change != nil {
			c.change(tab)
		}
		_, err := Define(clicks, tab, parquet.Options{})
		var unusable *UnusableError
		if !errors.As(err, &unusable) || !strings.HasPrefix(err.Error(), "table lake.clicks can not be used: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// A table of thousands of columns that can not be used is still said in a line.
func TestManyProblemsAreCounted(t *testing.T) {
	var columns []string
	for range 3000 {
		columns = append(columns, "a uniontype<int>")
	}
	_, err := Define(clicks, table(columns...), parquet.Options{})
	if err == nil || len(err.Error()) > 3000 || !strings.HasSuffix(err.Error(), " more") || !strings.Contains(err.Error(), "uniontype") {
		t.Errorf("%.4000s", err)
	}
}

func TestDifferencesInWords(t *testing.T) {
	define := func(columns ...string) *Definition {
		d, err := Define(clicks, table(columns...), parquet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	before := define("id bigint", "path string", "gone int")
	if got, want := define("id string", "extra int", "path string").Difference(before), "+ extra int, id bigint -> string, - gone"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := define("path string", "id bigint", "gone int").Difference(before); !strings.Contains(got, "order") {
		t.Error(got)
	}
}
