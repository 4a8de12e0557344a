package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"standpipe/sink/parquet"
)

// Definition is what a table says of the columns of a Parquet output. It never changes.
type Definition struct {
	Version string // of the table, as Glue counts; "" where it does not say
	Schema  *parquet.Schema
	Notes   []string // sentences on what the table says in vain

	columns []parquet.Column
}

// Define reads a table for an output with these options; what the table's SerDe properties say of the same comes first.
// The error is an *UnusableError with everything that is wrong.
func Define(r Ref, t *types.Table, options parquet.Options) (*Definition, error) {
	if problem := notParquet(t); problem != "" {
		return nil, &UnusableError{r, []string{problem}}
	}
	d := &Definition{Version: aws.ToString(t.VersionId)}
	for _, c := range t.StorageDescriptor.Columns {
		d.columns = append(d.columns, parquet.Column{Name: aws.ToString(c.Name), Type: aws.ToString(c.Type)})
	}
	problems := d.properties(t.StorageDescriptor.SerdeInfo, &options)
	for _, k := range t.PartitionKeys {
		for _, c := range d.columns {
			if strings.EqualFold(aws.ToString(k.Name), c.Name) {
				problems = append(problems, fmt.Sprintf("column %s is also a partition key; rename one", c.Name))
			}
		}
	}
	schema, err := parquet.ParseSchema(d.columns, options)
	var bad *parquet.SchemaError
	switch {
	case errors.As(err, &bad):
		problems = append(problems, strings.Split(bad.Error(), "\n")...)
	case err != nil:
		problems = append(problems, err.Error())
	}
	if len(problems) > 0 {
		return nil, &UnusableError{r, problems}
	}
	d.Schema = schema
	return d, nil
}

// equal says whether files of both have the same columns, filled alike.
func (d *Definition) equal(other *Definition) bool {
	return slices.Equal(d.columns, other.columns) && d.Schema.Options() == other.Schema.Options()
}

// Difference says in a few words what came, went and changed since an earlier definition.
func (d *Definition) Difference(before *Definition) string {
	types := func(d *Definition) map[string]string {
		by := map[string]string{}
		for _, c := range d.Schema.Columns() {
			by[c.Name] = c.Type
			if c.Key != "" {
				by[c.Name] += " from " + c.Key
			}
		}
		return by
	}
	was, is := types(before), types(d)
	var said []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		switch old, known := was[name]; {
		case !known:
			said = append(said, "+ "+name+" "+is[name])
		case old != is[name]:
			said = append(said, name+" "+old+" -> "+is[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if _, kept := is[name]; !kept {
			said = append(said, "- "+name)
		}
	}
	if len(said) == 0 {
		return "the order of the columns or how keys are compared"
	}
	return strings.Join(said, ", ")
}

// notParquet says why the objects of a table can not be Parquet files of ours; "" if they can.
func notParquet(t *types.Table) string {
	provider := strings.ToLower(t.Parameters["spark.sql.sources.provider"])
	kind := strings.ToLower(t.Parameters["table_type"])
	switch {
	case strings.EqualFold(aws.ToString(t.TableType), "VIRTUAL_VIEW"), aws.ToString(t.ViewOriginalText) != "":
		return "it is a view; name a table of Parquet files"
	case slices.Contains([]string{"iceberg", "delta", "hudi"}, kind):
		return "it is a table of type " + kind + ", which does not see files that are put beside its own; name a table of plain Parquet files"
	case slices.Contains([]string{"iceberg", "delta", "hudi"}, provider):
		return "it is a table of type " + provider + ", which does not see files that are put beside its own; name a table of plain Parquet files"
	case t.StorageDescriptor == nil || len(t.StorageDescriptor.Columns) == 0:
		return "it has no columns; add some"
	}
	if format := storedAs(t); format != "" && format != "Parquet" {
		return fmt.Sprintf("it is stored as %s, and format parquet writes Parquet files, which it could not read; name a table that is STORED AS PARQUET", format)
	}
	return ""
}

// formats are what the names of SerDes, input formats and classifications tell, by the part that they have in common.
var formats = [][2]string{
	{"parquet", "Parquet"}, {"orc", "ORC"}, {"json", "JSON"}, {"avro", "Avro"}, {"csv", "CSV"}, {"lazysimple", "text"},
	{"regex", "text"}, {"grok", "text"}, {"ion", "Ion"}, {"cloudtrail", "CloudTrail logs"}, {"textinputformat", "text"},
}

// storedAs is the format of a table's objects, by the first that says anything; "" where nothing does.
func storedAs(t *types.Table) string {
	said := []string{aws.ToString(t.StorageDescriptor.InputFormat), t.Parameters["classification"]}
	if s := t.StorageDescriptor.SerdeInfo; s != nil {
		said = append([]string{aws.ToString(s.SerializationLibrary)}, said...)
	}
	for _, text := range said {
		if text == "" {
			continue
		}
		for _, f := range formats {
			if strings.Contains(strings.ToLower(text[strings.LastIndexByte(text, '.')+1:]), f[0]) {
				return f[1]
			}
		}
		return text
	}
	return ""
}
