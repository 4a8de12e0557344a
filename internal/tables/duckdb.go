package tables

import (
	"fmt"
	"strings"

	"standpipe/sink/parquet"
)

// duckDB writes a view, which lists the objects at each query and reads only the folders that its filter leaves.
// https://duckdb.org/docs/stable/data/partitioning/hive_partitioning
func (t *Table) duckDB(l layout, notes *notes) string {
	notes.add("DuckDB looks into the objects when it makes the view: one must be there.")
	files := globbed(t.location("s3", l.root)) + "**/*" + globbed(t.Extension)
	if strings.HasPrefix(files, "s3://") {
		notes.add("It takes the credentials of this machine after: CREATE SECRET (TYPE s3, PROVIDER credential_chain);")
	}
	arguments := []string{literal(files)}
	function, selection := "read_parquet", "*"
	if t.JSON {
		function = "read_json"
		notes.add("DuckDB compares JSON keys with case, unlike Athena.")
		var columns []string
		columns, selection = t.duckDBColumns()
		arguments = append(arguments, "format = 'newline_delimited'", "columns = {\n    "+strings.Join(columns, ",\n    ")+"\n  }")
		if codec := map[string]string{"gzip": "gzip", "zstd": "zstd", "none": "uncompressed"}[t.Codec]; codec != "" {
			arguments = append(arguments, "compression = "+literal(codec)) // however the objects are named
		}
	}
	if len(l.columns) > 0 && l.hive() {
		var types []string
		for _, c := range l.columns {
			kind := "varchar"
			if c.integer || c.format == "yyyy" {
				kind = "integer"
			}
			types = append(types, fmt.Sprintf("%s: %s", literal(c.folder), kind))
		}
		arguments = append(arguments, "hive_partitioning = true", "hive_types = {"+strings.Join(types, ", ")+"}")
	} else {
		if len(l.columns) > 0 {
			notes.add("The folders have no names, so DuckDB takes them for no partitions and reads all objects for each query.")
		}
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

// duckDBColumns are the columns as read_json takes them, and what is selected of them. Timestamps are read as text: DuckDB
// takes no numbers for them, and these are seconds below 1e12 and milliseconds from there on.
func (t *Table) duckDBColumns() (columns []string, selection string) {
	var replaced, renamed []string
	for _, c := range t.columns(parquet.DuckDB) {
		key := `"` + strings.ReplaceAll(c.Key, `"`, `""`) + `"`
		if c.Type == "timestamptz" {
			c.Type = "varchar"
			number := "TRY_CAST(" + key + " AS decimal(38,6))"
			replaced = append(replaced, fmt.Sprintf("CASE WHEN %s IS NULL THEN CAST(%s AS timestamptz)\n"+
				"      ELSE make_timestamptz(CAST(%[1]s * CASE WHEN abs(%[1]s) < 1e12 THEN 1000000 ELSE 1000 END AS bigint)) END AS %[2]s", number, key))
		}
		columns = append(columns, literal(c.Key)+": "+literal(c.Type))
		if strings.ToLower(c.Key) != c.Name {
			renamed = append(renamed, fmt.Sprintf(`%s AS "%s"`, key, c.Name))
		}
	}
	selection = "*"
	if len(replaced) > 0 {
		selection += " REPLACE (\n    " + strings.Join(replaced, ",\n    ") + "\n  )"
	}
	if len(renamed) > 0 {
		selection += " RENAME (" + strings.Join(renamed, ", ") + ")"
	}
	return columns, selection
}

// globbed is text that a pattern of file names takes as it is.
func globbed(text string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(text)
}
