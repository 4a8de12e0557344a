//go:build linux

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain lets this program be what the bench starts of itself.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-as") {
		if err := run(os.Args[1:], os.Stdout); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// shared is what the first test that needs it builds for all of them.
var shared bench

func newTestBench(t *testing.T) *bench {
	t.Helper()
	if shared.dir == "" {
		dir, err := os.MkdirTemp("", "standpipe-bench-test-")
		if err != nil {
			t.Fatal(err)
		}
		b, err := newBench(t.Context(), dir)
		if err != nil {
			_ = os.RemoveAll(dir)
			t.Fatal(err)
		}
		shared = *b
	}
	b := shared
	b.mb, b.seconds = 2, 2
	return &b
}

func TestCasesAreWellFormed(t *testing.T) {
	b := &bench{mb: 2, seconds: 2}
	for _, tab := range []table{b.speed(true), b.levels(), b.curves(), b.resting(), b.latency()} {
		names := map[string]bool{}
		for i, c := range tab.cases {
			switch {
			case c.Name == "" || names[c.Name]:
				t.Errorf("%s: %q is not a name of its own", tab.name, c.Name)
			case c.Shards < 1 || c.Record < 100 || len(c.Name) > 28:
				t.Errorf("%s: case %+v", tab.name, c)
			case tab.name == "speed" && c.Extra != (i >= 5):
				t.Errorf("case %q: the first five and no others are those of a plain run", c.Name)
			}
			names[c.Name] = true
		}
		if head := strings.Split(tab.head, "\n"); len(head) != 3 || strings.Count(head[0], "|") != strings.Count(head[1], "|") {
			t.Errorf("%s: head\n%s", tab.name, tab.head)
		}
	}
	if n := len(b.speed(false).cases); n != 5 {
		t.Errorf("%d cases in a plain run", n)
	}
}

// TestEveryCaseIsAConfiguration has the program check what each case tells it.
func TestEveryCaseIsAConfiguration(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program; left out by -short")
	}
	b := newTestBench(t)
	s := served{Kinesis: "http://127.0.0.1:1", Dynamo: "http://127.0.0.1:2", S3: "http://127.0.0.1:3"}
	for _, tab := range []table{b.speed(true), b.levels(), b.curves(), b.resting(), b.latency()} {
		for _, c := range tab.cases {
			cmd := exec.Command(b.standpipe, "check")
			cmd.Env = environment(c, s)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: case %q: %v\n%s", tab.name, c.Name, err, out)
			}
		}
	}
}

// TestLoopAndProgramReadTheSame: both read all that the stream holds, and the program delivers it.
func TestLoopAndProgramReadTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the program; left out by -short")
	}
	b := newTestBench(t)
	for _, name := range []string{"ndjson, gzip level 1", "KPL aggregates"} {
		t.Run(name, func(t *testing.T) {
			all := b.speed(true).cases
			c := all[slices.IndexFunc(all, func(c benchCase) bool { return c.Name == name })]
			c.Interval = time.Second // so that it is delivered before the stop
			s, stop, err := b.startServer(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			env := environment(c, s)
			if s.Bytes < 2e6 || s.Records < s.Puts || c.Aggregated == (s.Records == s.Puts) {
				t.Errorf("the stream holds %d bytes, %d records in %d", s.Bytes, s.Records, s.Puts)
			}
			for _, loop := range []string{b.loop, b.former} {
				read := func(want int64) (string, error) {
					cmd := exec.Command(loop, s.Kinesis, stream, strconv.FormatInt(want, 10))
					cmd.Env = env
					out, err := cmd.Output() // without the SDK's warnings
					return strings.TrimSpace(string(out)), err
				}
				if n, err := read(s.Bytes); err != nil || n != strconv.FormatInt(s.Puts, 10) {
					t.Errorf("the loop read %s of %d records: %v", n, s.Puts, err)
				}
				if out, err := read(2 * s.Bytes); err == nil {
					t.Errorf("the loop read more than there is: %s", out)
				}
			}
			w, err := b.start(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			defer w.kill()
			const delivered = `standpipe_delivered_records_total{output="output-0"}`
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			page, err := w.until(ctx, func(page []byte) bool { return value(page, delivered) >= float64(s.Records) })
			if err != nil {
				t.Fatalf("%v\n%s", err, w.logs)
			}
			if n := value(page, delivered); n != float64(s.Records) {
				t.Errorf("delivered %.0f of %d records", n, s.Records)
			}
			if n := value(page, "standpipe_read_records_total"); n != float64(s.Puts) {
				t.Errorf("read %.0f of %d records", n, s.Puts)
			}
			if err := w.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTinyRun makes a row of each table, the first one as the command line does.
func TestTinyRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the program; left out by -short")
	}
	b := newTestBench(t)
	of := func(tab table) func(string, *bytes.Buffer) error {
		return func(only string, out *bytes.Buffer) error { return tab.print(t.Context(), out, only, "") }
	}
	for only, row := range map[string]func(only string, out *bytes.Buffer) error{
		"ndjson, gzip level 1": func(only string, out *bytes.Buffer) error {
			return run([]string{"-mb", "2", "-case", only}, out)
		},
		"parquet, zstd 3":         of(b.levels()),
		"records of 100000 bytes": of(b.curves()),
		"shards: 1, interval: 1s": of(b.latency()),
	} {
		t.Run(only, func(t *testing.T) {
			var out bytes.Buffer
			if err := row(only, &out); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			last := lines[len(lines)-1]
			if !strings.Contains(last, only) || strings.Count(last, "|") != strings.Count(lines[len(lines)-2], "|") {
				t.Fatalf("no table:\n%s", &out)
			}
			_, cells, _ := strings.Cut(strings.TrimPrefix(last, "| "), "|")
			for _, n := range regexp.MustCompile(`[\d.]+`).FindAllString(cells, -1) {
				if f, err := strconv.ParseFloat(n, 64); err != nil || f < 0 {
					t.Errorf("%s: %q", last, n)
				}
			}
		})
	}
}

func TestTableTakesItsPlace(t *testing.T) {
	doc := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(doc, []byte("before\n<!-- curves -->\nold\n<!-- /curves -->\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := table{name: "curves", intro: "Intro.", head: "| a |\n|---|\n", cases: []benchCase{{Name: "one"}, {Name: "two"}},
		row: func(_ context.Context, c benchCase) (string, error) { return strings.ToUpper(c.Name), nil }}
	var out bytes.Buffer
	for _, only := range []string{"", "two"} { // a part of the table replaces nothing
		if err := tab.print(t.Context(), &out, only, doc); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	one, two := "| one                          | ONE |\n", "| two                          | TWO |\n"
	if want := "before\n<!-- curves -->\n" + tab.head + one + two + "<!-- /curves -->\nafter\n"; string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if want := "Intro.\n\n" + tab.head + one + two + "\nIntro.\n\n" + tab.head + two + "\n"; out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", &out, want)
	}
	out.Reset()
	if err := tab.print(t.Context(), &out, "three", doc); err != nil || out.Len() > 0 {
		t.Errorf("a table without rows: %v\n%s", err, &out)
	}
	tab.name = "speed"
	if err := tab.print(t.Context(), &out, "", doc); err == nil || !strings.Contains(err.Error(), "<!-- speed -->") {
		t.Errorf("no place for the table: %v", err)
	}
}
