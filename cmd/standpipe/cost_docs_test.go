package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"standpipe/internal/cost"
)

// keepBlock compares what stands in a document between <!-- name --> and <!-- /name --> with what it is made from.
// UPDATE=1 writes it anew.
func keepBlock(t *testing.T, file, name, want string) {
	t.Helper()
	path := filepath.Join("..", "..", filepath.FromSlash(file))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, found := strings.Cut(string(text), begin)
	got, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no block %q", file, name)
	}
	if got == want {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Errorf("%s: block %q is out of date; run `UPDATE=1 go test ./cmd/standpipe`\n got:\n%s\nwant:\n%s", file, name, got, want)
		return
	}
	if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// costTable is the table that README.md opens with.
func costTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| What arrives | Delivered as | Firehose, a month | Standpipe, a month |\n|---|---|---:|---:|\n")
	for _, row := range []struct{ size, rate, format, as string }{
		{"300B", "1MB/s", "ndjson", "NDJSON, gzip"},
		{"300B", "100/s", "ndjson", "NDJSON, gzip"},
		{"2KB", "20MB/s", "parquet", "Parquet, snappy"},
		{"2KB", "10/s", "ndjson", "NDJSON, gzip"},
	} {
		r := costOf(t, "--record-size", row.size, "--rate", row.rate, "--format", row.format)
		firehose, standpipe := whole(r.Firehose.Dollars), whole(r.Standpipe.Dollars)
		if r.Standpipe.Dollars < r.Firehose.Dollars {
			standpipe = "**" + standpipe + "**"
		} else {
			firehose = "**" + firehose + "**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.headline(), row.as, firehose, standpipe)
	}
	r := costOf(t, "--record-size", "300B", "--rate", "1MB/s")
	fmt.Fprintf(&b, "\nFirehose is the cheaper way below some %s records a second, of up to 5 KB each: two small workers have their price, however little comes.\n", count(r.BreakEven.From))
	return b.String()
}

func whole(dollars float64) string { return "$" + grouped(int64(dollars+0.5)) }

func TestCostTableOfTheREADME(t *testing.T) {
	keepBlock(t, "README.md", "cost", costTable(t))
}

// TestCostPage: the sample, the prices and the throughputs of docs/cost.md.
func TestCostPage(t *testing.T) {
	const page = "docs/cost.md"
	r := execute(t, nil, "cost", "--record-size", "300B", "--rate", "1MB/s")
	keepBlock(t, page, "sample", "```text\n"+r.stdout+"```\n")
	keepBlock(t, page, "prices", "```yaml\n"+execute(t, nil, "cost", "--print-prices").stdout+"```\n")
	var b strings.Builder
	b.WriteString("| Format | Codec | Level | MB of records a second of processor time |\n|---|---|---|---:|\n")
	for _, o := range []cost.Output{
		{Format: "ndjson", Codec: "none"}, {Format: "ndjson", Codec: "gzip", Level: 1}, {Format: "ndjson", Codec: "gzip", Level: 5}, {Format: "ndjson", Codec: "gzip"},
		{Format: "ndjson", Codec: "zstd", Level: 1}, {Format: "ndjson", Codec: "zstd", Level: 3}, {Format: "ndjson", Codec: "zstd"}, {Format: "parquet", Codec: "snappy"},
	} {
		level := fmt.Sprint(o.Level)
		if o.Level == 0 {
			level = "default"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %v |\n", o.Format, o.Codec, level, cost.MBPerSecond(o))
	}
	keepBlock(t, page, "throughput", b.String())
}

// TestBreakEvenPage: from which rate on Standpipe is cheaper, by the size of a record.
func TestBreakEvenPage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	ways := []struct {
		name string
		args []string
	}{
		{"NDJSON on Fargate", nil},
		{"NDJSON on EC2", []string{"--compute", "ec2"}},
		{"Parquet on Fargate", []string{"--format", "parquet"}},
		{"in place of Direct PUT", []string{"--source", "direct-put"}},
		{"of API Gateway's access logs", []string{"--source", "access-logs"}},
	}
	b.WriteString("| A record |")
	for _, w := range ways {
		b.WriteString(" " + w.name + " |")
	}
	b.WriteString("\n|---:|" + strings.Repeat("---:|", len(ways)) + "\n")
	for _, size := range []string{"100B", "300B", "1KB", "5KB", "50KB"} {
		bytes, err := sizeFlag("record-size", size)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| %s |", sizeText(bytes))
		for _, w := range ways {
			r := costOf(t, slices.Concat([]string{"--record-size", size, "--rate", "1/s"}, w.args)...)
			if r.BreakEven.To == 0 {
				b.WriteString(" never |")
				continue
			}
			fmt.Fprintf(&b, " %s/s, %s/s |", count(r.BreakEven.From), sizeText(r.BreakEven.From*r.RecordBytes))
		}
		b.WriteString("\n")
	}
	keepBlock(t, "docs/cost.md", "break-even", b.String())
}
