package tables

import (
	"fmt"
	"strings"

	"standpipe/sink/parquet"
)

// spark writes the table for Spark SQL, which computes no partitions: it lists folders name=value when told to. It finds
// the columns of JSON by the keys, with case.
// https://spark.apache.org/docs/latest/sql-ref-syntax-ddl-create-table-datasource.html
func (t *Table) spark(l layout, notes *notes) string {
	var b strings.Builder
	var lines, names []string
	dialect := parquet.Athena // whose words in quotes are right for Spark too
	if t.JSON {
		dialect = parquet.Spark
		notes.add("Spark compares JSON keys with case, unlike Athena.")
	}
	for _, c := range t.columns(dialect) {
		name := c.Name
		if t.JSON {
			if name = strings.ReplaceAll(c.Key, "`", "``"); strings.ToLower(name) != c.Name {
				notes.add("Spark finds columns by their JSON keys, so %s is called %s here.", c.Name, c.Key)
			}
			if c.Type == "timestamp" {
				notes.add("Spark reads numbers in %s as seconds, whatever their size.", c.Name)
			}
		}
		lines = append(lines, fmt.Sprintf("`%s` %s", name, c.Type))
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
			lines = append(lines, fmt.Sprintf("`%s` %s", c.folder, kind))
			names = append(names, "`"+c.folder+"`")
		}
	} else if len(l.columns) > 0 {
		notes.add("The folders have no names, so Spark takes them for no partitions and reads all objects for each query.")
	}
	fmt.Fprintf(&b, "CREATE TABLE %s (\n%s\n)\nUSING %s\n", t.name("`"), indent(lines), format)
	if partitioned {
		fmt.Fprintf(&b, "PARTITIONED BY (%s)\n", strings.Join(names, ", "))
	} else {
		b.WriteString("OPTIONS (recursiveFileLookup 'true')\n")
	}
	fmt.Fprintf(&b, "LOCATION %s;\n", hiveLiteral(t.location("s3a", l.root)))
	if partitioned {
		fmt.Fprintf(&b, "-- and whenever new folders are to be seen:\nMSCK REPAIR TABLE %s;\n", t.name("`"))
	}
	return b.String()
}
