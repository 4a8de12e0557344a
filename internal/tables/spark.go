package tables

import (
	"fmt"
	"strings"

	"standpipe/sink/parquet"
)

// spark writes the table for Spark SQL, which computes no partitions: it lists folders name=value when told to.
// https://spark.apache.org/docs/latest/sql-ref-syntax-ddl-create-table-datasource.html
func (t *Table) spark(l layout) string {
	var b strings.Builder
	var lines, names []string
	for _, c := range t.columns(parquet.Hive) {
		lines = append(lines, fmt.Sprintf("`%s` %s", c.Name, c.Type))
	}
	format := "PARQUET"
	if t.JSON {
		format = "JSON"
	}
	partitioned := len(l.columns) > 0 && l.hive()
	if partitioned {
		for _, c := range l.columns {
			kind := c.hiveType()
			if c.format == "yyyy" {
				kind = "int"
			}
			lines = append(lines, fmt.Sprintf("`%s` %s", c.name, kind))
			names = append(names, "`"+c.name+"`")
		}
	} else if len(l.columns) > 0 {
		b.WriteString("-- The folders have no names, so Spark takes them for no partitions and reads all objects for each query.\n")
	}
	fmt.Fprintf(&b, "CREATE TABLE %s (\n%s\n)\nUSING %s\n", t.name("`"), indent(lines), format)
	if partitioned {
		fmt.Fprintf(&b, "PARTITIONED BY (%s)\n", strings.Join(names, ", "))
	} else {
		b.WriteString("OPTIONS (recursiveFileLookup 'true')\n")
	}
	fmt.Fprintf(&b, "LOCATION %s;\n", literal("s3a://"+t.Bucket+"/"+l.root))
	if partitioned {
		fmt.Fprintf(&b, "-- and whenever new folders are to be seen:\nMSCK REPAIR TABLE %s;\n", t.name("`"))
	}
	return b.String()
}
