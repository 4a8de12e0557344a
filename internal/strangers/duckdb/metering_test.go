package duckdb

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDuckDBMetersEveryCall has the demo's workers killed all the time, and DuckDB count the calls of each user in each
// hour by the statements that the demo leaves.
func TestDuckDBMetersEveryCall(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "standpipe")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/standpipe")
	build.Dir, build.Env = filepath.Join("..", "..", ".."), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir = filepath.Join(dir, "demo")
	if out, err := exec.CommandContext(t.Context(), program, "demo", "--format", "parquet", "--crash", "--records", "20000", "--dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Chdir(dir)
	text, err := os.ReadFile("metering.sql")
	if err != nil {
		t.Fatal(err)
	}
	statements, compare, found := strings.Cut(string(text), "SELECT count(*) AS differences")
	if !found {
		t.Fatalf("%s", text)
	}
	compare = "SELECT count(*) AS differences" + compare
	db := open(t)
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, compare); n != 0 {
		t.Errorf("%d differences from the truth", n)
	}

	// The same by Go, line by line.
	want := map[string]int{}
	truth, err := os.Open("truth.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = truth.Close() }()
	var first string
	for lines := bufio.NewScanner(truth); lines.Scan(); {
		var n int
		at := strings.LastIndexByte(lines.Text(), ',')
		if _, err := fmt.Sscan(lines.Text()[at+1:], &n); err == nil {
			want[lines.Text()[:at]] = n
			first = lines.Text()
		}
	}
	rows, err := db.Query("FROM metering")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	counts, calls := 0, 0
	for rows.Next() {
		var user string
		var hour time.Time
		var n int
		if err := rows.Scan(&user, &hour, &n); err != nil {
			t.Fatal(err)
		}
		counts, calls = counts+1, calls+n
		if key := user + "," + hour.UTC().Format(time.RFC3339); want[key] != n {
			t.Errorf("%s: %d calls, %d were made", key, n, want[key])
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if counts != len(want) || calls < 20000 {
		t.Errorf("%d calls in %d counts, want %d counts", calls, counts, len(want))
	}
	t.Logf("%d calls in %d counts", calls, counts)

	// A call more or less is a difference.
	all, err := os.ReadFile("truth.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("truth.csv", []byte(strings.Replace(string(all), first, first+"0", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, compare); n != 2 {
		t.Errorf("%d differences where one count is wrong, want its two", n)
	}
}
