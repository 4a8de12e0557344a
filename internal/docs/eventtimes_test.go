package docs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"standpipe/partition"
	"standpipe/sink/eventtime"
)

// The times of docs/prefixes.md are filed as it says.
func TestEventTimes(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	path, err := eventtime.ParsePath(".")
	if err != nil {
		t.Fatal(err)
	}
	prefix := parsePrefix(t, "!{timestamp:yyyy-MM-dd HH:mm:ss}", partition.Data)
	var b strings.Builder
	b.WriteString("| `timestamp_format` | In the record | Filed as |\n|---|---|---|\n")
	for _, c := range []struct {
		format string
		values []string
	}{
		{"auto", []string{"1798560309", `"1798560309.5"`, "1798560309123", "1798560309123456", "1798560309123456789", `"2026-12-29T16:05:09Z"`}},
		{"epoch_s", []string{"1798560309.123"}},
		{"epoch_ms", []string{"1798560309123", `"1798560309123"`}},
		{"epoch_us", []string{"1798560309123456"}},
		{"epoch_ns", []string{"1798560309123456789"}},
		{"rfc3339", []string{`"2026-12-29T16:05:09.123Z"`, `"2026-12-29 11:05:09-05:00"`, `"2026-12-29T17:05:09"`, `"2026-12-29T16:05Z"`, `"2026-12-29"`}},
		{"dd/MMM/yyyy:HH:mm:ss Z", []string{`"29/Dec/2026:16:05:09 +0000"`}},
		{"EEE, d MMM yyyy HH:mm:ss z", []string{`"Tue, 29 Dec 2026 16:05:09 GMT"`}},
		{"M/d/yyyy h:mm:ss a", []string{`"12/29/2026 5:05:09 PM"`}},
		{"yyyyMMddHHmmss", []string{"20261229170509"}},
	} {
		format, err := eventtime.ParseFormat(c.format, zone)
		if err != nil {
			t.Fatal(err)
		}
		for i, value := range c.values {
			found := eventtime.New(eventtime.Options{Path: path, Format: format}).Find([]byte(value), arrival)
			if found.Reason != eventtime.Usable {
				t.Errorf("%s of %s: %s", c.format, value, found.Message())
				continue
			}
			name := "`" + c.format + "`"
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(&b, "| %s | `%s` | `%s` |\n", name, value, prefix.Path(found.Time, ""))
		}
	}
	keep(t, prefixes, "event times", b.String())
}
