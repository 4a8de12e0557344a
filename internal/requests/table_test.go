//go:build !race

package requests

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	page       = "../../docs/performance.md"
	begin, end = "<!-- requests -->\n", "<!-- /requests -->"
)

// Prices of requests in us-east-1, in dollars, for the table's last column.
// https://aws.amazon.com/dynamodb/pricing/on-demand/ and https://aws.amazon.com/s3/pricing/
const (
	writeUnit, readUnit = 0.625e-6, 0.125e-6
	s3Put, s3Get        = 5e-6, 0.4e-6
)

// rows are what the table of docs/performance.md counts.
func rows() (all []story) {
	for _, shards := range []int{1, 8, 99} {
		for workers := 1; workers <= min(2, shards); workers++ {
			for _, interval := range []time.Duration{time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute} {
				s := story{Load: Load{Shards: shards, Workers: workers, Interval: interval, Poll: time.Second}, commits: workers}
				switch {
				case interval == time.Second:
					s.commits *= 20
				case shards > 1: // to save time: it decides only how often shards are read
					s.Poll = interval / 20
				}
				all = append(all, s)
			}
		}
	}
	idle := story{Load: Load{Shards: 99, Workers: 1, Interval: 5 * time.Minute, Poll: time.Second}, idle: true}
	return append(all, idle)
}

func (s story) name() string {
	every := fmt.Sprintf("%.0f s", s.Interval.Seconds())
	if s.idle {
		every = "no records"
	}
	return fmt.Sprintf("| %d | %d | %s |", s.Shards, s.Workers, every)
}

// TestTableOfRequests counts the rows again, or with UPDATE=1 writes them. -short counts those that take a moment.
func TestTableOfRequests(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	table, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no block of requests", page)
	}
	update := os.Getenv("UPDATE") != ""
	fresh := "| Shards | Workers | `buffer.interval` | DynamoDB write units | read units | S3 PUT, POST | S3 GET | Kinesis GetRecords | a month |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
	for _, s := range rows() {
		if testing.Short() && !update && (s.Shards == 99 || s.Interval > time.Minute) {
			continue
		}
		var c Counts
		t.Run(strings.Trim(s.name(), "| "), func(t *testing.T) { c = s.count(t) })
		c.GetRecords *= s.Poll.Seconds() // read once a second
		if c.idle() != s.idle {
			t.Errorf("%s %+v", s.name(), c)
		}
		if !s.idle {
			asRead := c
			asRead.GetRecords /= s.Poll.Seconds()
			hold(t, s.Load, asRead)
		} else if perSecond := c.WriteUnits / 3600; perSecond > 0.5 {
			t.Errorf("an idle worker takes %.2f write units a second", perSecond)
		}
		row := s.row(c)
		fresh += row
		if was := line(table, s.name()); !update && !alike(was, row) {
			t.Errorf("%s says\n%s\ncounted was\n%s\nrun `UPDATE=1 go test ./internal/requests`", page, was, row)
		}
	}
	if update {
		if err := os.WriteFile(page, []byte(head+begin+fresh+end+tail), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (c Counts) idle() bool { return c.S3Puts == 0 && c.S3Gets == 0 && c.Commits == 0 }

func (s story) row(c Counts) string {
	dollars := 24 * 30 * (c.WriteUnits*writeUnit + c.ReadUnits*readUnit + c.S3Puts*s3Put + c.S3Gets*s3Get)
	row := s.name()
	for _, n := range []float64{c.WriteUnits, c.ReadUnits, c.S3Puts, c.S3Gets, c.GetRecords} {
		row += " " + grouped(n) + " |"
	}
	return row + fmt.Sprintf(" $%.2f |\n", dollars)
}

// grouped writes a number with commas.
func grouped(f float64) string {
	s := strconv.FormatFloat(math.Round(f), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// line is the table's line that begins so.
func line(table, name string) string {
	for l := range strings.Lines(table) {
		if strings.HasPrefix(l, name) {
			return l
		}
	}
	return ""
}

var number = regexp.MustCompile(`[\d,]+(\.\d+)?`)

// alike says whether two lines have numbers that differ by a fifth at most, as commits within a window do that begins here
// or there, and reads of the table while rows grow and shrink: at a second and 99 shards they came out a ninth apart.
func alike(a, b string) bool {
	as, bs := number.FindAllString(a, -1), number.FindAllString(b, -1)
	if len(as) != len(bs) {
		return false
	}
	for i := range as {
		x, _ := strconv.ParseFloat(strings.ReplaceAll(as[i], ",", ""), 64)
		y, _ := strconv.ParseFloat(strings.ReplaceAll(bs[i], ",", ""), 64)
		if math.Abs(x-y) > 0.2*max(x, y) {
			return false
		}
	}
	return true
}
