package tables

import (
	"fmt"
	"strings"

	"standpipe/sink/parquet"
)

// duckDB writes a view, which lists the objects at each query and reads only the folders that its filter leaves.
// https://duckdb.org/docs/stable/data/partitioning/hive_partitioning
func (t *Table) duckDB(l layout) string {
	arguments := []string{literal("s3://" + t.Bucket + "/" + l.root + "**/*" + t.Extension)}
	function, selection := "read_parquet", "*"
	if t.JSON {
		function = "read_json"
		var columns, renamed []string
		for _, c := range t.columns(parquet.DuckDB) {
			columns = append(columns, literal(c.Key)+": "+literal(c.Type))
			if strings.ToLower(c.Key) != c.Name {
				renamed = append(renamed, fmt.Sprintf(`"%s" AS "%s"`, strings.ReplaceAll(c.Key, `"`, `""`), c.Name))
			}
		}
		if len(renamed) > 0 {
			selection = "* RENAME (" + strings.Join(renamed, ", ") + ")"
		}
		arguments = append(arguments, "format = 'newline_delimited'", "columns = {\n    "+strings.Join(columns, ",\n    ")+"\n  }")
	}
	if len(l.columns) > 0 && l.hive() {
		var types []string
		for _, c := range l.columns {
			kind := "varchar"
			if c.integer || c.format == "yyyy" {
				kind = "integer"
			}
			types = append(types, fmt.Sprintf("%s: %s", literal(c.name), kind))
		}
		arguments = append(arguments, "hive_partitioning = true", "hive_types = {"+strings.Join(types, ", ")+"}")
	} else {
		arguments = append(arguments, "hive_partitioning = false")
	}
	if !t.JSON {
		arguments = append(arguments, "union_by_name = true")
	}
	schema := ""
	if t.Database != "" {
		schema = fmt.Sprintf("CREATE SCHEMA IF NOT EXISTS \"%s\";\n", t.Database)
	}
	return schema + fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s(\n%s\n);\n", t.name(`"`), selection, function, indent(arguments))
}
