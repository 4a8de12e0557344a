package docs

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"standpipe/partition"
)

const prefixes = "docs/prefixes.md"

// arrival is when the record of docs/prefixes.md arrives.
var arrival = time.Date(2026, 12, 29, 16, 5, 9, 0, time.UTC)

func parsePrefix(t *testing.T, expr string, kind partition.Kind) *partition.Prefix {
	t.Helper()
	zone := time.UTC
	if kind == partition.Data {
		var err error
		if zone, err = time.LoadLocation("Europe/Berlin"); err != nil {
			t.Fatal(err)
		}
	}
	p, err := partition.Parse(expr, kind, partition.InZone(zone))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPrefixExamples(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Prefix | Keys begin with |\n|---|---|\n")
	for _, c := range []struct {
		expr string
		kind partition.Kind
	}{
		{"", partition.Data},
		{"legacy", partition.Data},
		{"clicks/", partition.Data},
		{"clicks/!{timestamp:yyyy/MM/dd}/", partition.Data},
		{"clicks/year=!{timestamp:yyyy}/month=!{timestamp:MM}/", partition.Data},
		{"clicks/!{timestamp:'year='yyyy'/month='MM}/", partition.Data},
		{"clicks/!{timestamp:yyyy-MM-dd'T'HHXX}/", partition.Data},
		{"clicks/!{timestamp:YYYY-'W'ww}/!{firehose:random-string}/", partition.Data},
		{"errors/", partition.Errors},
		{"errors/!{firehose:error-output-type}/!{timestamp:yyyy/MMM}/", partition.Errors},
	} {
		path := partition.ObjectKey(parsePrefix(t, c.expr, c.kind).Path(arrival, "processing-failed"), func() string { return "5abf82da-aa5" }, "")
		name := "`" + c.expr + "`"
		if c.expr == "" {
			name = "none"
		}
		if c.kind == partition.Errors {
			name += ", of errors"
		}
		fmt.Fprintf(&b, "| %s | `%s` |\n", name, path)
	}
	keep(t, prefixes, "examples", b.String())
}

func TestPrefixLetters(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Letter | Field | Written as |\n|---|---|---|\n")
	for _, l := range partition.Letters() {
		var all []string
		for _, pattern := range l.Patterns {
			all = append(all, fmt.Sprintf("`%s` %s", pattern, parsePrefix(t, "!{timestamp:"+pattern+"}", partition.Data).Path(arrival, "")))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", l.Letter, l.Means, strings.Join(all, ", "))
	}
	keep(t, prefixes, "letters", b.String())
}

func TestPrefixWarnings(t *testing.T) {
	var b strings.Builder
	b.WriteString("| In the prefix | Warning |\n|---|---|\n")
	for _, pattern := range []string{
		"YYYY/MM/dd", "yyyy-'W'ww", "yyyy/MM/DD", "yyyy/MM/dd/hh", "yyyy/MM/dd/kk", "yyyy/mm/dd", "yyyy/MM/dd/HH/MM", "d=dd", "HH.SSS", "yyyy/A",
	} {
		warnings := parsePrefix(t, "!{timestamp:"+pattern+"}", partition.Data).Warnings()
		if len(warnings) != 1 {
			t.Errorf("%s has warnings %q", pattern, warnings)
			continue
		}
		_, text, _ := strings.Cut(warnings[0], ": ")
		fmt.Fprintf(&b, "| `!{timestamp:%s}` | %s |\n", pattern, text)
	}
	keep(t, prefixes, "warnings", b.String())
}

func TestPrefixValues(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Value | plain | hive |\n|---|---|---|\n")
	for _, value := range []string{"acme", "Größe 2", "a/b", "/items/5", "a=b:c", "100%", "..", "x/../y", "tab\there", ""} {
		name := "`" + strings.ReplaceAll(value, "\t", "\\t") + "`"
		if value == "" {
			name = "none, null, or empty"
		}
		fmt.Fprintf(&b, "| %s ", name)
		for _, opts := range [][]partition.Option{{partition.WithKeys()}, {partition.WithKeys(), partition.HiveValues()}} {
			p, err := partition.Parse("customer=!{partitionKeyFromQuery:k}/", partition.Data, opts...)
			if err != nil {
				t.Fatal(err)
			}
			if path, err := p.KeyedPath(arrival, []string{value}); err == nil {
				fmt.Fprintf(&b, "| `%s` ", path)
			} else {
				b.WriteString("| error record ")
			}
		}
		b.WriteString("|\n")
	}
	keep(t, prefixes, "values", b.String())
}
