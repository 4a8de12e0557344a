package duckdb

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMigrationIsCompared runs the statements of docs/migration.md on a day of a stream that Firehose delivered with a
// record twice, one in its neighbour's folder and one not at all, without line ends.
func TestMigrationIsCompared(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "migration.md"))
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for _, part := range strings.Split(string(page), "\n```sql\n")[1:] {
		body, _, _ := strings.Cut(part, "\n```\n")
		statements = append(statements, body)
	}
	if len(statements) != 3 {
		t.Fatalf("%d blocks of SQL, want the views, the sums and the folders", len(statements))
	}
	lake := t.TempDir()
	record := func(n int) string { return fmt.Sprintf(`{"page": "/items/%d"}`, n) }
	day := filepath.Join("clicks", "year=2026", "month=01", "day=31")
	put(t, filepath.Join(lake, day, "hour=12", "clicks-1"), record(1)+record(2)+record(2))
	put(t, filepath.Join(lake, day, "hour=12", "clicks-2.gz"), record(3)+record(4)) // the last one arrived at 13:00
	put(t, filepath.Join(lake, day, "hour=14", "clicks-3.gz"), record(5))
	put(t, filepath.Join(lake, "standpipe-trial", day, "hour=12", "a.ndjson.gz"), `{"page":"/items/1"}`+"\n"+record(2)+"\n"+record(3)+"\n")
	put(t, filepath.Join(lake, "standpipe-trial", day, "hour=13", "a.ndjson.gz"), record(4)+"\n")
	put(t, filepath.Join(lake, "standpipe-trial", day, "hour=14", "a.ndjson.gz"), record(5)+"\n"+record(6)+"\n")

	db := open(t)
	if _, err := db.Exec(strings.ReplaceAll(statements[0], "s3://lake", lake)); err != nil {
		t.Fatal(err)
	}
	var firehose, standpipe, onlyFirehose, onlyStandpipe int
	if err := db.QueryRow(statements[1]).Scan(&firehose, &standpipe, &onlyFirehose, &onlyStandpipe); err != nil {
		t.Fatal(err)
	}
	if got := [4]int{firehose, standpipe, onlyFirehose, onlyStandpipe}; got != [4]int{6, 6, 1, 1} {
		t.Errorf("the sums are %v: want 6, 6, the record that is there twice, and the one that is missing", got)
	}
	rows, err := db.Query(statements[2])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var got []string
	for rows.Next() {
		var folder string
		if err := rows.Scan(&folder, &firehose, &standpipe); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d %d", filepath.Base(folder), firehose, standpipe))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if want := "hour=12 5 3, hour=13 0 1, hour=14 1 2"; strings.Join(got, ", ") != want {
		t.Errorf("the folders are %v, want %s", got, want)
	}
}

// put makes an object, in gzip where its name says so.
func put(t *testing.T, name, text string) {
	t.Helper()
	body := []byte(text)
	if strings.HasSuffix(name, ".gz") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		body = b.Bytes()
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
}
