package main

import (
	"strings"
	"testing"
)

// TestSortByIsCheckedAtTheStart names the column that rows can not be sorted by, and the key.
func TestSortByIsCheckedAtTheStart(t *testing.T) {
	const config = `
stream: {name: clicks, region: eu-west-1}
outputs:
  - bucket: lake
    prefix: clicks/
    format: parquet
    schema: id bigint, tags array<string>, requestTime timestamp
    parquet: {sort_by: "%"}
`
	if r := execute(t, nil, "check", "-c", write(t, strings.Replace(config, "%", "requesttime desc nulls first, id", 1))); r.code != exitOK {
		t.Error(r)
	}
	for by, want := range map[string]string{
		"user": "column user: is not in the schema", "id, tags": "column tags: is nested", "tags.list": "column tags.list: is nested", "id down": `unexpected "down"`,
	} {
		r := execute(t, nil, "check", "-c", write(t, strings.Replace(config, "%", by, 1)))
		if r.code != exitUsage || !strings.Contains(r.stderr, "outputs[0].parquet.sort_by: ") || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: %s", by, r)
		}
	}
}

// TestColumnsWithNamesOfFolders: what no table can be made of is said before there are objects, and not begun where the
// table is to be registered.
func TestColumnsWithNamesOfFolders(t *testing.T) {
	const config = `
stream: {name: clicks, region: eu-west-1}
outputs:
  - bucket: lake
    prefix: clicks/year=!{timestamp:yyyy}/month=!{timestamp:MM}/
    schema: id bigint, Year int
    format: parquet
`
	const clash = "column year of the schema and a folder of the prefix have the same name; rename one, a column by its JSON key"
	r := execute(t, nil, "check", "-c", write(t, config))
	if r.code != exitOK || !strings.Contains(r.stdout+r.stderr, "warning: outputs[0].schema: no table can be made of the objects: "+strings.TrimSuffix(clash, "; rename one, a column by its JSON key")) {
		t.Error(r)
	}
	r = execute(t, nil, "check", "-c", write(t, config+"    catalog: glue\n    glue: {database: lake, table: clicks}\n"))
	if r.code != exitUsage || !strings.Contains(r.stderr, "outputs[0].schema: column year of the schema and a folder") {
		t.Error(r)
	}
}
