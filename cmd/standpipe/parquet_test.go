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
		"user": "column user: is not in the schema", "id, tags": "column tags: is nested", "id down": `unexpected "down"`,
	} {
		r := execute(t, nil, "check", "-c", write(t, strings.Replace(config, "%", by, 1)))
		if r.code != exitUsage || !strings.Contains(r.stderr, "outputs[0].parquet.sort_by: ") || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: %s", by, r)
		}
	}
}
