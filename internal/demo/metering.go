package demo

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"standpipe/internal/tables"
	"standpipe/partition"
	"standpipe/sink/parquet"
)

const (
	meteringFile = "metering.sql"
	truthFile    = "truth.csv"
)

// Metering counts the calls of each user in each hour they were made in. It groups by position, since hour is also the
// name of a folder, that of the hour in which a call arrived.
const Metering = `SELECT "user", date_trunc('hour', requesttime) AS hour, count(*) AS calls
FROM access
GROUP BY 1, 2
ORDER BY 2, 1`

// meteringSQL has DuckDB make the table, count, and compare with the truth. It is run in the demo's folder.
const meteringSQL = `-- Run in this folder: duckdb < ` + meteringFile + `
SET TimeZone = 'UTC';
%s
CREATE OR REPLACE VIEW metering AS
%s;
FROM metering;

-- 0 where the counts are those of ` + truthFile + `, to the last call.
CREATE OR REPLACE VIEW truth AS
SELECT * FROM read_csv('` + truthFile + `', header = true, columns = {'user': 'varchar', 'hour': 'timestamptz', 'calls': 'bigint'});
SELECT count(*) AS differences FROM ((FROM metering EXCEPT ALL FROM truth) UNION ALL (FROM truth EXCEPT ALL FROM metering));
`

// writeMetering puts the query and the truth into the folder, for DuckDB.
func (t *truth) writeMetering(dir string) error {
	columns, err := parquet.ParseColumns(AccessSchema)
	if err != nil {
		return err
	}
	schema, err := parquet.ParseSchema(columns, parquet.Options{})
	if err != nil {
		return err
	}
	prefix, err := partition.Parse(accessFolder+byHour, partition.Data)
	if err != nil {
		return err
	}
	table := &tables.Table{Name: "access", Schema: schema, Bucket: bucket, Root: bucket, Prefix: prefix, Extension: ".parquet", UTC: true}
	view, err := table.DDL(tables.DuckDB)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, meteringFile), fmt.Appendf(nil, meteringSQL, view, Metering), 0o666); err != nil {
		return unwritable(dir, err)
	}
	if err := os.WriteFile(filepath.Join(dir, truthFile), []byte(t.meteringCSV()), 0o666); err != nil {
		return unwritable(dir, err)
	}
	return nil
}

// meteringCSV is how often each user has called in each hour.
func (t *truth) meteringCSV() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var text strings.Builder
	w := csv.NewWriter(&text)
	var rows [][]string
	for m, n := range t.calls {
		rows = append(rows, []string{m.time(), m.user, strconv.Itoa(n)})
	}
	slices.SortFunc(rows, slices.Compare)
	_ = w.Write([]string{"user", "hour", "calls"})
	for _, row := range rows {
		_ = w.Write([]string{row[1], row[0], row[2]})
	}
	w.Flush()
	return text.String()
}
